//! `phase_summary`: writes the summary that the customer reads first at the gate.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct PhaseSummary;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// The whole Markdown file
    #[schemars(length(min = 1))]
    content: String,
}

#[async_trait]
impl TypedTool for PhaseSummary {
    type Arguments = Arguments;
    const NAME: &'static str = "phase_summary";
    const DESCRIPTION: &'static str = "Writes docs/phase-summaries/<phase>.md: what the customer \
                                       reads first at the gate.";
    const CAPABILITY: Capability = Capability::WriteFixed;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = at.fixed(&format!("docs/phase-summaries/{}.md", at.phase()))?;
        at.write(&path, a.content, &format!("Summarize {}", at.phase())).await?;
        Outcome::text(format!("Wrote {path}"))
    }
}
