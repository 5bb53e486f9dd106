//! Read connections: one per concurrent reader, a few of them kept open.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::fault::Stop;
use super::open;

/// Connections to keep when nobody reads.
const KEPT: usize = 4;

/// Reads in a transaction whose statements are compiled once. A connection whose read failed is not
/// reused.
fn snapshot<T, R>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Stop<R>>,
) -> Result<T, Stop<R>> {
    connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([]))?;
    let found = work(connection)?;
    connection.prepare_cached("COMMIT").and_then(|mut end| end.execute([]))?;
    Ok(found)
}

pub(super) struct Readers(Mutex<Vec<Connection>>);

impl Readers {
    pub(super) fn new(first: Connection) -> Self {
        Readers(Mutex::new(vec![first]))
    }

    /// Reads from one snapshot of the file.
    pub(super) fn look<T, R>(
        &self,
        path: &Path,
        work: impl FnOnce(&Connection) -> Result<T, Stop<R>>,
    ) -> Result<T, Stop<R>> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::to_read(path)?,
        };
        let found = snapshot(&connection, work)?;
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(connection);
        }
        Ok(found)
    }
}
