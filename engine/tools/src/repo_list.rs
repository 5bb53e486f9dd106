//! `repo_list`: lists the files of the repository.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::{FileInfo, Workplace};

pub(super) struct RepoList;

/// Maximum number of files to list.
const MAX_FILES: usize = 2000;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Only what is below this folder
    #[serde(default)]
    #[schemars(length(max = 4096))]
    folder: String,
}

#[async_trait]
impl TypedTool for RepoList {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_list";
    const DESCRIPTION: &'static str = "Lists the files of the customer's repository with size, and \
                                       for the crew's own files who wrote them in which phase and \
                                       run.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let mut files = at.files(a.folder.trim_end_matches('/')).await?;
        let left_out = files.len().saturating_sub(MAX_FILES);
        files.truncate(MAX_FILES);
        if files.is_empty() {
            return Outcome::text("No files.");
        }
        let lines: Vec<String> = files.iter().map(line).collect();
        let more = if left_out > 0 {
            format!("\n({left_out} more; name a folder)")
        } else {
            String::new()
        };
        Outcome::text(lines.join("\n") + &more)
    }
}

fn line(FileInfo { file, origin }: &FileInfo) -> String {
    let by = origin
        .as_ref()
        .map_or_else(String::new, |by| format!("\t{} in {} run {}", by.agent, by.phase, by.run));
    format!("{}\t{} bytes{by}", row(&file.path), file.size)
}
