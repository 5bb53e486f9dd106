//! `repo_delete`: removes a file.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::{Workplace, Writable};

pub(super) struct RepoDelete;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path from the repository's root, inside your scope
    #[schemars(length(min = 1, max = 5000))]
    path: String,
    /// One line: why it goes
    #[serde(default)]
    #[schemars(length(max = 200))]
    message: String,
}

#[async_trait]
impl TypedTool for RepoDelete {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_delete";
    const DESCRIPTION: &'static str = "Removes one file of the customer's repository and commits \
                                       that. Only inside your scope, and no deliverable.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = at.admit(&a.path)?;
        let message = subject(&a.message, || format!("Remove {path}"));
        take(at, &path, None, &message).await?;
        Outcome::text(format!("Removed {path}"))
    }
}

/// The first line of a message, or one that says what happens.
pub(super) fn subject(message: &str, otherwise: impl Fn() -> String) -> String {
    match message.lines().next().unwrap_or_default().trim() {
        "" => otherwise(),
        line => line.to_owned(),
    }
}

/// Removes a file; with `to`, its content is there afterwards.
pub(super) async fn take(
    at: &dyn Workplace,
    from: &Writable,
    to: Option<&Writable>,
    message: &str,
) -> Result<(), ToolError> {
    // A process that died after the commit must not look for a file that is gone.
    if at.has_committed().await {
        return Ok(());
    }
    if let Some(why) = at.stays(from.as_str()).await {
        return Err(ToolError::Refused(format!("{why}, so the file stays where it is")));
    }
    let seen = at.newest(from.as_str()).await?;
    let seen = seen.ok_or_else(|| ToolError::Refused(format!("{from} not found")))?;
    if let Some(to) = to
        && at.newest(to.as_str()).await?.is_some()
    {
        return Err(ToolError::Refused(format!("{to} exists already")));
    }
    at.remove(from, to, &seen, message).await?.map_err(ToolError::Refused)
}
