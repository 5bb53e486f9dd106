//! Reads a home that is not writable: from a copy of its database and log, which SQLite may write.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use cloudcrew_ports::StoreError;
use rustix::fs::{Access, AtFlags, CWD, accessat};
use tempfile::TempDir;

use super::create::beside;
use super::fault::system;

/// Attempts to copy while another process moves the log into the database.
const TRIES: usize = 5;

/// Whether this process may write a file or folder.
pub(super) fn is_writable(path: &Path) -> bool {
    accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

/// Copies database and log into a private temporary folder.
pub(super) fn copy(path: &Path, name: &str) -> Result<TempDir, StoreError> {
    let doing = |error: &io::Error| system("copying it to read it", error).at(path);
    let folder = tempfile::Builder::new().prefix("cloudcrew-").tempdir().map_err(|e| doing(&e))?;
    let (log, to) = (beside(path, "-wal"), folder.path().join(name));
    for _ in 0..TRIES {
        let before = header(&log);
        fs::copy(path, &to).map_err(|e| doing(&e))?;
        match fs::copy(&log, beside(&to, "-wal")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(doing(&error)),
            _ => {}
        }
        // A log that was restarted in between does not belong to the copied database.
        if header(&log) == before {
            return Ok(folder);
        }
    }
    Err(StoreError::Busy { what: path.display().to_string(), by: super::locked::by(path) })
}

/// The header of a log, which changes whenever the log is restarted.
fn header(log: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(log).ok()?.take(32).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
