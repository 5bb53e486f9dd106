//! `promote_pattern`: requests the promotion of a pattern. The engine decides, by the evidence.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, PatternAct, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct PromotePattern;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Name of the pattern
    #[schemars(length(min = 1, max = 64))]
    pattern: String,
}

#[async_trait]
impl TypedTool for PromotePattern {
    type Arguments = Arguments;
    const NAME: &'static str = "promote_pattern";
    const DESCRIPTION: &'static str = "Requests that a pattern be promoted to proven. That takes at \
                                       least three engagements in which a person decided about the \
                                       phase, with more than 80% of them approved without changes. \
                                       A refusal says what is missing.";
    const CAPABILITY: Capability = Capability::Library;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let digest = at.promotes(&a.pattern).await?.map_err(|why| {
            ToolError::Refused(format!("`{}` was not promoted: {why}", a.pattern))
        })?;
        let title = format!("Pattern {} promoted to proven", a.pattern);
        let mut done = at.note(LedgerKind::Fact, &title, "", "").await?;
        let text = format!("Pattern {} promoted to proven.", a.pattern);
        done.pattern = Some(Box::new(PatternAct::Promoted { name: a.pattern, digest }));
        Ok(Outcome::Done(text, done))
    }
}
