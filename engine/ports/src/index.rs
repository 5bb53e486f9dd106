//! The index of engagements: one row each, so that lists and inboxes need not read journals.

use async_trait::async_trait;

use super::StoreError;
use super::journal::Head;
use super::lease::Holder;

/// Maximum bytes of [`Row::standing`].
pub const MAX_ROW: usize = 24 * 1024;

/// What lists show of an engagement. Written together with each append.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// JSON that is opaque to the index, at most [`MAX_ROW`] bytes.
    pub standing: String,
    /// Whether a person must act.
    pub waits: bool,
    /// Whether a process must continue it: it neither waits for a person nor has ended.
    pub active: bool,
    /// When the next deadline or reminder is due, in milliseconds since 1970 UTC.
    pub due: Option<i64>,
}

/// Which engagements to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All engagements.
    All,
    /// Those with [`Row::waits`].
    Waiting,
    /// Those that a process must continue: with [`Row::active`], or due by this time, in
    /// milliseconds since 1970 UTC.
    ToContinue(i64),
}

/// A row of the index.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The engagement's id (`--project`).
    pub engagement: String,
    /// When it was created, in milliseconds since 1970 UTC.
    pub created: i64,
    /// Head of its journal when the row was written, or last changed: an index need not rewrite an
    /// unchanged row.
    pub head: Head,
    /// `None` if the journal predates rows; it must then be read.
    pub row: Option<Row>,
    /// The living process that drives it.
    pub driver: Option<Holder>,
}

/// The place of an engagement in the order of creation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was created, in milliseconds since 1970 UTC.
    pub created: i64,
    /// Its id.
    pub engagement: String,
}

/// The index port. Rows may lag behind the journal, so decisions must read the journal.
#[async_trait]
pub trait Index: Send + Sync {
    /// Lists engagements by creation. One without a row is always included.
    async fn list(&self, which: Which) -> Result<Vec<Listing>, StoreError>;

    /// The first `limit` engagements after a place, by creation and id. One without a row is always
    /// included. Takes time in proportion to `limit`.
    async fn page(
        &self,
        which: Which,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError>;

    /// Writes the row of an engagement without one, unless its journal has moved on from `head`.
    async fn fill(&self, engagement: &str, head: &Head, row: Row) -> Result<(), StoreError>;
}
