//! `remember`: saves notes for later work.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::memory::MemoryKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Done, Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::{NewMemory, Workplace};

pub(super) struct Remember;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Kind of note. The engine records decisions itself
    kind: Kind,
    /// What it is about, such as `iac/provider`. A newer note on a subject replaces an older one
    #[schemars(regex(pattern = r"^[a-z0-9]+([-/.][a-z0-9]+)*$"), length(max = 80))]
    about: String,
    /// The note: one fact, in words that make sense without this engagement
    #[schemars(length(min = 1, max = 2000))]
    text: String,
    /// What the note is based on, read in this visit: paths, `ledger:ID`, `memory:ID`, or
    /// `statement` for the statement of work
    #[schemars(length(min = 1, max = 16))]
    sources: Vec<String>,
}

/// The kinds that an agent may note; the engine notes decisions.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// What the customer prefers
    Preference,
    /// The result of a part of the work
    Summary,
    /// What the next engagement should do differently
    Lesson,
}

#[async_trait]
impl TypedTool for Remember {
    type Arguments = Arguments;
    const NAME: &'static str = "remember";
    const DESCRIPTION: &'static str = "Saves a note for later work: a preference of the customer, a \
                                       summary or a lesson, with its sources. Later engagements see \
                                       it once a person has approved it.";
    const CAPABILITY: Capability = Capability::Remember;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let kind = match a.kind {
            Kind::Preference => MemoryKind::Preference,
            Kind::Summary => MemoryKind::Summary,
            Kind::Lesson => MemoryKind::Lesson,
        };
        let new = NewMemory { kind, about: a.about, text: a.text, sources: a.sources };
        let (record, trust) = at.remember(new).await?.map_err(ToolError::Refused)?;
        let text = format!("Noted as {} ({})", record.id, trust.label());
        Ok(Outcome::Done(text, Done { remembered: Some(Box::new(record)), ..Done::default() }))
    }
}
