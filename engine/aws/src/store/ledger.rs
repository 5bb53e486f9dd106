//! The ledger port: what was recorded together is an item, numbered in order. Its number is the
//! condition of its write, so that two writers cannot both be next.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::ledger::{Ledger, LedgerRow};

use super::fault::{Written, written};
use super::item::{damaged, key, list, of, size, sorted, text_of, texts_of};
use super::{Store, TRIES};

/// Maximum bytes of rows in one item; the service takes 400 KB.
const MOST: usize = 300 * 1024;
/// Maximum number of items in a transaction; the service takes 100 and 4 MB.
const PARTS: usize = 12;

#[async_trait]
impl Ledger for Store {
    async fn record(&self, engagement: &str, rows: &[LedgerRow]) -> Result<(), StoreError> {
        for tries in 0..TRIES {
            let (next, there) = self.ledger(engagement).await?;
            let Some(new) = new(engagement, &there, rows)? else { return Ok(()) };
            match self.add_rows(engagement, next, new).await? {
                Written::Done => return Ok(()),
                Written::Refused => self.pause(tries).await,
            }
        }
        let by = "too many concurrent writers of its ledger; try again".to_owned();
        Err(StoreError::Busy { what: engagement.to_owned(), by })
    }

    async fn rows(&self, engagement: &str) -> Result<Vec<LedgerRow>, StoreError> {
        Ok(self.ledger(engagement).await?.1)
    }
}

/// The rows that are not there yet, as texts; `None` if all are.
fn new(
    engagement: &str,
    there: &[LedgerRow],
    rows: &[LedgerRow],
) -> Result<Option<Vec<String>>, StoreError> {
    let mut known: HashMap<&str, &LedgerRow> =
        there.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut new = Vec::new();
    for row in rows {
        match known.insert(&row.id, row) {
            None => new
                .push(serde_json::to_string(row).map_err(|e| damaged(engagement, e.to_string()))?),
            Some(there) if there == row => {}
            Some(_) => {
                let why = format!("its ledger has another row `{}`", row.id);
                return Err(StoreError::Unusable { what: engagement.to_owned(), why });
            }
        }
    }
    Ok(Some(new).filter(|new| !new.is_empty()))
}

impl Store {
    /// All rows, and the number of the next item.
    async fn ledger(&self, engagement: &str) -> Result<(u64, Vec<LedgerRow>), StoreError> {
        let broken = || damaged(engagement, "a row of its ledger cannot be read");
        let (mut next, mut rows) = (1_u64, Vec::new());
        self.each(of(engagement), "L#", None, |item| {
            let number = text_of(&item, "SK").and_then(|sort| sort.strip_prefix("L#"));
            if number.and_then(|number| number.parse().ok()) != Some(next) {
                return Err(broken());
            }
            next += 1;
            for row in texts_of(&item, "rows").ok_or_else(broken)? {
                rows.push(serde_json::from_str(row).map_err(|_| broken())?);
            }
            Ok(true)
        })
        .await?;
        Ok((next, rows))
    }

    async fn add_rows(
        &self,
        engagement: &str,
        next: u64,
        rows: Vec<String>,
    ) -> Result<Written, StoreError> {
        let mut parts: Vec<Vec<String>> = Vec::new();
        let mut bytes = MOST;
        for row in rows {
            if bytes + row.len() > MOST {
                parts.push(Vec::new());
                bytes = 0;
            }
            bytes += row.len();
            if let Some(part) = parts.last_mut() {
                part.push(row);
            }
        }
        if parts.len() > PARTS {
            let why = "too many rows at once for its ledger".to_owned();
            return Err(StoreError::Unusable { what: engagement.to_owned(), why });
        }
        let together = parts.len() > 1;
        let mut puts = Vec::new();
        for (number, part) in (next..).zip(&parts) {
            let mut item = key(of(engagement), format!("L#{}", sorted(number)));
            item.insert("rows".to_owned(), list(part));
            self.units.wrote(size(&item), together);
            let put = Put::builder()
                .table_name(&*self.table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(PK)")
                .build()
                .map_err(|error| damaged(&self.table, error.to_string()))?;
            puts.push(put);
        }
        if !together && let Some(put) = puts.pop() {
            let sent = self
                .client
                .put_item()
                .table_name(&*self.table)
                .set_item(Some(put.item))
                .set_condition_expression(put.condition_expression)
                .send()
                .await;
            return written(&self.table, sent);
        }
        let items = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build());
        let sent =
            self.client.transact_write_items().set_transact_items(Some(items.collect())).send();
        written(&self.table, sent.await)
    }
}
