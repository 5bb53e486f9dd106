//! What libgit2 and the system say, as what a person can do about it.

use std::io;
use std::path::Path;

use cloudcrew_ports::StoreError;
use git2::{Error, ErrorClass, ErrorCode};

use super::Bound;

/// Git does not say who holds its lock files.
const OTHER: &str = "another program, or by one that died and left its lock file; try again";
/// Objects and their folders disappear while we write only when someone tidies the repository up.
const TIDYING: &str =
    "another program that tidies it up, such as `git gc`; try again once it has finished";

impl Bound {
    /// A disk that once failed to sync may be told so by nobody the second time.
    pub(super) fn trusted(&self) -> Result<(), StoreError> {
        match self.broken.get() {
            Some(why) => {
                Err(self
                    .unusable(format!("the disk failed ({why}); look at the disk and start again")))
            }
            None => Ok(()),
        }
    }

    pub(super) fn failed(&self, error: &Error) -> StoreError {
        let (what, words) = (self.path.display().to_string(), error.message().to_owned());
        // libgit2 tells a failed call of the system by the words of the system only.
        if words.contains("No space left") || words.contains("quota exceeded") {
            return StoreError::Full { what };
        }
        let gone = words.contains("No such file")
            && matches!(error.class(), ErrorClass::Os | ErrorClass::Filesystem);
        if gone {
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

    /// A file or folder of the repository that could not be synced.
    pub(super) fn not_synced(&self, error: &io::Error) -> StoreError {
        match system(&self.path, error) {
            full @ StoreError::Full { .. } => full,
            StoreError::Unusable { what, .. } if error.kind() == io::ErrorKind::NotFound => {
                StoreError::Busy { what, by: TIDYING.to_owned() }
            }
            _ => {
                let _ = self.broken.set(error.to_string());
                self.unusable(format!(
                    "the disk failed ({error}); look at the disk and start again"
                ))
            }
        }
    }

    pub(super) fn unusable(&self, why: String) -> StoreError {
        StoreError::Unusable { what: self.path.display().to_string(), why }
    }
}

pub(super) fn opening(path: &Path, error: &Error) -> StoreError {
    let why = match error.code() {
        ErrorCode::NotFound => "there is no Git repository".to_owned(),
        ErrorCode::Owner => {
            "it belongs to another user; `git config --global --add safe.directory` with this path \
             allows it"
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
