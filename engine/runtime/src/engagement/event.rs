//! Events: the entries of a journal.

use std::time::Duration;

use cloudcrew_definition::crew::{Live as Served, Price};
use cloudcrew_plan::{Bound, Outcome};
pub use cloudcrew_tools::{
    Done as ToolDone, Finding, Recollection, RemarkAnswer, RemarkOutcome, Verdict as VerdictRecord,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::meter::Charge;
pub use super::recorded::{
    AfterRecord, Answered, BaseRecord, CommitRecord, Decision, End, EndReason, Member,
    MessageRecord, RemarkRecord, ReplyRecord, Role, RunMode, SourceHash, Started, SurveyRecord,
    Transition, Why,
};
use super::request::Request;
use crate::swarm::{Input, SwarmSpec, Trim};
use cloudcrew_ports::model::{Billing, Purpose};

/// Something that happened. New kinds and optional fields may be added; the meaning of a kind never
/// changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The engagement started; always the first entry.
    Started(Box<Started>),
    /// A state of the plan was entered.
    Entered {
        /// Its name.
        state: String,
        /// Outcome of the previous state; absent for the first state.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<Outcome>,
        /// The state to continue with after a reopened gate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// The reason, when something did not end as intended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Why>,
    },
    /// A swarm started: a phase's work, or its review.
    SwarmBegan {
        /// Its id: `discovery.1` or `discovery.1.review`.
        swarm: String,
        /// Whether it works or reviews.
        purpose: Purpose,
        /// Everything it needs to run.
        spec: Box<SwarmSpec>,
        /// Problems that the engine found before the review started.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
    },
    /// A visit was opened, with this system prompt.
    VisitOpened {
        /// Number of the visit, from 1.
        visit: u32,
        /// Name of the agent.
        agent: String,
        /// Blob that holds the system prompt.
        system: String,
        /// Length in bytes of its prefix that the agent's other visits share until the phase
        /// restarts.
        #[serde(default)]
        steady: usize,
        /// Hashes of the prompt's parts.
        sources: Vec<SourceHash>,
    },
    /// The visit that was opened is shown notes of earlier work. Their words are in its input.
    Recalled {
        /// Name of the agent.
        agent: String,
        /// Hex SHA-256 of the words that were searched for.
        query: String,
        /// The notes, in the order shown.
        notes: Vec<Recollection>,
        /// Hex SHA-256 of what is shown.
        hash: String,
        /// How long a write to the store may have stayed invisible to this search, in milliseconds.
        #[serde(default, skip_serializing_if = "is_zero")]
        lag_ms: u64,
        /// Why notes of other engagements could not be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
    },
    /// A model call is about to be made.
    ModelCalled {
        /// Key of the call: `discovery.1.v2.t0.m1`.
        step: String,
        /// Name of the agent.
        agent: String,
        /// Name of the model.
        model: String,
        /// Upper bound of what it can cost.
        reserved: Charge,
        /// Whether a call with no recorded outcome costs money.
        billing: Billing,
    },
    /// Tools are about to be called.
    ToolsCalled {
        /// Name of the agent.
        agent: String,
        /// Step and tool name of each call.
        calls: Vec<(String, String)>,
    },
    /// A commit is about to be made.
    CommitIntended {
        /// Key of the step that writes.
        step: String,
        /// The parent commit; absent for the first commit of a branch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// Date of the commit, seconds since 1970 UTC.
        date: i64,
    },
    /// A commit was made.
    Committed(CommitRecord),
    /// Someone else moved the branch.
    ForeignCommits {
        /// Its last known commit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Its current commit.
        to: String,
        /// Ids of the new commits, oldest first.
        commits: Vec<String>,
    },
    /// The branch on the server is at this commit.
    Pushed {
        /// The commit.
        commit: String,
    },
    /// The branch on the server is behind.
    NotPushed {
        /// The commit that was to be pushed.
        commit: String,
        /// Number of commits that the server lacks, as far as we know.
        commits: usize,
        /// Why they could not be pushed.
        reason: String,
        /// When to try again, milliseconds since 1970 UTC.
        again: i64,
    },
    /// A person allowed the engagement to end without pushing its last commits.
    PushWaived {
        /// The person.
        actor: String,
    },
    /// The swarm accepted an input.
    SwarmInput {
        /// The input.
        input: Box<Input>,
        /// Active time that the step took, in milliseconds.
        elapsed_ms: u64,
        /// What the call cost, when the input is a reply or a fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settled: Option<Charge>,
        /// Effects of the tool call, when the input is its result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done: Option<ToolDone>,
    },
    /// A review ended.
    Reviewed {
        /// The phase.
        phase: String,
        /// Whether the phase passed.
        passed: bool,
        /// The problems found.
        findings: Vec<Finding>,
    },
    /// The engine checked the phase's deliverables after its swarm completed.
    Checked {
        /// The phase.
        phase: String,
        /// What is missing; empty when earlier findings have been resolved.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
    },
    /// The provider is unavailable.
    ParkedUntil {
        /// When to try again, milliseconds since 1970 UTC.
        at: i64,
        /// The provider's error.
        reason: String,
        /// Whether the call will keep failing until someone fixes the cause.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocked: bool,
    },
    /// A conversation was shortened before the next call.
    Trimmed {
        /// Name of the agent.
        agent: String,
        /// Number of the visit.
        visit: u32,
        /// What was left out.
        trim: Trim,
    },
    /// The pinned settings of a model were replaced; later calls use the new ones.
    Rerouted {
        /// Its name in `agents.yaml`.
        model: String,
        /// Its new provider settings.
        live: Box<Served>,
        /// Its price; absent when unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price: Option<Price>,
    },
    /// At least 80% of a budget is used.
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
    /// A person answered a request. Only the first answer is recorded.
    RequestAnswered {
        /// Id of the request.
        request: String,
        /// The answer.
        answer: Answered,
    },
    /// A person approved a request that needs more approvals.
    Voted {
        /// Id of the request.
        request: String,
        /// The approval.
        answer: Answered,
        /// Number of approvals with this one.
        have: u32,
    },
    /// The deadline of a request has passed: it is extended, and another group may decide as well.
    Escalated {
        /// Id of the request.
        request: String,
    },
    /// A person got a role in the engagement, or another one.
    MemberSet(Member),
    /// A person lost the role.
    MemberRemoved {
        /// The person.
        person: String,
        /// The person who removed it.
        actor: String,
    },
    /// A reminder was sent.
    Reminded {
        /// Id of the request.
        request: String,
        /// Reminder number, from 1.
        number: u32,
    },
    /// A request was not answered in time.
    RequestExpired {
        /// Id of the request.
        request: String,
    },
    /// What a request asked about has changed, and another request replaced it.
    RequestSuperseded {
        /// Id of the request.
        request: String,
    },
    /// Someone asked to cancel the engagement.
    CancelRequested {
        /// The person who asked.
        actor: String,
    },
    /// The customer sent a message.
    MessageReceived(MessageRecord),
    /// An agent starts to answer a message outside of a swarm.
    ConversationBegan {
        /// Id of the message.
        message: String,
        /// Everything the conversation needs to run.
        spec: Box<SwarmSpec>,
    },
    /// An agent joined the conversation, with this system prompt.
    ConversationJoined {
        /// Number of the visit, from 1.
        visit: u32,
        /// Name of the agent.
        agent: String,
        /// Blob that holds the system prompt.
        system: String,
        /// See [`Event::VisitOpened`].
        #[serde(default)]
        steady: usize,
        /// Hashes of the prompt's parts.
        sources: Vec<SourceHash>,
    },
    /// A model call of the conversation is about to be made.
    ConversationCalled {
        /// Key of the call: `message.m-1f.v1.t0.m0`.
        step: String,
        /// Name of the agent.
        agent: String,
        /// Name of the model.
        model: String,
        /// Upper bound of what it can cost.
        reserved: Charge,
        /// Whether a call with no recorded outcome costs money.
        billing: Billing,
    },
    /// The conversation accepted an input.
    ConversationInput {
        /// The input.
        input: Box<Input>,
        /// Active time that the step took, in milliseconds.
        elapsed_ms: u64,
        /// What the call cost, when the input is a reply or a fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settled: Option<Charge>,
        /// Effects of the tool call, when the input is its result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done: Option<ToolDone>,
    },
    /// An agent answered messages of the customer.
    Replied(ReplyRecord),
    /// A person made a remark on a passage of a file.
    Remarked(RemarkRecord),
    /// A person said what became of a remark, or that it is settled. Agents say it with a tool.
    RemarkAnswered {
        /// Id of the remark.
        remark: String,
        /// The person.
        actor: String,
        /// What became of it; absent when the person only settles it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<RemarkAnswer>,
        /// Whether it is settled.
        closes: bool,
    },
    /// A person answered the survey after the end. The last answer of a person counts.
    Surveyed(SurveyRecord),
    /// A step of the change from one phase to the next was done.
    Transitioned(Box<Transition>),
    /// A person withdrew a note: it is no longer shown to anyone.
    Withdrawn {
        /// Id of the note.
        memory: String,
        /// The person.
        actor: String,
        /// The reason.
        reason: String,
    },
    /// A person accepted a note: later engagements of the owner are shown it.
    NoteAccepted {
        /// Id of the note.
        memory: String,
        /// The person.
        actor: String,
    },
    /// A person published a note to all owners.
    Published {
        /// Id of the note.
        memory: String,
        /// The person.
        actor: String,
    },
    /// A process took over the lease after another died while a swarm was running.
    ProcessDied {
        /// The state in which it died.
        state: String,
    },
    /// A finalize step was run.
    Finalized {
        /// Its name.
        step: String,
        /// Why it failed; absent when it succeeded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<String>,
    },
    /// The engagement continues with other definitions.
    Repinned {
        /// Blob that holds the definition.
        definition: String,
        /// Blob that holds the plan.
        plan: String,
    },
    /// An ended engagement is retried; the next entry enters a state. Approvals of this phase and
    /// later ones are void.
    Retried {
        /// The phase to restart.
        phase: String,
        /// The person who retries it.
        actor: String,
    },
    /// The engagement ended. Only messages, cancel requests, other definitions and a retry may
    /// follow.
    Ended(End),
}

