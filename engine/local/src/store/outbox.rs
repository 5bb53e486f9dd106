//! The outbox port.

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::outbox::{Behind, Outbox};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Store;
use super::fault::Fault;

#[async_trait]
impl Outbox for Store {
    async fn add(&self, reader: &str) -> Result<(), StoreError> {
        let reader = reader.to_owned();
        self.write(move |connection| Ok(add(connection, &reader)?)).await
    }

    async fn behind(
        &self,
        reader: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Behind>, StoreError> {
        self.look(|connection| Ok(behind(connection, reader, after.unwrap_or_default(), most)?))
    }

    async fn behind_in(
        &self,
        reader: &str,
        engagement: &str,
    ) -> Result<Option<Behind>, StoreError> {
        self.look(|connection| Ok(behind_in(connection, reader, engagement)?))
    }

    async fn done(&self, reader: &str, upto: &[Behind]) -> Result<(), StoreError> {
        let (reader, upto) = (reader.to_owned(), upto.to_vec());
        self.write(move |connection| Ok(done(connection, &reader, &upto)?)).await
    }
}

fn add(connection: &Connection, reader: &str) -> Result<(), Fault> {
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO reader VALUES (?1)")?;
    if insert.execute([reader])? == 1 {
        let sql = "INSERT OR IGNORE INTO delivered SELECT ?1, number, seq FROM engagement";
        connection.prepare_cached(sql)?.execute([reader])?;
    }
    Ok(())
}

fn behind(
    connection: &Connection,
    reader: &str,
    after: &str,
    most: usize,
) -> Result<Vec<Behind>, Fault> {
    let sql = format!("{BEHIND} AND e.id > ?2 ORDER BY e.id LIMIT ?3");
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params![reader, after, most], found)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The journals that a reader is behind in.
const BEHIND: &str = "SELECT e.id, coalesce(d.seq, 0), \
    CASE WHEN length(e.standing) <= 24576 THEN e.standing END FROM engagement e \
    LEFT JOIN delivered d ON d.reader = ?1 AND d.engagement = e.number \
    WHERE e.seq > coalesce(d.seq, 0)";

fn found(row: &rusqlite::Row<'_>) -> rusqlite::Result<Behind> {
    let after: i64 = row.get(1)?;
    let after = u64::try_from(after).unwrap_or_default();
    Ok(Behind { engagement: row.get(0)?, after, standing: row.get(2).unwrap_or_default() })
}

fn behind_in(
    connection: &Connection,
    reader: &str,
    engagement: &str,
) -> Result<Option<Behind>, Fault> {
    let sql = format!("{BEHIND} AND e.id = ?2");
    let mut select = connection.prepare_cached(&sql)?;
    Ok(select.query_row(params![reader, engagement], found).optional()?)
}

fn done(connection: &Connection, reader: &str, upto: &[Behind]) -> Result<(), Fault> {
    let sql = "INSERT INTO delivered SELECT ?1, number, ?3 FROM engagement WHERE id = ?2 \
               ON CONFLICT (reader, engagement) DO UPDATE SET seq = max(seq, excluded.seq)";
    let mut insert = connection.prepare_cached(sql)?;
    for Behind { engagement, after, .. } in upto {
        insert.execute(params![reader, engagement, i64::try_from(*after).unwrap_or(i64::MAX)])?;
    }
    Ok(())
}
