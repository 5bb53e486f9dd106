//! The index port, on three indexes of the table: all engagements, those that wait, and those that
//! a process must continue. They lag behind the table, usually by less than a second.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::index::{Index, Listing, Place, Row, Which};
use cloudcrew_ports::journal::Head;

use super::fault::{failed, written};
use super::item::{Item, LEASE, TIP, damaged, key, number_of, of, size, sorted, text, text_of};
use super::tip::{row_change, row_of};
use super::{Store, lease};

/// Number of keys that one request may name.
const AT_ONCE: usize = 100;

/// An index of the table: its name, its partition, and how it sorts.
struct Way {
    index: &'static str,
    partition: &'static str,
    sort: &'static str,
}

const ALL: Way = Way { index: "all", partition: "listed", sort: "made" };
const WAITING: Way = Way { index: "waiting", partition: "waiting", sort: "made" };
const TO_CONTINUE: Way = Way { index: "todo", partition: "todo", sort: "todo_at" };

#[async_trait]
impl Index for Store {
    async fn list(&self, which: Which) -> Result<Vec<Listing>, StoreError> {
        self.page(which, None, usize::MAX).await
    }

    async fn page(
        &self,
        which: Which,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        let from = after.map(|after| {
            format!("{}#{}", sorted(u64::try_from(after.created).unwrap_or(0)), after.engagement)
        });
        let items = match which {
            Which::All => self.along(&ALL, from.as_deref(), None, limit).await?,
            Which::Waiting => self.along(&WAITING, from.as_deref(), None, limit).await?,
            Which::ToContinue(now) => {
                // They are few, and sorted by when, not by creation.
                let until = sorted(u64::try_from(now).unwrap_or(0));
                let mut all = self.along(&TO_CONTINUE, None, Some(&until), usize::MAX).await?;
                let made = |item: &Item| {
                    let created: i64 = number_of(item, "created").unwrap_or(0);
                    let engagement = text_of(item, "engagement").unwrap_or_default();
                    format!("{}#{engagement}", sorted(u64::try_from(created).unwrap_or(0)))
                };
                all.retain(|item| from.as_ref().is_none_or(|from| made(item) > *from));
                all.sort_by_key(made);
                all.truncate(limit);
                all
            }
        };
        let mut listings = items.iter().map(listing).collect::<Result<Vec<_>, _>>()?;
        self.drivers(&mut listings, &items).await?;
        Ok(listings)
    }

    async fn fill(&self, engagement: &str, head: &Head, row: Row) -> Result<(), StoreError> {
        let change = row_change(&row, head);
        let mut update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), TIP)))
            .condition_expression("#hash = :hash AND attribute_not_exists(standing)")
            .expression_attribute_names("#hash", "hash")
            .expression_attribute_values(":hash", text(&head.hash));
        let mut sets = Vec::new();
        for (n, (name, value)) in change.set.into_iter().enumerate() {
            sets.push(format!("#n{n} = :v{n}"));
            update = update
                .expression_attribute_names(format!("#n{n}"), name)
                .expression_attribute_values(format!(":v{n}"), value);
        }
        update = update.update_expression(format!("SET {}", sets.join(", ")));
        written(&self.table, update.send().await)?;
        Ok(())
    }
}

fn listing(item: &Item) -> Result<Listing, StoreError> {
    let read = || {
        Some(Listing {
            engagement: text_of(item, "engagement")?.to_owned(),
            created: number_of(item, "created")?,
            head: Head {
                seq: number_of(item, "row_seq")?,
                hash: text_of(item, "row_hash")?.to_owned(),
            },
            row: row_of(item),
            driver: None,
        })
    };
    read().ok_or_else(|| damaged("the index", "a row cannot be read"))
}

impl Store {
    /// The items along an index, after one sort key and up to another.
    async fn along(
        &self,
        way: &Way,
        after: Option<&str>,
        until: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let (mut found, mut start): (Vec<Item>, Option<Item>) = (Vec::new(), None);
        loop {
            let mut query = self
                .client
                .query()
                .table_name(&*self.table)
                .index_name(way.index)
                .expression_attribute_names("#p", way.partition)
                .expression_attribute_values(":p", text("1"))
                .set_exclusive_start_key(start.take());
            let (condition, bound) = match (after, until) {
                (Some(after), _) => ("#p = :p AND #s > :b", Some(after)),
                (None, Some(until)) => ("#p = :p AND #s <= :b", Some(until)),
                (None, None) => ("#p = :p", None),
            };
            query = query.key_condition_expression(condition);
            if let Some(bound) = bound {
                query = query
                    .expression_attribute_names("#s", way.sort)
                    .expression_attribute_values(":b", text(bound));
            }
            if let Ok(left @ 1..=1_000) = i32::try_from(limit.saturating_sub(found.len())) {
                query = query.limit(left);
            }
            let page = query.send().await.map_err(|error| failed(&self.table, &error))?;
            let items = page.items.unwrap_or_default();
            self.units.read_late(items.iter().map(size).sum());
            found.extend(items);
            match page.last_evaluated_key {
                Some(last) if !last.is_empty() && found.len() < limit => start = Some(last),
                _ => break,
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Adds the living drivers of these engagements.
    async fn drivers(&self, listings: &mut [Listing], items: &[Item]) -> Result<(), StoreError> {
        let driven = items.iter().filter(|item| item.contains_key("driver"));
        let keys: Vec<Item> =
            driven.filter_map(|item| Some(key(of(text_of(item, "engagement")?), LEASE))).collect();
        let mut holders = HashMap::new();
        for some in keys.chunks(AT_ONCE) {
            let mut left: Vec<Item> = some.to_vec();
            for tries in 0..super::TRIES {
                let asked = KeysAndAttributes::builder()
                    .set_keys(Some(std::mem::take(&mut left)))
                    .build()
                    .map_err(|error| damaged(&self.table, error.to_string()))?;
                let batch = self.client.batch_get_item().request_items(&*self.table, asked);
                let got = batch.send().await.map_err(|error| failed(&self.table, &error))?;
                for item in got.responses.into_iter().flat_map(|all| all.into_values()).flatten() {
                    self.units.read_late(size(&item));
                    let partition = text_of(&item, "PK").unwrap_or_default().to_owned();
                    let living = lease::held(&item).filter(|(_, until)| *until > (self.now)());
                    holders.insert(partition, living.map(|(lease, _)| lease.holder));
                }
                let more = got.unprocessed_keys.unwrap_or_default().into_values();
                left = more.flat_map(|asked| asked.keys).collect();
                if left.is_empty() {
                    break;
                }
                self.pause(tries).await;
            }
        }
        for listing in listings {
            listing.driver = holders.remove(&of(&listing.engagement)).flatten();
        }
        Ok(())
    }

    /// The ids of all engagements, in order.
    pub(super) async fn ids(&self) -> Result<Vec<String>, StoreError> {
        let items = self.along(&ALL, None, None, usize::MAX).await?;
        let ids = items.iter().filter_map(|item| text_of(item, "engagement"));
        let mut ids: Vec<String> = ids.map(str::to_owned).collect();
        ids.sort();
        Ok(ids)
    }
}
