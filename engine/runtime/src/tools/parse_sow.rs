//! The statement of work, taken apart. What it does not say is said to be missing.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, info};

pub(super) struct ParseSow;

#[async_trait]
impl Tool for ParseSow {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "properties": {} });
        info(
            "parse_sow",
            "Takes the statement of work apart: objectives, requirements, constraints, \
             deliverables, acceptance criteria, timeline, each with id and line.",
            Capability::Read,
            Effect::Pure,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, _: Value) -> Result<Said, ToolError> {
        let text = call.driver.look(|e| serde_json::to_string_pretty(&*e.sow)).await;
        Said::text(text.map_err(|e| ToolError::Refused(e.to_string()))?)
    }
}
