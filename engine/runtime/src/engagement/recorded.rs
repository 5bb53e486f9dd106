//! What events record: how an engagement started, commits, answers, messages, and its end.

use std::collections::BTreeMap;

use cloudcrew_definition::crew::Agent;
use cloudcrew_definition::syntax::InputValue;
use cloudcrew_ports::memory::MemoryRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How an engagement started. Later edits to the definitions do not change it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// Its id.
    pub project: String,
    /// The person who owns it.
    pub owner: String,
    /// The person who started it.
    pub actor: String,
    /// Version of the semantics of the plan and of these events.
    pub semantics: u32,
    /// Version of the engine, for display.
    pub engine: String,
    /// Name of the workflow.
    pub workflow: String,
    /// Blob that holds the definition.
    pub definition: String,
    /// Blob that holds the plan.
    pub plan: String,
    /// File name of the statement of work.
    pub sow_file: String,
    /// Blob that holds its text.
    pub sow: String,
    /// Blob that holds its items as they were read at the start, so that their numbers never
    /// change. Absent in engagements started by older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sow_items: Option<String>,
    /// The values of the workflow's inputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, InputValue>,
    /// The overlay of the workspace that its definitions come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
    /// The earlier engagement that it continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<AfterRecord>,
    /// A model that all agents use instead of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Models that individual agents use instead of their own: agent, model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agent_models: Vec<(String, String)>,
    /// The run mode.
    #[serde(default)]
    pub voice: RunMode,
    /// Name of the rehearsal file that changes the default rehearsal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<String>,
    /// Path of the repository, for display and to open it again.
    pub repo: String,
    /// URL of the repository on a server, whose clone `repo` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// Its branch.
    pub branch: String,
    /// The engagement's date, `YYYY-MM-DD`; the only date that artifacts contain.
    pub date: String,
    /// A random id that distinguishes engagements of the same name. Empty in engagements started by
    /// older versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
    /// The commit at which its branch starts; absent in an empty repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseRecord>,
}

/// The earlier engagement that another one continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AfterRecord {
    /// Its id.
    pub project: String,
    /// Its workflow.
    pub workflow: String,
    /// Ids of its assumptions and blockers that were settled: they are not carried over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<String>,
}

/// The commit at which a branch starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaseRecord {
    /// The commit.
    pub commit: String,
    /// The branch or revision that named it.
    pub name: String,
}

/// Where the agents' replies come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum RunMode {
    /// Derived from the definitions. No live model is called, and nothing costs money.
    #[default]
    Rehearsal,
    /// From the models that the definitions name.
    Live {
        /// Path of the cassette to record to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<String>,
    },
    /// From a cassette.
    Replay {
        /// Its path.
        cassette: String,
    },
}

impl RunMode {
    /// Whether replies are derived from the definitions instead of coming from a model.
    pub fn is_rehearsal(&self) -> bool {
        *self == RunMode::Rehearsal
    }

    /// Whether live models reply.
    pub fn is_live(&self) -> bool {
        matches!(self, RunMode::Live { .. })
    }
}

impl Started {
    /// Returns the name of the model that an agent uses.
    pub fn model_of(&self, agent: &Agent) -> String {
        let own =
            self.agent_models.iter().find(|(name, _)| *name == agent.name).map(|(_, model)| model);
        own.or(self.model.as_ref()).unwrap_or(&agent.model).clone()
    }
}

/// A part of a prompt, identified by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceHash {
    /// Name of the part: `prompt`, `task`, `ledger`, `feedback`, ...
    pub source: String,
    /// Hex SHA-256 of its text.
    pub hash: String,
}

/// A commit and the files it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitRecord {
    /// Key of the step that wrote it.
    pub step: String,
    /// The commit.
    pub commit: String,
    /// The changed paths with the object ids of their blobs; the id of a removed file is empty.
    pub paths: Vec<(String, String)>,
    /// Name of the agent that wrote it.
    pub author: String,
}

/// A recorded answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answered {
    /// The decision.
    pub decision: Decision,
    /// The person who answered.
    pub actor: String,
    /// Where the answer came from: `terminal`, `approve-all`, `rehearsal`.
    pub channel: String,
    /// Digest of what the person saw.
    pub digest: String,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Continue with the next phase.
    Approve {
        /// Ratings, each 1 to 5.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ratings: Vec<(String, u8)>,
    },
    /// Run the phase again with this feedback, or all phases from an earlier one on.
    Revise {
        /// The customer's feedback.
        words: String,
        /// The earlier phase to which the work returns.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// Ratings, each 1 to 5.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ratings: Vec<(String, u8)>,
    },
    /// The answer to a question.
    Answer {
        /// The answer's value.
        value: Value,
    },
}

