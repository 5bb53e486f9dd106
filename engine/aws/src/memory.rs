//! The memory port on a DynamoDB table.
//!
//! | Partition | Sort key | Content |
//! |---|---|---|
//! | `M#<space>` | `N#<record>` | a record, and what became of it |
//! | | `A#<time>#<record>` | its place in lists |
//! | `S#<space>#<kind>` | `<time>#<record>` | a copy of a record while others may see it |
//! | `W#<space>#<record>` | engagement | an engagement that was shown it |
//!
//! A record and its copy change in one transaction, so a search never returns what was withdrawn.
//! A search reads the copies of one kind and compares them as [`cloudcrew_ports::relevance`] says.
//! Records are removed by the service some time after they expire.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::{Kept, Memory, MemoryKind, Space};
use cloudcrew_ports::relevance::Question;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::store::item::{Item, SK, damaged, key, number, text, text_of};
use crate::store::{Written, failed, written};
use crate::table::{LAST, Range, Table};

/// The newest records that a search compares.
const CANDIDATES: usize = 1_000;
/// Number of requests at the same time.
const TOGETHER: usize = 8;
/// Number of times that a write is tried again when others write the same record.
const TRIES: u32 = 64;

/// The table.
#[derive(Clone)]
pub struct MemoryTable(Table);

/// Partition of the records of a space.
fn records(space: &Space) -> String {
    format!("M#{}", space.key())
}

/// Partition of what may be found.
fn shelf(space: &Space, kind: MemoryKind) -> String {
    format!("S#{}#{}", space.key(), kind.name())
}

/// Partition of those who were shown a record.
fn readers(space: &Space, id: &str) -> String {
    format!("W#{}#{id}", space.key())
}

/// A place in the order of time.
fn place(kept: &Kept) -> String {
    format!("{:020}#{}", kept.record.at.max(0), kept.record.id)
}

/// Seconds since 1970 after which the service may remove the item.
fn expires(kept: &Kept) -> i64 {
    kept.expires / 1000 + 1
}

impl MemoryTable {
    /// A table of this name. Sends nothing yet.
    pub fn new(config: &SdkConfig, table: &str) -> MemoryTable {
        MemoryTable(Table::new(config, table))
    }

    fn read(&self, item: &Item) -> Result<Kept, StoreError> {
        let kept = text_of(item, "kept").and_then(|kept| serde_json::from_str(kept).ok());
        kept.ok_or_else(|| damaged(&self.0.name, "a record of the memory cannot be read"))
    }

    fn broken(&self, error: impl ToString) -> StoreError {
        StoreError::Unusable { what: self.0.name.to_string(), why: error.to_string() }
    }

    async fn write(&self, space: &Space, kept: &Kept) -> Result<(), StoreError> {
        for tries in 0..TRIES {
            let there = self.get(space, &kept.record.id).await?;
            match &there {
                Some(there) if there.record != kept.record => {
                    let what = format!("record `{}` of the memory", kept.record.id);
                    let why = "it is already there with different content".to_owned();
                    return Err(StoreError::Unusable { what, why });
                }
                // What is there knows at least as much.
                Some(there) if there.as_of >= kept.as_of => return Ok(()),
                _ => {}
            }
            let writes = self.changes(space, kept)?;
            let send = self.0.client.transact_write_items().set_transact_items(Some(writes));
            if matches!(written(&self.0.name, send.send().await)?, Written::Done) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(2_u64 << tries.min(6))).await;
        }
        let by = "other writers of the same record; try again".to_owned();
        Err(StoreError::Busy { what: self.0.name.to_string(), by })
    }

    /// All that changes with a record.
    fn changes(&self, space: &Space, kept: &Kept) -> Result<Vec<TransactWriteItem>, StoreError> {
        let body = serde_json::to_string(kept).map_err(|error| self.broken(error))?;
        let content = |mut item: Item| {
            item.insert("kept".to_owned(), text(&body));
            item.insert("as_of".to_owned(), number(kept.as_of));
            item.insert("expires".to_owned(), number(expires(kept)));
            item
        };
        let put = || Put::builder().table_name(&*self.0.name);
        let named = |error| self.broken(error);
        let record = content(key(records(space), format!("N#{}", kept.record.id)));
        let record = put()
            .set_item(Some(record))
            .condition_expression("attribute_not_exists(PK) OR as_of < :as_of")
            .expression_attribute_values(":as_of", number(kept.as_of));
        let mut changes = vec![TransactWriteItem::builder().put(record.build().map_err(named)?)];
        // Each time: it must not expire before the record does.
        let mut item = key(records(space), format!("A#{}", place(kept)));
        item.insert("record".to_owned(), text(&kept.record.id));
        item.insert("expires".to_owned(), number(expires(kept)));
        let listed = put().set_item(Some(item)).build().map_err(named)?;
        changes.push(TransactWriteItem::builder().put(listed));
        let copy = key(shelf(space, kept.record.kind), place(kept));
        changes.push(if kept.is_shared() && kept.closed.is_none() {
            let copy = put().set_item(Some(content(copy))).build().map_err(named)?;
            TransactWriteItem::builder().put(copy)
        } else {
            let gone = Delete::builder().table_name(&*self.0.name).set_key(Some(copy));
            TransactWriteItem::builder().delete(gone.build().map_err(named)?)
        });
        Ok(changes.into_iter().map(|change| change.build()).collect())
    }

    /// The records at these places, without those that are gone.
    async fn at(&self, space: &Space, places: Vec<Item>) -> Result<Vec<Kept>, StoreError> {
        let reads = places.into_iter().map(|item| {
            let (table, space) = (self.clone(), space.clone());
            async move {
                let id = text_of(&item, "record");
                let id = id.ok_or_else(|| damaged(&table.0.name, "a place names no record"))?;
                table.get(&space, id).await
            }
        });
        let found: Vec<Option<Kept>> = stream::iter(reads).buffered(TOGETHER).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What may be found at `now`, newest first.
    async fn shared(
        &self,
        space: &Space,
        kind: MemoryKind,
        now: i64,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        let key = shelf(space, kind);
        let range = Range { backwards: true, most, ..Range::all(&key) };
        let items = self.0.read(range).await?;
        let read: Result<Vec<Kept>, StoreError> =
            items.iter().map(|item| self.read(item)).collect();
        Ok(read?.into_iter().filter(|kept| kept.expires > now).collect())
    }
}

