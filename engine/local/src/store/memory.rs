//! The memory port, with SQLite's full-text index.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::{Kept, Memory, MemoryKind, MemoryRecord, Space};
use cloudcrew_ports::relevance::Question;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Store;
use super::fault::{Fault, Stop, refused};

/// Number of records to look at for a question.
const CANDIDATES: i64 = 100;
/// Records to count for the weight of a term, at most.
const COUNTED: i64 = 10_000;

#[async_trait]
impl Memory for Store {
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    async fn put(&self, space: &Space, records: &[Kept]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let (key, records) = (space.key(), records.to_vec());
        self.write(move |connection| {
            records.iter().try_for_each(|kept| put(connection, &key, kept))
        })
        .await
    }

    async fn find(
        &self,
        space: &Space,
        kind: MemoryKind,
        words: &str,
        now: i64,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        self.look(|connection| find(connection, &space.key(), kind, words, now, most))
    }

    async fn newest(
        &self,
        space: &Space,
        kind: MemoryKind,
        now: i64,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.look(|connection| {
            let sql = "SELECT kept FROM memory WHERE shared AND space = ?1 AND kind = ?2 \
                       AND expires > ?3 ORDER BY at DESC, id LIMIT ?4";
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map(params![space.key(), kind.name(), now, most], text)?;
            rows.map(|row| understood(&row?)).collect()
        })
    }

    async fn get(&self, space: &Space, id: &str) -> Result<Option<Kept>, StoreError> {
        self.look(|connection| {
            let sql = "SELECT kept FROM memory WHERE space = ?1 AND id = ?2";
            let mut select = connection.prepare_cached(sql)?;
            let row = select.query_row(params![space.key(), id], text).optional()?;
            row.as_deref().map(understood).transpose()
        })
    }

    async fn list(
        &self,
        space: &Space,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.look(|connection| {
            let sql = "SELECT kept FROM memory WHERE space = ?1 AND number > coalesce(\
                       (SELECT number FROM memory WHERE space = ?1 AND id = ?2), 0) \
                       ORDER BY number LIMIT ?3";
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map(params![space.key(), after, most], text)?;
            rows.map(|row| understood(&row?)).collect()
        })
    }

    async fn shown(&self, space: &Space, ids: &[String], project: &str) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let (key, ids, project) = (space.key(), ids.to_vec(), project.to_owned());
        self.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO memory_shown (space, id, project) VALUES (?1, ?2, ?3)";
            let mut insert = connection.prepare_cached(sql)?;
            for id in &ids {
                insert.execute(params![key, id, project])?;
            }
            Ok::<_, Stop<StoreError>>(())
        })
        .await
    }

    async fn reached(&self, space: &Space, id: &str) -> Result<BTreeSet<String>, StoreError> {
        self.look(|connection| {
            let sql = "SELECT project FROM memory_shown WHERE space = ?1 AND id = ?2";
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map(params![space.key(), id], text)?;
            rows.map(|row| Ok(row?)).collect()
        })
    }

    async fn forget_all(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            // A new index: after FTS5's `delete-all`, SQLite reports the old one as damaged.
            let sql = "DELETE FROM memory; DELETE FROM memory_shown; DROP TABLE memory_text; \
                       CREATE VIRTUAL TABLE memory_text USING fts5(\
                         key, about, body, tokenize = 'porter unicode61', content = ''\
                       );";
            connection.execute_batch(sql)?;
            Ok::<_, Stop<StoreError>>(())
        })
        .await
    }
}

