//! `ledger_write`: adds one entry to the ledger.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct LedgerWrite;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// What it is
    kind: Kind,
    /// One line
    #[schemars(length(min = 1, max = 300))]
    title: String,
    /// More: the reason of a decision, what would prove an assumption wrong
    #[serde(default)]
    #[schemars(length(max = 8000))]
    body: String,
    /// Where it comes from, such as `sow.md:42`
    #[serde(default)]
    #[schemars(length(max = 300))]
    source: String,
}

/// The kinds that an agent may write; the engine writes the others.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Fact,
    Assumption,
    Decision,
    Blocker,
}

#[async_trait]
impl TypedTool for LedgerWrite {
    type Arguments = Arguments;
    const NAME: &'static str = "ledger_write";
    const DESCRIPTION: &'static str = "Adds one entry to the ledger. Entries are never changed: \
        add \
                                       another that corrects it.";
    const CAPABILITY: Capability = Capability::WriteLedger;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let kind = match a.kind {
            Kind::Fact => LedgerKind::Fact,
            Kind::Assumption => LedgerKind::Assumption,
            Kind::Decision => LedgerKind::Decision,
            Kind::Blocker => LedgerKind::Blocker,
        };
        if !at.may_note(kind) {
            let why = "Only facts and assumptions are noted here; decide at the next gate.";
            return Err(ToolError::Refused(why.to_owned()));
        }
        let done = at.note(kind, &a.title, &a.body, &a.source).await?;
        Ok(Outcome::Done(format!("Recorded: {}", a.title), done))
    }
}
