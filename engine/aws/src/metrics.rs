//! The metrics port on a DynamoDB table of its own, with the keys that the port names.

use async_trait::async_trait;
use aws_config::SdkConfig;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::metrics::{Item, Metrics};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::store::item::{PK, SK, damaged, key, number, number_of, text, text_of};
use crate::store::{Written, written};
use crate::table::{FIRST, Range, Table};

/// Items written at the same time.
const TOGETHER: usize = 8;

/// The table.
#[derive(Clone)]
pub struct MetricsTable(Table);

impl MetricsTable {
    /// A table of this name. Sends nothing yet.
    pub fn new(config: &SdkConfig, table: &str) -> MetricsTable {
        MetricsTable(Table::new(config, table))
    }

    async fn write(&self, new: &Item) -> Result<(), StoreError> {
        let mut item = key(new.key.clone(), new.sort.clone());
        item.insert("body".to_owned(), text(new.body.clone()));
        item.insert("as_of".to_owned(), number(new.as_of));
        let put = self
            .0
            .client
            .put_item()
            .table_name(&*self.0.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK) OR as_of <= :as_of")
            .expression_attribute_values(":as_of", number(new.as_of));
        match written(&self.0.name, put.send().await)? {
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
        // A sort key is never empty, and a range includes its end.
        let from = if from.is_empty() { FIRST } else { from };
        if from >= to {
            return Ok(Vec::new());
        }
        let range = Range { key, sort: (from, to), backwards: false, most };
        let found = self.0.read(range).await?.into_iter().map(|item| {
            let read = || {
                let [key, sort, body] = [PK, SK, "body"].map(|name| text_of(&item, name));
                Some(Item {
                    key: key?.to_owned(),
                    sort: sort?.to_owned(),
                    body: body?.to_owned(),
                    as_of: number_of(&item, "as_of")?,
                })
            };
            read().ok_or_else(|| damaged(&self.0.name, "an item cannot be read"))
        });
        let found: Result<Vec<Item>, StoreError> = found.collect();
        Ok(found?.into_iter().filter(|item| item.sort.as_str() < to).collect())
    }

    async fn forget_all(&self) -> Result<(), StoreError> {
        self.0.clear(|_| true).await
    }
}
