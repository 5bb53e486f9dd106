//! Commits that the server of a repository lacks: which bundle holds them.

use cloudcrew_ports::StoreError;

use super::Store;
use super::item::{key, of, text, text_of};

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
        self.put(item).await
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
        self.remove(key(of(engagement), UNPUSHED), "blob", blob).await
    }
}
