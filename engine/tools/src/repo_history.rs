//! `repo_history`: lists the versions of a file.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::{FileVersion, Workplace};

pub(super) struct RepoHistory;

/// Maximum number of versions to list: the newest.
const MOST: usize = 200;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    path: String,
}

#[async_trait]
impl TypedTool for RepoHistory {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_history";
    const DESCRIPTION: &'static str = "Lists the versions of a file that the crew wrote, oldest \
                                       first: commit, author, phase and run.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let versions = at.versions(&a.path).await?;
        if versions.is_empty() {
            return Outcome::text(format!("The crew has not written {}.", a.path));
        }
        let omitted = versions.len().saturating_sub(MOST);
        let mut lines: Vec<String> = versions.iter().skip(omitted).map(line).collect();
        if omitted > 0 {
            lines.insert(0, format!("({omitted} older versions are not shown)"));
        }
        Outcome::text(lines.join("\n"))
    }
}

fn line(FileVersion { commit, origin, removed }: &FileVersion) -> String {
    let commit = commit.get(..12).unwrap_or(commit);
    let removed = if *removed { ", who removed it" } else { "" };
    format!("{commit}\t{} in {} run {}{removed}", origin.agent, origin.phase, origin.run)
}
