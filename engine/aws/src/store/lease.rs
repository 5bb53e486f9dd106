//! The lease port. A renewal writes a small item of its own; who takes or gives back a lease also
//! changes the epoch in the tip, in one transaction, so that each append can check it.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::lease::{Holder, Lease, LeaseError, Leases};

use super::fault::{Written, written};
use super::item::{Item, LEASE, TIP, damaged, key, number, number_of, of, size, text, text_of};
use super::{Store, TRIES};

/// How long a lease lives without renewal, in milliseconds.
pub(super) const LIVES: i64 = 60_000;

/// The holder that an item names.
pub(super) fn holder_of(item: &Item) -> Option<Holder> {
    serde_json::from_str(text_of(item, "holder")?).ok()
}

/// The lease of an item and when it expires, if anyone holds it.
pub(super) fn held(item: &Item) -> Option<(Lease, i64)> {
    let holder = holder_of(item)?;
    Some((Lease { epoch: number_of(item, "epoch")?, holder }, number_of(item, "until")?))
}

#[async_trait]
impl Leases for Store {
    async fn acquire(&self, engagement: &str, holder: &Holder) -> Result<Lease, LeaseError> {
        for tries in 0..TRIES {
            let there = self.get(key(of(engagement), LEASE)).await?.unwrap_or_default();
            let now = (self.now)();
            if let Some((lease, until)) = held(&there) {
                if lease.holder == *holder {
                    if self.renew(engagement, &lease).await? {
                        return Ok(lease);
                    }
                    continue;
                }
                if until > now {
                    let engagement = engagement.to_owned();
                    return Err(LeaseError::Held { engagement, holder: lease.holder });
                }
            }
            let old: Option<u64> = number_of(&there, "epoch");
            let lease = Lease { epoch: old.unwrap_or(0) + 1, holder: holder.clone() };
            match self.take(engagement, &lease, &there, now + LIVES).await? {
                Written::Done => return Ok(lease),
                // Another was faster, or the holder has renewed.
                Written::Refused => self.pause(tries).await,
            }
        }
        let by = "too many processes that acquire the lease; try again".to_owned();
        Err(StoreError::Busy { what: engagement.to_owned(), by }.into())
    }

    async fn renew(&self, engagement: &str, lease: &Lease) -> Result<bool, StoreError> {
        let until = (self.now)() + LIVES;
        self.units.wrote(size(&item(engagement, lease, until)), false);
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), LEASE)))
            .update_expression("SET #until = :until")
            .condition_expression("epoch = :epoch AND holder = :holder")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":epoch", number(lease.epoch))
            .expression_attribute_values(":holder", json(&lease.holder))
            .send()
            .await;
        Ok(matches!(written(&self.table, sent)?, Written::Done))
    }

    async fn release(&self, engagement: &str, lease: &Lease) -> Result<(), StoreError> {
        let broken =
            |error: aws_sdk_dynamodb::error::BuildError| damaged(&self.table, error.to_string());
        let given_back = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), LEASE)))
            .update_expression("REMOVE holder, #until")
            .condition_expression("epoch = :epoch AND holder = :holder")
            .expression_attribute_names("#until", "until")
            .expression_attribute_values(":epoch", number(lease.epoch))
            .expression_attribute_values(":holder", json(&lease.holder))
            .build()
            .map_err(broken)?;
        let ended = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), TIP)))
            .update_expression("REMOVE driver")
            .condition_expression("driver = :epoch")
            .expression_attribute_values(":epoch", number(lease.epoch))
            .build()
            .map_err(broken)?;
        for tries in 0..TRIES {
            self.units.wrote(size(&item(engagement, lease, 0)), true);
            let sent = self
                .client
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().update(given_back.clone()).build())
                .transact_items(TransactWriteItem::builder().update(ended.clone()).build())
                .send()
                .await;
            if matches!(written(&self.table, sent)?, Written::Done) {
                return Ok(());
            }
            // An append at the same time cancels a transaction; another holder ends it.
            let there = self.get(key(of(engagement), LEASE)).await?.unwrap_or_default();
            if held(&there).is_none_or(|(held, _)| held != *lease) {
                return Ok(());
            }
            self.pause(tries).await;
        }
        let by = "too many concurrent writers; try again".to_owned();
        Err(StoreError::Busy { what: engagement.to_owned(), by })
    }

    async fn lease(&self, engagement: &str) -> Result<Option<(Lease, bool)>, StoreError> {
        let there = self.get(key(of(engagement), LEASE)).await?.unwrap_or_default();
        Ok(held(&there).map(|(lease, until)| (lease, until > (self.now)())))
    }
}

fn json(holder: &Holder) -> AttributeValue {
    text(serde_json::to_string(holder).unwrap_or_default())
}

fn item(engagement: &str, lease: &Lease, until: i64) -> Item {
    let mut item = key(of(engagement), LEASE);
    item.insert("epoch".to_owned(), number(lease.epoch));
    item.insert("holder".to_owned(), json(&lease.holder));
    item.insert("until".to_owned(), number(until));
    item
}

impl Store {
    /// Takes the lease if it is as it was read.
    async fn take(
        &self,
        engagement: &str,
        lease: &Lease,
        there: &Item,
        until: i64,
    ) -> Result<Written, StoreError> {
        let broken =
            |error: aws_sdk_dynamodb::error::BuildError| damaged(&self.table, error.to_string());
        let item = item(engagement, lease, until);
        self.units.wrote(size(&item), true);
        let mut put = Put::builder().table_name(&*self.table).set_item(Some(item));
        put = match (there.get("epoch"), there.get("until")) {
            (Some(epoch), Some(until)) => put
                .condition_expression("epoch = :epoch AND #until = :was")
                .expression_attribute_names("#until", "until")
                .expression_attribute_values(":epoch", epoch.clone())
                .expression_attribute_values(":was", until.clone()),
            (Some(epoch), None) => put
                .condition_expression("epoch = :epoch AND attribute_not_exists(holder)")
                .expression_attribute_values(":epoch", epoch.clone()),
            _ => put.condition_expression("attribute_not_exists(PK)"),
        };
        let begins = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key(of(engagement), TIP)))
            .update_expression("SET driver = :epoch")
            .expression_attribute_values(":epoch", number(lease.epoch))
            .build()
            .map_err(broken)?;
        let sent = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(put.build().map_err(broken)?).build())
            .transact_items(TransactWriteItem::builder().update(begins).build())
            .send()
            .await;
        written(&self.table, sent)
    }
}
