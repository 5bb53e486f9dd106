//! The journal, page by page and live.

use cloudcrew_ports::journal::Entry;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::time::Time;

/// A page of a journal.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// The entries, in order.
    pub events: Vec<JournalEvent>,
    /// Pass as `after` to read on.
    pub after: u64,
    /// Number of the last entry of the journal.
    pub as_of: u64,
}

/// An entry of a journal.
#[derive(Debug, Serialize, ToSchema)]
pub struct JournalEvent {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Time,
    /// What happened: `entered`, `request_opened`, ...
    pub kind: String,
    /// Its content, as `cloudcrew schema run` describes it.
    pub event: Value,
    /// Hex SHA-256 over the hash before it and this entry.
    pub hash: String,
}

impl JournalEvent {
    /// An entry with its content, which may have been in a blob.
    pub fn new(entry: Entry, event: Value) -> JournalEvent {
        let Entry { seq, at, kind, hash, .. } = entry;
        JournalEvent { seq, at: Time(at), kind, event, hash }
    }
}

/// Text of a model while it speaks. It is not recorded and has no number.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LiveText {
    /// Name of the agent.
    pub agent: String,
    /// The message that it answers, outside of a phase's work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The next piece. Absent when the call did not complete: discard what was streamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
