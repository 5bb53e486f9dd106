//! The outbox port.

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::outbox::{Behind, Outbox};
use rusqlite::{Connection, params};

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
    let sql = "SELECT e.id, coalesce(d.seq, 0), \
               CASE WHEN length(e.standing) <= 24576 THEN e.standing END FROM engagement e \
               LEFT JOIN delivered d ON d.reader = ?1 AND d.engagement = e.number \
               WHERE e.id > ?2 AND e.seq > coalesce(d.seq, 0) ORDER BY e.id LIMIT ?3";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(sql)?;
    let rows = select.query_map(params![reader, after, most], |row| {
        let after: i64 = row.get(1)?;
        let after = u64::try_from(after).unwrap_or_default();
        Ok(Behind { engagement: row.get(0)?, after, standing: row.get(2).unwrap_or_default() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
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
