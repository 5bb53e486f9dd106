//! The state graph: ordered plain data.

use cloudcrew_definition::digest::sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the plan's form and meaning: 2 has [`Outcome::Incomplete`] and [`Outcome::Reopened`],
/// 3 has [`Outcome::Returned`]. Plans of older versions are walked unchanged.
pub const SEMANTICS: u32 = 3;
/// The oldest supported version.
pub const OLDEST_SEMANTICS: u32 = 1;

/// A workflow as a state graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// [`SEMANTICS`] of the engine that built it.
    pub semantics: u32,
    /// Name of the workflow.
    pub workflow: String,
    /// Hash of the definition it was built from.
    pub definition: String,
    /// Default first state of an engagement.
    pub start: String,
    /// Each phase and its first state, in order: a plan can be entered at any of them.
    pub entries: Vec<(String, String)>,
    /// All states; the final ones last.
    pub states: Vec<State>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// Unique: `discovery.swarm`, `done`.
    pub name: String,
    /// What happens in the state.
    pub kind: Kind,
    /// The phase it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The transitions, tried in order; empty for a final state.
    pub on: Vec<Transition>,
}

/// What happens in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The agents of a phase work.
    Swarm,
    /// An agent's question waits for the customer; the swarm rests.
    Question,
    /// A model's provider is unavailable; the swarm rests.
    Park,
    /// The deliverables are checked.
    Review,
    /// The customer decides.
    Gate,
    /// Work after the last phase; never blocks completion.
    Finalize,
    /// Completed.
    Done,
    /// Ended by a limit, a failure or an exhausted budget.
    Failed,
    /// Ended by a person.
    Cancelled,
    /// Ended by a gate at which nobody decided in time.
    Expired,
}

impl Kind {
    /// Whether an engagement ends here.
    pub fn is_final(self) -> bool {
        matches!(self, Kind::Done | Kind::Failed | Kind::Cancelled | Kind::Expired)
    }

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Swarm => "swarm",
            Kind::Question => "question",
            Kind::Park => "park",
            Kind::Review => "review",
            Kind::Gate => "gate",
            Kind::Finalize => "finalize",
            Kind::Done => "done",
            Kind::Failed => "failed",
            Kind::Cancelled => "cancelled",
            Kind::Expired => "expired",
        }
    }
}

/// A transition to another state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transition {
    /// The outcome that triggers it.
    pub on: Outcome,
    /// Name of the next state.
    pub to: String,
    /// How often it may be taken; after that, the next transition on the same outcome applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// Counters to reset to zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resets: Vec<Counter>,
    /// Phases that run again, in order. Their counters restart at zero, except for revisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<String>,
}

/// The outcome of a state.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The swarm ended by itself.
    Finished,
    /// The swarm ended by itself, but a deliverable is missing.
    Incomplete,
    /// An agent asks the customer.
    Asked,
    /// The provider is unavailable.
    Parked,
    /// A limit ended the swarm or the review.
    Limit,
    /// The swarm or the review failed.
    Failed,
    /// The process died; the same swarm continues.
    Died,
    /// A budget is exhausted.
    Exhausted,
    /// A person ends the engagement.
    Cancelled,
    /// The customer answered.
    Answered,
    /// The provider is to be tried again.
    Back,
    /// The review passed.
    Passed,
    /// The review found faults.
    Faulted,
    /// The customer approved.
    Approved,
    /// The customer requests changes.
    Revised,
    /// The customer returns the work to an earlier phase. The only outcome whose next state someone
    /// chooses.
    Returned,
    /// An approved artifact changed before the next phase began: the customer is asked again.
    Reopened,
    /// Nobody decided in time.
    Expired,
    /// All work after the last phase was attempted.
    Finalized,
}

impl Outcome {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Finished => "finished",
            Outcome::Incomplete => "incomplete",
            Outcome::Asked => "asked",
            Outcome::Parked => "parked",
            Outcome::Limit => "limit",
            Outcome::Failed => "failed",
            Outcome::Died => "died",
            Outcome::Exhausted => "exhausted",
            Outcome::Cancelled => "cancelled",
            Outcome::Answered => "answered",
            Outcome::Back => "back",
            Outcome::Passed => "passed",
            Outcome::Faulted => "faulted",
            Outcome::Approved => "approved",
            Outcome::Revised => "revised",
            Outcome::Returned => "returned",
            Outcome::Reopened => "reopened",
            Outcome::Expired => "expired",
            Outcome::Finalized => "finalized",
        }
    }
}

/// A counter; each phase has its own.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Deaths of the process at one step.
    Restarts,
    /// New swarms after a limit or a failure.
    Retries,
    /// Swarms sent back by a review.
    Reworks,
    /// Runs requested by the customer.
    Revisions,
    /// Swarms sent back because something was missing.
    Deliveries,
}

/// How often a transition may be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bound {
    /// The counter.
    pub counter: Counter,
    /// Maximum of the counter.
    pub max: u32,
    /// The YAML key to raise: `phases/discovery.yaml retry.max_attempts`.
    pub key: String,
}

impl Plan {
    /// The state with this name.
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|s| s.name == name)
    }

    /// The first state of a phase.
    pub fn entry(&self, phase: &str) -> Option<&str> {
        self.entries.iter().find(|(p, _)| p == phase).map(|(_, s)| s.as_str())
    }

    /// The plan in bytes: the same plan has the same bytes everywhere.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a plan is plain data with text keys")
    }

    /// Hex SHA-256 of its bytes.
    pub fn hash(&self) -> String {
        sha256(self.bytes())
    }
}
