//! The knowledge port in memory, with SQLite's full-text index. It is built from files that exist
//! anyway, so it is not kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::knowledge::{Hit, Knowledge, Source, Unit};
use rusqlite::{Connection, params};

/// Maximum number of words of a query.
const WORDS: usize = 16;
/// A word in more than a fifth of all units is ignored if the query has a rarer one.
const FREQUENT: i64 = 5;
/// Bytes of text after which the index is rebuilt from scratch: four times what a search covers.
const MOST: usize = 256 * 1024 * 1024;
/// Few units say nothing about how frequent a word is.
const FEW: i64 = 50;
/// The weights of path, heading and text.
const WEIGHTS: &str = "3.0, 5.0, 1.0, 0.0, 0.0";

const TABLES: &str = "
    CREATE TABLE file (id INTEGER PRIMARY KEY, path TEXT NOT NULL, oid TEXT NOT NULL,
        UNIQUE (path, oid));
    CREATE VIRTUAL TABLE unit USING fts5(path, heading, body, file UNINDEXED, line UNINDEXED,
        tokenize = 'porter unicode61');
    CREATE TABLE kept (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
    CREATE TEMP TABLE wanted (file INTEGER PRIMARY KEY);";

/// An index in memory, made when it is first used.
#[derive(Default)]
pub struct Index(Arc<Mutex<Option<Inner>>>);

struct Inner {
    connection: Connection,
    /// The files that `wanted` has, if it is known.
    wanted: Option<Vec<Source>>,
    known: HashMap<Source, i64>,
    /// Bytes of all texts.
    bytes: usize,
}

impl Index {
    /// Works on the index, in a thread that may take its time.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Inner) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let index = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let mut inner = index.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *inner {
                Some(inner) => work(inner),
                none => Inner::new().and_then(|new| work(none.insert(new))),
            }
        });
        match done.await {
            Ok(done) => done.map_err(failed),
            Err(error) => Err(unusable(error.to_string())),
        }
    }
}

fn failed(error: rusqlite::Error) -> StoreError {
    unusable(error.to_string())
}

fn unusable(why: String) -> StoreError {
    StoreError::Unusable { what: "the search index".to_owned(), why }
}

#[async_trait]
impl Knowledge for Index {
    async fn unknown(&self, files: &[Source]) -> Result<Vec<Source>, StoreError> {
        let files = files.to_vec();
        let unknown = self.with(move |inner| {
            // Older versions of files are never asked for again.
            if inner.bytes > MOST {
                *inner = Inner::new()?;
            }
            let is_new = |file: &Source| !inner.known.contains_key(file);
            Ok(files.into_iter().filter(is_new).collect())
        });
        unknown.await
    }

    async fn add(&self, file: &Source, units: Vec<Unit>) -> Result<(), StoreError> {
        let file = file.clone();
        self.with(move |inner| inner.add(&file, units)).await
    }

    async fn search(
        &self,
        files: &[Source],
        words: &str,
        most: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        let (files, words) = (files.to_vec(), words.to_owned());
        self.with(move |inner| inner.search(&files, &words, most)).await
    }
}

