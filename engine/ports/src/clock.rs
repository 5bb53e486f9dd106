//! Time, so that tests and rehearsals can turn it.

use std::time::Duration;

use async_trait::async_trait;

/// An event that is so many milliseconds ahead of the clock was written while the clock was wrong:
/// 60 days.
pub const WRONG: i64 = 60 * 24 * 3600 * 1000;

/// The time of the next event: the clock's, and not before the last one's, unless a clock that was
/// wrong wrote that.
pub fn next(clock: i64, last: i64) -> i64 {
    if last.saturating_sub(clock) < WRONG { clock.max(last) } else { clock }
}

/// The clock port.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970 UTC, a label.
    fn now(&self) -> i64;

    /// Milliseconds since 1970 UTC as people's clocks show them now, also where [`Clock::now`] is
    /// moved on by waits that cost nothing.
    fn wall(&self) -> i64 {
        self.now()
    }

    /// Time since some fixed moment, for durations; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits.
    async fn sleep(&self, time: Duration);
}
