//! `search_memory`: searches the notes of earlier work.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::inset;
use cloudcrew_ports::memory::{MemoryKind, Trust};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Done, Outcome, Recollection, ToolError};
use super::tool::TypedTool;
use super::workplace::{Recall, Recalled, Workplace};

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
    const DESCRIPTION: &'static str = "Searches the notes of earlier work: decisions, customer \
                                       preferences, summaries, lessons. Says so if nothing is \
                                       known.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let Recall { notes, fault } =
            at.recall(&a.question, a.kind, a.most.unwrap_or(SHOWN)).await?;
        let mut text: String = notes.iter().map(line).collect();
        match (notes.is_empty(), fault) {
            (_, Some(why)) => {
                text.push_str(&format!("Notes of other engagements cannot be read now: {why}\n"));
            }
            (true, None) => text.push_str("Nothing is known about this."),
            (false, None) => {}
        }
        let recalled = notes.iter().map(Recollection::of).collect();
        Ok(Outcome::Done(text, Done { recalled, ..Done::default() }))
    }
}

/// A note as an agent sees it: its id, what it is about, its words, and how far to believe them.
pub fn line(Recalled { record, trust, own }: &Recalled) -> String {
    let from = match (own, trust) {
        (true, _) => format!("; this engagement, {}", record.phase),
        // Other owners do not learn the name of the engagement.
        (false, Trust::Published) => String::new(),
        (false, _) => format!("; engagement {}, {}", record.project, record.phase),
    };
    let trust = trust.label();
    let (kind, about) = (record.kind.name(), &record.about);
    let text = inset(&record.text, "  ");
    format!("- {} {kind} {about}: {text} ({trust}{from})\n", record.id)
}
