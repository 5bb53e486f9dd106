//! What a swarm needs to run.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cloudcrew_definition::syntax::HandoffMode;

/// What a swarm needs to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SwarmSpec {
    /// The task, verbatim.
    pub task: String,
    /// Name of the entry agent.
    pub entry: String,
    /// The members in their order.
    pub members: Vec<Member>,
    /// The limits.
    pub limits: Limits,
    /// What happens to the turn in which an agent hands off.
    pub handoff: HandoffMode,
    /// Retries of one turn.
    pub retry: RetryPolicy,
    /// Whether agents can hand off at all; a review has one agent and nobody to hand to.
    pub handoffs: bool,
    /// How often in a visit a reply that says nothing, or announces tool calls and holds none, is
    /// asked for again; then the swarm fails. With 0, as in the reference and in older versions,
    /// such a reply completes the visit.
    #[serde(default)]
    pub asks_again: u32,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// One line about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its tools, without `handoff_to_agent`.
    pub tools: Vec<String>,
    /// Output tokens of one reply at most.
    pub max_tokens: u32,
    /// How long its conversations get; absent: until the provider refuses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextRule>,
}

/// How long a conversation gets, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContextRule {
    /// From so many on, something is left out before the next call.
    pub trim_at: u64,
    /// So many may be left then.
    pub trim_to: u64,
}

/// The limits of a swarm; each is a YAML key of the same name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Completed visits at most.
    pub max_handoffs: u32,
    /// Completed visits at most.
    pub max_iterations: u32,
    /// Active time of the swarm at most.
    pub execution_timeout: Duration,
    /// Active time of one visit at most.
    pub node_timeout: Duration,
    /// Last completed visits that are looked at; 0 is off.
    pub repetitive_handoff_detection_window: u32,
    /// Different agents that must be among them; 0 is off.
    pub repetitive_handoff_min_unique_agents: u32,
    /// Turns of one visit at most.
    pub max_turns: u32,
    /// Input and output tokens at most.
    pub token_budget: Option<u64>,
}

/// Retries of one turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RetryPolicy {
    /// Calls at most.
    pub max_attempts: u32,
    /// Longest wait before the second call.
    pub initial_delay: Duration,
    /// Longest wait at all.
    pub max_delay: Duration,
}
