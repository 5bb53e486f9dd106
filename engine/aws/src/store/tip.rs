//! The tip of a journal: its head, its newest entries, its index row, and the epoch that may write.

use aws_sdk_dynamodb::types::AttributeValue;
use cloudcrew_planted::Fault;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::index::Row;
use cloudcrew_ports::journal::{Entry, Head, NewEntry, chain};

use super::item::{
    self, Item, PK, SK, TIP, damaged, key, number, number_of, of, sorted, text, text_of, texts_of,
};
use super::{Store, fault};

/// Bytes of entries that the tip keeps; more are moved to an item of their own by the next append.
/// Each append writes the tip again, so more would cost more.
pub(super) const KEPT: usize = 4 * 1024;

/// Number of appends that a tip remembers.
const TOKENS: usize = 8;

/// The note of an append.
pub(super) fn noted(token: &str, head: &Head) -> String {
    format!("{token} {} {}", head.seq, head.hash)
}

/// A tip.
#[derive(Debug, Clone)]
pub(super) struct Tip {
    pub(super) head: Head,
    /// Number of the first entry that it keeps, or the next one.
    pub(super) first: u64,
    /// The entries that it keeps, as stored.
    pub(super) tail: Vec<String>,
    /// The last appends: an id each, and the head after it. One whose reply was lost recognizes
    /// itself, also when others have appended since.
    pub(super) tokens: Vec<String>,
    /// The epoch that may write as a driver.
    pub(super) driver: Option<u64>,
    /// Its row as stored; a row that does not change is not written to the indexes again.
    pub(super) row: Option<Row>,
}

/// An entry as it is stored: time, kind, hash and payload, a line each.
pub(super) fn stored(entry: &NewEntry, hash: &str) -> String {
    format!("{}\n{}\n{hash}\n{}", entry.at, entry.kind, entry.payload)
}

/// Reads a stored entry and checks that it follows the one before.
pub(super) fn entry(what: &str, text: &str, seq: u64, before: &str) -> Result<Entry, StoreError> {
    let broken = |why: &str| damaged(what, format!("entry {seq} {why}"));
    let mut parts = text.splitn(4, '\n');
    let (Some(at), Some(kind), Some(hash), Some(payload)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(broken("cannot be read"));
    };
    let at: i64 = at.parse().map_err(|_| broken("has no time"))?;
    if chain(before, seq, at, kind, payload) != hash {
        return Err(broken("does not follow the entry before it"));
    }
    let payload =
        cloudcrew_ports::json::read(payload.as_bytes()).map_err(|_| broken("is not JSON"))?;
    Ok(Entry { seq, at, kind: kind.to_owned(), payload, hash: hash.to_owned() })
}

/// The hash of a stored entry.
pub(super) fn hash(text: &str) -> Option<&str> {
    text.split('\n').nth(2)
}

impl Tip {
    fn read(what: &str, item: &Item) -> Result<Option<Tip>, StoreError> {
        // A lease may be there before its engagement.
        let Some(seq) = number_of::<u64>(item, "seq") else { return Ok(None) };
        let broken = || damaged(what, "its tip cannot be read");
        let tail: Vec<String> =
            texts_of(item, "tail").ok_or_else(broken)?.into_iter().map(str::to_owned).collect();
        let first: u64 = number_of(item, "first").ok_or_else(broken)?;
        if first.checked_add(tail.len() as u64) != seq.checked_add(1) {
            return Err(broken());
        }
        Ok(Some(Tip {
            head: Head { seq, hash: text_of(item, "hash").ok_or_else(broken)?.to_owned() },
            first,
            tail,
            tokens: texts_of(item, "tokens")
                .ok_or_else(broken)?
                .into_iter()
                .map(str::to_owned)
                .collect(),
            driver: number_of(item, "driver"),
            row: row_of(item),
        }))
    }

    /// The head after the append of this id, if it was one of the last.
    pub(super) fn after(&self, token: &str) -> Option<Head> {
        if Fault::NoToken.is_planted() {
            return None;
        }
        self.tokens.iter().find_map(|text| {
            let mut parts = text.split(' ');
            let (id, seq, hash) = (parts.next()?, parts.next()?, parts.next()?);
            (id == token).then_some(Head { seq: seq.parse().ok()?, hash: hash.to_owned() })
        })
    }

    /// The ids of the last appends with one more.
    pub(super) fn with(&self, token: &str, head: &Head) -> Vec<String> {
        let from = (self.tokens.len() + 1).saturating_sub(TOKENS);
        let mut tokens = self.tokens[from..].to_vec();
        tokens.push(noted(token, head));
        tokens
    }

