//! The pass port. The table's time to live removes expired passes.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::pass::{Pass, Passes};

use super::Store;
use super::fault::failed;
use super::item::{Item, key, number, number_of, size, text, text_of};

fn place(pass: &str) -> Item {
    key(format!("P#{pass}"), "P")
}

/// The value of an item that is still valid at `now`.
fn opens(item: &Item, now: i64) -> Option<String> {
    let until: i64 = number_of(item, "until")?;
    text_of(item, "value").filter(|_| until > now).map(str::to_owned)
}

#[async_trait]
impl Passes for Store {
    async fn keep(&self, pass: &Pass, _: i64) -> Result<(), StoreError> {
        let mut item = place(&pass.key);
        item.insert("value".to_owned(), text(&pass.value));
        item.insert("until".to_owned(), number(pass.until));
        item.insert("expires".to_owned(), number(pass.until / 1000 + 1));
        self.put(item).await
    }

    async fn find(&self, key: &str, now: i64) -> Result<Option<String>, StoreError> {
        Ok(self.get(place(key)).await?.and_then(|item| opens(&item, now)))
    }

    async fn take(&self, key: &str, now: i64) -> Result<Option<String>, StoreError> {
        self.units.wrote(size(&place(key)), false);
        let removed = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(place(key)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| failed(&self.table, &error))?;
        Ok(removed.attributes.and_then(|item| opens(&item, now)))
    }
}
