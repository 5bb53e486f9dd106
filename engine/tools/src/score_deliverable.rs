//! `score_deliverable`: scores a deliverable from 1 to 5, with evidence.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{DeliverableScore, Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct ScoreDeliverable;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of a deliverable of any phase
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// 1: it misleads or is unusable. 3: it does what was asked, with gaps. 5: nothing to improve
    #[schemars(range(min = 1, max = 5))]
    score: u8,
    /// What shows it: requirement ids, findings, what the customer said, results of runs
    #[schemars(length(min = 1, max = 4000))]
    evidence: String,
}

#[async_trait]
impl TypedTool for ScoreDeliverable {
    type Arguments = Arguments;
    const NAME: &'static str = "score_deliverable";
    const DESCRIPTION: &'static str = "Scores a deliverable from 1 to 5, with evidence. The \
                                       customer sees it beside their own ratings. A later score \
                                       replaces an earlier one.";
    const CAPABILITY: Capability = Capability::Judge;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        if !at.is_owed(&a.path).await {
            return Err(ToolError::Refused(format!(
                "`{}` is not a deliverable of any phase",
                a.path
            )));
        }
        let Some(source) = at.source(&a.path).await? else {
            return Err(ToolError::Refused(format!("{} does not exist", a.path)));
        };
        if a.evidence.trim().is_empty() {
            return Err(ToolError::Refused("a score needs evidence".to_owned()));
        }
        let by = at.agent().name.clone();
        let title = format!("{by} scores {} {} of 5", a.path, a.score);
        let mut done = at.note(LedgerKind::Review, &title, &a.evidence, "").await?;
        done.score = Some(Box::new(DeliverableScore {
            path: a.path,
            score: a.score,
            evidence: a.evidence,
            by,
            of: source,
        }));
        Ok(Outcome::Done("Recorded.".to_owned(), done))
    }
}
