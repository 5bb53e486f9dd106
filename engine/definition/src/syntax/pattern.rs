//! `patterns/NAME.yaml`: a bundle of files that crews may use.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Written;

/// A reusable bundle of files, with evidence of how well it worked. Agents find it with
/// `search_patterns` and write it within their scope with `use_pattern`. Its digest covers only its
/// files: changing a file resets its evidence.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew pattern")]
pub struct PatternFile {
    /// Version of the file format. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Name of the pattern; must equal the file name without `.yaml`.
    #[schemars(regex(pattern = super::NAME_PATTERN),
        extend("examples" = ["queue-with-dead-letters"]))]
    pub pattern: Written<String>,
    /// What it is, in one line.
    #[schemars(length(min = 1, max = 120),
        extend("examples" = ["A queue with a dead-letter queue and alarms"]))]
    pub title: Written<String>,
    /// What kind of files it holds.
    #[schemars(length(min = 1, max = 40), extend("examples" = ["infrastructure"]))]
    pub category: Written<String>,
    /// Search keywords. Optional.
    #[schemars(length(max = 20), inner(length(min = 1, max = 40)),
        extend("examples" = [["sqs", "retries"]]))]
    pub tags: Option<Written<Vec<Written<String>>>>,
    /// When to use it, when not to, and what to decide first. Agents read this before using it.
    #[schemars(length(min = 1, max = 8000),
        extend("examples" = ["Use it where work must not be lost."]))]
    pub description: Written<String>,
    /// The files.
    #[schemars(length(min = 1, max = 50), extend("examples" = [[{"path": "queue.tf",
        "content": "resource \"aws_sqs_queue\" \"work\" {}\n"}]]))]
    pub files: Written<Vec<Written<BundledFile>>>,
}

/// A file of a pattern.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct BundledFile {
    /// Its path below the folder that the agent chooses.
    #[schemars(length(min = 1, max = 200), extend("examples" = ["queue.tf"]))]
    pub path: Written<String>,
    /// Its text.
    #[schemars(length(min = 1, max = 200_000),
        extend("examples" = ["resource \"aws_sqs_queue\" \"work\" {}\n"]))]
    pub content: Written<String>,
}
