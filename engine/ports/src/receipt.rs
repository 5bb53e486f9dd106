//! Receipts: the replies to requests that carried an idempotency key, so that a repeated request is
//! answered again and acts once.

use async_trait::async_trait;

use super::StoreError;

/// How long a receipt is valid, in milliseconds: 24 hours.
pub const VALID: i64 = 24 * 3600 * 1000;
/// Maximum bytes of [`Receipt::body`].
pub const MAX_BODY: usize = 16 * 1024;

/// A reply, under the key of the request that it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Hex SHA-256 of the caller and the key that the caller chose.
    pub key: String,
    /// Hex SHA-256 of the route and the body: the same key with another body is a mistake.
    pub print: String,
    /// HTTP status of the reply.
    pub status: u16,
    /// Body of the reply, at most [`MAX_BODY`] bytes.
    pub body: String,
    /// When it was given, in milliseconds since 1970 UTC.
    pub at: i64,
}

impl Receipt {
    /// Whether it still counts at `now`.
    pub fn is_valid(&self, now: i64) -> bool {
        now.saturating_sub(self.at) < VALID
    }
}

/// The receipt port. A receipt with an effect is written by the [append](super::journal::Batch)
/// that records the effect. Reads are strongly consistent.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// The receipt under a key, valid or not.
    async fn find(&self, key: &str) -> Result<Option<Receipt>, StoreError>;

    /// Keeps the receipt of a request without effect, such as a refusal. One that is valid at its
    /// time stays: it is returned, and nothing is written.
    async fn keep(&self, receipt: &Receipt) -> Result<Option<Receipt>, StoreError>;
}
