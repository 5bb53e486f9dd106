//! The journal of a run, recording the size of each commit, so that the bare loop can make the same
//! commits.

use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use cloudcrew_local::store::Store;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{AppendError, Batch, Entry, Head, Journal, Writer};
use serde_json::json;

/// Name of the file with the sizes.
pub const FILE: &str = "commits.json";

pub struct Counted {
    journal: Store,
    commits: Mutex<Vec<usize>>,
}

impl Counted {
    pub fn new(journal: Store) -> Counted {
        Counted { journal, commits: Mutex::default() }
    }

    /// Writes the size of each commit to a file.
    pub fn save(&self, folder: &Path) {
        let commits = self.commits.lock().expect("no panic");
        std::fs::write(folder.join(FILE), json!(*commits).to_string()).expect("written");
    }
}

#[async_trait]
impl Journal for Counted {
    async fn create(&self, engagement: &str, batch: Batch) -> Result<Option<Head>, StoreError> {
        self.journal.create(engagement, batch).await
    }

    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        let bytes = batch.entries.iter().map(|entry| entry.payload.len()).sum();
        let head = self.journal.append(engagement, expected, writer, batch).await?;
        self.commits.lock().expect("no panic").push(bytes);
        Ok(head)
    }

    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.journal.read(engagement, after, limit).await
    }

    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError> {
        self.journal.head(engagement).await
    }
}
