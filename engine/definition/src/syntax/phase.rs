//! `phases/NAME.yaml`: one part of the workflow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Written};

/// One part of the workflow, done by one swarm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew phase")]
pub struct PhaseFile {
    /// Version of this file's form. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Its name; the file's name without `.yaml`.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_-]{0,62}$"))]
    pub phase: Written<String>,
    /// One line about what it is for.
    pub description: Option<Written<String>>,
    /// Who works, and within which limits.
    pub swarm: Written<Swarm>,
    /// Path of the task text, a Markdown file with MiniJinja variables.
    pub task: Written<String>,
    /// What the phase owes the customer.
    pub deliverables: Option<Written<Vec<Written<Deliverable>>>>,
    /// The check of the deliverables after the swarm. Left out: none.
    pub review: Option<Written<Review>>,
    /// The wait for the customer. Left out: the next phase begins at once.
    pub gate: Option<Written<Gate>>,
    /// What happens while an agent's question waits for the customer.
    pub questions: Option<Written<Questions>>,
    /// New swarms after one that reached a limit or failed. Left out: none.
    pub retry: Option<Written<Retry>>,
    /// Process deaths.
    pub restart: Option<Written<Restart>>,
}

/// Who works, and within which limits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Swarm {
    /// The agent with the first turn, one of `agents`.
    pub entry: Written<String>,
    /// The members, in the order in which they see each other.
    #[schemars(length(min = 1))]
    pub agents: Written<Vec<Written<String>>>,
    /// Completed visits at most; N allows N-1 handoffs. Default 20.
    #[schemars(range(min = 1, max = 1000))]
    pub max_handoffs: Option<Written<u32>>,
    /// Visits at most. Default 20.
    #[schemars(range(min = 1, max = 1000))]
    pub max_iterations: Option<Written<u32>>,
    /// Model turns in one visit at most. Default 100.
    #[schemars(range(min = 1, max = 100_000))]
    pub max_turns: Option<Written<u32>>,
    /// Active time of the swarm at most; waiting for a person does not count. Default `15m`.
    pub execution_timeout: Option<Written<Duration>>,
    /// Active time of one visit at most. Default `5m`.
    pub node_timeout: Option<Written<Duration>>,
    /// Looks at so many of the last visits for agents that only hand to each other. `0` is off. Default `0`.
    #[schemars(range(max = 1000))]
    pub repetitive_handoff_detection_window: Option<Written<u32>>,
    /// Different agents that must be among them. Default `0`.
    #[schemars(range(max = 1000))]
    pub repetitive_handoff_min_unique_agents: Option<Written<u32>>,
    /// Input and output tokens of one swarm at most. Left out: no limit.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64))]
    pub token_budget: Option<Written<u64>>,
    /// What happens to the turn in which an agent hands off. Default `immediate`.
    pub handoff: Option<Written<HandoffMode>>,
    /// How often a call that the provider refuses for now is tried again.
    pub retry: Option<Written<ProviderRetry>>,
}

/// What happens to the turn in which an agent hands off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffMode {
    /// The visit ends with that turn.
    Immediate,
    /// The agent goes on until it ends its visit itself.
    Continue,
}

/// How often a call that the provider refuses for now is tried again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ProviderRetry {
    /// Calls for one turn at most. Default 6.
    #[schemars(range(min = 1, max = 100))]
    pub max_attempts: Option<Written<u32>>,
    /// Longest wait before the second call; it doubles with each further one. Default `2s`.
    pub initial_delay: Option<Written<Duration>>,
    /// Longest wait at all. Default `60s`.
    pub max_delay: Option<Written<Duration>>,
}

/// An artifact that the phase owes the customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Deliverable {
    /// Where it stands in the customer's repository.
    pub path: Written<String>,
    /// The agent that writes it.
    pub owner: Written<String>,
    /// Name of a template: `templates/NAME.md`. All its headings must be there, each with content.
    pub template: Option<Written<String>>,
    /// Agents that must pass it before the phase's review does.
    pub reviewers: Option<Written<Vec<Written<String>>>>,
    /// One line about it.
    pub description: Option<Written<String>>,
}

/// The check of the deliverables after the swarm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Review {
    /// Who reviews.
    pub agent: Written<String>,
    /// How deep.
    pub depth: Written<Depth>,
    /// How often a failed review sends the swarm back with its findings; then the gate shows them. Default 1.
    #[schemars(range(max = 20))]
    pub max_reworks: Option<Written<u32>>,
}

/// How deep a review goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// The deliverables are there, follow their templates and were passed by their reviewers.
    Light,
    /// As `light`, and each is read against the statement of work.
    Full,
}

/// The wait for the customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gate {
    /// What is asked for.
    pub kind: Written<GateKind>,
    /// What an approval may rate, each 1 to 5.
    pub ratings: Option<Written<Vec<Written<String>>>>,
    /// How often the customer may ask for changes; then only approve or cancel. Default 3.
    #[schemars(range(max = 100))]
    pub max_revisions: Option<Written<u32>>,
    /// Reminds again after each such time without a decision. Left out: no reminders.
    pub remind_after: Option<Written<Duration>>,
    /// The wait ends after this time. Left out: it has no end.
    pub expires_after: Option<Written<Duration>>,
    /// What follows from the end of the wait. Default `stop`.
    pub on_expiry: Option<Written<OnExpiry>>,
}

/// What a gate asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// Approve or revise.
    Approval,
}

/// What follows when nobody decides in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// The engagement ends as expired.
    Stop,
    /// The gate counts as approved, and the record says why.
    Approve,
}

/// What happens while an agent's question waits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Questions {
    /// Reminds again after each such time without an answer.
    pub remind_after: Option<Written<Duration>>,
}

/// New swarms after one that reached a limit or failed. Artifacts and ledger are kept, counters begin at zero.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Retry {
    /// New swarms at most.
    #[schemars(range(max = 20))]
    pub max_attempts: Written<u32>,
    /// The timeouts of each new swarm are those of the one before times this. Default 1.
    #[schemars(range(min = 1, max = 10))]
    pub timeout_factor: Option<Written<f64>>,
}

/// Process deaths. The swarm goes on at the very step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Restart {
    /// Deaths at the same step, with no progress in between, at most. Default 10.
    #[schemars(range(min = 1, max = 1000))]
    pub max_attempts: Written<u32>,
}
