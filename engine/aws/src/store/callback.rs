//! Callback ids, in the partition of their engagement.

use cloudcrew_ports::StoreError;

use super::Store;
use super::item::{damaged, key, of, text, text_of};
use crate::callbacks::Callback;

impl Store {
    pub(crate) async fn put_callback(
        &self,
        engagement: &str,
        callback: &Callback,
    ) -> Result<(), StoreError> {
        let mut item = key(of(engagement), format!("C#{}", callback.state));
        item.insert("callback".to_owned(), text(&callback.id));
        self.put(item).await
    }

    /// The callbacks of an engagement that were not used yet.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn callbacks(&self, engagement: &str) -> Result<Vec<Callback>, StoreError> {
        let mut found = Vec::new();
        self.each(of(engagement), "C#", None, |item| {
            let state = text_of(&item, "SK").and_then(|sort| sort.strip_prefix("C#"));
            let (Some(state), Some(id)) = (state, text_of(&item, "callback")) else {
                return Err(damaged(engagement, "a callback cannot be read"));
            };
            found.push(Callback { state: state.to_owned(), id: id.to_owned() });
            Ok(true)
        })
        .await?;
        Ok(found)
    }

    /// Removes a callback that was used, unless a newer one has replaced it.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn forget(&self, engagement: &str, callback: &Callback) -> Result<(), StoreError> {
        let place = key(of(engagement), format!("C#{}", callback.state));
        self.remove(place, "callback", &callback.id).await
    }
}