impl Inner {
    fn new() -> rusqlite::Result<Inner> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(TABLES)?;
        Ok(Inner { connection, wanted: None, known: HashMap::new(), bytes: 0 })
    }

    fn add(&mut self, file: &Source, units: Vec<Unit>) -> rusqlite::Result<()> {
        if self.known.contains_key(file) {
            return Ok(());
        }
        let change = self.connection.transaction()?;
        change.execute("INSERT INTO file (path, oid) VALUES (?1, ?2)", [&file.path, &file.oid])?;
        let id = change.last_insert_rowid();
        {
            let sql =
                "INSERT INTO unit (path, heading, body, file, line) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = change.prepare_cached(sql)?;
            let mut keep = change.prepare_cached("INSERT INTO kept (id, text) VALUES (?1, ?2)")?;
            for Unit { heading, line, text } in units {
                self.bytes += text.len();
                let body = format!("{text}\n{}", parts(&text));
                insert.execute(params![parted(&file.path), parted(&heading), body, id, line])?;
                keep.execute(params![change.last_insert_rowid(), format!("{heading}\0{text}")])?;
            }
        }
        change.commit()?;
        self.known.insert(file.clone(), id);
        // It may be one of those that were asked for before.
        self.wanted = None;
        Ok(())
    }

    fn search(&mut self, files: &[Source], words: &str, most: usize) -> rusqlite::Result<Vec<Hit>> {
        self.want(files)?;
        let Some(query) = self.query(words)? else { return Ok(Vec::new()) };
        let sql = format!(
            "SELECT f.path, unit.line, k.text FROM unit JOIN file f ON f.id = unit.file \
             JOIN kept k ON k.id = unit.rowid \
             WHERE unit MATCH ?1 AND unit.file IN (SELECT file FROM wanted) \
             ORDER BY bm25(unit, {WEIGHTS}), unit.rowid LIMIT ?2"
        );
        let mut select = self.connection.prepare_cached(&sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = select.query_map(params![query, most], |row| {
            let kept: String = row.get(2)?;
            let (heading, text) = kept.split_once('\0').unwrap_or(("", &kept));
            let (heading, text) = (heading.to_owned(), text.to_owned());
            Ok(Hit { path: row.get(0)?, unit: Unit { heading, line: row.get(1)?, text } })
        })?;
        rows.collect()
    }

    /// Notes which files are searched.
    fn want(&mut self, files: &[Source]) -> rusqlite::Result<()> {
        if self.wanted.as_deref() == Some(files) {
            return Ok(());
        }
        self.wanted = None;
        let change = self.connection.transaction()?;
        change.execute("DELETE FROM wanted", [])?;
        {
            let mut insert = change.prepare_cached("INSERT OR IGNORE INTO wanted VALUES (?1)")?;
            for id in files.iter().filter_map(|file| self.known.get(file)) {
                insert.execute([id])?;
            }
        }
        change.commit()?;
        self.wanted = Some(files.to_vec());
        Ok(())
    }

    /// Any of the words, each quoted; without those that are nearly everywhere.
    fn query(&self, words: &str) -> rusqlite::Result<Option<String>> {
        let split = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let mut terms: Vec<String> = Vec::new();
        for word in split.take(200) {
            let lower: String = word.to_lowercase().chars().take(100).collect();
            if !terms.contains(&lower) && terms.len() < WORDS {
                terms.push(lower);
            }
        }
        if terms.is_empty() {
            return Ok(None);
        }
        let count = |sql: &str, quoted: &[&dyn rusqlite::ToSql]| -> rusqlite::Result<i64> {
            self.connection.prepare_cached(sql)?.query_row(quoted, |row| row.get(0))
        };
        let all = count("SELECT count(*) FROM kept", &[])?;
        let mut rare = Vec::new();
        for term in &terms {
            let quoted = format!("\"{term}\"");
            let limit = (all / FREQUENT).max(FEW);
            let sql = "SELECT count(*) FROM (SELECT 1 FROM unit WHERE unit MATCH ?1 LIMIT ?2)";
            if count(sql, &[&quoted, &(limit + 1)])? <= limit {
                rare.push(quoted);
            }
        }
        if rare.is_empty() {
            rare = terms.iter().map(|term| format!("\"{term}\"")).collect();
        }
        Ok(Some(rare.join(" OR ")))
    }
}

/// A text with the parts of its identifiers.
fn parted(text: &str) -> String {
    format!("{text} {}", parts(text))
}

/// The parts of identifiers in which the case changes: `openGate` is `open Gate`. Others are split
/// by the index itself.
fn parts(text: &str) -> String {
    let mut parts = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let changes = word.char_indices().zip(word.chars().skip(1));
        let mut from = 0;
        for ((at, before), after) in changes {
            if before.is_lowercase() && after.is_uppercase() {
                let end = at + before.len_utf8();
                parts.push_str(&word[from..end]);
                parts.push(' ');
                from = end;
            }
        }
        if from > 0 {
            parts.push_str(&word[from..]);
            parts.push(' ');
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_suite_of_the_port_passes() {
        let index = Index::default();
        cloudcrew_ports::conformance::knowledge::run_all(&index).await;
    }

    #[test]
    fn identifiers_are_split_where_the_case_changes() {
        assert_eq!(parts("openGate and HTTPServer2Go x_y ÜberGabe"), "open Gate Über Gabe ");
    }
}
