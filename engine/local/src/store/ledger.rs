//! The ledger port. A row is stored as JSON with a hash, so that damage is detected.

use async_trait::async_trait;
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::ledger::{Ledger, LedgerRow};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Store;
use super::fault::{Fault, Stop, refused};
use super::journal::{find, named};

#[async_trait]
impl Ledger for Store {
    async fn record(&self, engagement: &str, rows: &[LedgerRow]) -> Result<(), StoreError> {
        let (engagement, rows) = (engagement.to_owned(), rows.to_vec());
        self.write(move |connection| record(connection, &engagement, &rows)).await
    }

    async fn rows(&self, engagement: &str) -> Result<Vec<LedgerRow>, StoreError> {
        self.look(|connection| {
            let Some((number, _)) = find(connection, engagement)? else { return Ok(Vec::new()) };
            let mut select = connection.prepare_cached(
                "SELECT id, row, hash FROM ledger WHERE engagement = ?1 ORDER BY number",
            )?;
            let rows =
                select.query_map([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.map(|row| {
                row.map_err(Fault::from)
                    .and_then(|row| understood(engagement, &row))
                    .map_err(Stop::from)
            })
            .collect()
        })
    }
}

/// A row as stored: id, JSON and its hash.
type Stored = (String, String, String);

fn record(
    connection: &Connection,
    engagement: &str,
    rows: &[LedgerRow],
) -> Result<(), Stop<StoreError>> {
    let Some((number, _)) = find(connection, engagement)? else {
        return Err(refused(named(engagement), "it does not exist"));
    };
    for row in rows {
        let sql = "SELECT id, row, hash FROM ledger WHERE engagement = ?1 AND id = ?2";
        let mut select = connection.prepare_cached(sql)?;
        let there = select
            .query_row(params![number, row.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        match there {
            Some(there) if understood(engagement, &there)? == *row => {}
            Some(_) => {
                let what = format!("row `{}` of the ledger of `{engagement}`", row.id);
                return Err(refused(what, "it is already recorded with different content"));
            }
            None => {
                let text = serde_json::to_string(row)
                    .map_err(|e| Fault::Unusable(format!("cannot serialize a ledger row: {e}")))?;
                let sql = "INSERT INTO ledger (engagement, id, row, hash) VALUES (?1, ?2, ?3, ?4)";
                connection.prepare_cached(sql)?.execute(params![
                    number,
                    row.id,
                    text,
                    sha256(&text)
                ])?;
            }
        }
    }
    Ok(())
}

fn understood(engagement: &str, (id, text, hash): &Stored) -> Result<LedgerRow, Fault> {
    let damaged =
        |why: &str| Fault::Damaged(format!("row `{id}` of the ledger of `{engagement}` {why}"));
    if sha256(text) != *hash {
        return Err(damaged("does not match its hash"));
    }
    let row: LedgerRow =
        serde_json::from_str(text).map_err(|e| damaged(&format!("cannot be read: {e}")))?;
    if row.id == *id { Ok(row) } else { Err(damaged("contains another row")) }
}