/// A duration in milliseconds.
pub(super) fn ms(time: Duration) -> u64 {
    time.as_millis().min(u128::from(u64::MAX)) as u64
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Describes a bound that is used up, for [`End`].
pub(super) fn bound_words(bound: &Bound) -> String {
    format!("`{}` is {}", bound.key, bound.max)
}

/// Whether an entry of this kind may change who may see its engagement, or do something in it.
pub fn concerns_rights(kind: &str) -> bool {
    matches!(kind, "member_set" | "member_removed" | "repinned")
}

/// The kind of an event, as in its JSON.
pub(super) fn label(event: &Event) -> &'static str {
    match event {
        Event::Started(_) => "started",
        Event::Entered { .. } => "entered",
        Event::SwarmBegan { .. } => "swarm_began",
        Event::VisitOpened { .. } => "visit_opened",
        Event::Recalled { .. } => "recalled",
        Event::ModelCalled { .. } => "model_called",
        Event::ToolsCalled { .. } => "tools_called",
        Event::CommitIntended { .. } => "commit_intended",
        Event::Committed(_) => "committed",
        Event::ForeignCommits { .. } => "foreign_commits",
        Event::Pushed { .. } => "pushed",
        Event::NotPushed { .. } => "not_pushed",
        Event::PushWaived { .. } => "push_waived",
        Event::SwarmInput { .. } => "swarm_input",
        Event::Reviewed { .. } => "reviewed",
        Event::Checked { .. } => "checked",
        Event::ParkedUntil { .. } => "parked_until",
        Event::Trimmed { .. } => "trimmed",
        Event::Rerouted { .. } => "rerouted",
        Event::BudgetNeared { .. } => "budget_neared",
        Event::RequestOpened(_) => "request_opened",
        Event::RequestAnswered { .. } => "request_answered",
        Event::Voted { .. } => "voted",
        Event::Escalated { .. } => "escalated",
        Event::MemberSet(_) => "member_set",
        Event::MemberRemoved { .. } => "member_removed",
        Event::Reminded { .. } => "reminded",
        Event::RequestExpired { .. } => "request_expired",
        Event::RequestSuperseded { .. } => "request_superseded",
        Event::CancelRequested { .. } => "cancel_requested",
        Event::MessageReceived(_) => "message_received",
        Event::ConversationBegan { .. } => "conversation_began",
        Event::ConversationJoined { .. } => "conversation_joined",
        Event::ConversationCalled { .. } => "conversation_called",
        Event::ConversationInput { .. } => "conversation_input",
        Event::Replied(_) => "replied",
        Event::Remarked(_) => "remarked",
        Event::RemarkAnswered { .. } => "remark_answered",
        Event::Surveyed(_) => "surveyed",
        Event::Transitioned(_) => "transitioned",
        Event::Withdrawn { .. } => "withdrawn",
        Event::NoteAccepted { .. } => "note_accepted",
        Event::Published { .. } => "published",
        Event::ProcessDied { .. } => "process_died",
        Event::Finalized { .. } => "finalized",
        Event::Repinned { .. } => "repinned",
        Event::Retried { .. } => "retried",
        Event::Ended(_) => "ended",
    }
}
