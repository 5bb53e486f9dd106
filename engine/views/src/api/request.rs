//! Requests: what waits for a person, and everything that the person needs to decide.

use cloudcrew_definition::syntax::OnExpiry;
use cloudcrew_plan::Outcome;
use cloudcrew_plan::forecast::{Estimate, of_phase};
use cloudcrew_ports::memory::MemoryRecord;
use cloudcrew_runtime::engagement::{
    AnswerForm, Decision, Engagement, Part, Request, RequestKind, Unit,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::project::UnpushedCommits;
use super::time::Time;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingKind {
    /// To approve a phase, or to request changes.
    Gate,
    /// To answer an agent's question.
    Question,
    /// To raise a budget, or to let the engagement end.
    Budget,
    /// To say whether a call of a tool had its effect, after a process died during it.
    Effect,
}

/// Approvals of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Quorum {
    /// Approvals so far.
    pub have: u32,
    /// Approvals that are needed.
    pub need: u32,
}

impl Quorum {
    /// The approvals of a request.
    pub fn of(request: &Request) -> Quorum {
        let (have, need) = request.quorum();
        Quorum { have, need }
    }
}

/// A request that waits for a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OpenRequest {
    /// Its id, unique in the engagement.
    pub id: String,
    /// What it asks for.
    pub kind: WaitingKind,
    /// The phase.
    pub phase: String,
    /// What is asked, in one sentence.
    pub text: String,
    /// Digest of what is asked about. A decision names the digest that the person saw.
    pub digest: String,
    /// Who may answer.
    pub answerer: String,
    /// Groups whose members may decide; empty for anyone who may decide in the engagement.
    pub groups: Vec<String>,
    /// Approvals so far, and how many are needed.
    pub quorum: Quorum,
    /// People who have approved.
    pub voters: Vec<String>,
    /// Since when it waits.
    pub opened: Time,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// What happens when it expires: `stop`, `approve` or `escalate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_expiry: Option<String>,
    /// The group that decides after an escalation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<String>,
    /// Number of reminders sent.
    pub reminders: u32,
    /// The answers to choose from, by their words or their number from 1; empty for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Whether the question may be skipped, with an empty answer.
    pub optional: bool,
    /// The questions, when there are several: the answer has one line for each, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<QuestionPart>,
}

/// One of several questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QuestionPart {
    /// The question.
    pub question: String,
    /// The answers to choose from, by their words or their number from 1; empty for any text.
    pub choices: Vec<String>,
    /// Whether it may be skipped, with an empty line.
    pub optional: bool,
}

impl OpenRequest {
    /// A request as it is listed.
    pub fn new(request: &Request) -> OpenRequest {
        let on_expiry = request.on_expiry.map(|then| match then {
            OnExpiry::Stop => "stop",
            OnExpiry::Approve => "approve",
            OnExpiry::Escalate if request.escalated => "stop",
            OnExpiry::Escalate => "escalate",
        });
        let escalates = on_expiry == Some("escalate");
        let form = match &request.kind {
            RequestKind::Question { form, .. } => form.clone(),
            RequestKind::Approval { .. } | RequestKind::Budget { .. } => AnswerForm::default(),
        };
        OpenRequest {
            id: request.id.clone(),
            kind: kind(request),
            phase: request.phase.clone(),
            text: text(request),
            digest: request.digest.clone(),
            answerer: request.answerer.clone(),
            groups: request.groups().into_iter().map(str::to_owned).collect(),
            quorum: Quorum::of(request),
            voters: request.votes.iter().map(|vote| vote.actor.clone()).collect(),
            opened: Time(request.opened),
            deadline: request.expires.map(Time),
            on_expiry: on_expiry.map(str::to_owned),
            escalate_to: request.escalate_to.clone().filter(|_| escalates),
            reminders: request.reminders,
            choices: form.choices,
            optional: form.optional,
            parts: form.parts.into_iter().map(part).collect(),
        }
    }
}

fn part(part: Part) -> QuestionPart {
    let Part { question, choices, optional } = part;
    QuestionPart { question, choices, optional }
}

fn kind(request: &Request) -> WaitingKind {
    match &request.kind {
        RequestKind::Question { form, .. } if form.is_effect() => WaitingKind::Effect,
        RequestKind::Approval { .. } => WaitingKind::Gate,
        RequestKind::Question { .. } => WaitingKind::Question,
        RequestKind::Budget { .. } => WaitingKind::Budget,
    }
}

