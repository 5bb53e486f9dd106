//! `repo_edit`: replaces a passage of a file.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct RepoEdit;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path from the repository's root, inside your scope
    #[schemars(length(min = 1, max = 5000))]
    path: String,
    /// The passage to replace, exactly as it is in the file, and long enough to occur once
    #[schemars(length(min = 1))]
    old: String,
    /// What replaces it
    new: String,
    /// One line: why it changes
    #[serde(default)]
    #[schemars(length(max = 200))]
    message: String,
}

#[async_trait]
impl TypedTool for RepoEdit {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_edit";
    const DESCRIPTION: &'static str = "Replaces one passage of a text file of the customer's \
                                       repository and commits it. Only inside your scope.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = at.admit(&a.path)?;
        let line = a.message.lines().next().unwrap_or_default().trim();
        let message = if line.is_empty() { format!("Edit {path}") } else { line.to_owned() };
        // A process that died after the commit must not look for a passage that is gone.
        if !at.has_committed().await {
            let text = at.newest(path.as_str()).await?;
            let text = text.ok_or_else(|| ToolError::Refused(format!("{path} not found")))?;
            let text = String::from_utf8(text)
                .map_err(|_| ToolError::Refused(format!("{path} is not text")))?;
            let new = edited(&a, &text)?;
            at.replace(&path, Some(&text), new, &message).await?;
        }
        let text = format!("Replaced {} bytes with {} in {path}", a.old.len(), a.new.len());
        if !at.owes(path.as_str()).await {
            return Outcome::text(text);
        }
        let done = at.note(LedgerKind::Deliverable, path.as_str(), &message, "").await?;
        Ok(Outcome::Done(text, done))
    }
}

/// The text with the passage replaced, which must occur once.
fn edited(a: &Arguments, text: &str) -> Result<String, ToolError> {
    let refused = |why: String| Err(ToolError::Refused(format!("`old` {why}")));
    if a.old == a.new {
        return Err(ToolError::Refused("`old` and `new` are the same".to_owned()));
    }
    let Some(at) = text.find(&a.old) else {
        return refused(format!("does not occur in {}; read the file again", a.path));
    };
    let (before, rest) = text.split_at(at);
    // Overlapping occurrences are ambiguous too.
    let next = at + rest.chars().next().map_or(1, char::len_utf8);
    if let Some(again) = text.get(next..).and_then(|rest| rest.find(&a.old)) {
        let line = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1;
        let (first, second) = (line(at), line(next + again));
        return refused(format!(
            "occurs more than once in {}, first in lines {first} and {second}; include more of \
             what is around it",
            a.path
        ));
    }
    Ok([before, &a.new, rest.get(a.old.len()..).unwrap_or_default()].concat())
}
