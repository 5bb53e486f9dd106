//! The receipt port. Each write also removes a few receipts that are no longer valid.

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::receipt::{Receipt, Receipts, VALID};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Store;
use super::fault::Fault;

/// Number of outdated receipts to remove with each new one.
const REMOVED: i64 = 4;

#[async_trait]
impl Receipts for Store {
    async fn find(&self, key: &str) -> Result<Option<Receipt>, StoreError> {
        self.look(|connection| Ok(find(connection, key)?))
    }

    async fn keep(&self, receipt: &Receipt) -> Result<Option<Receipt>, StoreError> {
        let receipt = receipt.clone();
        self.write(move |connection| Ok(keep(connection, &receipt)?)).await
    }
}

fn find(connection: &Connection, key: &str) -> Result<Option<Receipt>, Fault> {
    let sql = "SELECT key, print, status, body, at FROM receipt WHERE key = ?1";
    let receipt = |row: &rusqlite::Row<'_>| {
        Ok(Receipt {
            key: row.get(0)?,
            print: row.get(1)?,
            status: row.get(2)?,
            body: row.get(3)?,
            at: row.get(4)?,
        })
    };
    Ok(connection.prepare_cached(sql)?.query_row([key], receipt).optional()?)
}

/// Keeps a receipt; returns the valid one that is there instead.
pub(super) fn keep(connection: &Connection, receipt: &Receipt) -> Result<Option<Receipt>, Fault> {
    let Receipt { key, print, status, body, at } = receipt;
    if let Some(there) = find(connection, key)?.filter(|there| there.is_valid(*at)) {
        return Ok(Some(there));
    }
    let old = "DELETE FROM receipt WHERE key IN \
               (SELECT key FROM receipt WHERE at <= ?1 ORDER BY at LIMIT ?2)";
    connection.prepare_cached(old)?.execute(params![at - VALID, REMOVED])?;
    let sql = "INSERT OR REPLACE INTO receipt (key, print, status, body, at) \
               VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.prepare_cached(sql)?.execute(params![key, print, status, body, at])?;
    Ok(None)
}

/// Removes a receipt that this transaction kept.
pub(super) fn withdraw(connection: &Connection, receipt: &Receipt) -> Result<(), Fault> {
    let mut delete = connection.prepare_cached("DELETE FROM receipt WHERE key = ?1")?;
    delete.execute([&receipt.key])?;
    Ok(())
}
