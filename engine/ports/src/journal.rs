//! The append-only record of an engagement, its lease and its index: the truth everything else is
//! folded from.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StoreError;

/// Rows in one append at most (a DynamoDB transaction holds 100 actions, one of them the head).
pub const MAX_APPEND: usize = 90;
/// Bytes of one entry's payload at most; what is larger goes to the blob port first.
pub const MAX_PAYLOAD: usize = 64 * 1024;

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

/// A process that drives, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// In words: `pid 4711 on build-7`.
    pub name: String,
    /// Host name.
    pub host: String,
    /// Boot id of the host; two processes with the same one can see whether the other lives.
    pub boot: String,
    /// Process id.
    pub pid: u32,
    /// Start time of the process in clock ticks after boot, so that a reused pid is not taken for
    /// the holder.
    pub started: u64,
}

/// The right to drive an engagement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Grows by one with every new holder; each driver's append names it.
    pub epoch: u64,
    /// Who holds it.
    pub holder: Holder,
}

/// Why a lease was not given.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// A living process holds it.
    #[error("{} is driven by {}", .engagement, .holder.name)]
    Held {
        /// Which engagement.
        engagement: String,
        /// Who holds it.
        holder: Holder,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A line of the index of engagements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// The engagement's id (`--project`).
    pub engagement: String,
    /// When it began, milliseconds since 1970 UTC.
    pub created: i64,
    /// Where its journal ends.
    pub head: Head,
}

/// The journal port. Every call that changes something returns only after the change is on disk.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Begins an engagement with its first entries. `Ok(None)` when the id exists already.
    async fn create(
        &self,
        engagement: &str,
        entries: Vec<NewEntry>,
    ) -> Result<Option<Head>, StoreError>;

    /// Compare-and-swap append of at most [`MAX_APPEND`] entries: all of them after `expected`, or
    /// none. An engagement that does not exist is an error of the store, and so are too many
    /// entries or one above [`MAX_PAYLOAD`]. A driver that has lost the lease is told so even when
    /// the journal has moved on as well.
    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        entries: Vec<NewEntry>,
    ) -> Result<Head, AppendError>;

    /// Entries with `seq > after`, in order, at most `limit`. An unknown engagement has none.
    /// A broken chain or an unreadable row is an error, never a shorter journal.
    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Where a journal ends; `None` for an unknown engagement.
    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError>;

    /// All engagements, by creation.
    async fn list(&self) -> Result<Vec<Listing>, StoreError>;

    /// Takes the lease: when it is free, when its holder is dead (same boot, no such process), or
    /// when it was not renewed for the adapter's time to live. A process that holds it already gets
    /// the same lease again. The engagement need not exist: a lease says who may drive, not what.
    async fn acquire(&self, engagement: &str, holder: &Holder) -> Result<Lease, LeaseError>;

    /// Says that the holder lives. `Ok(false)` when the lease is another's now.
    async fn renew(&self, engagement: &str, lease: &Lease) -> Result<bool, StoreError>;

    /// Gives the lease back; nothing happens when it is another's. Whoever held it can append as a
    /// driver no more.
    async fn release(&self, engagement: &str, lease: &Lease) -> Result<(), StoreError>;

    /// The lease as it stands, with whether its holder is taken to be alive; `None` when nobody
    /// holds it.
    async fn lease(&self, engagement: &str) -> Result<Option<(Lease, bool)>, StoreError>;
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
