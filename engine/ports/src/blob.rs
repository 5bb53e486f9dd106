//! Content-addressed bytes: what is too large for a journal entry, and what a run is pinned to.

use async_trait::async_trait;

use super::StoreError;

/// The blob port.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores bytes under their hex SHA-256 and returns it; on disk when it returns. Storing the
    /// same twice is one blob.
    async fn put(&self, bytes: &[u8]) -> Result<String, StoreError>;

    /// The bytes of a hash. `Ok(None)` when there are none; bytes that do not match their hash are
    /// an error.
    async fn get(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError>;
}
