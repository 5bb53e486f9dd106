//! The right to drive an engagement: one process at a time.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A process that drives, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// In words: `pid 4711 on build-7`.
    pub name: String,
    /// Host name.
    pub host: String,
    /// Boot id of the host; two processes with the same one can see whether the other lives.
    pub boot: String,
    /// Process id.
    pub pid: u32,
    /// Start time of the process in clock ticks after boot, so that a reused pid is not taken for
    /// the holder.
    pub started: u64,
}

/// The right to drive an engagement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Grows by one with every new holder; each driver's append names it.
    pub epoch: u64,
    /// Who holds it.
    pub holder: Holder,
}

/// Why a lease was not given.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// A living process holds it.
    #[error("{} is driven by {}", .engagement, .holder.name)]
    Held {
        /// Which engagement.
        engagement: String,
        /// Who holds it.
        holder: Holder,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The lease port. Reads are strongly consistent. An engagement need not exist: a lease says who may
/// drive, not what.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes the lease: when it is free, when its holder is dead (same boot, no such process), or when
    /// it was not renewed for the adapter's time to live. A process that holds it already gets the same
    /// lease again.
    async fn acquire(&self, engagement: &str, holder: &Holder) -> Result<Lease, LeaseError>;

    /// Says that the holder lives. `Ok(false)` when the lease is another's now.
    async fn renew(&self, engagement: &str, lease: &Lease) -> Result<bool, StoreError>;

    /// Gives the lease back; nothing happens when it is another's. Whoever held it can append as a
    /// driver no more.
    async fn release(&self, engagement: &str, lease: &Lease) -> Result<(), StoreError>;

    /// The current lease, with whether its holder is taken to be alive; `None` when nobody holds it.
    async fn lease(&self, engagement: &str) -> Result<Option<(Lease, bool)>, StoreError>;
}
