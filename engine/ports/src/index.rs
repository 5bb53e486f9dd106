//! The index of engagements: a row each, so that lists and inboxes read no journals.

use async_trait::async_trait;

use super::StoreError;
use super::journal::Head;
use super::lease::Holder;

/// Bytes of [`Row::standing`] at most.
pub const MAX_ROW: usize = 24 * 1024;

/// What lists show of an engagement. It is written together with each append.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// JSON that the index does not look into, at most [`MAX_ROW`] bytes.
    pub standing: String,
    /// Whether a person must act.
    pub waits: bool,
    /// When the next deadline or reminder is due, milliseconds since 1970 UTC.
    pub due: Option<i64>,
}

/// Which engagements are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those with [`Row::waits`].
    Waiting,
    /// Those with [`Row::due`] at this time or before it.
    Due(i64),
}

/// A line of the index.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The engagement's id (`--project`).
    pub engagement: String,
    /// When it began, milliseconds since 1970 UTC.
    pub created: i64,
    /// Where its journal ended when the row was written.
    pub head: Head,
    /// `None` for one that was written before rows were: its journal has to be read.
    pub row: Option<Row>,
    /// The living process that drives it.
    pub driver: Option<Holder>,
}

/// The index port. Its rows may lag behind the journal: whoever decides something reads the journal.
#[async_trait]
pub trait Index: Send + Sync {
    /// Engagements by creation. One without a row is listed whatever is asked for.
    async fn list(&self, which: Which) -> Result<Vec<Listing>, StoreError>;

    /// Writes the row of an engagement that has none, unless its journal has moved on from `head`.
    async fn fill(&self, engagement: &str, head: &Head, row: Row) -> Result<(), StoreError>;
}
