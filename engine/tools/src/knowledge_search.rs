//! `knowledge_search`: finds the parts of files that fit some words best.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::knowledge::{Hit, Source};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::report::counted;
use super::tool::TypedTool;
use super::units::units;
use super::workplace::Workplace;

pub(super) struct KnowledgeSearch;

/// Larger files are not indexed, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// Maximum number of files, and their size in bytes, to search.
const FILES: usize = 20_000;
const BYTES: u64 = 64 * 1024 * 1024;
/// How often to index and search, while others do.
const TRIES: usize = 3;
/// Parts to show, unless the caller asks for another number.
const SHOWN: usize = 8;
/// Maximum number of lines of a part to show, and characters of each.
const LINES: usize = 6;
const WIDTH: usize = 200;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// What you look for, in words
    #[schemars(length(min = 1, max = 500))]
    words: String,
    /// How many parts to show. Defaults to 8
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    most: Option<usize>,
}

#[async_trait]
impl TypedTool for KnowledgeSearch {
    type Arguments = Arguments;
    const NAME: &'static str = "knowledge_search";
    const DESCRIPTION: &'static str = "Finds the sections of documents, Terraform blocks and code \
                                       items in the repository that fit some words best, in any \
                                       form of the words. To find exact text, use repo_search.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let (mut files, mut bytes, mut left_out) = (Vec::new(), 0, 0);
        for found in at.files("").await? {
            let fits = found.file.size <= LARGEST
                && files.len() < FILES
                && bytes + found.file.size <= BYTES;
            if fits {
                bytes += found.file.size;
                files.push(Source { path: found.file.path, oid: found.file.oid });
            } else {
                left_out += 1;
            }
        }
        let (knowledge, most) = (at.knowledge(), a.most.unwrap_or(SHOWN));
        let mut hits = Vec::new();
        for _ in 0..TRIES {
            for file in knowledge.unknown(&files).await.map_err(broken)? {
                let content = at.file(&file.path).await?.unwrap_or_default();
                // A file that is not text has no units.
                let text = String::from_utf8(content).unwrap_or_default();
                knowledge.add(&file, units(&file.path, &text)).await.map_err(broken)?;
            }
            hits = knowledge.search(&files, &a.words, most).await.map_err(broken)?;
            // The index may have begun anew meanwhile.
            if knowledge.unknown(&files).await.map_err(broken)?.is_empty() {
                break;
            }
        }
        let mut text = match hits.is_empty() {
            true => format!("Nothing fits in {}.\n", counted(files.len(), "file")),
            false => hits.iter().map(|hit| shown(hit, &a.words)).collect::<String>(),
        };
        if left_out > 0 {
            text.push_str(&format!(
                "\n{left_out} files were not searched: too large or too many.\n"
            ));
        }
        let mut shown = Vec::new();
        for hit in &hits {
            if let Some(source) = at.source(&hit.path).await?
                && !shown.contains(&source)
            {
                shown.push(source);
            }
        }
        Outcome::of_file(text, shown)
    }
}

fn broken(error: cloudcrew_ports::StoreError) -> ToolError {
    ToolError::Failed(error.into())
}

/// A part: where it is, what it is called, and the lines around the first that has one of the
/// words.
fn shown(hit: &Hit, words: &str) -> String {
    let wanted: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 2)
        .map(str::to_lowercase)
        .collect();
    let lines: Vec<&str> = hit.unit.text.lines().collect();
    let has = |line: &&str| {
        let line = line.to_lowercase();
        wanted.iter().any(|word| line.contains(word.as_str()))
    };
    let first = lines.iter().position(has).unwrap_or(0).saturating_sub(1);
    let place = format!("{}:{}", hit.path, hit.unit.line as usize + first);
    let heading = if hit.unit.heading.is_empty() { "(start)" } else { &hit.unit.heading };
    let mut text = format!("{} · {}\n", row(&place), row(heading));
    for line in lines.iter().skip(first).take(LINES) {
        let line: String = line.chars().take(WIDTH).collect();
        text.push_str(&format!("    {}\n", row(&line)));
    }
    text
}
