//! The library of patterns: bundles of files that crews contributed, and what happened to each.
//!
//! A bundle is known by the digest of its files and never changes. What became of it is a list of
//! events, each written once; how far it may be trusted follows from them.

use async_trait::async_trait;
use cloudcrew_definition::crew::Pattern;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::memory::Space;

/// Maximum number of files of a bundle.
pub const MAX_FILES: usize = 50;
/// Maximum size of all files of a bundle, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;
/// Maximum number of patterns of a space.
pub const MAX_CARDS: usize = 200;
/// Maximum size of all files of all patterns of a space, in bytes. They are read whole at each
/// search.
pub const MAX_LIBRARY: usize = 32 * 1024 * 1024;

/// A bundle with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The bundle.
    pub pattern: Pattern,
    /// The engagement that contributed it; empty if a person did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub project: String,
    /// The agent or person that contributed it.
    pub by: String,
    /// When, milliseconds since 1970 UTC.
    pub at: i64,
}

/// Something that happened to a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PatternEvent {
    /// A phase used it, and is over.
    Used(PatternUse),
    /// It was found to have proved itself.
    Promoted {
        /// Who asked for it.
        by: String,
        /// When, milliseconds since 1970 UTC.
        at: i64,
    },
    /// Nobody is to use it any more.
    Withdrawn {
        /// The person.
        actor: String,
        /// The reason.
        reason: String,
        /// When, milliseconds since 1970 UTC.
        at: i64,
    },
}

/// A use of a bundle, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PatternUse {
    /// Key of the step that used it.
    pub step: String,
    /// The engagement.
    pub project: String,
    /// The phase.
    pub phase: String,
    /// The agent.
    pub by: String,
    /// The files that were written.
    pub paths: Vec<String>,
    /// Whether live models took part.
    pub live: bool,
    /// Whether the same engagement contributed it.
    pub own: bool,
    /// How it ended.
    pub outcome: UseOutcome,
    /// When, milliseconds since 1970 UTC.
    pub at: i64,
}

/// How the use of a bundle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UseOutcome {
    /// A person approved the phase without asking for changes.
    Success,
    /// A person asked for changes before the phase was approved.
    Failure,
    /// No person decided: it says nothing about the bundle.
    Undecided,
}

/// The library port. What was written is read at once.
#[async_trait]
pub trait Patterns: Send + Sync {
    /// Adds a bundle. One whose files are there already is left as it is.
    async fn offer(&self, space: &Space, card: &Card) -> Result<(), StoreError>;

    /// All bundles of a space, in the order in which they were added.
    async fn cards(&self, space: &Space) -> Result<Vec<Card>, StoreError>;

    /// Writes an event under an id, once; the bundle need not be in the library.
    async fn note(
        &self,
        space: &Space,
        digest: &str,
        id: &str,
        event: &PatternEvent,
    ) -> Result<(), StoreError>;

    /// The events of a bundle, in the order in which they were written.
    async fn events(&self, space: &Space, digest: &str) -> Result<Vec<PatternEvent>, StoreError>;
}