fn text(request: &Request) -> String {
    match &request.kind {
        RequestKind::Approval { findings, .. } if findings.is_empty() => {
            format!("Approve {}, or request changes", request.phase)
        }
        RequestKind::Approval { findings, .. } => {
            let many = if findings.len() == 1 { "finding" } else { "findings" };
            format!("Decide on {} with {} open {many}", request.phase, findings.len())
        }
        RequestKind::Question { agent, question, form, .. } => {
            format!("{} asks: {question}", form.asker(agent))
        }
        RequestKind::Budget { budget, unit, spent, needed, limit } => format!(
            "The next call may need {}, and {} of {} are used ({budget}); raise the limit or stop",
            unit.show(*needed),
            unit.show(*spent),
            unit.show(*limit)
        ),
    }
}

/// All that waits, in all engagements that the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxPage {
    /// The requests, in the order in which their engagements were started.
    pub requests: Vec<InboxRow>,
    /// Pass as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A request with its engagement.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxRow {
    /// The engagement.
    pub project: String,
    /// Whether the engagement calls no live model.
    pub rehearsal: bool,
    /// The request.
    #[serde(flatten)]
    pub request: OpenRequest,
    /// Number of the engagement's journal entry that this shows.
    pub as_of: u64,
}

/// The requests of an engagement.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestPage {
    /// The requests, in the order they were opened.
    pub requests: Vec<RequestDetail>,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// A request with everything that the person needs to decide.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestDetail {
    /// The request.
    #[serde(flatten)]
    pub request: OpenRequest,
    /// Run of the phase, from 1.
    pub revision: u32,
    /// The files that a decision covers.
    pub subject: Vec<Subject>,
    /// Names of the ratings that a gate asks for, each 1 to 5.
    pub ratings: Vec<String>,
    /// Whether changes may still be requested.
    pub may_revise: bool,
    /// Earlier phases to which the work may be returned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revise_to: Vec<String>,
    /// Open findings of the last review.
    pub findings: Vec<String>,
    /// Notes that later engagements are shown once a person approves an open gate.
    pub notes: Vec<OfferedNote>,
    /// The budget, when one is to be raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetAsked>,
    /// The state that follows an approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What the next phase is expected to cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Coverage>,
    /// Commits that the Git server does not have yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpushed: Option<UnpushedCommits>,
    /// The answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// Whether it expired before it was answered.
    pub expired: bool,
    /// Whether another request replaced it because its subject changed.
    pub superseded: bool,
}

/// A note of the crew that an approval lets later engagements see.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedNote {
    /// Its id.
    pub id: String,
    /// Its subject.
    pub about: String,
    /// Its text.
    pub text: String,
}

/// A file that a decision covers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subject {
    /// Its path in the repository.
    pub path: String,
    /// Its object id.
    pub oid: String,
    /// Its object id when the phase was last approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

/// A budget to raise. Amounts are in tokens, or in millionths of a US dollar.
#[derive(Debug, Serialize, ToSchema)]
pub struct BudgetAsked {
    /// Its YAML key.
    pub key: String,
    /// `tokens` or `micro_usd`.
    pub unit: String,
    /// The amount used.
    pub spent: u64,
    /// The most that the next call may take.
    pub needed: u64,
    /// Its limit.
    pub limit: u64,
}

/// What a phase is expected to take.
#[derive(Debug, Serialize, ToSchema)]
pub struct Coverage {
    /// The phase.
    pub phase: String,
    /// What it is expected to take.
    #[serde(flatten)]
    pub expected: Expected,
}

/// Expected tokens and money.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Expected {
    /// Fewest expected tokens.
    pub tokens_low: u64,
    /// Most expected tokens.
    pub tokens_high: u64,
    /// Least expected money in millionths of a US dollar; absent when a price is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd_low: Option<u64>,
    /// Most expected money in millionths of a US dollar; absent when a price is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd_high: Option<u64>,
}

impl From<Estimate> for Expected {
    fn from(estimate: Estimate) -> Expected {
        let tokens = estimate.tokens();
        Expected {
            tokens_low: tokens.low,
            tokens_high: tokens.high,
            micro_usd_low: estimate.micro_usd.map(|money| money.low),
            micro_usd_high: estimate.micro_usd.map(|money| money.high),
        }
    }
}

