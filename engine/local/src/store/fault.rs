//! What SQLite and the system say, as what a person can do about it.

use std::io;
use std::path::Path;

use cloudcrew_ports::StoreError;
use rusqlite::{Error, ErrorCode, ffi};

/// Why a request ended: the store refused it for what it asks, or failed.
pub(super) enum Stop<R> {
    Refused(R),
    Failed(Fault),
}

/// A [`StoreError`] before it knows its file; a failed commit is told to everyone in its group.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Full,
    Busy,
    Newer(i64),
    Unusable(String),
    Damaged(String),
    /// The disk failed: whether the last write is on it cannot be known, and asking again would not
    /// tell.
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
                    "the disk failed ({why}); nothing more is read or written, look at the disk \
                     and start again"
                ),
            },
        }
    }
}

/// A request that asks for what cannot be; `what` is about the request, not the file.
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
            // A row that is missing, or holds what it cannot hold.
            return Fault::Damaged(error.to_string());
        };
        match failure.code {
            ErrorCode::DiskFull => Fault::Full,
            // The index of the log is grown to its size before use; that fails for want of room
            // only.
            _ if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Fault::Full,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Fault::Busy,
            ErrorCode::NotADatabase => Fault::Damaged("it is no SQLite file".to_owned()),
            ErrorCode::DatabaseCorrupt => Fault::Damaged(error.to_string()),
            ErrorCode::ReadOnly => read_only(),
            ErrorCode::CannotOpen | ErrorCode::PermissionDenied => Fault::Unusable(
                "it cannot be opened; check who owns it and its folder, or choose another home \
                 with `--home`"
                    .to_owned(),
            ),
            ErrorCode::SystemIoFailure => Fault::Broken(error.to_string()),
            _ => Fault::Unusable(error.to_string()),
        }
    }
}

pub(super) fn read_only() -> Fault {
    Fault::Unusable(
        "it cannot be written; make it and its folder writable, or choose another home \
        with `--home`"
            .to_owned(),
    )
}

/// A failed call of the system, while `doing` something.
pub(super) fn system(doing: &str, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Fault::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Fault::Unusable(format!(
                "{doing} is not allowed ({error}); change its permissions, or choose another home \
                 with `--home`"
            ))
        }
        _ => Fault::Unusable(format!("{doing} did not work: {error}")),
    }
}
