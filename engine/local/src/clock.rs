//! The machine's clock, and a clock whose waits take no time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use cloudcrew_ports::clock::{Clock, WRONG};

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock(Instant::now())
    }
}

fn wall() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_millis() as i64)
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> i64 {
        wall()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A rehearsal's clock: the machine's clock plus all waits so far. A day of silence passes at once.
#[derive(Debug)]
pub struct RehearsalClock {
    began: Instant,
    ahead: AtomicI64,
}

impl Default for RehearsalClock {
    fn default() -> Self {
        RehearsalClock { began: Instant::now(), ahead: AtomicI64::new(0) }
    }
}

impl RehearsalClock {
    /// Moves the clock to `at` if it is behind. An engagement ahead of the machine's clock stays
    /// ahead, unless the gap is so large that the machine's clock must have been wrong when the
    /// journal was written.
    pub fn not_before(&self, at: i64) {
        let lead = at.saturating_sub(wall());
        if lead < WRONG {
            self.ahead.fetch_max(lead, Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl Clock for RehearsalClock {
    fn now(&self) -> i64 {
        wall().saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    fn wall(&self) -> i64 {
        wall()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        self.ahead.fetch_add(time.as_millis() as i64, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}