/// A recorded answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer {
    /// `approved`, `revised` or `answered`.
    pub decision: String,
    /// The earlier phase to which a revision returns the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The person.
    pub actor: String,
    /// Where it came from.
    pub channel: String,
    /// When it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// The words of a revision or an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Digest of what the person saw.
    pub digest: String,
}

impl Answer {
    /// The answer to a request, if there is one.
    pub fn of(request: &Request) -> Option<Answer> {
        let answer = request.answer.as_ref()?;
        let to = match &answer.decision {
            Decision::Revise { to, .. } => to.clone(),
            _ => None,
        };
        let words = match &answer.decision {
            Decision::Approve { .. } => None,
            Decision::Revise { words, .. } => Some(words.clone()),
            Decision::Answer { value } => {
                Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            }
        };
        Some(Answer {
            decision: answer.decision.name().to_owned(),
            to,
            actor: answer.actor.clone(),
            channel: answer.channel.clone(),
            at: request.answered.map(Time),
            words,
            digest: answer.digest.clone(),
        })
    }
}

impl RequestDetail {
    /// A request of an engagement.
    pub fn new(e: &Engagement, request: &Request) -> RequestDetail {
        let (ratings, may_revise, revise_to, findings) = match &request.kind {
            RequestKind::Approval { ratings, may_revise, revise_to, findings } => (
                ratings.clone(),
                *may_revise,
                revise_to.clone(),
                findings.iter().map(|finding| finding.text.clone()).collect(),
            ),
            RequestKind::Question { .. } | RequestKind::Budget { .. } => {
                (Vec::new(), false, Vec::new(), Vec::new())
            }
        };
        // An approval is the base of comparison even after the customer returned the work.
        let approved = e.state.requests.iter().rev().find(|earlier| {
            let decision = earlier.answer.as_ref().map(|answer| &answer.decision);
            earlier.phase == request.phase && matches!(decision, Some(Decision::Approve { .. }))
        });
        let approved = approved.map(|earlier| earlier.subject.as_slice()).unwrap_or_default();
        let base = |path: &str| {
            approved.iter().find(|(there, _)| there == path).map(|(_, oid)| oid.clone())
        };
        let next = next(e, request);
        RequestDetail {
            request: OpenRequest::new(request),
            revision: request.revision,
            subject: request
                .subject
                .iter()
                .map(|(path, oid)| Subject {
                    path: path.clone(),
                    oid: oid.clone(),
                    base: base(path),
                })
                .collect(),
            ratings,
            may_revise,
            revise_to,
            findings,
            notes: notes(e, request),
            budget: budget(request),
            forecast: next.as_deref().and_then(|next| forecast(e, next)),
            next,
            unpushed: UnpushedCommits::of(&e.state).filter(|_| request.is_open()),
            answer: Answer::of(request),
            expired: request.expired,
            superseded: request.superseded,
        }
    }
}

fn notes(e: &Engagement, request: &Request) -> Vec<OfferedNote> {
    if !request.is_open() || !matches!(request.kind, RequestKind::Approval { .. }) {
        return Vec::new();
    }
    let note = |record: &MemoryRecord| OfferedNote {
        id: record.id.clone(),
        about: record.about.clone(),
        text: record.text.clone(),
    };
    e.state.lifted_by(request).into_iter().map(note).collect()
}

fn budget(request: &Request) -> Option<BudgetAsked> {
    let RequestKind::Budget { budget, unit, spent, needed, limit } = &request.kind else {
        return None;
    };
    let unit = match unit {
        Unit::Tokens => "tokens",
        Unit::MicroUsd => "micro_usd",
    };
    let (key, unit) = (budget.clone(), unit.to_owned());
    Some(BudgetAsked { key, unit, spent: *spent, needed: *needed, limit: *limit })
}

/// The state that follows when an open gate is approved.
fn next(e: &Engagement, request: &Request) -> Option<String> {
    let gate = matches!(request.kind, RequestKind::Approval { .. }) && request.is_open();
    let state = format!("{}.gate", request.phase);
    let next = e.state.plan().next(&state, Outcome::Approved, &e.state.counters);
    next.ok().filter(|_| gate).map(|next| next.to.clone())
}

fn forecast(e: &Engagement, state: &str) -> Option<Coverage> {
    let phase = e.definition.phase(e.state.plan().state(state)?.phase.as_deref()?)?;
    let expected = of_phase(&e.definition, phase).estimate.into();
    Some(Coverage { phase: phase.name.clone(), expected })
}
