//! What the journal knows about a phase, for its summary: no agent writes it.

use std::fmt::Write as _;

use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::shown::row;
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};

use super::ENGINE;
use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::RunMode;
use crate::engagement::load::Engagement;

/// Heading of the section that the engine writes.
const HEADING: &str = "## From the journal";
/// What it says about itself.
const NOTICE: &str = "Written by CloudCrew from the journal, not by an agent.";
/// Maximum number of lines of each kind.
const MOST: usize = 50;

impl Driver {
    /// Writes the section into the summary of a phase, in place of an older one. The result is a
    /// refusal, if there is one.
    pub(super) async fn add_facts(
        &self,
        phase: &str,
        of: &str,
    ) -> Result<Option<String>, EngagementError> {
        let named = format!("docs/phase-summaries/{phase}.md");
        let path = match RepoPath::parse(&named) {
            Ok(path) => path,
            Err(fault) => return Ok(Some(fault.to_string())),
        };
        let rows = self.ledger_rows().await?;
        let there = self.file(&named).await?.unwrap_or_default();
        let Ok(there) = String::from_utf8(there) else {
            return Ok(Some(format!("{named} is not UTF-8 text and was left as it is")));
        };
        let facts = self.look(|e| facts(e, phase, &rows)).await;
        let text = with_facts(&there, phase, &facts);
        let message = format!("Add facts from the journal to the summary of {phase}");
        let files = vec![(path, text.into_bytes())];
        let made = self.commit(&format!("{of}.summary"), ENGINE, files, &message).await?;
        Ok(made.err())
    }
}

/// A summary with the section at its end.
fn with_facts(summary: &str, phase: &str, facts: &str) -> String {
    let section = format!("\n{HEADING}\n\n{NOTICE}\n");
    let kept = match summary.find(&section) {
        Some(at) => &summary[..at],
        None => summary,
    };
    let kept = match kept.trim_end() {
        "" => format!("# Summary of {phase}"),
        kept => kept.to_owned(),
    };
    format!("{kept}\n\n{HEADING}\n\n{NOTICE}\n\n{facts}")
}

fn facts(e: &Engagement, phase: &str, rows: &[LedgerRow]) -> String {
    let state = &e.state;
    let progress = state.progress(phase);
    let mut text =
        format!("- Run {} of the phase; the work went {}.\n", progress.revision, progress.route());
    let total = state.meter.of_phase(phase);
    let estimated = match &state.started.voice {
        RunMode::Rehearsal => ", as estimated",
        // The same bytes in a recording and its replay: agents read them.
        RunMode::Live { .. } | RunMode::Replay { .. } => "",
    };
    let money = match total.unpriced {
        0 => format!("{:.2} USD", total.micro_usd as f64 / 1e6),
        calls => format!(
            "at least {:.2} USD, excluding {} whose price is unknown",
            total.micro_usd as f64 / 1e6,
            counted(calls.into(), "call")
        ),
    };
    let _ = writeln!(
        text,
        "- {} model calls read {} tokens and wrote {}: {money}{estimated}.",
        total.calls,
        total.read(),
        total.usage.output_tokens
    );
    let files = state.artifacts.iter().filter(|(_, file)| file.phase == phase);
    list(&mut text, "Files", files.map(|(path, file)| format!("{} by {}", row(path), file.owner)));
    let passed = progress.verdicts.iter().map(|((path, reviewer), verdict)| {
        let word = if verdict.passed { "passed" } else { "did not pass" };
        format!("{reviewer} {word} {}", row(path))
    });
    list(&mut text, "Verdicts", passed);
    list(&mut text, "Findings", progress.findings.iter().map(|f| row(&f.text).into_owned()));
    for (kind, name) in [
        (LedgerKind::Decision, "Decisions"),
        (LedgerKind::Assumption, "Assumptions"),
        (LedgerKind::Blocker, "Blockers"),
    ] {
        let of = |r: &&LedgerRow| r.phase == phase && r.kind == kind;
        let line = |r: &LedgerRow| match (kind, state.settled.get(&r.id)) {
            (LedgerKind::Decision, _) => row(&r.title).into_owned(),
            (_, Some(settled)) => format!("{} ({})", row(&r.title), settled.name()),
            (_, None) => format!("{} (open)", row(&r.title)),
        };
        list(&mut text, name, rows.iter().filter(of).map(line));
    }
    text
}

/// `3 calls`, `1 call`.
fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A list below its name; nothing when it is empty.
fn list(text: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "- {name}:");
    for line in lines.iter().take(MOST) {
        let _ = writeln!(text, "  - {line}");
    }
    if let Some(more) = lines.len().checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(text, "  - and {more} more");
    }
}
