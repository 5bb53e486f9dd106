//! The watch port: the terminal or an event stream. The runtime emits events and prints nothing.

use crate::engagement::{Engagement, Event};

/// A reply while it is streamed. Only the complete reply is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live<'a> {
    /// The next piece of an agent's reply.
    Says {
        /// Name of the agent.
        agent: &'a str,
        /// The new text.
        text: &'a str,
        /// The message that it answers, outside of a swarm.
        message: Option<&'a str>,
    },
    /// The call did not complete: discard what was streamed.
    Forget {
        /// Name of the agent.
        agent: &'a str,
        /// The message that it answers, outside of a swarm.
        message: Option<&'a str>,
    },
}

/// Observes an engagement while it runs.
pub trait Watch: Send + Sync {
    /// An event was recorded; `engagement` has already applied it.
    fn happened(&self, seq: u64, at: i64, event: &Event, engagement: &Engagement);

    /// An agent's reply is being streamed.
    fn live(&self, project: &str, live: Live<'_>);

    /// Whether the process was asked to stop after the current step.
    fn stop_wanted(&self) -> bool;
}
