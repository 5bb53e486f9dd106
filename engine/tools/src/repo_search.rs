//! `repo_search`: finds text in the files of the repository.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct RepoSearch;

/// Maximum number of lines to show.
const MAX_LINES: usize = 200;
/// Maximum number of characters of a line to show, around its first match.
const MAX_WIDTH: usize = 200;
/// Maximum number of files to read.
const MAX_FILES: usize = 20_000;
/// Larger files are not searched, in bytes.
const MAX_FILE: u64 = 2 * 1024 * 1024;
/// Maximum size of all files that are read, in bytes.
const MAX_READ: u64 = 64 * 1024 * 1024;
/// Only the start of a longer line is searched, in bytes.
const MAX_LINE: usize = 16 * 1024;
/// Maximum size of a compiled expression, in bytes.
const MAX_REGEX: usize = 64 * 1024;
/// After this time, the search ends with what it has found.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// What to find in a line
    #[schemars(length(min = 1, max = 1000))]
    query: String,
    /// Whether `query` is a regular expression instead of literal text
    #[serde(default)]
    regex: bool,
    /// Whether upper and lower case are the same
    #[serde(default)]
    ignore_case: bool,
    /// Only what is below this folder
    #[serde(default)]
    #[schemars(length(max = 4096))]
    folder: String,
}

#[async_trait]
impl TypedTool for RepoSearch {
    type Arguments = Arguments;
    const NAME: &'static str = "repo_search";
    const DESCRIPTION: &'static str = "Finds lines in the text files of the customer's \
                                       repository, by literal text or regular expression.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let wanted = wanted(&a)?;
        let (mut lines, mut read, mut files, mut skipped) = (Vec::new(), 0, 0, 0);
        let (mut full, began) = (false, began());
        for file in at.files(a.folder.trim_end_matches('/')).await? {
            let file = file.file;
            if file.size > MAX_FILE {
                skipped += 1;
                continue;
            }
            full = files == MAX_FILES || read + file.size > MAX_READ;
            if full {
                break;
            }
            (files, read) = (files + 1, read + file.size);
            let text = at.file(&file.path).await?.map(String::from_utf8);
            let Some(Ok(text)) = text else {
                skipped += 1;
                continue;
            };
            for (number, line) in text.lines().enumerate() {
                let line = start(line);
                if let Some(at) = wanted.find(line) {
                    full = lines.len() == MAX_LINES;
                    if full {
                        break;
                    }
                    let (place, words) = (row(&file.path), around(line, at.start()));
                    lines.push(format!("{place}:{}: {}", number + 1, row(words)));
                }
                full = began.elapsed() > PATIENCE;
                if full {
                    break;
                }
            }
            if full {
                break;
            }
        }
        if lines.is_empty() {
            lines.push("No matches.".to_owned());
        }
        if full {
            lines.push("(There may be more; name a folder or search for less.)".to_owned());
        }
        if skipped > 0 {
            lines.push(format!("(Not searched because too large or not text: {skipped})"));
        }
        Outcome::text(lines.join("\n"))
    }
}

fn wanted(a: &Arguments) -> Result<Regex, ToolError> {
    let pattern = if a.regex { a.query.clone() } else { regex::escape(&a.query) };
    let built = RegexBuilder::new(&pattern)
        .case_insensitive(a.ignore_case)
        .size_limit(MAX_REGEX)
        .dfa_size_limit(MAX_REGEX)
        .build();
    built.map_err(|e| ToolError::Refused(format!("`query` is not a regular expression: {e}")))
}

#[expect(clippy::disallowed_methods, reason = "bounds the work; the result is recorded")]
fn began() -> Instant {
    Instant::now()
}

/// The part of a line that is searched.
fn start(line: &str) -> &str {
    line.get(..line.floor_char_boundary(MAX_LINE.min(line.len()))).unwrap_or_default()
}

/// The part of a line around a place.
fn around(line: &str, at: usize) -> &str {
    let from = line.floor_char_boundary(at.saturating_sub(MAX_WIDTH / 2));
    let to = line.floor_char_boundary((from + MAX_WIDTH).min(line.len()));
    line.get(from..to).unwrap_or_default()
}
