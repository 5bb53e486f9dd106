//! The journal of a run, with the size of what each of its commits holds: the bare loop makes the
//! same.

use std::path::Path;
use std::sync::Mutex;

use async_trait::async_trait;
use cloudcrew_local::store::Store;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{
    AppendError, Entry, Head, Holder, Journal, Lease, LeaseError, Listing, NewEntry, Writer,
};
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

    /// Writes down the size of each commit.
    pub fn tell(&self, folder: &Path) {
        let commits = self.commits.lock().expect("no panic");
        std::fs::write(folder.join(FILE), json!(*commits).to_string()).expect("written");
    }
}

#[async_trait]
impl Journal for Counted {
    async fn create(
        &self,
        engagement: &str,
        entries: Vec<NewEntry>,
    ) -> Result<Option<Head>, StoreError> {
        self.journal.create(engagement, entries).await
    }

    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        entries: Vec<NewEntry>,
    ) -> Result<Head, AppendError> {
        let bytes = entries.iter().map(|entry| entry.payload.len()).sum();
        let head = self.journal.append(engagement, expected, writer, entries).await?;
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

    async fn list(&self) -> Result<Vec<Listing>, StoreError> {
        self.journal.list().await
    }

    async fn acquire(&self, engagement: &str, holder: &Holder) -> Result<Lease, LeaseError> {
        self.journal.acquire(engagement, holder).await
    }

    async fn renew(&self, engagement: &str, lease: &Lease) -> Result<bool, StoreError> {
        self.journal.renew(engagement, lease).await
    }

    async fn release(&self, engagement: &str, lease: &Lease) -> Result<(), StoreError> {
        self.journal.release(engagement, lease).await
    }

    async fn lease(&self, engagement: &str) -> Result<Option<(Lease, bool)>, StoreError> {
        self.journal.lease(engagement).await
    }
}
