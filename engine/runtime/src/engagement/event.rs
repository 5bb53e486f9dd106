//! What can happen, as journal entries.

use std::time::Duration;

use cloudcrew_definition::crew::{Agent, Live as Served, Price};
use cloudcrew_plan::{Bound, Outcome};
pub use cloudcrew_tools::{Done as ToolDone, Finding, Verdict as VerdictRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::meter::Charge;
use super::request::Request;
use crate::swarm::{Input, SwarmSpec, Trim};
use cloudcrew_ports::model::{Billing, Purpose};

/// What happened. New kinds and new optional fields may be added; a kind is never given another
/// meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The engagement began; always the first entry.
    Started(Box<Started>),
    /// A state of the plan was entered.
    Entered {
        /// Its name.
        state: String,
        /// What came out of the state before; absent for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Outcome>,
        /// Where to go on after a gate that opened again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// Why it came to this, when something ended otherwise than it should.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Why>,
    },
    /// A swarm began: a phase's work, or its review.
    SwarmBegan {
        /// Which one: `discovery.1` or `discovery.1.review`.
        swarm: String,
        /// What for.
        purpose: Purpose,
        /// All it needs to run.
        spec: Box<SwarmSpec>,
        /// What the engine found wrong before a review began.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
    },
    /// An agent got the floor; what its prompt was made of.
    VisitOpened {
        /// The visit, from 1.
        visit: u32,
        /// Who.
        agent: String,
        /// Blob of the system prompt.
        system: String,
        /// Bytes at its beginning that the agent's other visits share, as long as the phase is not
        /// begun anew.
        #[serde(default)]
        steady: usize,
        /// The prompt's parts by hash.
        sources: Vec<SourceHash>,
    },
    /// A model is about to be called.
    ModelCalled {
        /// Which call: `discovery.1.v2.t0.m1`.
        step: String,
        /// Who speaks.
        agent: String,
        /// With which model.
        model: String,
        /// What it can cost at most.
        reserved: Charge,
        /// Whether a lost call costs money.
        billing: Billing,
    },
    /// Tools are about to run.
    ToolsCalled {
        /// Who calls.
        agent: String,
        /// Step and tool name of each.
        calls: Vec<(String, String)>,
    },
    /// A commit is about to be made.
    CommitIntended {
        /// Which step writes.
        step: String,
        /// Commit it builds on; absent for the first of a branch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// Seconds since 1970 UTC.
        date: i64,
    },
    /// A commit is there.
    Committed(CommitRecord),
    /// Somebody else moved the branch.
    ForeignCommits {
        /// Where it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Where it is.
        to: String,
        /// Ids of the new commits, oldest first.
        commits: Vec<String>,
    },
    /// The swarm took something in.
    SwarmInput {
        /// What.
        input: Box<Input>,
        /// Active time that the step took, in milliseconds.
        elapsed_ms: u64,
        /// What the call cost, for a reply or a fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settled: Option<Charge>,
        /// What a tool did, for its result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done: Option<ToolDone>,
    },
    /// A review came to its end.
    Reviewed {
        /// The phase.
        phase: String,
        /// Whether nothing is wrong.
        passed: bool,
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The engine looked for what the phase owes, after a swarm that ended by itself.
    Checked {
        /// The phase.
        phase: String,
        /// What is missing; empty when nothing is, and something was before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
    },
    /// The provider is away; tried again then.
    ParkedUntil {
        /// Milliseconds since 1970 UTC.
        at: i64,
        /// What it said.
        reason: String,
        /// Whether the same call would fail again until somebody changes something.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocked: bool,
    },
    /// A conversation was cut back before the next call.
    Trimmed {
        /// Whose.
        agent: String,
        /// In which visit.
        visit: u32,
        /// What was left out.
        trim: Trim,
    },
    /// A model is called in another way from here on: somebody mended what is pinned.
    Rerouted {
        /// Its name in `agents.yaml`.
        model: String,
        /// Who serves it and how.
        live: Box<Served>,
        /// Its price; absent: unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price: Option<Price>,
    },
    /// A budget is used to four fifths.
    BudgetNeared {
        /// Its YAML key: `agents.yaml agents.pm.budget.tokens`.
        budget: String,
        /// What was used.
        spent: u64,
        /// Its limit, in the same unit: tokens, or millionths of a US dollar.
        limit: u64,
    },
    /// A person must answer something.
    RequestOpened(Box<Request>),
    /// A person answered; the first answer, and the only one.
    RequestAnswered {
        /// Which request.
        request: String,
        /// What was answered, by whom.
        answer: Answered,
    },
    /// A reminder went out.
    Reminded {
        /// Which request.
        request: String,
        /// The how manieth, from 1.
        number: u32,
    },
    /// Nobody answered in time.
    RequestExpired {
        /// Which request.
        request: String,
    },
    /// What a request asked about has changed: another one asks about what is there now.
    RequestSuperseded {
        /// Which request.
        request: String,
    },
    /// Somebody wants the engagement to end.
    CancelRequested {
        /// Who.
        actor: String,
    },
    /// The customer said something without being asked.
    MessageReceived(MessageRecord),
    /// A process took the lease over from one that died in the middle of a swarm.
    ProcessDied {
        /// The state it died in.
        state: String,
    },
    /// A finalize step was tried.
    Finalized {
        /// Its name.
        step: String,
        /// Why it did not work; absent when it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
    },
    /// The engagement goes on by other definitions.
    Repinned {
        /// Blob of the definition.
        definition: String,
        /// Blob of the plan.
        plan: String,
    },
    /// An engagement that had ended is tried again; a state is entered next. Approvals from this
    /// phase on are void.
    Retried {
        /// The phase that begins again.
        phase: String,
        /// Who wants it.
        actor: String,
    },
    /// The engagement came to its end. Only what [`may_follow_the_end`] says can follow.
    Ended(End),
}

/// How an engagement began. A run means what it meant then, whatever is edited later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// Its id.
    pub project: String,
    /// Whose it is.
    pub owner: String,
    /// Who started it.
    pub actor: String,
    /// Meaning of the plan and of these events.
    pub semantics: u32,
    /// Version of the engine, for people.
    pub engine: String,
    /// Name of the workflow.
    pub workflow: String,
    /// Blob of the definition.
    pub definition: String,
    /// Blob of the plan.
    pub plan: String,
    /// Name of the statement of work's file.
    pub sow_file: String,
    /// Blob of its text.
    pub sow: String,
    /// Model that all agents use instead of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Models that single agents use instead: agent, model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agent_models: Vec<(String, String)>,
    /// Who speaks for the agents.
    #[serde(default)]
    pub voice: RunMode,
    /// Name of the rehearsal file that bends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<String>,
    /// Path of the repository, for people and for opening it again.
    pub repo: String,
    /// Its branch.
    pub branch: String,
    /// The engagement's day, `YYYY-MM-DD`: the only date that artifacts know.
    pub date: String,
    /// Names this engagement among all: two of one name are two. Empty in engagements of older
    /// versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
    /// Where its branch begins; absent in an empty repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseRecord>,
}

