//! The blob port.

use async_trait::async_trait;
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use rusqlite::{OptionalExtension as _, params};

use super::Store;
use super::fault::Fault;

#[async_trait]
impl Blobs for Store {
    async fn put(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let hash = sha256(bytes);
        // What a reader sees is on disk: SQLite shows a commit after its log is synced.
        let there = self.look::<_, StoreError>(|connection| {
            Ok(connection.prepare_cached("SELECT 1 FROM blob WHERE hash = ?1")?.exists([&hash])?)
        })?;
        if there {
            return Ok(hash);
        }
        let bytes = bytes.to_vec();
        self.write(move |connection| {
            connection
                .prepare_cached("INSERT OR IGNORE INTO blob (hash, bytes) VALUES (?1, ?2)")?
                .execute(params![hash, bytes])?;
            Ok(hash)
        })
        .await
    }

    async fn get(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.look(|connection| {
            let mut select = connection.prepare_cached("SELECT bytes FROM blob WHERE hash = ?1")?;
            let bytes: Option<Vec<u8>> = select.query_row([hash], |row| row.get(0)).optional()?;
            if bytes.as_ref().is_some_and(|bytes| sha256(bytes) != hash) {
                return Err(Fault::Damaged(format!("blob {hash} does not match its hash")).into());
            }
            Ok(bytes)
        })
    }
}
