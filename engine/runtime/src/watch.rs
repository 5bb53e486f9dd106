//! Who looks on: the terminal, an event stream. The runtime tells and prints nothing.

use crate::engagement::{Engagement, Event};

/// What is said while it is said. It is not on record: the whole reply is, when it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live<'a> {
    /// The next words of an agent.
    Says {
        /// Who.
        agent: &'a str,
        /// What.
        text: &'a str,
    },
    /// The call did not come to its end: what was heard of it is to be forgotten.
    Forget {
        /// Whose words.
        agent: &'a str,
    },
}

/// The watch port.
pub trait Watch: Send + Sync {
    /// An event is on record; `engagement` has taken it in.
    fn happened(&self, seq: u64, at: i64, event: &Event, engagement: &Engagement);

    /// An agent speaks.
    fn live(&self, project: &str, live: Live<'_>);

    /// Whether the process was asked to stop between steps.
    fn stop_wanted(&self) -> bool;
}