fn text(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn understood(kept: &str) -> Result<Kept, Stop<StoreError>> {
    serde_json::from_str(kept)
        .map_err(|e| Fault::Damaged(format!("a record of the memory cannot be read: {e}")).into())
}

fn put(connection: &Connection, key: &str, kept: &Kept) -> Result<(), Stop<StoreError>> {
    let record = &kept.record;
    let sql = "SELECT number, kept FROM memory WHERE space = ?1 AND id = ?2";
    let mut select = connection.prepare_cached(sql)?;
    let there: Option<(i64, String)> = select
        .query_row(params![key, record.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let text = serde_json::to_string(kept)
        .map_err(|e| Fault::Unusable(format!("cannot serialize a record: {e}")))?;
    let shared = kept.is_shared() && kept.closed.is_none();
    let Some((number, old)) = there else {
        let sql = "INSERT INTO memory (space, id, kind, shared, expires, at, as_of, kept) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        connection.prepare_cached(sql)?.execute(params![
            key,
            record.id,
            record.kind.name(),
            shared,
            kept.expires,
            record.at,
            kept.as_of as i64,
            text
        ])?;
        return index(connection, connection.last_insert_rowid(), key, record);
    };
    let old = understood(&old)?;
    if old.record != *record {
        let what = format!("record `{}` of the memory", record.id);
        return Err(refused(what, "it is already there with different content"));
    }
    if old.as_of < kept.as_of {
        let sql = "UPDATE memory SET shared = ?2, expires = ?3, as_of = ?4, kept = ?5 \
                   WHERE number = ?1";
        connection.prepare_cached(sql)?.execute(params![
            number,
            shared,
            kept.expires,
            kept.as_of as i64,
            text
        ])?;
    }
    Ok(())
}

fn index(
    connection: &Connection,
    number: i64,
    key: &str,
    record: &MemoryRecord,
) -> Result<(), Stop<StoreError>> {
    let sql = "INSERT INTO memory_text (rowid, key, about, body) VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![
        number,
        word(key),
        record.about,
        record.text
    ])?;
    Ok(())
}

/// A space as one word of the index.
fn word(key: &str) -> String {
    sha256(key)
}

fn find(
    connection: &Connection,
    key: &str,
    kind: MemoryKind,
    words: &str,
    now: i64,
    most: usize,
) -> Result<Vec<Kept>, Stop<StoreError>> {
    // Of the same notes as the terms below: all of the space.
    let sql = "SELECT count(*) FROM (SELECT 1 FROM memory WHERE space = ?1 LIMIT ?2)";
    let all: i64 =
        connection.prepare_cached(sql)?.query_row(params![key, COUNTED], |row| row.get(0))?;
    let sql =
        "SELECT count(*) FROM (SELECT 1 FROM memory_text WHERE memory_text MATCH ?1 LIMIT ?2)";
    let mut count = connection.prepare_cached(sql)?;
    let space = word(key);
    let mut failed = None;
    let question = Question::new(words, usize::try_from(all).unwrap_or(0), |term| {
        let query = format!("key:{space} AND {{about body}}:\"{term}\"");
        let counted = count.query_row(params![query, COUNTED], |row| row.get::<_, i64>(0));
        let counted = counted.unwrap_or_else(|error| {
            failed = Some(error);
            0
        });
        usize::try_from(counted).unwrap_or(0)
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let terms: Vec<String> = question.terms().map(|term| format!("\"{term}\"")).collect();
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let query = format!("key:{space} AND {{about body}}:({})", terms.join(" OR "));
    let sql = "SELECT m.kept FROM memory_text t JOIN memory m ON m.number = t.rowid \
               WHERE t.memory_text MATCH ?1 AND m.shared AND m.space = ?2 AND m.kind = ?3 \
               AND m.expires > ?4 ORDER BY bm25(memory_text, 0.0, 5.0, 1.0), m.at DESC LIMIT ?5";
    let mut select = connection.prepare_cached(sql)?;
    let rows = select.query_map(params![query, key, kind.name(), now, CANDIDATES], text)?;
    let mut fitting = Vec::new();
    for row in rows {
        let kept = understood(&row?)?;
        if let Some(fit) = question.fit(&kept.record) {
            fitting.push((fit, kept));
        }
    }
    // The order of the index decides between equals.
    fitting.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    Ok(fitting.into_iter().take(most).map(|(_, kept)| kept).collect())
}