/// Where a branch begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BaseRecord {
    /// The commit.
    pub commit: String,
    /// The branch or revision that named it.
    pub name: String,
}

/// Who speaks for the agents of an engagement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum RunMode {
    /// Nobody: each does what its definition obliges it to, and nothing is paid.
    #[default]
    Rehearsal,
    /// The models that the definitions name.
    Live {
        /// Cassette to which everything is recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<String>,
    },
    /// A cassette.
    Replay {
        /// Its path.
        cassette: String,
    },
}

impl RunMode {
    /// Whether what is said was thought by a model, now or when it was recorded.
    pub fn is_rehearsal(&self) -> bool {
        *self == RunMode::Rehearsal
    }
}

impl Started {
    /// Name of the model that an agent uses.
    pub fn model_of(&self, agent: &Agent) -> String {
        let own =
            self.agent_models.iter().find(|(name, _)| *name == agent.name).map(|(_, model)| model);
        own.or(self.model.as_ref()).unwrap_or(&agent.model).clone()
    }
}

/// A part of a prompt, by hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceHash {
    /// Which part: `prompt`, `task`, `ledger`, `feedback`, ...
    pub source: String,
    /// Hex SHA-256 of its text.
    pub hash: String,
}

/// A commit and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitRecord {
    /// Which step wrote.
    pub step: String,
    /// The commit.
    pub commit: String,
    /// The paths with their blobs' object ids.
    pub paths: Vec<(String, String)>,
    /// Who wrote.
    pub author: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answered {
    /// The decision.
    pub decision: Decision,
    /// Who.
    pub actor: String,
    /// By which way: `terminal`, `approve-all`, `rehearsal`.
    pub channel: String,
    /// Digest of what was seen.
    pub digest: String,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Goes on.
    Approve {
        /// Ratings, each 1 to 5.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ratings: Vec<(String, u8)>,
    },
    /// The phase runs again with these words.
    Revise {
        /// The customer's words.
        words: String,
        /// Ratings, each 1 to 5.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ratings: Vec<(String, u8)>,
    },
    /// The answer to a question.
    Answer {
        /// What was said.
        value: Value,
    },
}

