//! Passes: short-lived grants that a secret unlocks, such as a browser session, a WebSocket ticket
//! or a login in progress.

use async_trait::async_trait;

use super::StoreError;

/// A pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Hex SHA-256 of what opens it. The secret itself is not kept.
    pub key: String,
    /// The person it belongs to; empty until the person is known.
    pub owner: String,
    /// What it opens, opaque to the store.
    pub value: String,
    /// When it ends, in milliseconds since 1970 UTC.
    pub until: i64,
}

/// The pass port. Reads are strongly consistent. A store may drop a pass early when its owner, or
/// the store as a whole, has too many; the holder of the secret then requests another.
#[async_trait]
pub trait Passes: Send + Sync {
    /// Keeps a pass, made at `now`.
    async fn keep(&self, pass: &Pass, now: i64) -> Result<(), StoreError>;

    /// What a pass opens; `None` when there is none that lasts until after `now`.
    async fn find(&self, key: &str, now: i64) -> Result<Option<String>, StoreError>;

    /// Removes a pass and returns its value, so that only one caller gets it. `None` as for
    /// [`Passes::find`].
    async fn take(&self, key: &str, now: i64) -> Result<Option<String>, StoreError>;
}
