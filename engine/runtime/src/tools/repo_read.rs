//! Reads a file of the customer's repository, from its tree: there is no working folder to escape from.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, MAX_RESULT, Said, Tool, ToolError, arguments, info};

pub(super) struct RepoRead;

#[derive(Deserialize)]
struct Arguments {
    path: String,
}

#[async_trait]
impl Tool for RepoRead {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "required": ["path"], "properties": {
            "path": { "type": "string", "minLength": 1, "maxLength": 4096, "description": "Path from the repository's root" },
        } });
        info("repo_read", "Reads a text file of the customer's repository.", Capability::ReadRepo, Effect::Pure, schema)
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let Arguments { path } = arguments(input)?;
        let Some(bytes) = call.driver.file(&path).await? else { return Err(ToolError::Refused(format!("{path} not found"))) };
        if bytes.len() > MAX_RESULT {
            return Err(ToolError::Refused(format!("{path} has {} bytes; at most {MAX_RESULT} can be read", bytes.len())));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Said::text(text),
            Err(_) => Err(ToolError::Refused(format!("{path} is not text"))),
        }
    }
}
