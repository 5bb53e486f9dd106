//! Who looks on: the terminal, an event stream. The runtime tells and prints nothing.

use crate::engagement::{Engagement, Event};

/// The watch port.
pub trait Watch: Send + Sync {
    /// An event is on record; `engagement` has taken it in.
    fn happened(&self, seq: u64, at: i64, event: &Event, engagement: &Engagement);

    /// Whether the process was asked to stop between steps.
    fn stop_wanted(&self) -> bool;
}
