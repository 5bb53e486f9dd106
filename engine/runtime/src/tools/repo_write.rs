//! Writes a file of the customer's repository, inside the agent's scope.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, arguments, info};
use cloudcrew_ports::ledger::LedgerKind;

pub(super) struct RepoWrite;

#[derive(Deserialize)]
struct Arguments {
    path: String,
    content: String,
    #[serde(default)]
    message: String,
}

#[async_trait]
impl Tool for RepoWrite {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "required": ["path", "content"], "properties": {
            "path": { "type": "string", "minLength": 1, "maxLength": 5000, "description": "Path \
             from the repository's root, inside your scope" },
            "content": { "type": "string", "description": "The whole file" },
            "message": { "type": "string", "maxLength": 200, "description": "One line: why it \
             changes" },
        } });
        info(
            "repo_write",
            "Writes a file of the customer's repository whole and commits it. Only inside your \
             scope.",
            Capability::WriteRepo,
            Effect::CompareAndSwap,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let a: Arguments = arguments(input)?;
        let path = call.admit(&a.path)?;
        let bytes = a.content.len();
        let line = a.message.lines().next().unwrap_or_default().trim();
        let message = if line.is_empty() { format!("Write {path}") } else { line.to_owned() };
        call.commit(path.as_str(), a.content, &message).await?;
        let text = format!("Wrote {bytes} bytes to {path}");
        if !call.driver.owes(call.phase, path.as_str()).await {
            return Said::text(text);
        }
        let done = call
            .record(vec![call.row(LedgerKind::Deliverable, path.as_str(), &message, "")])
            .await?;
        Ok(Said::Done(text, done))
    }
}