impl Decision {
    /// The ratings that came with it.
    pub fn ratings(&self) -> &[(String, u8)] {
        match self {
            Decision::Approve { ratings } | Decision::Revise { ratings, .. } => ratings,
            Decision::Answer { .. } => &[],
        }
    }

    /// One word for people.
    pub fn name(&self) -> &'static str {
        match self {
            Decision::Approve { .. } => "approved",
            Decision::Revise { .. } => "revised",
            Decision::Answer { .. } => "answered",
        }
    }
}

/// Unasked words of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MessageRecord {
    /// Unique in the engagement; a repeated message is one.
    pub id: String,
    /// Who.
    pub actor: String,
    /// What.
    pub words: String,
}

/// Why something ended otherwise than it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Why {
    /// A sentence for a person.
    pub text: String,
    /// The YAML key to change, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

/// How it ended.
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

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All phases are done.
    Completed,
    /// A limit, a failure or a review.
    Failed,
    /// A budget is used up.
    BudgetExhausted,
    /// Nobody decided in time.
    Expired,
    /// A person ended it.
    Cancelled,
}

/// Milliseconds of a duration.
pub(super) fn ms(time: Duration) -> u64 {
    time.as_millis().min(u128::from(u64::MAX)) as u64
}

/// Names the bound that is used up, for [`End`].
pub(super) fn bound_words(bound: &Bound) -> String {
    format!("`{}` is {}", bound.key, bound.max)
}

/// An event's kind, as in its JSON.
pub(super) fn label(event: &Event) -> &'static str {
    match event {
        Event::Started(_) => "started",
        Event::Entered { .. } => "entered",
        Event::SwarmBegan { .. } => "swarm_began",
        Event::VisitOpened { .. } => "visit_opened",
        Event::ModelCalled { .. } => "model_called",
        Event::ToolsCalled { .. } => "tools_called",
        Event::CommitIntended { .. } => "commit_intended",
        Event::Committed(_) => "committed",
        Event::ForeignCommits { .. } => "foreign_commits",
        Event::SwarmInput { .. } => "swarm_input",
        Event::Reviewed { .. } => "reviewed",
        Event::Checked { .. } => "checked",
        Event::ParkedUntil { .. } => "parked_until",
        Event::Trimmed { .. } => "trimmed",
        Event::Rerouted { .. } => "rerouted",
        Event::BudgetNeared { .. } => "budget_neared",
        Event::RequestOpened(_) => "request_opened",
        Event::RequestAnswered { .. } => "request_answered",
        Event::Reminded { .. } => "reminded",
        Event::RequestExpired { .. } => "request_expired",
        Event::RequestSuperseded { .. } => "request_superseded",
        Event::CancelRequested { .. } => "cancel_requested",
        Event::MessageReceived(_) => "message_received",
        Event::ProcessDied { .. } => "process_died",
        Event::Finalized { .. } => "finalized",
        Event::Repinned { .. } => "repinned",
        Event::Retried { .. } => "retried",
        Event::Ended(_) => "ended",
    }
}
