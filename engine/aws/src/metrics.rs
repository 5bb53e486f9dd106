//! The metrics port on a DynamoDB table of its own, with the keys that the port names.

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::metrics::{Item, Metrics};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::store::item::{PK, SK, damaged, key, number, number_of, text, text_of};
use crate::store::{Written, failed, written};

/// Items written at the same time.
const TOGETHER: usize = 8;

/// The table.
#[derive(Clone)]
pub struct MetricsTable {
    client: Client,
    table: Arc<str>,
}

impl MetricsTable {
    /// A table of this name. Sends nothing yet.
    pub fn new(config: &SdkConfig, table: &str) -> MetricsTable {
        MetricsTable { client: Client::new(config), table: table.into() }
    }

    async fn write(&self, new: &Item) -> Result<(), StoreError> {
        let mut item = key(new.key.clone(), new.sort.clone());
        item.insert("body".to_owned(), text(new.body.clone()));
        item.insert("as_of".to_owned(), number(new.as_of));
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK) OR as_of <= :as_of")
            .expression_attribute_values(":as_of", number(new.as_of));
        match written(&self.table, put.send().await)? {
            // What is there knows more.
            Written::Done | Written::Refused => Ok(()),
        }
    }
}

#[async_trait]
impl Metrics for MetricsTable {
    async fn put(&self, items: &[Item]) -> Result<(), StoreError> {
        let writes = items.iter().cloned().map(|item| {
            let table = self.clone();
            async move { table.write(&item).await }
        });
        stream::iter(writes).buffer_unordered(TOGETHER).try_collect::<Vec<()>>().await?;
        Ok(())
    }

    async fn between(
        &self,
        key: &str,
        from: &str,
        to: &str,
        most: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let (mut found, mut next) = (Vec::new(), None);
        // A sort key is never empty, and `BETWEEN` includes its end.
        let from = if from.is_empty() { "\u{1}" } else { from };
        if from >= to {
            return Ok(found);
        }
        loop {
            let limit = i32::try_from(most - found.len()).unwrap_or(i32::MAX);
            let page = self
                .client
                .query()
                .table_name(&*self.table)
                .consistent_read(true)
                .key_condition_expression("PK = :key AND SK BETWEEN :from AND :to")
                .expression_attribute_values(":key", text(key))
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":to", text(to))
                .limit(limit)
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(|error| failed(&self.table, &error))?;
            for item in page.items() {
                let broken = || damaged(&self.table, "an item cannot be read");
                let [key, sort, body] =
                    [PK, SK, "body"].map(|name| text_of(item, name).map(str::to_owned));
                let (Some(key), Some(sort), Some(body)) = (key, sort, body) else {
                    return Err(broken());
                };
                let as_of = number_of(item, "as_of").ok_or_else(broken)?;
                if sort.as_str() < to {
                    found.push(Item { key, sort, body, as_of });
                }
            }
            next = page.last_evaluated_key;
            if next.is_none() || found.len() >= most {
                return Ok(found);
            }
        }
    }

    async fn forget_all(&self) -> Result<(), StoreError> {
        let mut next = None;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&*self.table)
                .consistent_read(true)
                .projection_expression("PK, SK")
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(|error| failed(&self.table, &error))?;
            for item in page.items() {
                let place =
                    |name: &str| item.get(name).cloned().unwrap_or(AttributeValue::Null(true));
                self.client
                    .delete_item()
                    .table_name(&*self.table)
                    .key(PK, place(PK))
                    .key(SK, place(SK))
                    .send()
                    .await
                    .map_err(|error| failed(&self.table, &error))?;
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(());
            }
        }
    }
}
