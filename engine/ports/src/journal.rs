//! The append-only record of an engagement: the truth everything else is folded from.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StoreError;
use super::index::{MAX_ROW, Row};

/// Rows in one append at most (a DynamoDB transaction holds 100 actions, one of them the head).
pub const MAX_APPEND: usize = 90;
/// Bytes of one entry's payload at most; what is larger goes to the blob port first.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// Bytes of the payloads of one append in sum, at most.
pub const MAX_BATCH: usize = 256 * 1024;

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the engagement's journal, from 1, without gaps.
    pub seq: u64,
    /// Milliseconds since 1970 UTC, a label: order is `seq`.
    pub at: i64,
    /// The event's kind, as in its JSON.
    pub kind: String,
    /// The event.
    pub payload: Value,
    /// Hex SHA-256 over the previous entry's hash and this entry (see [`chain`]).
    pub hash: String,
}

/// An entry to be appended; the store gives it position and hash.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// As in [`Entry::at`].
    pub at: i64,
    /// As in [`Entry::kind`].
    pub kind: String,
    /// The JSON text of an [`Entry::payload`], as `serde_json::to_string` gives it.
    pub payload: String,
}

/// The position after an entry: number and hash of the last one (`0` and empty for an empty
/// journal).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// `seq` of the last entry.
    pub seq: u64,
    /// `hash` of the last entry.
    pub hash: String,
}

/// Who appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// The process that drives the engagement; refused with [`AppendError::LeaseLost`] unless this
    /// is the lease's epoch.
    Driver(u64),
    /// Anybody who records an answer, a message or a wish to cancel; needs no lease.
    Inbound,
}

/// Why an append did not happen. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The journal has moved on: read what is new, fold again, decide again.
    #[error("the journal has moved on to entry {}", .0.seq)]
    Conflict(Head),
    /// Another process drives this engagement now.
    #[error("the lease is held by {holder} (epoch {epoch})")]
    LeaseLost {
        /// Who holds it, in words.
        holder: String,
        /// The epoch in force.
        epoch: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one append writes: all of it, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The entries, in order.
    pub entries: Vec<NewEntry>,
    /// What lists show of the engagement after them.
    pub row: Row,
}

impl Batch {
    /// Whether every store can take it; a store asks before it writes.
    ///
    /// # Errors
    /// Which limit it exceeds, in words.
    pub fn fits(&self) -> Result<(), String> {
        let count = self.entries.len();
        if count > MAX_APPEND {
            return Err(format!("{count} entries are appended at once; the most is {MAX_APPEND}"));
        }
        if let Some(NewEntry { kind, payload, .. }) =
            self.entries.iter().find(|entry| entry.payload.len() > MAX_PAYLOAD)
        {
            let bytes = payload.len();
            return Err(format!(
                "a `{kind}` of {bytes} bytes is appended; the most is {MAX_PAYLOAD}, the rest goes to \
                 a blob"
            ));
        }
        let bytes: usize = self.entries.iter().map(|entry| entry.payload.len()).sum();
        if bytes > MAX_BATCH {
            return Err(format!("{bytes} bytes are appended at once; the most is {MAX_BATCH}"));
        }
        let row = self.row.standing.len();
        if row > MAX_ROW {
            return Err(format!("the index row has {row} bytes; the most is {MAX_ROW}"));
        }
        Ok(())
    }
}

/// The journal port. Every call that changes something returns only after the change is on disk.
/// Reads are strongly consistent.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Begins an engagement with its first entries. `Ok(None)` when the id exists already.
    async fn create(&self, engagement: &str, batch: Batch) -> Result<Option<Head>, StoreError>;

    /// Compare-and-swap append: all entries after `expected` and the index row, or nothing. An
    /// engagement that does not exist is an error of the store, and so is a batch that does not
    /// [fit](Batch::fits). A driver that has lost the lease is told so even when the journal has
    /// moved on as well.
    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError>;

    /// Entries with `seq > after`, in order, at most `limit`. An unknown engagement has none. A broken
    /// chain or an unreadable row is an error, never a shorter journal.
    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Where a journal ends; `None` for an unknown engagement.
    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError>;
}

/// The hash of an entry: over the hash before it and everything it says. `payload` is its JSON text
/// as stored: `serde_json::to_string` of the value.
pub fn chain(before: &str, seq: u64, at: i64, kind: &str, payload: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in [before, &seq.to_string(), &at.to_string(), kind, payload] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    cloudcrew_definition::digest::hex(&hash.finalize())
}
