//! Packages a phase for the customer.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, arguments, info};

pub(super) struct PhaseSummary;

#[derive(Deserialize)]
struct Arguments {
    content: String,
}

#[async_trait]
impl Tool for PhaseSummary {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "required": ["content"], "properties": {
            "content": { "type": "string", "minLength": 1, "description": "The whole Markdown \
             file" },
        } });
        info(
            "phase_summary",
            "Writes docs/phase-summaries/<phase>.md: what the customer reads first at the gate.",
            Capability::WriteFixed,
            Effect::CompareAndSwap,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let Arguments { content } = arguments(input)?;
        let path = format!("docs/phase-summaries/{}.md", call.phase);
        call.commit(&path, content, &format!("Summarize {}", call.phase)).await?;
        Said::text(format!("Wrote {path}"))
    }
}
