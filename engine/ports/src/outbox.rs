//! The outbox: how far each reader of the journals has got. What is to be sent is in the journals
//! themselves, so nothing is sent that did not happen, and nothing that happened is forgotten.

use async_trait::async_trait;

use super::StoreError;

/// A journal that has grown since a reader read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Id of the engagement.
    pub engagement: String,
    /// Number of the last entry that the reader is done with; 0 before the first.
    pub after: u64,
    /// What lists show of it; see [`Row::standing`](super::index::Row::standing).
    pub standing: Option<String>,
}

/// The outbox port.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Adds a reader, which begins with what happens from now on. A reader that exists stays where
    /// it is.
    async fn add(&self, reader: &str) -> Result<(), StoreError>;

    /// The journals that have grown since this reader was done with them, at most `most`, in a
    /// fixed order after `after`. A reader that was never added sees all.
    async fn behind(
        &self,
        reader: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Behind>, StoreError>;

    /// What a reader has not read of one journal; `None` when that is nothing, or there is no such
    /// engagement. A reader that was never added has read nothing.
    async fn behind_in(&self, reader: &str, engagement: &str)
    -> Result<Option<Behind>, StoreError>;

    /// The reader is done with these journals up to these entries. It never moves back.
    async fn done(&self, reader: &str, upto: &[Behind]) -> Result<(), StoreError>;
}
