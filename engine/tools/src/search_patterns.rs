//! `search_patterns`: finds bundles of files that may be used.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::{inset, row};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::{Offered, Workplace};

pub(super) struct SearchPatterns;

/// Patterns to show, at most.
const MOST: usize = 10;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// What you need, in your own words. Omit to list all patterns
    #[serde(default)]
    #[schemars(length(max = 500))]
    query: String,
    /// Only this category
    #[serde(default)]
    #[schemars(length(max = 40))]
    category: Option<String>,
    /// Only those with all of these tags
    #[serde(default)]
    #[schemars(length(max = 10))]
    tags: Vec<String>,
}

#[async_trait]
impl TypedTool for SearchPatterns {
    type Arguments = Arguments;
    const NAME: &'static str = "search_patterns";
    const DESCRIPTION: &'static str = "Finds patterns: reusable bundles of files, with how often \
                                       their use was approved without changes. `use_pattern` writes \
                                       one.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let mut found = at.patterns(&a.query).await?;
        let wanted = |offered: &Offered| {
            let pattern = &offered.pattern;
            a.category.as_ref().is_none_or(|category| pattern.category == *category)
                && a.tags.iter().all(|tag| pattern.tags.contains(tag))
        };
        found.retain(wanted);
        if found.is_empty() {
            return Outcome::text("No pattern fits. Write the files yourself.");
        }
        let more = found.len().saturating_sub(MOST);
        let mut text: String = found.iter().take(MOST).map(shown).collect();
        if more > 0 {
            text.push_str(&format!(
                "and {more} more; narrow the search with a category or a tag\n"
            ));
        }
        Outcome::text(text)
    }
}

/// A pattern as an agent sees it.
fn shown(Offered { pattern, tier, counted, succeeded }: &Offered) -> String {
    let files: Vec<String> = pattern.files.iter().map(|(path, _)| row(path).into_owned()).collect();
    let tags = pattern.tags.join(", ");
    format!(
        "- {} ({tier}: {succeeded} of {counted} uses approved without changes): {}\n  {}; {}\n  \
         files: {}\n  {}\n",
        pattern.name,
        row(&pattern.title),
        row(&pattern.category),
        row(&tags),
        files.join(", "),
        inset(pattern.description.trim_end(), "  ")
    )
}
