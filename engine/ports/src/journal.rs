//! The append-only record of an engagement, from which everything else is folded.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StoreError;
use super::index::{MAX_ROW, Row};
use super::receipt::{MAX_BODY, Receipt};

/// Maximum entries in one append (a DynamoDB transaction holds 100 actions, one of them the head).
pub const MAX_APPEND: usize = 90;
/// Maximum bytes of one entry's payload; anything larger is first stored as a blob.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// Maximum total bytes of the payloads of one append.
pub const MAX_BATCH: usize = 256 * 1024;

/// A stored entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position in the engagement's journal, from 1, without gaps.
    pub seq: u64,
    /// Milliseconds since 1970 UTC; a label only, the order is `seq`.
    pub at: i64,
    /// The event's kind, as in its JSON.
    pub kind: String,
    /// The event.
    pub payload: Value,
    /// Hex SHA-256 over the previous entry's hash and this entry (see [`chain`]).
    pub hash: String,
}

/// An entry to append; the store assigns its position and hash.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// As in [`Entry::at`].
    pub at: i64,
    /// As in [`Entry::kind`].
    pub kind: String,
    /// The JSON text of an [`Entry::payload`], as produced by `serde_json::to_string`.
    pub payload: String,
}

/// The end of a journal: number and hash of the last entry (`0` and empty for an empty journal).
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
    /// The process that drives the engagement; fails with [`AppendError::LeaseLost`] unless this is
    /// the lease's current epoch.
    Driver(u64),
    /// Anyone who records an answer, a message or a cancellation; needs no lease.
    Inbound,
}

/// Why an append failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The journal has moved on: read the new entries, fold and decide again.
    #[error("the journal has moved on to entry {}", .0.seq)]
    Conflict(Head),
    /// Another process now drives this engagement.
    #[error("the lease is held by {holder} (epoch {epoch})")]
    LeaseLost {
        /// Name of the holder.
        holder: String,
        /// Current epoch.
        epoch: u64,
    },
    /// The batch has a [receipt](Batch::receipt) whose key was used before: that request was
    /// answered with this one.
    #[error("the same request was answered before")]
    Answered(Receipt),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The content of one append, written completely or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// The entries, in order.
    pub entries: Vec<NewEntry>,
    /// What lists show of the engagement after these entries.
    pub row: Row,
    /// The reply to the request that these entries record.
    pub receipt: Option<Receipt>,
}

impl Batch {
    /// Checks the limits that every store must accept; a store calls this before it writes.
    ///
    /// # Errors
    /// Fails with the exceeded limit.
    pub fn fits(&self) -> Result<(), String> {
        let count = self.entries.len();
        if count > MAX_APPEND {
            return Err(format!("the append has {count} entries; the limit is {MAX_APPEND}"));
        }
        if let Some(NewEntry { kind, payload, .. }) =
            self.entries.iter().find(|entry| entry.payload.len() > MAX_PAYLOAD)
        {
            let bytes = payload.len();
            return Err(format!(
                "the payload of a `{kind}` has {bytes} bytes; the limit is {MAX_PAYLOAD}, larger \
                 data goes to a blob"
            ));
        }
        let bytes: usize = self.entries.iter().map(|entry| entry.payload.len()).sum();
        if bytes > MAX_BATCH {
            return Err(format!("the append has {bytes} bytes; the limit is {MAX_BATCH}"));
        }
        let body = self.receipt.as_ref().map_or(0, |receipt| receipt.body.len());
        if body > MAX_BODY {
            return Err(format!("the receipt has {body} bytes; the limit is {MAX_BODY}"));
        }
        let row = self.row.standing.len();
        if row > MAX_ROW {
            return Err(format!("the index row has {row} bytes; the limit is {MAX_ROW}"));
        }
        Ok(())
    }
}

/// The journal port. Every change is on disk before its call returns. Reads are strongly
/// consistent.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Creates an engagement with its first entries. `Ok(None)` if the id already exists, or a
    /// valid receipt under the batch's key.
    async fn create(&self, engagement: &str, batch: Batch) -> Result<Option<Head>, StoreError>;

    /// Compare-and-swap append: writes all entries after `expected` and the index row, or nothing.
    /// An unknown engagement or a batch that does not [fit](Batch::fits) is a store error. A driver
    /// that has lost the lease gets [`AppendError::LeaseLost`] even if the journal has moved on
    /// too.
    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError>;

    /// Entries with `seq > after`, in order, at most `limit`. An unknown engagement has none. A
    /// broken chain or an unreadable row is an error, never a shorter journal.
    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// The end of a journal; `None` for an unknown engagement.
    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError>;

    /// The head as it was after entry `seq`, to read on from there; `None` if there is no such
    /// entry. Entry 0 is the head of an empty journal. A store that can look up one entry does so;
    /// this reads all before it.
    async fn head_at(&self, engagement: &str, seq: u64) -> Result<Option<Head>, StoreError> {
        let mut at = Head::default();
        while at.seq < seq {
            let left = usize::try_from(seq - at.seq).unwrap_or(MAX_APPEND);
            let page = self.read(engagement, &at, left.min(MAX_APPEND)).await?;
            let Some(last) = page.last() else { return Ok(None) };
            at = Head { seq: last.seq, hash: last.hash.clone() };
        }
        Ok(Some(at))
    }
}

/// The hash of an entry: over the previous hash and all its fields. `payload` is the stored JSON
/// text: `serde_json::to_string` of the value.
pub fn chain(before: &str, seq: u64, at: i64, kind: &str, payload: &str) -> String {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in [before, &seq.to_string(), &at.to_string(), kind, payload] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    cloudcrew_definition::digest::hex(&hash.finalize())
}
