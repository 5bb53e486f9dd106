//! What reports of tools share: lists that end, and files of a bounded size.

use cloudcrew_definition::shown::row;

use super::outcome::ToolError;
use super::workplace::Workplace;

/// A list of at most `most` lines, and how many more there are.
pub(super) fn listed(lines: &[String], most: usize) -> String {
    let more = lines.len().saturating_sub(most);
    let mut text: String = lines.iter().take(most).map(|line| format!("- {line}\n")).collect();
    if more > 0 {
        text.push_str(&format!("- and {more} more\n"));
    }
    text
}

/// A text as a cell of a table in Markdown.
pub(super) fn cell(text: &str) -> String {
    row(text).replace('|', "\\|")
}

/// A number of things: `1 finding`, `2 findings`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// The bytes of a file of the repository, if there are at most `most`.
pub(super) async fn bytes_of(
    at: &dyn Workplace,
    path: &str,
    most: usize,
) -> Result<Vec<u8>, ToolError> {
    let refused = |why: String| ToolError::Refused(format!("{} {why}", row(path)));
    let bytes = at.file(path).await?.ok_or_else(|| refused("not found".to_owned()))?;
    match bytes.len() > most {
        true => Err(refused(format!("has {} bytes; at most {most} are read", bytes.len()))),
        false => Ok(bytes),
    }
}

/// The text of such a file.
pub(super) async fn text_of(
    at: &dyn Workplace,
    path: &str,
    most: usize,
) -> Result<String, ToolError> {
    let bytes = bytes_of(at, path, most).await?;
    String::from_utf8(bytes).map_err(|_| ToolError::Refused(format!("{} is not text", row(path))))
}