impl Decision {
    /// The ratings of this decision.
    pub fn ratings(&self) -> &[(String, u8)] {
        match self {
            Decision::Approve { ratings } | Decision::Revise { ratings, .. } => ratings,
            Decision::Answer { .. } => &[],
        }
    }

    /// The decision in words, with the phase to which the work returns.
    pub fn words(&self) -> String {
        match self {
            Decision::Revise { to: Some(to), .. } => format!("returned to {to}"),
            other => other.name().to_owned(),
        }
    }

    /// The decision in one word, for display.
    pub fn name(&self) -> &'static str {
        match self {
            Decision::Approve { .. } => "approved",
            Decision::Revise { .. } => "revised",
            Decision::Answer { .. } => "answered",
        }
    }
}

/// A person's role in an engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May do everything, and give roles to others.
    Owner,
    /// May see it, cancel it, resume it and retry it.
    Operator,
    /// May see it and answer its requests.
    Approver,
    /// May see it.
    Viewer,
}

impl Role {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Operator => "operator",
            Role::Approver => "approver",
            Role::Viewer => "viewer",
        }
    }
}

/// A person with a role in an engagement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// The person.
    pub person: String,
    /// The role.
    pub role: Role,
    /// Groups of approvers that the person belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The person who gave the role.
    pub actor: String,
}

/// A message from the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageRecord {
    /// Unique in the engagement. A repeated message is recorded once.
    pub id: String,
    /// The person who sent it.
    pub actor: String,
    /// Its text.
    pub words: String,
    /// Name of the agent that answers it. Empty in messages of older versions, which are shown to
    /// the next agent that starts a visit and not answered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
}

/// The answer to messages of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplyRecord {
    /// Ids of the messages that it answers.
    pub messages: Vec<String>,
    /// Name of the agent that answers.
    pub agent: String,
    /// Its text; empty when there is no answer.
    pub words: String,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Why>,
}

/// What a person thinks of an engagement after its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SurveyRecord {
    /// The person.
    pub actor: String,
    /// Ratings by question, each 1 to 5.
    pub ratings: Vec<(String, u8)>,
    /// What the person says, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
}

/// A remark on a passage of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemarkRecord {
    /// Unique in the engagement.
    pub id: String,
    /// The person who made it.
    pub actor: String,
    /// Path of the file.
    pub path: String,
    /// Object id of the version that the person read.
    pub oid: String,
    /// The passage, word for word.
    pub quote: String,
    /// What the person says about it.
    pub words: String,
}

/// A step of the change from one phase to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transition {
    /// The phase.
    pub phase: String,
    /// What ended: the swarm `discovery.2`, or the gate's request `discovery-1`.
    pub of: String,
    /// Name of the step: `summary`, `decisions`, `records`, `patterns`, `memory`, `metrics`.
    pub step: String,
    /// Ids of the ledger entries that a person approved with the phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// Decisions with the records that the engine wrote for them: id of the ledger row, path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adrs: Vec<(String, String)>,
    /// Notes that the engine made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<MemoryRecord>,
    /// Why it failed; absent when it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Transition {
    /// A step that did nothing yet.
    pub fn new(phase: &str, of: &str, step: &str) -> Transition {
        let [phase, of, step] = [phase, of, step].map(str::to_owned);
        let (accepted, adrs, notes, fault) = (Vec::new(), Vec::new(), Vec::new(), None);
        Transition { phase, of, step, accepted, adrs, notes, fault }
    }
}

/// Why something did not end as intended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// A sentence for a person.
    pub text: String,
    /// The YAML key to change, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

/// How an engagement ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// Kind of the final state.
    pub kind: EndReason,
    /// A sentence for a person.
    pub text: String,
    /// The YAML key to change, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

/// Why an engagement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All phases are complete.
    Completed,
    /// A limit was reached, something failed, or a review did not pass.
    Failed,
    /// A budget is used up.
    BudgetExhausted,
    /// A gate was not decided in time.
    Expired,
    /// A person cancelled it.
    Cancelled,
}
