//! `repo_diff`: shows what changed in a file between two versions.

use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;
use similar::TextDiff;

use super::outcome::{Outcome, ToolError};
use super::tool::{MAX_RESULT, TypedTool};
use super::workplace::{Revision, Workplace};

pub(super) struct RepoDiff;

/// Unchanged lines around a change.
const AROUND: usize = 3;
/// Maximum size of a file to compare, in bytes.
const MOST: usize = 1024 * 1024;
/// After this time, the comparison becomes coarser.
const PATIENCE: Duration = Duration::from_millis(500);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// The older version: a commit from `repo_history`, `base` for the customer's code, or
    /// `approved` for the version that was approved last. Defaults to `approved`, or to `base`
    /// before that
    #[serde(default)]
    #[schemars(length(min = 1, max = 40))]
    from: Option<String>,
    /// The newer version: a commit from `repo_history`. Defaults to the current version
    #[serde(default)]
    #[schemars(length(min = 1, max = 40))]
    to: Option<String>,
}

#[async_trait]
impl TypedTool for RepoDiff {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_diff";
    const DESCRIPTION: &'static str = "Shows what changed in a text file since it was approved, \
                                       or between two versions.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = &a.path;
        let old = match a.from.as_deref().map(revision) {
            Some(from) => at.version(path, &from).await?.map_err(ToolError::Refused)?,
            None => match at.version(path, &Revision::Approved).await? {
                Ok(approved) => approved,
                Err(_) => at.version(path, &Revision::Base).await?.map_err(ToolError::Refused)?,
            },
        };
        let to = a.to.as_deref().map_or(Revision::Head, revision);
        let new = at.version(path, &to).await?.map_err(ToolError::Refused)?;
        if old.is_none() && new.is_none() {
            return Err(ToolError::Refused(format!("{path} not found")));
        }
        let (old, new) = (text(path, old)?, text(path, new)?);
        let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&old, &new);
        let shown = diff.unified_diff().context_radius(AROUND).to_string();
        match shown.len() {
            0 => Outcome::text("No changes."),
            size if size > MAX_RESULT => Err(ToolError::Refused(format!(
                "the changes have {size} bytes; at most {MAX_RESULT} can be shown; read the file"
            ))),
            _ => Outcome::text(shown),
        }
    }
}

fn revision(name: &str) -> Revision {
    match name {
        "head" => Revision::Head,
        "base" => Revision::Base,
        "approved" => Revision::Approved,
        commit => Revision::Commit(commit.to_owned()),
    }
}

fn text(path: &str, bytes: Option<Vec<u8>>) -> Result<String, ToolError> {
    let bytes = bytes.unwrap_or_default();
    if bytes.len() > MOST {
        return Err(ToolError::Refused(format!("{path} has more than {MOST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| ToolError::Refused(format!("{path} is not text")))
}
