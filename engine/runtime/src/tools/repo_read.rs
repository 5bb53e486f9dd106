//! Reads a file of the customer's repository, from its tree: there is no working folder to escape
//! from.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use cloudcrew_ports::model::{Attachment, AttachmentFormat};

use super::{Call, MAX_RESULT, MAX_SHOWN, Said, Tool, ToolError, arguments, info};

pub(super) struct RepoRead;

#[derive(Deserialize)]
struct Arguments {
    path: String,
}

#[async_trait]
impl Tool for RepoRead {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "required": ["path"], "properties": {
            "path": { "type": "string", "minLength": 1, "maxLength": 4096, "description": "Path \
             from the repository's root" },
        } });
        info(
            "repo_read",
            "Reads a text file of the customer's repository, or shows an image or a PDF.",
            Capability::ReadRepo,
            Effect::Pure,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let Arguments { path } = arguments(input)?;
        let Some(bytes) = call.driver.file(&path).await? else {
            return Err(ToolError::Refused(format!("{path} not found")));
        };
        // A model that sees no images is told that this is no text.
        let shown = if call.driver.sees_images(call.agent).await {
            AttachmentFormat::of(&bytes)
        } else {
            None
        };
        let most = if shown.is_some() { MAX_SHOWN } else { MAX_RESULT };
        if bytes.len() > most {
            return Err(ToolError::Refused(format!(
                "{path} has {} bytes; at most {most} can be read",
                bytes.len()
            )));
        }
        if let Some(format) = shown {
            let text = format!("{path}: {}, {} bytes", format.media_type(), bytes.len());
            return Ok(Said::Shows(
                text,
                Attachment { format, name: path, data: STANDARD.encode(&bytes) },
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Said::text(text),
            Err(_) => Err(ToolError::Refused(format!("{path} is not text"))),
        }
    }
}
