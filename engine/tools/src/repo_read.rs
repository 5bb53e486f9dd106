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
    /// First line to read, from 1
    #[serde(default)]
    #[schemars(range(min = 1))]
    from: Option<usize>,
    /// Last line to read
    #[serde(default)]
    #[schemars(range(min = 1))]
    to: Option<usize>,
}

#[async_trait]
impl TypedTool for RepoRead {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_read";
    const DESCRIPTION: &'static str = "Reads a text file of the customer's repository, whole or by \
                                       lines, or shows an image or a PDF.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = a.path;
        let Some(bytes) = at.file(&path).await? else {
            return Err(ToolError::Refused(format!("{path} not found")));
        };
        let part = a.from.is_some() || a.to.is_some();
        if part {
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| ToolError::Refused(format!("{path} is not text")))?;
            let shown = at.source(&path).await?.into_iter().collect();
            let part = lines(&path, &text, a.from.unwrap_or(1), a.to.unwrap_or(usize::MAX))?;
            return Outcome::of_file(part, shown);
        }
        let shown = if at.sees_images().await { AttachmentFormat::of(&bytes) } else { None };
        let most = if shown.is_some() { MAX_SHOWN } else { MAX_RESULT };
        if bytes.len() > most {
            let lines = if shown.is_some() { "" } else { " at once; read it by lines" };
            return Err(ToolError::Refused(format!(
                "{path} has {} bytes; at most {most} can be read{lines}",
                bytes.len()
            )));
        }
        if let Some(format) = shown {
            let text = format!("{path}: {}, {} bytes", format.media_type(), bytes.len());
            let attachment = Attachment { format, name: path, data: STANDARD.encode(&bytes) };
            return Ok(Outcome::Shows(text, attachment));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let shown = at.source(&path).await?.into_iter().collect();
                Outcome::of_file(text, shown)
            }
            Err(_) => Err(ToolError::Refused(format!("{path} is not text"))),
        }
    }
}

/// The lines `from` to `to` of a file, with their numbers above them.
fn lines(path: &str, text: &str, from: usize, to: usize) -> Result<String, ToolError> {
    let count = text.lines().count();
    if from > to {
        return Err(ToolError::Refused("`from` is after `to`".to_owned()));
    }
    if from > count {
        let why = format!("line {from} of {path} does not exist; the last one is {count}");
        return Err(ToolError::Refused(why));
    }
    let to = to.min(count);
    let part: Vec<&str> = text.lines().skip(from - 1).take(to - from + 1).collect();
    let part = part.join("\n");
    if part.len() > MAX_RESULT {
        return Err(ToolError::Refused(format!(
            "lines {from} to {to} of {path} have {} bytes; at most {MAX_RESULT} can be read",
            part.len()
        )));
    }
    Ok(format!("Lines {from} to {to} of {count}:\n{part}"))
}
