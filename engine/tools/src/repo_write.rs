//! `repo_write`: writes a file of the repository.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct RepoWrite;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path from the repository's root, inside your scope
    #[schemars(length(min = 1, max = 5000))]
    path: String,
    /// The whole file
    content: String,
    /// One line: why it changes
    #[serde(default)]
    #[schemars(length(max = 200))]
    message: String,
}

#[async_trait]
impl TypedTool for RepoWrite {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_write";
    const DESCRIPTION: &'static str = "Writes a file of the customer's repository whole and \
                                       commits it. Only inside your scope.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = at.admit(&a.path)?;
        let bytes = a.content.len();
        let line = a.message.lines().next().unwrap_or_default().trim();
        let message = if line.is_empty() { format!("Write {path}") } else { line.to_owned() };
        at.write(&path, a.content, &message).await?;
        let text = format!("Wrote {bytes} bytes to {path}");
        if !at.owes(path.as_str()).await {
            return Outcome::text(text);
        }
        let done = at.note(LedgerKind::Deliverable, path.as_str(), &message, "").await?;
        Ok(Outcome::Done(text, done))
    }
}
