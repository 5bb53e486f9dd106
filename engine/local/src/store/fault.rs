//! Turns errors of SQLite and the system into advice that a person can act on.

use std::io;
use std::path::Path;

use cloudcrew_ports::StoreError;
use rusqlite::{Error, ErrorCode, ffi};

/// Why a request ended: the store rejected it, or failed.
pub(super) enum Stop<R> {
    Refused(R),
    Failed(Fault),
}

/// A [`StoreError`] before its file is known; a failed commit is reported to everyone in its group.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Full,
    Busy,
    Newer(i64),
    Unusable(String),
    Damaged(String),
    /// The disk failed: whether the last write is on it is unknown, and retrying would not tell.
    Broken(String),
}

impl Fault {
    pub(super) fn at(&self, path: &Path) -> StoreError {
        let what = path.display().to_string();
        match self {
            Fault::Full => StoreError::Full { what },
            Fault::Busy => StoreError::Busy { what, by: super::locked::by(path) },
            Fault::Newer(found) => {
                StoreError::Newer { what, found: *found, known: super::migrate::VERSION }
            }
            Fault::Unusable(why) => StoreError::Unusable { what, why: why.clone() },
            Fault::Damaged(why) => StoreError::Damaged { what, why: why.clone() },
            Fault::Broken(why) => StoreError::Unusable {
                what,
                why: format!(
                    "the disk failed ({why}), so reads and writes have stopped; check the disk \
                     and run the command again"
                ),
            },
        }
    }
}

/// An impossible request; `what` names its subject, not the file.
pub(super) fn refused<R: From<StoreError>>(
    what: impl Into<String>,
    why: impl Into<String>,
) -> Stop<R> {
    Stop::Refused(StoreError::Unusable { what: what.into(), why: why.into() }.into())
}

impl<R> From<Fault> for Stop<R> {
    fn from(fault: Fault) -> Self {
        Stop::Failed(fault)
    }
}

impl<R> From<Error> for Stop<R> {
    fn from(error: Error) -> Self {
        Stop::Failed(error.into())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let Some(failure) = error.sqlite_error() else {
            // A row is missing, or has a value of the wrong type.
            return Fault::Damaged(error.to_string());
        };
        match failure.code {
            ErrorCode::DiskFull => Fault::Full,
            // The log's index is grown to its size before use; that fails only when the disk is
            // full.
            _ if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Fault::Full,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::Busy,
            ErrorCode::NotADatabase => Fault::Damaged("it is not an SQLite file".to_owned()),
            ErrorCode::DatabaseCorrupt => Fault::Damaged(error.to_string()),
            ErrorCode::ReadOnly => read_only(),
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied => Fault::Unusable(
                "it cannot be opened; check the owner of the file and its folder, or choose \
                 another home with `--home`"
                    .to_owned(),
            ),
            ErrorCode::SystemIoFailure => Fault::Broken(error.to_string()),
            _ => Fault::Unusable(error.to_string()),
        }
    }
}

pub(super) fn read_only() -> Fault {
    Fault::Unusable(
        "it is not writable; make the file and its folder writable, or choose another home \
        with `--home`"
            .to_owned(),
    )
}

/// A failed system call, while `doing` something.
pub(super) fn system(doing: &str, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Fault::Unusable(format!(
                "{doing} is not permitted ({error}); change its permissions, or choose another \
                 home with `--home`"
            ))
        }
        _ => Fault::Unusable(format!("{doing} failed: {error}")),
    }
}
