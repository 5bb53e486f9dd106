//! The library port: rows in the table of the memory, and bundles in a bucket.
//!
//! | Partition | Sort key | Content |
//! |---|---|---|
//! | `C#<space>` | digest | a bundle, and when it was added |
//! | `V#<space>#<digest>` | event | something that happened to it |
//!
//! The object `<space>/<digest>/bundle.json` holds a bundle with its files, which may be larger
//! than an item of a table.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::Space;
use cloudcrew_ports::pattern::{Card, MAX_BYTES, PatternEvent, Patterns};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::blob;
use crate::store::item::{Item, SK, damaged, key, number, number_of, text, text_of};
use crate::store::{Written, written};
use crate::table::{Range, Table};

/// Bundles read at the same time.
const TOGETHER: usize = 16;
/// Maximum size of an object, in bytes: JSON writes a byte as six at most.
const MOST: i64 = 6 * MAX_BYTES as i64 + 64 * 1024;
/// Bundles kept in memory, which never change.
const KEPT: usize = 256;

/// A library. Clones share connections and what was read.
#[derive(Clone)]
pub struct Library {
    table: Table,
    client: Client,
    bucket: Arc<str>,
    read: Arc<Mutex<HashMap<String, Card>>>,
}

/// The time, in nanoseconds since 1970: in the order of what one process adds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn bundles(space: &Space) -> String {
    format!("C#{}", space.key())
}

fn events(space: &Space, digest: &str) -> String {
    format!("V#{}#{digest}", space.key())
}

fn object(space: &Space, digest: &str) -> String {
    format!("{}/{digest}/bundle.json", space.key())
}

impl Library {
    /// A library in a table and a bucket. Sends nothing yet.
    pub fn new(config: &SdkConfig, table: &str, bucket: &str) -> Library {
        Library {
            table: Table::new(config, table),
            client: blob::client(config),
            bucket: bucket.into(),
            read: Arc::default(),
        }
    }

    /// Writes an item, unless it is there.
    async fn add(&self, mut item: Item) -> Result<(), StoreError> {
        item.insert("added".to_owned(), number(now()));
        let put = self
            .table
            .client
            .put_item()
            .table_name(&*self.table.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK)");
        match written(&self.table.name, put.send().await)? {
            Written::Done | Written::Refused => Ok(()),
        }
    }

    /// The items of a partition in the order in which they were added.
    async fn rows(&self, partition: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = self.table.read(Range::all(partition)).await?;
        items.sort_by_key(|item| number_of::<u64>(item, "added"));
        Ok(items)
    }

    async fn bundle(&self, at: String) -> Result<Card, StoreError> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(&at).cloned();
        if let Some(card) = known {
            return Ok(card);
        }
        let broken = |why: &str| damaged(&format!("s3://{}/{at}", self.bucket), why);
        let bytes = blob::get(&self.client, &self.bucket, &at, MOST).await?;
        let bytes = bytes.ok_or_else(|| broken("it is missing"))?;
        let card: Card =
            serde_json::from_slice(&bytes).map_err(|error| broken(&error.to_string()))?;
        if !at.ends_with(&format!("/{}/bundle.json", card.pattern.digest())) {
            return Err(broken("its files do not match its digest"));
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.len() >= KEPT {
            read.clear();
        }
        read.insert(at, card.clone());
        Ok(card)
    }
}

fn unwritable(error: &serde_json::Error) -> StoreError {
    let what = "the library of patterns".to_owned();
    StoreError::Unusable { what, why: error.to_string() }
}

#[async_trait]
impl Patterns for Library {
    async fn offer(&self, space: &Space, card: &Card) -> Result<(), StoreError> {
        let digest = card.pattern.digest();
        let at = object(space, &digest);
        let body = serde_json::to_vec(card).map_err(|error| unwritable(&error))?;
        blob::put_once(&self.client, &self.bucket, &at, &body).await?;
        self.add(key(bundles(space), digest)).await
    }

    async fn cards(&self, space: &Space) -> Result<Vec<Card>, StoreError> {
        let rows = self.rows(&bundles(space)).await?;
        let reads = rows.into_iter().map(|row| {
            let (library, space) = (self.clone(), space.clone());
            async move {
                let digest = text_of(&row, SK);
                let digest = digest.ok_or_else(|| damaged(&library.table.name, "no digest"))?;
                library.bundle(object(&space, digest)).await
            }
        });
        stream::iter(reads).buffered(TOGETHER).try_collect().await
    }

    async fn note(
        &self,
        space: &Space,
        digest: &str,
        id: &str,
        event: &PatternEvent,
    ) -> Result<(), StoreError> {
        let mut item = key(events(space, digest), id);
        let event = serde_json::to_string(event).map_err(|error| unwritable(&error))?;
        item.insert("event".to_owned(), text(event));
        self.add(item).await
    }

    async fn events(&self, space: &Space, digest: &str) -> Result<Vec<PatternEvent>, StoreError> {
        let rows = self.rows(&events(space, digest)).await?;
        let read = rows.iter().map(|row| {
            let event = text_of(row, "event").and_then(|event| serde_json::from_str(event).ok());
            event.ok_or_else(|| damaged(&self.table.name, "an event of a pattern cannot be read"))
        });
        read.collect()
    }
}
