//! Finalize steps, after the last phase. A failed step is recorded and never blocks completion.

use std::collections::BTreeSet;

use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::shown::{inset, row};

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Decision, EndReason, Event, RunMode};
use crate::engagement::load::Engagement;
use crate::engagement::request::RequestKind;
use cloudcrew_ports::ledger::LedgerKind;

/// Finalize steps that definitions may name.
pub const STEPS: &[&str] = &["summary", "patterns", "memory", "metrics", "survey"];

/// Path of the summary in the customer's repository.
const SUMMARY: &str = "docs/engagement-summary.md";

impl Driver {
    /// Runs a step once.
    pub(in crate::engagement) async fn finalize(
        &self,
        step: String,
    ) -> Result<(), EngagementError> {
        let fault = match step.as_str() {
            "summary" => self.write_summary().await?,
            "patterns" => self.note_all_outcomes().await,
            "memory" => self.write_notes().await,
            "metrics" => self.write_figures(Some(EndReason::Completed)).await,
            // The entry itself opens it.
            "survey" => None,
            other => Some(format!("no step named `{other}`")),
        };
        self.append(vec![Event::Finalized { step, fault }]).await
    }

    async fn write_summary(&self) -> Result<Option<String>, EngagementError> {
        let rows = self.ledger_rows().await?;
        let decisions: Vec<String> = rows
            .iter()
            .filter(|r| r.kind == LedgerKind::Decision)
            .map(|r| format!("- {} ({}, {})", row(&r.title), row(&r.author), r.phase))
            .collect();
        let definition = self.definition().await;
        let mut there = BTreeSet::new();
        for deliverable in definition.phases.iter().flat_map(|phase| &phase.deliverables) {
            there.extend(self.found(&deliverable.path).await?.map(|file| file.path));
        }
        let text = self.look(|e| summary(e, &decisions, &there)).await;
        let path = match RepoPath::parse(SUMMARY) {
            Ok(path) => path,
            Err(fault) => return Ok(Some(fault.to_string())),
        };
        let files = vec![(path, text.into_bytes())];
        let made =
            self.commit("finalize.summary", "engine", files, "Summarize the engagement").await?;
        Ok(made.err())
    }
}

fn summary(engagement: &Engagement, decisions: &[String], there: &BTreeSet<String>) -> String {
    let state = &engagement.state;
    let (rehearsed, estimated) = match &state.started.voice {
        RunMode::Rehearsal => {
            ("Rehearsed: no live model took part; token counts are estimates.\n", ", as estimated")
        }
        RunMode::Live { .. } => ("", ""),
        RunMode::Replay { .. } => {
            ("Replayed from a recording: no model was called.\n", ", as recorded")
        }
    };
    let mut text = format!("# Engagement summary: {}\n\n{rehearsed}", engagement.project);
    text.push_str(&format!(
        "Statement of work: {}. Workflow: {}. Date: {}.\n",
        state.started.sow_file, state.started.workflow, state.started.date
    ));
    text.push_str("\n## Phases\n\n");
    for (phase, _) in &state.plan().entries {
        let progress = state.progress(phase);
        if progress.revision == 0 {
            continue;
        }
        text.push_str(&format!(
            "- {phase}: run {}, worked: {}\n",
            progress.revision,
            progress.route()
        ));
        let gates = state
            .requests
            .iter()
            .filter(|r| r.phase == *phase && matches!(r.kind, RequestKind::Approval { .. }));
        for (request, answer) in
            gates.filter_map(|request| Some((request, request.answer.as_ref()?)))
        {
            text.push_str(&format!(
                "  - {} {} by {} ({}){}\n",
                request.id,
                answer.decision.words(),
                answer.actor,
                answer.channel,
                details(&answer.decision)
            ));
        }
    }
    let total = state.meter.total();
    let money = match total.unpriced {
        0 => format!("{:.2} USD", total.micro_usd as f64 / 1e6),
        unpriced => format!(
            "at least {:.2} USD ({unpriced} calls of unknown price)",
            total.micro_usd as f64 / 1e6
        ),
    };
    text.push_str(&format!(
        "\n## Cost\n\n{} model calls, {} tokens read, {} tokens written: {money}{estimated}.\n",
        total.calls,
        total.read(),
        total.usage.output_tokens
    ));
    text.push_str("\n## Deliverables\n\n");
    for phase in
        state.plan().entries.iter().filter_map(|(name, _)| engagement.definition.phase(name))
    {
        for deliverable in &phase.deliverables {
            let missing = if there.contains(&deliverable.path) { "" } else { ": not delivered" };
            text.push_str(&format!(
                "- {} ({}, {}){missing}\n",
                deliverable.path, deliverable.owner, phase.name
            ));
        }
    }
    text.push_str("\n## Decisions\n\n");
    text.push_str(if decisions.is_empty() { "None were recorded." } else { "" });
    text.push_str(&decisions.join("\n"));
    text.push('\n');
    text
}

/// The ratings or the feedback of a decision.
fn details(decision: &Decision) -> String {
    match decision {
        Decision::Revise { words, .. } => format!(": {}", inset(words, "    ")),
        decision if !decision.ratings().is_empty() => {
            let ratings: Vec<String> =
                decision.ratings().iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!(": {}", ratings.join(", "))
        }
        _ => String::new(),
    }
}
