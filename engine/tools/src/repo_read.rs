//! `repo_read`: reads a file of the repository.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::model::{Attachment, AttachmentFormat};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::{MAX_RESULT, MAX_SHOWN, TypedTool};
use super::workplace::Workplace;

pub(super) struct RepoRead;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    path: String,
}

#[async_trait]
impl TypedTool for RepoRead {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_read";
    const DESCRIPTION: &'static str =
        "Reads a text file of the customer's repository, or shows an image or a PDF.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = a.path;
        let Some(bytes) = at.file(&path).await? else {
            return Err(ToolError::Refused(format!("{path} not found")));
        };
        let shown = if at.sees_images().await { AttachmentFormat::of(&bytes) } else { None };
        let most = if shown.is_some() { MAX_SHOWN } else { MAX_RESULT };
        if bytes.len() > most {
            return Err(ToolError::Refused(format!(
                "{path} has {} bytes; at most {most} can be read",
                bytes.len()
            )));
        }
        if let Some(format) = shown {
            let text = format!("{path}: {}, {} bytes", format.media_type(), bytes.len());
            let attachment = Attachment { format, name: path, data: STANDARD.encode(&bytes) };
            return Ok(Outcome::Shows(text, attachment));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Outcome::text(text),
            Err(_) => Err(ToolError::Refused(format!("{path} is not text"))),
        }
    }
}
