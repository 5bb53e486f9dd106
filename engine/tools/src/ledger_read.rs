//! `ledger_read`: reads the ledger.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::outcome::{Done, Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct LedgerRead;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {}

#[async_trait]
impl TypedTool for LedgerRead {
    type Arguments = Arguments;
    const NAME: &'static str = "ledger_read";
    const DESCRIPTION: &'static str = "Reads the ledger: facts, assumptions, decisions, blockers, \
                                       deliverables, reviews, the customer's words.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, _: Arguments) -> Result<Outcome, ToolError> {
        let rows = at.ledger().await?;
        if rows.is_empty() {
            return Outcome::text("The ledger is empty.");
        }
        let lines = rows.iter().map(|r| {
            json!({
                "id": r.id,
                "kind": r.kind,
                "phase": r.phase,
                "author": r.author,
                "title": r.title,
                "body": r.body,
                "source": r.source,
            })
            .to_string()
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        Ok(Outcome::Done(text, Done { ledger_shown: true, ..Done::default() }))
    }
}