#[async_trait]
impl Memory for MemoryTable {
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    async fn put(&self, space: &Space, records: &[Kept]) -> Result<(), StoreError> {
        // In order: a batch may hold two states of one record.
        for kept in records {
            self.write(space, kept).await?;
        }
        Ok(())
    }

    async fn find(
        &self,
        space: &Space,
        kind: MemoryKind,
        words: &str,
        now: i64,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        let shared = self.shared(space, kind, now, CANDIDATES).await?;
        let question = Question::among(words, shared.iter().map(|kept| &kept.record));
        let mut fitting: Vec<(u64, Kept)> = shared
            .into_iter()
            .filter_map(|kept| Some((question.fit(&kept.record)?, kept)))
            .collect();
        // The newer one decides between equals.
        fitting.sort_by_key(|(fit, _)| Reverse(*fit));
        Ok(fitting.into_iter().take(most).map(|(_, kept)| kept).collect())
    }

    async fn newest(
        &self,
        space: &Space,
        kind: MemoryKind,
        now: i64,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        self.shared(space, kind, now, most).await
    }

    async fn get(&self, space: &Space, id: &str) -> Result<Option<Kept>, StoreError> {
        let item = self.0.get(records(space), &format!("N#{id}")).await?;
        item.as_ref().map(|item| self.read(item)).transpose()
    }

    async fn list(
        &self,
        space: &Space,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        // Just behind a record: no sort key is between the two.
        let behind = |place: &str| format!("{place}\u{1}");
        let mut from = match after {
            None => "A#".to_owned(),
            Some(id) => match self.get(space, id).await? {
                Some(kept) => behind(&format!("A#{}", place(&kept))),
                None => {
                    let why = format!("the record `{id}` is gone; list again from the start");
                    return Err(self.broken(why));
                }
            },
        };
        let (key, to) = (records(space), format!("A#{LAST}"));
        let mut listed = Vec::new();
        // A record and its place are removed one after the other when they expire.
        while listed.len() < most {
            let missing = most - listed.len();
            let range = Range { key: &key, sort: (&from, &to), backwards: false, most: missing };
            let places = self.0.read(range).await?;
            let ended = places.len() < missing;
            if let Some(last) = places.last().and_then(|item| text_of(item, SK)) {
                from = behind(last);
            }
            listed.extend(self.at(space, places).await?);
            if ended {
                break;
            }
        }
        Ok(listed)
    }

    async fn shown(&self, space: &Space, ids: &[String], project: &str) -> Result<(), StoreError> {
        for id in ids {
            self.0
                .client
                .put_item()
                .table_name(&*self.0.name)
                .set_item(Some(key(readers(space, id), project)))
                .send()
                .await
                .map_err(|error| failed(&self.0.name, &error))?;
        }
        Ok(())
    }

    async fn reached(&self, space: &Space, id: &str) -> Result<BTreeSet<String>, StoreError> {
        let items = self.0.read(Range::all(&readers(space, id))).await?;
        Ok(items.iter().filter_map(|item| text_of(item, SK)).map(str::to_owned).collect())
    }

    async fn forget_all(&self) -> Result<(), StoreError> {
        let ours = ["M#", "S#", "W#"];
        self.0.clear(|partition| ours.iter().any(|start| partition.starts_with(start))).await
    }
}
