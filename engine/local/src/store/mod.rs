//! Journal, leases, blobs and ledger of a home in one SQLite file, `cloudcrew.db`.
//!
//! One thread writes, and commits all waiting requests as one group; each answer is sent after its
//! commit. Reads bypass it, on read-only connections. Several processes may have the same home
//! open: every write decides inside a transaction that holds SQLite's write lock, so the processes
//! need not know of each other.

mod blob;
mod create;
mod fault;
mod heads;
mod index;
mod journal;
mod lease;
mod ledger;
mod locked;
mod memory;
mod metrics;
mod migrate;
mod open;
mod outbox;
mod pattern;
mod private;
mod readers;
mod receipt;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cloudcrew_ports::StoreError;
use rusqlite::Connection;
use tempfile::TempDir;

use fault::{Fault, Stop};
use heads::Heads;
use readers::Readers;
use writer::Writer;

pub use lease::LEASE_TTL;

/// Name of the file in a home.
pub const FILE: &str = "cloudcrew.db";

/// The store of a home. Clones share the store; dropping the last one waits for pending writes.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    home: PathBuf,
    /// The copy to read when the home is not writable.
    private: Option<TempDir>,
    file: Arc<File>,
    readers: Readers,
    writer: Mutex<Option<Writer>>,
}

/// The file, and whether it can still be trusted.
struct File {
    path: PathBuf,
    /// The path to show when `path` is a copy.
    named: PathBuf,
    broken: OnceLock<String>,
    heads: Heads,
}

impl File {
    /// Refuses after a disk failure: a retry may wrongly report success.
    fn trusted(&self) -> Result<(), Fault> {
        match self.broken.get() {
            Some(why) => Err(Fault::Broken(why.clone())),
            None => Ok(()),
        }
    }

    fn note(&self, fault: &Fault) {
        if let Fault::Broken(why) = fault {
            let _ = self.broken.set(why.clone());
        }
    }
}

impl Store {
    /// Opens the store of a home, and creates both if missing.
    ///
    /// # Errors
    /// Fails when the home or the file cannot be written, or when the file is not ours, is damaged,
    /// or was written by a newer version.
    pub fn open(home: &Path) -> Result<Store, StoreError> {
        create::home(home)?;
        let path = home.join(FILE);
        create::file(&path)?;
        Store::at(home, path, None)
    }

    /// Opens the store of a home for a command that does not create one; `None` when there is no
    /// store.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_existing(home: &Path) -> Result<Option<Store>, StoreError> {
        let path = home.join(FILE);
        if !create::is_there(&path)? {
            return Ok(None);
        }
        create::regular(&path)?;
        if private::is_writable(home) && private::is_writable(&path) {
            return Store::at(home, path, None).map(Some);
        }
        let copy = private::copy(&path, FILE)?;
        Store::at(home, copy.path().join(FILE), Some(copy)).map(Some)
    }

    fn at(home: &Path, path: PathBuf, private: Option<TempDir>) -> Result<Store, StoreError> {
        create::regular(&path)?;
        let first = open::first(&path).map_err(|fault| fault.at(&path))?;
        let heads = Heads::beside(&home.join(FILE));
        let file = Arc::new(File { path, named: home.join(FILE), broken: OnceLock::new(), heads });
        let inner = Inner {
            home: home.to_owned(),
            private,
            readers: Readers::new(first),
            file,
            writer: Mutex::new(None),
        };
        Ok(Store(Arc::new(inner)))
    }

    /// The home.
    pub fn home(&self) -> &Path {
        &self.0.home
    }

    /// Whether the home is not writable, so that this store reads a copy of it.
    pub fn is_private(&self) -> bool {
        self.0.private.is_some()
    }

    /// Path of the database file.
    pub fn path(&self) -> &Path {
        &self.0.file.path
    }

    /// Reads the whole file and reports damage: for `doctor`. It takes time in proportion to the
    /// size of the file.
    ///
    /// # Errors
    /// Fails with [`StoreError::Damaged`] and SQLite's first finding.
    pub fn check(&self) -> Result<(), StoreError> {
        self.look(|connection| {
            let found: String =
                connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
            if found == "ok" { Ok(()) } else { Err(Fault::Damaged(found).into()) }
        })
    }

    /// Reads from one snapshot of the file, on the caller's thread: a read takes well below a
    /// millisecond, less than handing it to another thread.
    fn look<T, R: From<StoreError>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Stop<R>>,
    ) -> Result<T, R> {
        let file = &self.0.file;
        let result = file
            .trusted()
            .map_err(Stop::Failed)
            .and_then(|()| self.0.readers.look(&file.path, work));
        result.map_err(|stop| self.report(stop))
    }

    /// Writes in a transaction. Returns when the result is on disk.
    async fn write<T, R>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<StoreError> + Send + 'static,
    {
        let reply = self.send(work).map_err(|fault| self.report(Stop::Failed(fault)))?;
        match reply.await {
            Ok(result) => result.map_err(|stop| self.report(stop)),
            Err(_) => Err(self.report(Stop::Failed(Fault::Unusable(
                "the writer thread has ended; run the command again".to_owned(),
            )))),
        }
    }

    fn send<T, R>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Stop<R>> + Send + 'static,
    ) -> Result<writer::Reply<T, R>, Fault>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        self.0.file.trusted()?;
        if self.is_private() {
            return Err(fault::read_only());
        }
        let mut writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // A command that only reads starts no thread and waits for none.
        let writer = match &mut *writer {
            Some(writer) => writer,
            none => none.insert(Writer::start(Arc::clone(&self.0.file))?),
        };
        writer.send(work)
    }

    fn report<R: From<StoreError>>(&self, stop: Stop<R>) -> R {
        match stop {
            Stop::Refused(refusal) => refusal,
            Stop::Failed(fault) => {
                self.0.file.note(&fault);
                fault.at(&self.0.file.named).into()
            }
        }
    }
}

/// Milliseconds since 1970 UTC.
fn now() -> i64 {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
