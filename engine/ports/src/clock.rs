//! Time as a port, so that tests and rehearsals can control it.

use std::time::Duration;

use async_trait::async_trait;

/// An event more than this many milliseconds ahead of the clock was written while the clock was
/// wrong: 60 days.
pub const WRONG: i64 = 60 * 24 * 3600 * 1000;

/// The time of the next event: the clock's, but not before the last event's, unless a wrong clock
/// wrote that one.
pub fn next(clock: i64, last: i64) -> i64 {
    if last.saturating_sub(clock) < WRONG { clock.max(last) } else { clock }
}

/// The clock port.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC; a label only.
    fn now(&self) -> i64;

    /// Milliseconds since 1970 UTC in real time, even where [`Clock::now`] advances by waits that
    /// take no time.
    fn wall(&self) -> i64 {
        self.now()
    }

    /// Time since a fixed moment, for durations; never decreases.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, time: Duration);
}
