//! The outbox port: how far each reader of the journals is.

use std::collections::HashMap;

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::outbox::{Behind, Outbox};

use super::Store;
use super::fault::written;
use super::item::{key, number, number_of, of, size, text_of};

/// Sort key of the item that says that a reader was added.
const READER: &str = "READER";

fn reader_of(reader: &str) -> String {
    format!("O#{reader}")
}

#[async_trait]
impl Outbox for Store {
    async fn add(&self, reader: &str) -> Result<(), StoreError> {
        if self.get(key(reader_of(reader), READER)).await?.is_some() {
            return Ok(());
        }
        for engagement in self.ids().await? {
            if let Some(tip) = self.tip(&engagement).await? {
                self.move_on(reader, &engagement, tip.head.seq).await?;
            }
        }
        self.put(key(reader_of(reader), READER)).await
    }

    async fn behind(
        &self,
        reader: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Behind>, StoreError> {
        let mut positions: HashMap<String, u64> = HashMap::new();
        self.each(reader_of(reader), "E#", None, |item| {
            let engagement = text_of(&item, "SK").and_then(|sort| sort.strip_prefix("E#"));
            if let (Some(engagement), Some(after)) = (engagement, number_of(&item, "after")) {
                positions.insert(engagement.to_owned(), after);
            }
            Ok(true)
        })
        .await?;
        let mut behind = Vec::new();
        for engagement in self.ids().await? {
            if behind.len() == most {
                break;
            }
            if after.is_some_and(|after| engagement.as_str() <= after) {
                continue;
            }
            let at = positions.get(&engagement).copied().unwrap_or(0);
            let Some(tip) = self.tip(&engagement).await? else { continue };
            if tip.head.seq > at {
                let standing = tip.row.map(|row| row.standing);
                behind.push(Behind { engagement, after: at, standing });
            }
        }
        Ok(behind)
    }

    async fn behind_in(
        &self,
        reader: &str,
        engagement: &str,
    ) -> Result<Option<Behind>, StoreError> {
        let place = self.get(key(reader_of(reader), of(engagement))).await?;
        let after = place.and_then(|item| number_of(&item, "after")).unwrap_or(0);
        let tip = self.tip(engagement).await?.filter(|tip| tip.head.seq > after);
        Ok(tip.map(|tip| Behind {
            engagement: engagement.to_owned(),
            after,
            standing: tip.row.map(|row| row.standing),
        }))
    }

    async fn done(&self, reader: &str, upto: &[Behind]) -> Result<(), StoreError> {
        for behind in upto {
            self.move_on(reader, &behind.engagement, behind.after).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Moves a reader forward in one journal.
    async fn move_on(&self, reader: &str, engagement: &str, after: u64) -> Result<(), StoreError> {
        let place = key(reader_of(reader), of(engagement));
        self.units.wrote(size(&place) + 16, false);
        let sent = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(place))
            .update_expression("SET #after = :after")
            .condition_expression("attribute_not_exists(#after) OR #after < :after")
            .expression_attribute_names("#after", "after")
            .expression_attribute_values(":after", number(after))
            .send()
            .await;
        // One that is further ahead stays there.
        written(&self.table, sent)?;
        Ok(())
    }
}
