//! The index port: one row per engagement, in the table that has the heads.

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::index::{Index, Listing, MAX_ROW, Place, Row, Which};
use cloudcrew_ports::journal::Head;
use rusqlite::{Connection, params};

use super::fault::Stop;
use super::heads::Written;
use super::journal::head;
use super::{Store, lease};

#[async_trait]
impl Index for Store {
    async fn list(&self, which: Which) -> Result<Vec<Listing>, StoreError> {
        let written = self.0.file.heads.written();
        self.look(|connection| list(connection, which, &written))
    }

    async fn page(
        &self,
        which: Which,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        // Only the slots of the page: all of them would take time in proportion to the home.
        let numbers = self.look(|connection| numbers(connection, which, after, limit))?;
        let written = self.0.file.heads.some(&numbers);
        self.look(|connection| page(connection, which, after, limit, &written))
    }

    async fn fill(&self, engagement: &str, head: &Head, row: Row) -> Result<(), StoreError> {
        let (engagement, head) = (engagement.to_owned(), head.clone());
        self.write(move |connection| fill(connection, &engagement, &head, &row)).await
    }
}

/// Reads what lists show of an engagement.
const SELECT: &str = "SELECT e.id, e.number, e.created, e.seq, e.hash, \
    CASE WHEN typeof(e.standing) = 'text' AND length(e.standing) <= 24576 THEN e.standing END, \
    e.waits, e.active, e.due, l.holder, l.renewed \
    FROM engagement e LEFT JOIN lease l ON l.engagement = e.id AND l.holder IS NOT NULL";
const _: () = assert!(MAX_ROW == 24576, "`SELECT` names it");

fn list(
    connection: &Connection,
    which: Which,
    written: &Written,
) -> Result<Vec<Listing>, Stop<StoreError>> {
    let condition = match which {
        Which::All => "",
        Which::Waiting => "WHERE e.waits",
        Which::ToContinue(_) => "WHERE e.active OR e.due <= ?1",
    };
    let mut select = connection.prepare_cached(&format!("{SELECT} {condition}"))?;
    let mut rows = match which {
        Which::ToContinue(now) => select.query([now])?,
        Which::All | Which::Waiting => select.query([])?,
    };
    let (mut listings, mut seen) = (Vec::new(), vec![false; written.len()]);
    while let Some(row) = rows.next()? {
        let (number, listing) = listing(row, written)?;
        if let Some(seen) = usize::try_from(number).ok().and_then(|number| seen.get_mut(number)) {
            *seen = true;
        }
        listings.push((number, listing));
    }
    // SQLite would sort whole rows.
    listings.sort_by_key(|(number, listing)| (listing.created, *number));
    let listings: Vec<Listing> = listings.into_iter().map(|(_, listing)| listing).collect();
    if which == Which::All {
        for (number, _) in (0..).zip(&seen).filter(|(_, seen)| !**seen) {
            if let Some(slot) = written.slot(number) {
                slot.is_listed(listings.iter().map(|listing| listing.engagement.as_str()))?;
            }
        }
    }
    Ok(listings)
}

fn page(
    connection: &Connection,
    which: Which,
    after: Option<&Place>,
    limit: usize,
    written: &Written,
) -> Result<Vec<Listing>, Stop<StoreError>> {
    rows(connection, SELECT, (which, after, limit), |row| Ok(listing(row, written)?.1))
}

/// The numbers of the engagements of a page.
fn numbers(
    connection: &Connection,
    which: Which,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<i64>, Stop<StoreError>> {
    let select = "SELECT e.number FROM engagement e";
    rows(connection, select, (which, after, limit), |row| row.get(0))
}

fn rows<T>(
    connection: &Connection,
    select: &str,
    (which, after, limit): (Which, Option<&Place>, usize),
    read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Stop<StoreError>> {
    let (condition, now) = match which {
        Which::All => ("", 0),
        Which::Waiting => ("AND e.waits", 0),
        Which::ToContinue(now) => ("AND (e.active OR e.due <= ?4)", now),
    };
    let sql = format!(
        "{select} WHERE (e.created, e.id) > (?1, ?2) {condition} \
         ORDER BY e.created, e.id LIMIT ?3"
    );
    let (created, engagement) =
        after.map_or((i64::MIN, ""), |after| (after.created, after.engagement.as_str()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = match which {
        Which::ToContinue(_) => select.query(params![created, engagement, limit, now])?,
        Which::All | Which::Waiting => select.query(params![created, engagement, limit])?,
    };
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// A row, with its number.
fn listing(row: &rusqlite::Row<'_>, written: &Written) -> rusqlite::Result<(i64, Listing)> {
    let engagement: String = row.get(0)?;
    let number: i64 = row.get(1)?;
    let (created, head) = (row.get(2)?, head(row, 3)?);
    // One row that cannot be read costs no other: its journal is read instead.
    let standing: Option<String> = row.get(5).unwrap_or_default();
    let (waits, active) = (row.get(6).unwrap_or(true), row.get(7).unwrap_or(true));
    let due = row.get(8).unwrap_or_default();
    let held = (row.get(9).unwrap_or_default(), row.get(10).unwrap_or_default());
    let driver = lease::living(&engagement, held.0, held.1).unwrap_or_default();
    // The row of a shortened journal is not used: whoever reads the journal gets the error.
    let row = standing.filter(|_| written.may_lead_to(number, &head));
    let row = row.map(|standing| Row { standing, waits, active, due });
    Ok((number, Listing { engagement, created, head, row, driver }))
}

fn fill(
    connection: &Connection,
    engagement: &str,
    head: &Head,
    row: &Row,
) -> Result<(), Stop<StoreError>> {
    let sql = "UPDATE engagement SET standing = ?2, waits = ?3, due = ?4, active = ?7 \
               WHERE id = ?1 AND seq = ?5 AND hash = ?6 AND standing IS NULL";
    let Row { standing, waits, active, due } = row;
    connection.prepare_cached(sql)?.execute(params![
        engagement,
        standing,
        waits,
        due,
        head.seq as i64,
        head.hash,
        active
    ])?;
    Ok(())
}
