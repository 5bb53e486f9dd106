//! Figures of engagements, as items under a key and a sort key: `ENGAGEMENT#acme` holds `SUMMARY`,
//! `PHASE#discovery` and `SURVEY`; `TIMELINE` holds an item for each engagement by the time it
//! began, and `ROLLUP#2026-11` the totals of a month.
//!
//! An item is derived from journals, so it is replaced and never added to.

use async_trait::async_trait;

use super::StoreError;

/// Maximum bytes of an item's body, which every store takes.
pub const MAX_BODY: usize = 256 * 1024;

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// What it belongs to.
    pub key: String,
    /// Its place there.
    pub sort: String,
    /// JSON, at most [`MAX_BODY`] bytes.
    pub body: String,
    /// How much it has taken into account; an item is replaced only by one with more, or as much.
    pub as_of: u64,
}

/// The metrics port. What was written is read at once.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// Writes items. One that has taken less into account than what is there is left out.
    async fn put(&self, items: &[Item]) -> Result<(), StoreError>;

    /// The items of a key whose sort key is at least `from` and below `to`, in order; at most
    /// `most`.
    async fn between(
        &self,
        key: &str,
        from: &str,
        to: &str,
        most: usize,
    ) -> Result<Vec<Item>, StoreError>;

    /// Removes all items, to be written again from the journals.
    async fn forget_all(&self) -> Result<(), StoreError>;
}
