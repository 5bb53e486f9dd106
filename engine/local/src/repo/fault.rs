//! Turns errors of libgit2 and the system into advice that a person can act on.

use std::io;
use std::path::Path;

use cloudcrew_ports::StoreError;
use git2::{Error, ErrorClass, ErrorCode};

use super::Bound;

/// Git does not record who holds its lock files.
const OTHER: &str = "another program, or by the lock file of one that died; try again";
/// Objects and their folders disappear while we write only when someone cleans up the repository.
const TIDYING: &str =
    "another program that cleans it up, such as `git gc`; try again when it has finished";

impl Bound {
    /// Refuses after a failed sync: a second sync may wrongly report success.
    pub(super) fn trusted(&self) -> Result<(), StoreError> {
        match self.broken.get() {
            Some(why) => Err(self.unusable(format!(
                "the disk failed ({why}); check the disk and run the command again"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn failed(&self, error: &Error) -> StoreError {
        let (what, words) = (self.path.display().to_string(), error.message().to_owned());
        // libgit2 reports a failed system call only by the system's message.
        if words.contains("No space left") || words.contains("quota exceeded") {
            return StoreError::Full { what };
        }
        if is_gone(error) {
            return StoreError::Busy { what, by: TIDYING.to_owned() };
        }
        if words.contains("fsync") || words.contains("Input/output error") {
            let _ = self.broken.set(words);
            return self
                .trusted()
                .err()
                .unwrap_or_else(|| StoreError::Busy { what, by: OTHER.to_owned() });
        }
        match (error.code(), error.class()) {
            (ErrorCode::Locked, _) => StoreError::Busy { what, by: OTHER.to_owned() },
            (ErrorCode::NotFound, _)
            | (_, ErrorClass::Odb | ErrorClass::Zlib | ErrorClass::Object | ErrorClass::Tree) => {
                StoreError::Damaged { what, why: words }
            }
            _ => StoreError::Unusable { what, why: words },
        }
    }

    /// Reports a file or folder of the repository that could not be synced.
    pub(super) fn not_synced(&self, error: &io::Error) -> StoreError {
        match system(&self.path, error) {
            full @ StoreError::Full { .. } => full,
            StoreError::Unusable { what, .. } if error.kind() == io::ErrorKind::NotFound => {
                StoreError::Busy { what, by: TIDYING.to_owned() }
            }
            _ => {
                let _ = self.broken.set(error.to_string());
                self.unusable(format!(
                    "the disk failed ({error}); check the disk and run the command again"
                ))
            }
        }
    }

    pub(super) fn unusable(&self, why: String) -> StoreError {
        StoreError::Unusable { what: self.path.display().to_string(), why }
    }
}

/// Whether a file or folder disappeared while libgit2 was working on it.
pub(super) fn is_gone(error: &Error) -> bool {
    error.message().contains("No such file")
        && matches!(error.class(), ErrorClass::Os | ErrorClass::Filesystem)
}

pub(super) fn opening(path: &Path, error: &Error) -> StoreError {
    let why = match error.code() {
        ErrorCode::NotFound => "it is not a Git repository".to_owned(),
        ErrorCode::Owner => {
            "it belongs to another user; to allow it, run `git config --global --add \
             safe.directory` with this path"
                .to_owned()
        }
        _ => format!("it cannot be opened as a Git repository: {}", error.message()),
    };
    StoreError::Unusable { what: path.display().to_string(), why }
}

pub(super) fn system(path: &Path, error: &io::Error) -> StoreError {
    let what = path.display().to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { what },
        _ => StoreError::Unusable { what, why: error.to_string() },
    }
}
