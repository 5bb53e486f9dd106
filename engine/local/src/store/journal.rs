//! The journal port: entries and heads.

use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_planted as planted;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::index::Row;
use cloudcrew_ports::journal::{AppendError, Batch, Entry, Head, Journal, NewEntry, Writer, chain};
use cloudcrew_ports::json;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::fault::{Fault, Stop, refused};
use super::heads::{self, Slot};
use super::{File, Store, lease, receipt};

#[async_trait]
impl Journal for Store {
    async fn create(&self, engagement: &str, batch: Batch) -> Result<Option<Head>, StoreError> {
        let (engagement, file) = (engagement.to_owned(), Arc::clone(&self.0.file));
        self.write(move |connection| create(connection, &file, &engagement, &batch)).await
    }

    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        let (engagement, expected) = (engagement.to_owned(), expected.clone());
        self.write(move |connection| append(connection, &engagement, &expected, writer, &batch))
            .await
    }

    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let number = || {
            self.look::<_, StoreError>(|connection| Ok(find(connection, engagement)?))
                .ok()?
                .map(|(number, _)| number)
        };
        let written = self.0.file.heads.of(engagement, number);
        // A name that is not found was removed, or its index is broken.
        let named = |slot: &Slot| slot.engagement() == engagement;
        let known = match written {
            Some(_) => None,
            None => self.0.file.heads.all().into_iter().map(|(_, slot)| slot).find(named),
        };
        self.look(|connection| {
            if let Some(slot) = &known
                && find(connection, engagement)?.is_none()
            {
                slot.is_listed(std::iter::empty())?;
            }
            read(connection, engagement, after, limit, written.as_ref())
        })
    }

    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError> {
        self.look(|connection| Ok(find(connection, engagement)?.map(|(_, head)| head)))
    }

    async fn head_at(&self, engagement: &str, seq: u64) -> Result<Option<Head>, StoreError> {
        self.look(|connection| head_at(connection, engagement, seq))
    }
}

fn create(
    connection: &Connection,
    file: &File,
    engagement: &str,
    batch: &Batch,
) -> Result<Option<Head>, Stop<StoreError>> {
    let Some(first) = batch.entries.first() else {
        return Err(refused(named(engagement), "it must start with an entry"));
    };
    if let Some(receipt) = &batch.receipt
        && receipt::keep(connection, receipt)?.is_some()
    {
        return Ok(None);
    }
    let sql = "INSERT OR IGNORE INTO engagement (id, created, seq, hash) VALUES (?1, ?2, 0, '')";
    if connection.prepare_cached(sql)?.execute(params![engagement, first.at])? == 0 {
        return match &batch.receipt {
            Some(receipt) => {
                receipt::withdraw(connection, receipt).map(|()| None).map_err(Stop::from)
            }
            None => Ok(None),
        };
    }
    let number = connection.last_insert_rowid();
    if let Some(written) = file.heads.at(number) {
        // The number belonged to another engagement, which is gone.
        written.is_listed(std::iter::empty())?;
    }
    insert(connection, engagement, number, &Head::default(), batch).map(Some)
}

fn append(
    connection: &Connection,
    engagement: &str,
    expected: &Head,
    writer: Writer,
    batch: &Batch,
) -> Result<Head, Stop<AppendError>> {
    let Some((number, head)) = find(connection, engagement)? else {
        return Err(refused(named(engagement), "it does not exist"));
    };
    if let (Writer::Driver(epoch), false) = (writer, planted::Fault::NoEpoch.is_planted()) {
        // Check this first: a driver that lost the lease must not read, fold and retry.
        lease::held(connection, engagement, epoch)?;
    }
    if let Some(receipt) = &batch.receipt
        && let Some(there) = receipt::keep(connection, receipt)?
    {
        return Err(Stop::Refused(AppendError::Answered(there)));
    }
    if head != *expected && !planted::Fault::NoCompareAndSwap.is_planted() {
        return Err(Stop::Refused(AppendError::Conflict(head)));
    }
    insert(connection, engagement, number, &head, batch)
}

