//! Adds what should not be forgotten.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, arguments, info};
use cloudcrew_ports::ledger::LedgerKind;

pub(super) struct LedgerWrite;

#[derive(Deserialize)]
struct Arguments {
    kind: LedgerKind,
    title: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    source: String,
}

#[async_trait]
impl Tool for LedgerWrite {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "required": ["kind", "title"], "properties": {
            "kind": { "type": "string", "enum": ["fact", "assumption", "decision", "blocker"], "description": "What it is" },
            "title": { "type": "string", "minLength": 1, "maxLength": 300, "description": "One \
             line" },
            "body": { "type": "string", "maxLength": 8000, "description": "More: the reason of a \
             decision, what would prove an assumption wrong" },
            "source": { "type": "string", "maxLength": 300, "description": "Where it comes from, \
             such as `sow.md:42`" },
        } });
        info(
            "ledger_write",
            "Adds one entry to the ledger. Entries are never changed: add another that corrects \
             it.",
            Capability::WriteLedger,
            Effect::Keyed,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let a: Arguments = arguments(input)?;
        let done = call.record(vec![call.row(a.kind, &a.title, &a.body, &a.source)]).await?;
        Ok(Said::Done(format!("Recorded: {}", a.title), done))
    }
}
