//! Commits that the server of a repository lacks: which bundle holds them.

use cloudcrew_ports::StoreError;

use super::Store;
use super::fault::{failed, written};
use super::item::{key, of, size, text, text_of};

/// Sort key of the item.
const UNPUSHED: &str = "UNPUSHED";

impl Store {
    /// Notes the blob with the commits that are not pushed; it replaces an earlier one, whose
    /// commits it contains.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn keep_unpushed(&self, engagement: &str, blob: &str) -> Result<(), StoreError> {
        let mut item = key(of(engagement), UNPUSHED);
        item.insert("blob".to_owned(), text(blob));
        self.units.wrote(size(&item), false);
        let put = self.client.put_item().table_name(&*self.table).set_item(Some(item));
        put.send().await.map_err(|error| failed(&self.table, &error))?;
        Ok(())
    }

    /// The blob with the commits that are not pushed.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn unpushed(&self, engagement: &str) -> Result<Option<String>, StoreError> {
        let item = self.get(key(of(engagement), UNPUSHED)).await?;
        Ok(item.as_ref().and_then(|item| text_of(item, "blob")).map(str::to_owned))
    }

    /// All commits of that blob are pushed.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn all_pushed(&self, engagement: &str, blob: &str) -> Result<(), StoreError> {
        let place = key(of(engagement), UNPUSHED);
        self.units.wrote(size(&place), false);
        let sent = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(place))
            .condition_expression("#blob = :blob")
            .expression_attribute_names("#blob", "blob")
            .expression_attribute_values(":blob", text(blob))
            .send()
            .await;
        written(&self.table, sent)?;
        Ok(())
    }
}
