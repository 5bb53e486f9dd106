//! What is in the customer's repository.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use cloudcrew_definition::shown::row;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, arguments, info};

pub(super) struct RepoList;

/// Files listed at most.
const MOST: usize = 2000;

#[derive(Deserialize)]
struct Arguments {
    #[serde(default)]
    folder: String,
}

#[async_trait]
impl Tool for RepoList {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "properties": {
            "folder": { "type": "string", "maxLength": 4096, "description": "Only what is below \
             this folder" },
        } });
        info(
            "repo_list",
            "Lists the files of the customer's repository with size, and for the crew's own files \
             who wrote them in which phase and run.",
            Capability::ReadRepo,
            Effect::Pure,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let Arguments { folder } = arguments(input)?;
        let mut files = call.driver.files(folder.trim_end_matches('/')).await?;
        let left_out = files.len().saturating_sub(MOST);
        files.truncate(MOST);
        let lines = call
            .driver
            .look(|e| {
                let line = |f: &cloudcrew_ports::repo::TreeFile| match e
                    .state
                    .artifacts
                    .get(&f.path)
                    .filter(|a| a.oid == f.oid)
                {
                    Some(a) => format!(
                        "{}\t{} bytes\t{} in {} run {}",
                        row(&f.path),
                        f.size,
                        a.owner,
                        a.phase,
                        a.revision
                    ),
                    None => format!("{}\t{} bytes", row(&f.path), f.size),
                };
                files.iter().map(line).collect::<Vec<_>>()
            })
            .await;
        if lines.is_empty() {
            return Said::text("No files.");
        }
        let more = if left_out > 0 {
            format!("\n({left_out} more; name a folder)")
        } else {
            String::new()
        };
        Said::text(lines.join("\n") + &more)
    }
}
