//! Passes: what a secret opens for a while, such as a session of a browser, a WebSocket, or the rest of
//! a login.

use async_trait::async_trait;

use super::StoreError;

/// A pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Hex SHA-256 of what opens it. The secret itself is not kept.
    pub key: String,
    /// Whose it is; empty before anyone is known.
    pub owner: String,
    /// What it opens, opaque to the store.
    pub value: String,
    /// When it ends, in milliseconds since 1970 UTC.
    pub until: i64,
}

/// The pass port. Reads are strongly consistent. A store may end a pass early when its owner has many,
/// or when there are very many in all; the secret's holder asks for another then.
#[async_trait]
pub trait Passes: Send + Sync {
    /// Keeps a pass, made at `now`.
    async fn keep(&self, pass: &Pass, now: i64) -> Result<(), StoreError>;

    /// What a pass opens; `None` when there is none that lasts until after `now`.
    async fn find(&self, key: &str, now: i64) -> Result<Option<String>, StoreError>;

    /// What a pass opens, for one caller only: it ends. `None` as for [`Passes::find`], and for all
    /// other callers.
    async fn take(&self, key: &str, now: i64) -> Result<Option<String>, StoreError>;
}
