//! The receipt port.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::receipt::{Receipt, Receipts, VALID};

use super::Store;
use super::fault::{Written, written};
use super::item::{Item, damaged, key, number, number_of, size, text, text_of};

/// How long an expired receipt is kept at least, in milliseconds. The service removes expired items
/// later.
const STAYS: i64 = 3600 * 1000;

fn key_of(receipt: &str) -> Item {
    key(format!("R#{receipt}"), "R")
}

/// A receipt as an item.
pub(super) fn item(receipt: &Receipt) -> Item {
    let mut item = key_of(&receipt.key);
    let expires = receipt.at.saturating_add(VALID + STAYS) / 1000;
    for (name, value) in [
        ("print", text(&receipt.print)),
        ("status", number(receipt.status)),
        ("body", text(&receipt.body)),
        ("at", number(receipt.at)),
        ("expires", number(expires)),
    ] {
        item.insert(name.to_owned(), value);
    }
    item
}

/// The latest time of a receipt that is outdated at `now`.
pub(super) fn outdated(now: i64) -> AttributeValue {
    number(now.saturating_sub(VALID))
}

impl Store {
    /// The receipt under a key, valid or not.
    pub(super) async fn receipt(&self, key: &str) -> Result<Option<Receipt>, StoreError> {
        let Some(item) = self.get(key_of(key)).await? else { return Ok(None) };
        let read = || {
            Some(Receipt {
                key: key.to_owned(),
                print: text_of(&item, "print")?.to_owned(),
                status: number_of(&item, "status")?,
                body: text_of(&item, "body")?.to_owned(),
                at: number_of(&item, "at")?,
            })
        };
        read().map(Some).ok_or_else(|| damaged(&self.table, "a receipt cannot be read"))
    }
}

#[async_trait]
impl Receipts for Store {
    async fn find(&self, key: &str) -> Result<Option<Receipt>, StoreError> {
        self.receipt(key).await
    }

    async fn keep(&self, receipt: &Receipt) -> Result<Option<Receipt>, StoreError> {
        let item = item(receipt);
        self.units.wrote(size(&item), false);
        let sent = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(PK) OR #at <= :old")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":old", outdated(receipt.at))
            .send()
            .await;
        match written(&self.table, sent)? {
            Written::Done => Ok(None),
            // It may be this very receipt, whose reply was lost.
            Written::Refused => {
                Ok(self.receipt(&receipt.key).await?.filter(|there| there != receipt))
            }
        }
    }
}
