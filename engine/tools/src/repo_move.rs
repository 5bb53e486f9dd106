//! `repo_move`: gives a file another path.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::repo_delete::{subject, take};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct RepoMove;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of the file now, inside your scope
    #[schemars(length(min = 1, max = 5000))]
    from: String,
    /// Its new path, inside your scope; nothing may be there
    #[schemars(length(min = 1, max = 5000))]
    to: String,
    /// One line: why it moves
    #[serde(default)]
    #[schemars(length(max = 200))]
    message: String,
}

#[async_trait]
impl TypedTool for RepoMove {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_move";
    const DESCRIPTION: &'static str = "Gives one file of the customer's repository another path, \
                                       in one commit. Only inside your scope, and no deliverable.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let (from, to) = (at.admit(&a.from)?, at.admit(&a.to)?);
        if from == to {
            return Err(ToolError::Refused("`from` and `to` are the same".to_owned()));
        }
        let message = subject(&a.message, || format!("Move {from} to {to}"));
        take(at, &from, Some(&to), &message).await?;
        let text = format!("Moved {from} to {to}");
        if !at.owes(to.as_str()).await {
            return Outcome::text(text);
        }
        let done = at.note(LedgerKind::Deliverable, to.as_str(), &message, "").await?;
        Ok(Outcome::Done(text, done))
    }
}
