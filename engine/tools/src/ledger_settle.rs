//! `ledger_settle`: says what became of an assumption or a blocker.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, Settled, Settlement, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct LedgerSettle;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Id of the entry, as ledger_read shows it
    #[schemars(length(min = 1, max = 300))]
    id: String,
    outcome: Settled,
    /// The evidence and where it is: a file, an answer from the customer
    #[schemars(length(min = 1, max = 2000))]
    why: String,
}

#[async_trait]
impl TypedTool for LedgerSettle {
    type Arguments = Arguments;
    const NAME: &'static str = "ledger_settle";
    const DESCRIPTION: &'static str = "Settles an assumption or a blocker in the ledger: confirmed \
                                       or closed. The customer is shown what is still open at the \
                                       end of a phase.";
    const CAPABILITY: Capability = Capability::WriteLedger;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let rows = at.ledger().await?;
        let Some(row) = rows.iter().find(|row| row.id == a.id) else {
            return Err(ToolError::Refused(format!("the ledger has no entry `{}`", a.id)));
        };
        if !matches!(row.kind, LedgerKind::Assumption | LedgerKind::Blocker) {
            let why = format!("`{}` is neither an assumption nor a blocker", a.id);
            return Err(ToolError::Refused(why));
        }
        if !at.may_settle() {
            let why = "Entries cannot be settled in a conversation; the crew settles them during its \
                       work.";
            return Err(ToolError::Refused(why.to_owned()));
        }
        let title: String = format!("{}: {}", a.outcome.title(), row.title);
        let title: String = title.chars().take(300).collect();
        let mut done = at.note(LedgerKind::Fact, &title, &a.why, &a.id).await?;
        done.settled = Some(Settlement { row: a.id.clone(), outcome: a.outcome });
        Ok(Outcome::Done(format!("Recorded: {} is {}.", a.id, a.outcome.name()), done))
    }
}
