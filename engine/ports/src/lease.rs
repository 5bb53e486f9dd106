//! The right to drive an engagement: one process at a time.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A process that drives, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Display name: `pid 4711 on build-7`.
    pub name: String,
    /// Host name.
    pub host: String,
    /// Boot id of the host; two processes with the same id can see whether the other is alive.
    pub boot: String,
    /// Process id.
    pub pid: u32,
    /// Start time of the process in clock ticks after boot, so that a reused pid is not mistaken
    /// for the holder.
    pub started: u64,
}

/// The right to drive an engagement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Grows by one with every new holder; each append by a driver names it.
    pub epoch: u64,
    /// The process that holds it.
    pub holder: Holder,
}

/// Why a lease was refused.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// A living process holds it.
    #[error("{} is driven by {}", .engagement, .holder.name)]
    Held {
        /// Id of the engagement.
        engagement: String,
        /// The process that holds the lease.
        holder: Holder,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The lease port. Reads are strongly consistent. The engagement need not exist.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes the lease if it is free, if its holder is dead (same boot, no such process), or if it
    /// was not renewed for the adapter's time to live. A process that already holds it gets the
    /// same lease again.
    async fn acquire(&self, engagement: &str, holder: &Holder) -> Result<Lease, LeaseError>;

    /// Renews the lease. `Ok(false)` if another process holds it now.
    async fn renew(&self, engagement: &str, lease: &Lease) -> Result<bool, StoreError>;

    /// Releases the lease; does nothing if another process holds it. The former holder can no
    /// longer append as a driver.
    async fn release(&self, engagement: &str, lease: &Lease) -> Result<(), StoreError>;

    /// The current lease, and whether its holder counts as alive; `None` if nobody holds it.
    async fn lease(&self, engagement: &str) -> Result<Option<(Lease, bool)>, StoreError>;
}
