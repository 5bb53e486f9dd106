//! A DynamoDB table with the keys `PK` and `SK`, and what its adapters share.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use cloudcrew_ports::StoreError;

use crate::store::failed;
use crate::store::item::{Item, PK, SK, key, text};

/// A table. Clones share connections.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: Arc<str>,
}

/// Which items of a partition to read.
pub(crate) struct Range<'k> {
    /// The partition.
    pub(crate) key: &'k str,
    /// The lowest sort key, and the highest.
    pub(crate) sort: (&'k str, &'k str),
    /// Whether the highest comes first.
    pub(crate) backwards: bool,
    /// How many, at most.
    pub(crate) most: usize,
}

/// A sort key after all others: the last character, which no key of ours has.
pub(crate) const LAST: &str = "\u{10ffff}";
/// A sort key before all others: a sort key is never empty.
pub(crate) const FIRST: &str = "\u{1}";

impl<'k> Range<'k> {
    /// A whole partition.
    pub(crate) fn all(key: &'k str) -> Range<'k> {
        Range { key, sort: (FIRST, LAST), backwards: false, most: usize::MAX }
    }
}

impl Table {
    /// A table of this name. Sends nothing yet.
    pub(crate) fn new(config: &SdkConfig, name: &str) -> Table {
        Table { client: Client::new(config), name: name.into() }
    }

    /// The item of a key, as last written.
    pub(crate) async fn get(
        &self,
        partition: String,
        sort: &str,
    ) -> Result<Option<Item>, StoreError> {
        let got = self
            .client
            .get_item()
            .table_name(&*self.name)
            .consistent_read(true)
            .set_key(Some(key(partition, sort)))
            .send()
            .await
            .map_err(|error| failed(&self.name, &error))?;
        Ok(got.item)
    }

    /// Items in the order of their sort keys, as last written.
    pub(crate) async fn read(&self, range: Range<'_>) -> Result<Vec<Item>, StoreError> {
        let (mut found, mut next) = (Vec::new(), None);
        while found.len() < range.most {
            let limit = i32::try_from(range.most - found.len()).ok();
            let page = self
                .client
                .query()
                .table_name(&*self.name)
                .consistent_read(true)
                .scan_index_forward(!range.backwards)
                .key_condition_expression("PK = :key AND SK BETWEEN :from AND :to")
                .expression_attribute_values(":key", text(range.key))
                .expression_attribute_values(":from", text(range.sort.0))
                .expression_attribute_values(":to", text(range.sort.1))
                .set_limit(limit)
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(|error| failed(&self.name, &error))?;
            found.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Removes all items of the partitions that `belongs` names.
    pub(crate) async fn clear(&self, belongs: impl Fn(&str) -> bool) -> Result<(), StoreError> {
        let mut next = None;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&*self.name)
                .consistent_read(true)
                .projection_expression("PK, SK")
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(|error| failed(&self.name, &error))?;
            for place in page.items.unwrap_or_default() {
                let partition = place.get(PK).and_then(|value| value.as_s().ok());
                if !partition.is_some_and(|partition| belongs(partition)) {
                    continue;
                }
                let place = place.into_iter().filter(|(name, _)| name == PK || name == SK);
                self.client
                    .delete_item()
                    .table_name(&*self.name)
                    .set_key(Some(place.collect()))
                    .send()
                    .await
                    .map_err(|error| failed(&self.name, &error))?;
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(());
            }
        }
    }
}
