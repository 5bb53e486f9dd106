//! The summary of an engagement, for people.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use cloudcrew_definition::shown::row;
use cloudcrew_runtime::engagement::{Decision, Engagement, MeterLine, RequestKind, RunMode, State};

use crate::shell::pasted;
use crate::words::counted;

/// The cost of a meter line.
pub fn money(line: &MeterLine) -> String {
    let known = format!("${:.2}", line.micro_usd as f64 / 1e6);
    match (line.unpriced, line.calls) {
        (0, _) => known,
        (n, calls) if n == calls => "unknown".to_owned(),
        (n, _) => format!("{known} + {} of unknown price", counted(n as usize, "call")),
    }
}

/// Time from the first event to the last, by the engagement's clock. In a rehearsal it includes
/// waits that took no real time.
pub fn spent(state: &State) -> String {
    lasting(state.times.1 - state.times.0)
}

/// A duration given in milliseconds, such as `1h 5m`.
pub fn lasting(ms: i64) -> String {
    let seconds = Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m {s}s"),
        (h, m, _) => format!("{h}h {m}m"),
    }
}

/// The run mode, in words.
pub fn spoken(voice: &RunMode) -> String {
    match voice {
        RunMode::Rehearsal => {
            "rehearsed: no live model was called, tokens are estimates".to_owned()
        }
        RunMode::Live { record: None } => "live".to_owned(),
        RunMode::Live { record: Some(file) } => format!("live, recorded to {file}"),
        RunMode::Replay { cassette } => format!("replayed from {cassette}: no model was called"),
    }
}

/// The summary at the end of a run. `there` lists the deliverables that are on the branch.
pub fn summary(engagement: &Engagement, repo: &Path, there: &BTreeSet<String>) -> String {
    let state = &engagement.state;
    let mut text = format!(
        "\n{} · {} · {}\n",
        engagement.project,
        state.started.workflow,
        spoken(&state.started.voice)
    );
    if let Some(after) = &state.started.after {
        text.push_str(&format!("  continues: {} ({})\n", after.project, after.workflow));
    }
    if let Some(overlay) = &state.started.overlay {
        text.push_str(&format!("  overlay: {}\n", row(overlay)));
    }
    for (name, value) in &state.started.inputs {
        text.push_str(&format!("  {name}: {}\n", row(&value.to_string())));
    }
    for (phase, _) in &state.plan().entries {
        let progress = state.progress(phase);
        if progress.revision == 0 {
            continue;
        }
        let handoffs = state.handoffs.iter().filter(|(p, _, _)| p == phase).count();
        let decision = state
            .requests
            .iter()
            .rev()
            .filter(|r| matches!(r.kind, RequestKind::Approval { .. }))
            .find(|r| r.phase == *phase && r.revision == progress.revision && r.answer.is_some())
            .and_then(|r| r.answer.as_ref())
            // An approval that was voided, by a return or a retry, does not count.
            .filter(|answer| {
                let approves = matches!(answer.decision, Decision::Approve { .. });
                !approves || progress.approved.is_some()
            });
        let decision = decision.map_or_else(String::new, |a| {
            format!(", {} by {}{}", a.decision.words(), row(&a.actor), rated(&a.decision))
        });
        let run = if progress.revision > 1 {
            format!(", run {}", progress.revision)
        } else {
            String::new()
        };
        text.push_str(&format!(
            "\n  {phase}{run}: {} ({}){decision}\n",
            if progress.visits.is_empty() { "not started".to_owned() } else { progress.route() },
            counted(handoffs, "handoff")
        ));
        let Some(definition) = engagement.definition.phase(phase) else { continue };
        for d in &definition.deliverables {
            let mark = if there.contains(&d.path) { "+" } else { "-" };
            text.push_str(&format!("    {mark} {} ({})\n", d.path, d.owner));
        }
    }
    let total = state.meter.total();
    let cost = money(&total);
    let estimated = state.started.voice.is_rehearsal() && cost != "unknown";
    let project = &engagement.project;
    text.push_str(&format!(
        "\n  {}, {} tokens in, {} tokens out: {} {}; {} from first to last event\n",
        counted(total.calls as usize, "model call"),
        total.read(),
        total.usage.output_tokens,
        if estimated { "would cost" } else { "cost" },
        cost,
        spent(state)
    ));
    text.push('\n');
    for (label, words) in [
        ("status", format!("show {project}")),
        ("files", format!("artifacts {project}")),
        ("ledger", format!("ledger {project}")),
        ("cost", format!("cost {project}")),
    ] {
        text.push_str(&format!("  {:10}{}\n", format!("{label}:"), pasted(&words)));
    }
    let repo = crate::shell::path(repo);
    text.push_str(&format!("  commits:  git -C {repo} log {}\n", state.started.branch));
    text
}

fn rated(decision: &Decision) -> String {
    match decision {
        Decision::Approve { ratings } if !ratings.is_empty() => {
            let ratings: Vec<String> =
                ratings.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!(" ({})", ratings.join(", "))
        }
        _ => String::new(),
    }
}
