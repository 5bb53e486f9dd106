//! What CloudCrew needs from the outside world: one trait per file, with the plain data that
//! crosses it, and the test suites that every adapter must pass.
//!
//! An adapter depends on this crate alone. The crate knows nothing about engagements.

pub mod blob;
pub mod bounds;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod connection;
pub mod index;
pub mod journal;
pub mod json;
pub mod knowledge;
pub mod lease;
pub mod ledger;
pub mod memory;
pub mod mended;
pub mod metrics;
pub mod model;
pub mod outbox;
pub mod pass;
pub mod pattern;
pub mod program;
pub mod receipt;
pub mod relevance;
pub mod reply;
pub mod repo;
pub mod secret;
pub mod server;
pub mod vault;

/// A store error; it says what is at fault and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full. Nothing was lost; the same call works once there is space.
    #[error("no space left on the disk that holds {what}; free some and run the command again")]
    Full {
        /// File or folder.
        what: String,
    },
    /// Not writable, not readable, or missing.
    #[error("{what}: {why}")]
    Unusable {
        /// File or folder.
        what: String,
        /// The reason, and what to do.
        why: String,
    },
    /// The stored data is corrupt.
    #[error("{what} is damaged: {why}")]
    Damaged {
        /// File or folder.
        what: String,
        /// What was found.
        why: String,
    },
    /// Written by a newer version.
    #[error(
        "{what} was written by a newer cloudcrew (format {found}, this one supports {known}); use \
         a newer version"
    )]
    Newer {
        /// The file.
        what: String,
        /// Format found.
        found: i64,
        /// Newest supported format.
        known: i64,
    },
    /// Another process kept it locked for too long.
    #[error("{what} is locked by {by}")]
    Busy {
        /// The file.
        what: String,
        /// The other process if known, and what to do.
        by: String,
    },
}