    /// Bytes of the entries that it keeps.
    pub(super) fn bytes(&self) -> usize {
        self.tail.iter().map(String::len).sum()
    }
}

/// The index row of a tip.
pub(super) fn row_of(item: &Item) -> Option<Row> {
    let is = |name: &str| item.get(name).and_then(|value| value.as_bool().ok()).copied();
    Some(Row {
        standing: text_of(item, "standing")?.to_owned(),
        waits: is("waits")?,
        active: is("active")?,
        due: number_of(item, "due"),
    })
}

/// What an append sets and removes in the tip.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) set: Vec<(&'static str, AttributeValue)>,
    pub(super) remove: Vec<&'static str>,
}

/// The change that writes a row, and the keys of the indexes that follow from it.
pub(super) fn row_change(row: &Row, head: &Head) -> Change {
    let mut change = Change {
        set: vec![
            ("standing", text(&row.standing)),
            ("waits", AttributeValue::Bool(row.waits)),
            ("active", AttributeValue::Bool(row.active)),
            ("row_seq", number(head.seq)),
            ("row_hash", text(&head.hash)),
        ],
        remove: Vec::new(),
    };
    match row.due {
        Some(due) => change.set.push(("due", number(due))),
        None => change.remove.push("due"),
    }
    match row.waits {
        true => change.set.push(("waiting", text("1"))),
        false => change.remove.push("waiting"),
    }
    let when = if row.active { Some(0) } else { row.due };
    match when {
        Some(when) => {
            change.set.push(("todo", text("1")));
            change.set.push(("todo_at", text(sorted(u64::try_from(when).unwrap_or(0)))));
        }
        None => change.remove.extend(["todo", "todo_at"]),
    }
    change
}

impl Store {
    /// The tip of an engagement.
    pub(super) async fn tip(&self, engagement: &str) -> Result<Option<Tip>, StoreError> {
        let item = self.get(key(of(engagement), TIP)).await?;
        item.map_or(Ok(None), |item| Tip::read(engagement, &item))
    }

    /// Reads an item, consistently.
    pub(super) async fn get(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let got = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .consistent_read(!Fault::StaleReads.is_planted())
            .send()
            .await
            .map_err(|error| fault::failed(&self.table, &error))?;
        self.units.read(got.item.as_ref().map_or(0, item::size));
        Ok(got.item)
    }

    /// Writes an item whatever is there.
    pub(super) async fn put(&self, item: Item) -> Result<(), StoreError> {
        self.units.wrote(item::size(&item), false);
        let put = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        put.send().await.map_err(|error| fault::failed(&self.table, &error))?;
        Ok(())
    }

    /// Removes an item, if it is there.
    pub(super) async fn delete(&self, key: Item) -> Result<(), StoreError> {
        self.units.wrote(item::size(&key), false);
        let sent = self.client.delete_item().table_name(&*self.table).set_key(Some(key));
        sent.send().await.map_err(|error| fault::failed(&self.table, &error))?;
        Ok(())
    }

    /// Removes an item unless its attribute has another value.
    pub(super) async fn remove(
        &self,
        key: Item,
        attribute: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        self.units.wrote(item::size(&key), false);
        let sent = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(key))
            .condition_expression("#attribute = :value")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", text(value))
            .send()
            .await;
        fault::written(&self.table, sent)?;
        Ok(())
    }

    /// The items of a partition whose sort keys start like this and come after another one, in
    /// order and consistently, until one returns `false`.
    pub(super) async fn each(
        &self,
        partition: String,
        prefix: &str,
        after: Option<String>,
        mut take: impl FnMut(Item) -> Result<bool, StoreError> + Send,
    ) -> Result<(), StoreError> {
        let (from, to) = (after.unwrap_or_else(|| prefix.to_owned()), format!("{prefix}~"));
        let mut start: Option<Item> = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(!Fault::StaleReads.is_planted())
                .key_condition_expression("#p = :p AND #s BETWEEN :a AND :z")
                .expression_attribute_names("#p", PK)
                .expression_attribute_names("#s", SK)
                .expression_attribute_values(":p", text(partition.clone()))
                .expression_attribute_values(":a", text(&from))
                .expression_attribute_values(":z", text(&to))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| fault::failed(&self.table, &error))?;
            let items = page.items.unwrap_or_default();
            self.units.read(items.iter().map(item::size).sum());
            for item in items {
                if !take(item)? {
                    return Ok(());
                }
            }
            match page.last_evaluated_key {
                Some(last) if !last.is_empty() && !Fault::NoMorePages.is_planted() => {
                    start = Some(last);
                }
                _ => return Ok(()),
            }
        }
    }
}
