//! `parse_sow`: splits the statement of work into its items.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::memory::MemorySource;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct ParseSow;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {}

#[async_trait]
impl TypedTool for ParseSow {
    type Arguments = Arguments;
    const NAME: &'static str = "parse_sow";
    const DESCRIPTION: &'static str = "Takes the statement of work apart: objectives, \
        requirements, \
                                       constraints, deliverables, acceptance criteria, timeline, \
                                       each with id and line.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, _: Arguments) -> Result<Outcome, ToolError> {
        let text = serde_json::to_string_pretty(&*at.sow().await);
        let text = text.map_err(|e| ToolError::Refused(e.to_string()))?;
        Outcome::of_file(text, vec![MemorySource::Statement])
    }
}