/// Inserts entries after `head`, the end of the journal.
fn insert<R: From<StoreError>>(
    connection: &Connection,
    engagement: &str,
    number: i64,
    head: &Head,
    batch: &Batch,
) -> Result<Head, Stop<R>> {
    batch.fits().map_err(|why| refused(named(engagement), why))?;
    let mut head = head.clone();
    let sql = "INSERT INTO entry (engagement, seq, at, kind, payload, hash) VALUES (?1, ?2, ?3, \
        ?4, ?5, ?6)";
    let mut insert = connection.prepare_cached(sql)?;
    for entry in &batch.entries {
        let NewEntry { at, kind, payload } = entry;
        let seq = head.seq + 1;
        let hash = chain(&head.hash, seq, *at, kind, payload);
        insert.execute(params![number, seq as i64, at, kind, payload, hash])?;
        head = Head { seq, hash };
    }
    let Row { standing, waits, active, due } = &batch.row;
    let sql = "UPDATE engagement SET seq = ?2, hash = ?3, standing = ?4 WHERE number = ?1";
    let seq = head.seq as i64;
    connection.prepare_cached(sql)?.execute(params![number, seq, head.hash, standing])?;
    // These are indexed, and SQLite writes the pages of an index even when a value stays the same.
    let sql = "UPDATE engagement SET waits = ?2, active = ?3, due = ?4 WHERE number = ?1 \
               AND (waits IS NOT ?2 OR active IS NOT ?3 OR due IS NOT ?4)";
    connection.prepare_cached(sql)?.execute(params![number, waits, active, due])?;
    heads::appended(number, engagement, &head);
    Ok(head)
}

/// Number and head of an engagement.
pub(super) fn find(
    connection: &Connection,
    engagement: &str,
) -> Result<Option<(i64, Head)>, Fault> {
    let mut select =
        connection.prepare_cached("SELECT number, seq, hash FROM engagement WHERE id = ?1")?;
    Ok(select.query_row([engagement], |row| Ok((row.get(0)?, head(row, 1)?))).optional()?)
}

fn head_at(
    connection: &Connection,
    engagement: &str,
    seq: u64,
) -> Result<Option<Head>, Stop<StoreError>> {
    if seq == 0 {
        return Ok(find(connection, engagement)?.map(|_| Head::default()));
    }
    let sql = "SELECT entry.seq, entry.hash FROM entry JOIN engagement ON number = engagement \
               WHERE id = ?1 AND entry.seq = ?2";
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(sql)?;
    Ok(select.query_row(params![engagement, seq], |row| head(row, 0)).optional()?)
}

pub(super) fn head(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Head> {
    Ok(Head { seq: row.get::<_, i64>(at)? as u64, hash: row.get(at + 1)? })
}

fn read(
    connection: &Connection,
    engagement: &str,
    after: &Head,
    limit: usize,
    written: Option<&Slot>,
) -> Result<Vec<Entry>, Stop<StoreError>> {
    let Some((number, end)) = find(connection, engagement)? else { return Ok(Vec::new()) };
    let damaged = |why: String| Fault::Damaged(format!("the journal of `{engagement}`: {why}"));
    let sql = "SELECT seq, at, kind, payload, hash FROM entry WHERE engagement = ?1 AND seq > ?2 \
        ORDER BY seq LIMIT ?3";
    let mut select = connection.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows =
        select.query(params![number, i64::try_from(after.seq).unwrap_or(i64::MAX), limit])?;
    let (mut last, mut entries) = (after.clone(), Vec::new());
    while let Some(row) = rows.next()? {
        let next = last.seq + 1;
        let entry = entry(row, &last).map_err(|why| damaged(format!("entry {next} {why}")))?;
        last = Head { seq: entry.seq, hash: entry.hash.clone() };
        entries.push(entry);
    }
    // Nothing more was found, so this must be the end, and the last entry must match the recorded
    // head.
    let ended = (entries.len() as u64) < limit as u64;
    if (ended || last.seq == end.seq) && last != end {
        let why = if last.seq == end.seq {
            "does not match the recorded head"
        } else {
            "is the last one found"
        };
        return Err(damaged(format!(
            "entry {} {why}; the recorded end is entry {}",
            last.seq, end.seq
        ))
        .into());
    }
    if let Some(written) = written {
        written.holds(connection, number, engagement, &end)?;
    }
    Ok(entries)
}

/// The row as the entry after `last`, or what is wrong with it.
fn entry(row: &rusqlite::Row<'_>, last: &Head) -> Result<Entry, String> {
    let get = |e: rusqlite::Error| format!("cannot be read: {e}");
    let seq = row.get::<_, i64>(0).map_err(get)? as u64;
    if seq != last.seq + 1 {
        return Err(format!("is missing; {seq} follows"));
    }
    let (at, kind): (i64, String) = (row.get(1).map_err(get)?, row.get(2).map_err(get)?);
    let (payload, hash): (String, String) = (row.get(3).map_err(get)?, row.get(4).map_err(get)?);
    if chain(&last.hash, seq, at, &kind, &payload) != hash {
        return Err("does not match its hash, or does not follow the entry before it".to_owned());
    }
    let payload = json::read(payload.as_bytes()).map_err(|e| format!("is not JSON: {e}"))?;
    Ok(Entry { seq, at, kind, payload, hash })
}

pub(super) fn named(engagement: &str) -> String {
    format!("engagement `{engagement}`")
}
