//! Opens the file: checks that it is ours, configures SQLite, and verifies the settings.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::fault::{Fault, read_only, system};
use super::migrate;

/// Marks an SQLite file as ours: `CCrw`.
pub(super) const APPLICATION: i32 = 0x4343_7277;
/// How long a connection waits for another process.
const PATIENCE: Duration = Duration::from_secs(10);
/// Settings, and the values that SQLite must report back. SQLite silently replaces an unknown or
/// rejected value.
const SETTINGS: [(&str, &str, &str); 11] = [
    // KiB per connection: a journal is read at its end, and its pages are in the system's cache
    // anyway.
    ("cache_size", "-512", "-512"),
    ("synchronous", "FULL", "2"),
    ("fullfsync", "ON", "1"),
    ("checkpoint_fullfsync", "ON", "1"),
    ("mmap_size", "0", "0"),
    ("foreign_keys", "ON", "1"),
    ("trusted_schema", "OFF", "0"),
    ("cell_size_check", "ON", "1"),
    ("temp_store", "MEMORY", "2"),
    ("journal_size_limit", "67108864", "67108864"),
    // One MiB of log, then it is overwritten from its beginning: syncing a growing file also has to
    // write its size.
    ("wal_autocheckpoint", "256", "256"),
];

/// Opens the file for the first time in this process: all inexpensive checks, and the migration of
/// an older file. Returns a read connection.
pub(super) fn first(path: &Path) -> Result<Connection, Fault> {
    let connection = to_write(path)?;
    let version = version(&connection)?;
    if version < migrate::VERSION {
        migrate::run(path, connection, version, migrate::STEPS)?;
        return to_read(path);
    }
    whole(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A connection that writes.
pub(super) fn to_write(path: &Path) -> Result<Connection, Fault> {
    recognise(path)?;
    let connection = plain(path)?;
    if connection.is_readonly("main")? {
        return Err(read_only());
    }
    let found = version(&connection)?;
    if found > migrate::VERSION {
        return Err(Fault::Newer(found));
    }
    set_up(&connection)?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn to_read(path: &Path) -> Result<Connection, Fault> {
    let connection = to_write(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

pub(super) fn plain(path: &Path) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(connection)
}

/// Applies the settings of every connection, and reads them back.
pub(super) fn set_up(connection: &Connection) -> Result<(), Fault> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let why = format!(
            "SQLite uses journal mode `{mode}` instead of `wal`; is it on a network disk? \
             choose another home with `--home`"
        );
        return Err(Fault::Unusable(why));
    }
    let all: String =
        SETTINGS.iter().map(|(name, value, _)| format!("PRAGMA {name} = {value};")).collect();
    connection.execute_batch(&all)?;
    for (name, _, expected) in SETTINGS {
        let found = connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))?
            .to_string();
        if found != expected {
            return Err(Fault::Unusable(format!(
                "SQLite uses `{name}` = {found} instead of {expected}"
            )));
        }
    }
    Ok(())
}

/// The version of the tables, in the connection's snapshot of the file.
pub(super) fn version(connection: &Connection) -> Result<i64, Fault> {
    Ok(connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))?)
}

/// Identifies the file without SQLite, which would modify another program's log.
fn recognise(path: &Path) -> Result<(), Fault> {
    let looking = |e| system("opening it", &e);
    accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS).map_err(|e| looking(e.into()))?;
    let mut header = [0; 100];
    let cut = seen(path, |file| {
        let cut = file.metadata().map_err(looking)?.len() < 100;
        if !cut {
            file.read_exact_at(&mut header, 0).map_err(|e| system("reading it", &e))?;
        }
        Ok(cut)
    })?;
    if cut {
        return Err(Fault::Damaged("it is too short for an SQLite file".to_owned()));
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(Fault::Damaged("it is not an SQLite file".to_owned()));
    }
    let application =
        header.get(68..72).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes);
    if application != Some(APPLICATION) {
        let why = "it belongs to another program; move it away, or choose another home with \
            `--home`"
            .to_owned();
        return Err(Fault::Unusable(why));
    }
    Ok(())
}

/// Reads a file that stays open as long as the process. Closing a file releases all locks that the
/// process has on it (POSIX, `fcntl`), including those of SQLite's connections; another process
/// would then consider it unused and remove the log.
fn seen<T>(path: &Path, look: impl FnOnce(&fs::File) -> Result<T, Fault>) -> Result<T, Fault> {
    static OPEN: Mutex<BTreeMap<(u64, u64), fs::File>> = Mutex::new(BTreeMap::new());
    let looking = |e| system("opening it", &e);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let named = identity(path);
    let at = match named.filter(|at| open.contains_key(at)) {
        Some(at) => at,
        None => {
            let file = fs::File::open(path).map_err(looking)?;
            let about = file.metadata().map_err(looking)?;
            let at = (about.dev(), about.ino());
            if let Some(twice) = open.insert(at, file) {
                // It was replaced by that file just now.
                std::mem::forget(twice);
            }
            at
        }
    };
    open.get(&at).map_or_else(|| Err(Fault::Unusable("cannot keep it open".to_owned())), look)
}

/// Checks for damage without reading the file: that its tables exist. SQLite itself checks its
/// length.
fn whole(connection: &Connection) -> Result<(), Fault> {
    let tables: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
        [],
        |row| row.get(0),
    )?;
    if tables < migrate::TABLES {
        return Err(Fault::Damaged(format!(
            "it has {tables} tables instead of {}",
            migrate::TABLES
        )));
    }
    Ok(())
}

/// Which file a path names: device and number.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
