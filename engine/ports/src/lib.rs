//! What CloudCrew needs of the world: one trait a file, with the plain data that crosses it, and the
//! suites that every adapter must pass.
//!
//! Whoever writes an adapter reads this crate and nothing else. It knows no engagement.

pub mod blob;
pub mod bounds;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod index;
pub mod journal;
pub mod json;
pub mod lease;
pub mod ledger;
pub mod mended;
pub mod model;
pub mod reply;
pub mod repo;

/// A store that did not do what it was asked; says who is at fault and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full; nothing was lost, the same call works once there is room.
    #[error("no room left on the disk that holds {what}; free some and run the command again")]
    Full {
        /// File or folder.
        what: String,
    },
    /// Not writable, not readable, or not there.
    #[error("{what}: {why}")]
    Unusable {
        /// File or folder.
        what: String,
        /// Why, and what to do.
        why: String,
    },
    /// What is stored does not make sense.
    #[error("{what} is damaged: {why}")]
    Damaged {
        /// File or folder.
        what: String,
        /// What was found.
        why: String,
    },
    /// Written by a newer cloudcrew.
    #[error(
        "{what} was written by a newer cloudcrew (format {found}, this one knows {known}); use \
         that one"
    )]
    Newer {
        /// File.
        what: String,
        /// Format found.
        found: i64,
        /// Newest format known.
        known: i64,
    },
    /// Another process kept it locked for too long.
    #[error("{what} is locked by {by}")]
    Busy {
        /// File.
        what: String,
        /// The other process as far as it is known, and what to do.
        by: String,
    },
}
