//! What follows the last phase. A step that fails is noted and never blocks completion.

use cloudcrew_plan::Outcome;

use super::drive::Driver;
use super::error::EngagementError;
use super::event::Event;
use super::load::Engagement;
use crate::ports::ledger::LedgerKind;

/// Finalize steps that definitions may name.
pub const STEPS: &[&str] = &["summary"];

/// Where the summary stands in the customer's repository.
const SUMMARY: &str = "docs/engagement-summary.md";

impl Driver {
    /// Tries each step once.
    pub(super) async fn finalize(&self) -> Result<(), EngagementError> {
        let steps = self
            .look(|e| {
                let workflow = e.definition.workflow(&e.state.started.workflow);
                let all = workflow.map(|w| w.finalize.clone()).unwrap_or_default();
                all.into_iter().filter(|s| !e.state.finalized.iter().any(|(done, _)| done == s)).collect::<Vec<_>>()
            })
            .await;
        for step in steps {
            let fault = match step.as_str() {
                "summary" => self.write_summary().await?,
                other => Some(format!("no step named `{other}`")),
            };
            self.append(vec![Event::Finalized { step, fault }]).await?;
        }
        self.go(Outcome::Finalized).await
    }

    async fn write_summary(&self) -> Result<Option<String>, EngagementError> {
        let rows = self.ports.ledger.rows(self.project()).await?;
        let decisions: Vec<String> = rows
            .iter()
            .filter(|r| r.kind == LedgerKind::Decision)
            .map(|r| format!("- {} ({}, {})", r.title, r.author, r.phase))
            .collect();
        let text = self.look(|e| summary(e, &decisions)).await;
        match self
            .commit("finalize.summary", "engine", &[(SUMMARY.to_owned(), text.into_bytes())], "Summarize the engagement")
            .await?
        {
            Ok(_) => Ok(None),
            Err(refused) => Ok(Some(refused)),
        }
    }
}

fn summary(engagement: &Engagement, decisions: &[String]) -> String {
    let state = &engagement.state;
    let mut text = format!(
        "# Engagement summary: {}\n\nRehearsed: no live model took part; token counts are estimates.\n",
        engagement.project
    );
    text.push_str(&format!(
        "Statement of work: {}. Workflow: {}. Date: {}.\n",
        state.started.sow_file, state.started.workflow, state.started.date
    ));
    text.push_str("\n## Phases\n\n");
    for (phase, _) in &state.plan().entries {
        let progress = state.progress(phase);
        text.push_str(&format!("- {phase}: run {}, worked: {}\n", progress.revision, progress.visits.join(" → ")));
    }
    text.push_str("\n## Deliverables\n\n");
    for phase in &engagement.definition.phases {
        for deliverable in phase.deliverables.iter().filter(|d| state.artifacts.contains_key(&d.path)) {
            text.push_str(&format!("- {} ({}, {})\n", deliverable.path, deliverable.owner, phase.name));
        }
    }
    text.push_str("\n## Decisions\n\n");
    text.push_str(if decisions.is_empty() { "None were recorded." } else { "" });
    text.push_str(&decisions.join("\n"));
    text.push('\n');
    text
}
