//! A phase and its parts; a rehearsal file and its bends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Budget, millis};
use crate::syntax::{Depth, Failure, HandoffMode, OnExpiry};

/// One part of the workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// One line about it, or empty.
    pub description: String,
    /// Who works, and within which limits.
    pub swarm: Swarm,
    /// Text of the task.
    pub task: String,
    /// What it owes the customer.
    pub deliverables: Vec<Deliverable>,
    /// The check after the swarm.
    pub review: Option<Review>,
    /// The wait for the customer.
    pub gate: Option<Gate>,
    /// Reminds again after each such time while a question waits.
    #[serde(with = "millis::optional")]
    pub question_reminder: Option<Duration>,
    /// What it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// New swarms at most in which the crew may add what is missing. Older versions sent nothing
    /// back by themselves.
    #[serde(default)]
    pub max_deliveries: u32,
    /// New swarms after a limit or a failure.
    pub retry: Retry,
    /// Process deaths at the same step at most.
    pub max_restarts: u32,
}

impl Phase {
    /// Whether an agent works or reviews in it.
    pub fn involves(&self, agent: &str) -> bool {
        self.swarm.agents.iter().any(|name| name == agent)
            || self.review.as_ref().is_some_and(|review| review.agent == agent)
    }
}

/// Who works, and within which limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swarm {
    /// The agent with the first turn.
    pub entry: String,
    /// The members in order.
    pub agents: Vec<String>,
    /// Completed visits at most.
    pub max_handoffs: u32,
    /// Visits at most.
    pub max_iterations: u32,
    /// Turns of one visit at most.
    pub max_turns: u32,
    /// Active time at most.
    #[serde(with = "millis")]
    pub execution_timeout: Duration,
    /// Active time of one visit at most.
    #[serde(with = "millis")]
    pub node_timeout: Duration,
    /// Last visits that are looked at; 0 is off.
    pub repetitive_handoff_detection_window: u32,
    /// Different agents that must be among them.
    pub repetitive_handoff_min_unique_agents: u32,
    /// Tokens of one swarm at most.
    pub token_budget: Option<u64>,
    /// What happens to the turn in which an agent hands off.
    pub handoff: HandoffMode,
    /// Calls for one turn at most.
    pub provider_max_attempts: u32,
    /// Longest wait before the second call.
    #[serde(with = "millis")]
    pub provider_initial_delay: Duration,
    /// Longest wait at all.
    #[serde(with = "millis")]
    pub provider_max_delay: Duration,
}

/// An artifact that the phase owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliverable {
    /// Where it stands.
    pub path: String,
    /// Who writes it.
    pub owner: String,
    /// Name of its template.
    pub template: Option<String>,
    /// Who must pass it.
    pub reviewers: Vec<String>,
    /// One line about it, or empty.
    pub description: String,
}

/// The check after the swarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Who reviews.
    pub agent: String,
    /// How deep.
    pub depth: Depth,
    /// How often the swarm is sent back.
    pub max_reworks: u32,
}

/// The wait for the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// What an approval may rate.
    pub ratings: Vec<String>,
    /// How often the customer may ask for changes.
    pub max_revisions: u32,
    /// Reminds again after each such time.
    #[serde(with = "millis::optional")]
    pub remind_after: Option<Duration>,
    /// The wait ends after this time.
    #[serde(with = "millis::optional")]
    pub expires_after: Option<Duration>,
    /// What follows then.
    pub on_expiry: OnExpiry,
}

/// New swarms after a limit or a failure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// New swarms at most.
    pub max_attempts: u32,
    /// Timeouts grow by this factor each time.
    pub timeout_factor: f64,
}

/// How a rehearsal is bent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Its name.
    pub name: String,
    /// One line about it, or empty.
    pub description: String,
    /// The workflow that is rehearsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Path of its statement of work in the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sow: Option<String>,
    /// Agents that behave otherwise.
    pub agents: Vec<AgentBend>,
    /// Reviews that find fault.
    pub reviews: Vec<ReviewBend>,
    /// What the customer does at gates.
    pub gates: Vec<GateBend>,
    /// What the customer answers.
    pub answers: Vec<Answer>,
}

/// An agent that behaves otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentBend {
    /// Who.
    pub agent: String,
    /// In which phase; `None` is each.
    pub phase: Option<String>,
    /// How often in a phase.
    pub times: u32,
    /// What it does.
    pub bend: Bend,
}

/// What a bent agent does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bend {
    /// Asks the customer.
    Asks(String),
    /// Hands to this agent instead of working.
    LoopsWith(String),
    /// Writes this path.
    Writes(String),
    /// Its model call fails.
    Fails(Failure),
    /// Each of its replies takes so long.
    Takes(#[serde(with = "millis")] Duration),
    /// Never writes this deliverable.
    Forgets(String),
}

/// A review that finds fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewBend {
    /// In which phase.
    pub phase: String,
    /// What it finds.
    pub finds: String,
    /// How often.
    pub times: u32,
}

/// What the customer does at a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateBend {
    /// After which phase.
    pub phase: String,
    /// Approves with these ratings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approves: Option<Vec<(String, u8)>>,
    /// Asks for changes with these words.
    pub revises: Option<String>,
    /// Says nothing for so long.
    #[serde(with = "millis::optional")]
    pub silent_for: Option<Duration>,
}

/// What the customer answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// A part of the question, in any case.
    pub question: String,
    /// The answer.
    pub answer: String,
}
