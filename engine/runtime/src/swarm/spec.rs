//! The specification of a swarm.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cloudcrew_definition::syntax::HandoffMode;

/// Everything a swarm needs to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SwarmSpec {
    /// The task, verbatim.
    pub task: String,
    /// Name of the entry agent.
    pub entry: String,
    /// The members, in order.
    pub members: Vec<Member>,
    /// The limits.
    pub limits: Limits,
    /// Whether an agent's turn ends when it hands off.
    pub handoff: HandoffMode,
    /// Retries of one turn.
    pub retry: RetryPolicy,
    /// Whether agents can hand off. A review has a single agent and no handoffs.
    pub handoffs: bool,
    /// Whether only the entry agent can hand off; the agent that takes over cannot.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub entry_hands_off: bool,
    /// How often per visit a model is asked again after an empty reply, or one that announced tool
    /// calls but made none, before the swarm fails. With 0, as in the reference and in older
    /// versions, such a reply completes the visit.
    #[serde(default)]
    pub asks_again: u32,
}

impl SwarmSpec {
    /// Whether an agent can hand off.
    pub fn may_hand_off(&self, agent: &str) -> bool {
        self.handoffs && (!self.entry_hands_off || agent == self.entry)
    }
}

/// A member of a swarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// One-line description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its tools, without `handoff_to_agent`.
    pub tools: Vec<String>,
    /// Maximum output tokens of one reply.
    pub max_tokens: u32,
    /// When its conversations are shortened; absent: only when the provider refuses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextRule>,
}

/// When to shorten a conversation, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContextRule {
    /// The length at which it is shortened before the next call.
    pub trim_at: u64,
    /// The length to shorten it to.
    pub trim_to: u64,
}

/// The limits of a swarm; each has the name of its YAML key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Maximum number of completed visits.
    pub max_handoffs: u32,
    /// Maximum number of completed visits.
    pub max_iterations: u32,
    /// Maximum active time of the swarm.
    pub execution_timeout: Duration,
    /// Maximum active time of one visit.
    pub node_timeout: Duration,
    /// Number of recent completed visits to check; 0 turns the check off.
    pub repetitive_handoff_detection_window: u32,
    /// Minimum number of different agents among them; 0 turns the check off.
    pub repetitive_handoff_min_unique_agents: u32,
    /// Maximum number of turns in one visit.
    pub max_turns: u32,
    /// Maximum number of input and output tokens.
    pub token_budget: Option<u64>,
}

/// Retries of one turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RetryPolicy {
    /// Maximum number of calls.
    pub max_attempts: u32,
    /// Maximum wait before the second call.
    pub initial_delay: Duration,
    /// Maximum wait before any call.
    pub max_delay: Duration,
}
