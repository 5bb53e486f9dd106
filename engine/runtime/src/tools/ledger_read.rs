//! What the crew knows together.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, info};

pub(super) struct LedgerRead;

#[async_trait]
impl Tool for LedgerRead {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "properties": {} });
        info(
            "ledger_read",
            "Reads the ledger: facts, assumptions, decisions, blockers, deliverables, reviews, the \
             customer's words.",
            Capability::Read,
            Effect::Pure,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, _: Value) -> Result<Said, ToolError> {
        let rows = call.driver.ledger_rows().await?;
        if rows.is_empty() {
            return Said::text("The ledger is empty.");
        }
        let lines: Vec<String> = rows
            .iter()
            .map(|r| {
                serde_json::to_string(&json!({
                    "kind": r.kind, "phase": r.phase, "author": r.author, "title": r.title, "body": r.body, "source": r.source,
                }))
                .unwrap_or_default()
            })
            .collect();
        Said::text(lines.join("\n"))
    }
}
