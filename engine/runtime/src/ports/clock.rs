//! Time, so that tests and rehearsals can turn it.

use std::time::Duration;

use async_trait::async_trait;

/// The clock port.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC, a label.
    fn now(&self) -> i64;

    /// Time since some fixed moment, for durations; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, time: Duration);
}
