//! Why an operation on an engagement can fail.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::receipt::Receipt;

use super::refusal::Refusal;

/// Why an engagement could not be opened, driven or answered.
#[derive(Debug, thiserror::Error)]
pub enum EngagementError {
    /// No engagement has that name.
    #[error("no project named `{0}`")]
    Unknown(String),
    /// The name is taken.
    #[error("a project named `{0}` already exists")]
    Exists(String),
    /// Another process drives the engagement.
    #[error("`{project}` is driven by {holder}")]
    Held {
        /// The engagement.
        project: String,
        /// The process that drives it.
        holder: String,
    },
    /// Another process took over while this one was driving.
    #[error("`{project}` was taken over by {holder}; this process has stopped writing")]
    LeaseLost {
        /// The engagement.
        project: String,
        /// The process that drives it now.
        holder: String,
    },
    /// The same request was answered before, with this receipt. Nothing was written.
    #[error("the same request was answered before")]
    Answered(Receipt),
    /// The request was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The journal is inconsistent.
    #[error("the journal of `{project}` is damaged at entry {seq}: {why}")]
    Damaged {
        /// The engagement.
        project: String,
        /// Number of the journal entry.
        seq: u64,
        /// What is wrong.
        why: String,
    },
    /// A version whose semantics this engine does not support started the engagement.
    #[error(
        "`{project}` was started by cloudcrew {engine}, whose plans this version cannot run; use \
         cloudcrew {engine}"
    )]
    Semantics {
        /// The engagement.
        project: String,
        /// Version of the engine that started it.
        engine: String,
    },
    /// Something outside the engine failed.
    #[error("{0}")]
    World(String),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
