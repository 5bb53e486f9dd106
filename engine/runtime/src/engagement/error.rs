//! What can go wrong around an engagement, by who must do something.

use cloudcrew_ports::StoreError;

use super::refusal::Refusal;

/// Why an engagement could not be opened, driven or answered.
#[derive(Debug, thiserror::Error)]
pub enum EngagementError {
    /// There is none of that name.
    #[error("no project named `{0}`")]
    Unknown(String),
    /// The name is taken.
    #[error("a project named `{0}` exists already")]
    Exists(String),
    /// Another process drives it.
    #[error("`{project}` is driven by {holder}")]
    Held {
        /// Which.
        project: String,
        /// Who.
        holder: String,
    },
    /// This process drove it and another took over.
    #[error("`{project}` was taken over by {holder}; this process has stopped writing")]
    LeaseLost {
        /// Which.
        project: String,
        /// Who.
        holder: String,
    },
    /// What was asked for is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The journal does not make sense.
    #[error("the journal of `{project}` is damaged at entry {seq}: {why}")]
    Damaged {
        /// Which.
        project: String,
        /// Where.
        seq: u64,
        /// What.
        why: String,
    },
    /// Written by an engine with another meaning.
    #[error(
        "`{project}` was started by cloudcrew {engine}, which means something else by its plan; \
         use that version"
    )]
    Semantics {
        /// Which.
        project: String,
        /// By which engine.
        engine: String,
    },
    /// A tool's world failed.
    #[error("{0}")]
    World(String),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
