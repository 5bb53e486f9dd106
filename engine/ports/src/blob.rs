//! Content-addressed bytes: data too large for a journal entry, and the definition that a run is
//! pinned to.

use async_trait::async_trait;

use super::StoreError;

/// The blob port.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores bytes under their hex SHA-256 and returns the hash once they are on disk. Storing the
    /// same bytes twice keeps one blob.
    async fn put(&self, bytes: &[u8]) -> Result<String, StoreError>;

    /// Reads the bytes of a hash. `Ok(None)` if the hash is unknown; bytes that do not match their
    /// hash are an error.
    async fn get(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError>;
}
