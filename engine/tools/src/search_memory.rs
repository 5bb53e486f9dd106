//! `search_memory`: finds what earlier work has noted.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::inset;
use cloudcrew_ports::memory::MemoryKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Done, Outcome, Recollection, ToolError};
use super::tool::TypedTool;
use super::workplace::{Recalled, Workplace};

pub(super) struct SearchMemory;

/// Notes to show, unless the caller asks for another number.
const SHOWN: usize = 5;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// What you want to know, in words
    #[schemars(length(min = 1, max = 500))]
    question: String,
    /// Only this kind
    #[serde(default)]
    kind: Option<MemoryKind>,
    /// How many notes to show. Defaults to 5
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    most: Option<usize>,
}

#[async_trait]
impl TypedTool for SearchMemory {
    type Arguments = Arguments;
    const NAME: &'static str = "search_memory";
    const DESCRIPTION: &'static str = "Finds what earlier work has noted: decisions, preferences \
                                       of the customer, summaries, lessons. Says so when nothing \
                                       is known.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let found = at.recall(&a.question, a.kind, a.most.unwrap_or(SHOWN)).await?;
        if found.is_empty() {
            return Outcome::text("Nothing is known about this.");
        }
        let text: String = found.iter().map(line).collect();
        let recalled = found.iter().map(Recollection::of).collect();
        Ok(Outcome::Done(text, Done { recalled, ..Done::default() }))
    }
}

/// A note as an agent sees it: its id, what it is about, its words, and how far to believe them.
pub fn line(Recalled { record, trust, own }: &Recalled) -> String {
    let from = match own {
        true => format!("this engagement, {}", record.phase),
        false => format!("engagement {}, {}", record.project, record.phase),
    };
    let trust = match trust {
        cloudcrew_ports::memory::Trust::Derived => "unreviewed",
        trust => trust.name(),
    };
    let (kind, about) = (record.kind.name(), &record.about);
    let text = inset(&record.text, "  ");
    format!("- {} {kind} {about}: {text} ({trust}; {from})\n", record.id)
}
