//! A phase and its parts, and a rehearsal and its deviations.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Agent, Budget, millis};
use crate::syntax::{Depth, Failure, HandoffMode, OnExpiry};

/// One part of the workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// One line about it, or empty.
    pub description: String,
    /// The agents that do the work, and their limits.
    pub swarm: Swarm,
    /// Text of the task.
    pub task: String,
    /// The models of agents that use another one in this phase, by agent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, String>,
    /// The artifacts that it owes the customer.
    pub deliverables: Vec<Deliverable>,
    /// The check of the deliverables after the swarm.
    pub review: Option<Review>,
    /// The wait for the customer's decision.
    pub gate: Option<Gate>,
    /// Interval between reminders while a question waits.
    #[serde(with = "millis::optional")]
    pub question_reminder: Option<Duration>,
    /// How long a driver waits for an answer before it stops.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis::optional")]
    pub question_linger: Option<Duration>,
    /// Notes from earlier work that are shown to agents at the start of a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<Recall>,
    /// Its budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Maximum number of new swarms that complete the deliverables. Zero in definitions saved by
    /// older versions, which did not have this feature.
    #[serde(default)]
    pub max_deliveries: u32,
    /// New swarms after one that failed or reached a limit.
    pub retry: Retry,
    /// Maximum number of crashes at the same step.
    pub max_restarts: u32,
}

impl Phase {
    /// An agent as it is in this phase.
    pub fn cast(&self, agent: &Agent) -> Agent {
        let model = self.models.get(&agent.name).unwrap_or(&agent.model).clone();
        Agent { model, ..agent.clone() }
    }

    /// Whether an agent works or reviews in this phase.
    pub fn involves(&self, agent: &str) -> bool {
        self.swarm.agents.iter().any(|name| name == agent)
            || self.review.as_ref().is_some_and(|review| review.agent == agent)
    }
}

/// The agents that do the work, and their limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swarm {
    /// The agent that takes the first turn.
    pub entry: String,
    /// The members, in order.
    pub agents: Vec<String>,
    /// Maximum number of completed visits.
    pub max_handoffs: u32,
    /// Maximum number of visits.
    pub max_iterations: u32,
    /// Maximum number of turns in one visit.
    pub max_turns: u32,
    /// Maximum active time.
    #[serde(with = "millis")]
    pub execution_timeout: Duration,
    /// Maximum active time of one visit.
    #[serde(with = "millis")]
    pub node_timeout: Duration,
    /// Number of recent visits that are checked; 0 disables the check.
    pub repetitive_handoff_detection_window: u32,
    /// Minimum number of different agents in that window.
    pub repetitive_handoff_min_unique_agents: u32,
    /// Maximum number of tokens of one swarm.
    pub token_budget: Option<u64>,
    /// When an agent's visit ends after a handoff.
    pub handoff: HandoffMode,
    /// Maximum number of calls for one turn.
    pub provider_max_attempts: u32,
    /// Maximum wait before the second call.
    #[serde(with = "millis")]
    pub provider_initial_delay: Duration,
    /// Upper limit of the wait between calls.
    #[serde(with = "millis")]
    pub provider_max_delay: Duration,
}

/// An artifact that the phase owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliverable {
    /// Its path in the repository.
    pub path: String,
    /// The agent that writes it.
    pub owner: String,
    /// Name of its template.
    pub template: Option<String>,
    /// The agents that must pass it.
    pub reviewers: Vec<String>,
    /// One line about it, or empty.
    pub description: String,
}

/// The check of the deliverables after the swarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The agent that reviews.
    pub agent: String,
    /// How thorough the review is.
    pub depth: Depth,
    /// How often a failed review is sent back to the swarm.
    pub max_reworks: u32,
}

/// The wait for the customer's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Names of the ratings that an approval may include.
    pub ratings: Vec<String>,
    /// How often the customer may ask for changes.
    pub max_revisions: u32,
    /// Earlier phases to which the customer may return the work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revise_to: Vec<String>,
    /// Interval between reminders.
    #[serde(with = "millis::optional")]
    pub remind_after: Option<Duration>,
    /// Time after which the gate expires.
    #[serde(with = "millis::optional")]
    pub expires_after: Option<Duration>,
    /// What happens when the gate expires.
    pub on_expiry: OnExpiry,
    /// The group that may decide as well after the gate has expired once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<String>,
    /// The people who must approve; absent when one person who may decide is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Approvers>,
}

/// The people who must approve a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approvers {
    /// Groups whose members may decide; empty for anyone who may decide in the engagement.
    pub groups: Vec<String>,
    /// Number of people who must approve.
    pub quorum: u32,
    /// Whether the person who started the engagement may not decide.
    pub not_own: bool,
}

/// Notes from earlier work that are shown to agents at the start of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// Maximum number of lessons.
    pub lessons: u32,
    /// Maximum number of preferences of the customer.
    pub preferences: u32,
    /// Maximum number of summaries of earlier work in the engagement.
    pub summaries: u32,
    /// Maximum number of tokens of all of them.
    pub tokens: u32,
}

/// New swarms after one that failed or reached a limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Maximum number of new swarms.
    pub max_attempts: u32,
    /// Factor by which the timeouts grow with each new swarm.
    pub timeout_factor: f64,
}

/// How a rehearsal deviates from the definitions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Its name.
    pub name: String,
    /// One line about it, or empty.
    pub description: String,
    /// The workflow to rehearse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Path of its statement of work in the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sow: Option<String>,
    /// Values of the workflow's inputs, as a person would type them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// Agents that behave differently.
    pub agents: Vec<AgentBend>,
    /// Reviews that fail.
    pub reviews: Vec<ReviewBend>,
    /// The customer's behaviour at gates.
    pub gates: Vec<GateBend>,
    /// The customer's answers to questions.
    pub answers: Vec<Answer>,
}

/// An agent that behaves differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentBend {
    /// Name of the agent.
    pub agent: String,
    /// The phase in which it happens; `None` means every phase.
    pub phase: Option<String>,
    /// How often it happens in a phase.
    pub times: u32,
    /// What the agent does.
    pub bend: Bend,
}

/// What an agent does differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bend {
    /// Asks the customer.
    Asks(String),
    /// Hands off to this agent instead of working.
    LoopsWith(String),
    /// Writes this path.
    Writes(String),
    /// Its model call fails.
    Fails(Failure),
    /// Each of its replies takes this long.
    Takes(#[serde(with = "millis")] Duration),
    /// Never writes this deliverable.
    Forgets(String),
    /// Finds fault with a deliverable that it reviews.
    Rejects {
        /// Its path.
        path: String,
        /// What is wrong.
        finds: String,
    },
}

/// A review that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewBend {
    /// The phase that is reviewed.
    pub phase: String,
    /// The finding of the review.
    pub finds: String,
    /// How often the review fails.
    pub times: u32,
}

/// The customer's behaviour at a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateBend {
    /// The phase that the gate belongs to.
    pub phase: String,
    /// Approves with these ratings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approves: Option<Vec<(String, u8)>>,
    /// Asks for changes with this feedback.
    pub revises: Option<String>,
    /// The earlier phase to which that returns the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Time that the customer waits before deciding.
    #[serde(with = "millis::optional")]
    pub silent_for: Option<Duration>,
}

/// The customer's answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// A part of the question; case does not matter.
    pub question: String,
    /// The answer.
    pub answer: String,
}
