//! Engagements: a row of a list, the status, and all of it.

use std::collections::BTreeMap;

use cloudcrew_plan::Kind;
use cloudcrew_ports::index::Listing;
use cloudcrew_runtime::engagement::{End, EndReason, Engagement, Standing, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::OpenRequest;
use super::time::Time;

/// Where an engagement is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// The crew works.
    Running,
    /// A person must answer.
    Waiting,
    /// The provider of a model is unavailable, or it or the Git server refuses until
    /// someone fixes the cause.
    Parked,
    /// All phases are complete.
    Done,
    /// A limit was reached, something failed, or a budget is used up.
    Failed,
    /// A person cancelled it.
    Cancelled,
    /// A gate was not decided in time.
    Expired,
}

impl Lifecycle {
    /// All of them.
    pub const ALL: [Lifecycle; 7] = [
        Lifecycle::Running,
        Lifecycle::Waiting,
        Lifecycle::Parked,
        Lifecycle::Done,
        Lifecycle::Failed,
        Lifecycle::Cancelled,
        Lifecycle::Expired,
    ];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Lifecycle::Running => "running",
            Lifecycle::Waiting => "waiting",
            Lifecycle::Parked => "parked",
            Lifecycle::Done => "done",
            Lifecycle::Failed => "failed",
            Lifecycle::Cancelled => "cancelled",
            Lifecycle::Expired => "expired",
        }
    }

    fn new(end: Option<&End>, waits: bool, parked: bool) -> Lifecycle {
        match end.map(|end| end.kind) {
            Some(EndReason::Completed) => Lifecycle::Done,
            Some(EndReason::Failed | EndReason::BudgetExhausted) => Lifecycle::Failed,
            Some(EndReason::Expired) => Lifecycle::Expired,
            Some(EndReason::Cancelled) => Lifecycle::Cancelled,
            None if waits => Lifecycle::Waiting,
            None if parked => Lifecycle::Parked,
            None => Lifecycle::Running,
        }
    }

    /// From a summary.
    pub fn of_standing(standing: &Standing) -> Lifecycle {
        let parked = standing.blocked.is_some() || standing.state.ends_with(".park");
        Lifecycle::new(standing.end.as_ref(), !standing.requests.is_empty(), parked)
    }

    /// From the whole state.
    pub fn of_state(state: &State) -> Lifecycle {
        let parked =
            state.parked.is_some() || state.blocked().is_some() || state.kind() == Some(Kind::Park);
        let waits = state.open_requests().next().is_some();
        Lifecycle::new(state.end.as_ref(), waits, parked)
    }
}

/// A page of engagements, in the order they were started.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectPage {
    /// The engagements.
    pub projects: Vec<ProjectRow>,
    /// Pass as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A row of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectRow {
    /// Its id.
    pub id: String,
    /// Its workflow.
    pub workflow: String,
    /// When it was started.
    pub created: Time,
    /// Whether it calls no live model.
    pub rehearsal: bool,
    /// The current phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Where it is in its life.
    pub state: Lifecycle,
    /// What waits for a person.
    pub waiting: Vec<OpenRequest>,
    /// Why the provider of a model, or the Git server, refuses until someone fixes
    /// the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<EndReport>,
    /// Whether it ended less than 30 days ago and nobody has answered its survey.
    pub asks_survey: bool,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

impl ProjectRow {
    /// Creates the row of an engagement. `now` is in milliseconds since 1970 UTC.
    pub fn new(listing: &Listing, standing: &Standing, now: i64) -> ProjectRow {
        ProjectRow {
            id: listing.engagement.clone(),
            workflow: standing.workflow.clone(),
            created: Time(listing.created),
            rehearsal: standing.rehearsal,
            phase: standing.state.rsplit_once('.').map(|(phase, _)| phase.to_owned()),
            state: Lifecycle::of_standing(standing),
            waiting: standing.requests.iter().map(OpenRequest::new).collect(),
            blocked: standing.blocked.clone(),
            end: standing.end.as_ref().map(EndReport::new),
            asks_survey: standing.asks_survey(now),
            as_of: listing.head.seq,
        }
    }
}

/// Why an engagement ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// All phases are done.
    Completed,
    /// A limit or a fault ended it.
    Failed,
    /// A budget was used up.
    BudgetExhausted,
    /// A gate was not decided in time.
    Expired,
    /// Someone cancelled it.
    Cancelled,
}

/// How an engagement ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndReport {
    /// Why.
    pub kind: EndKind,
    /// A sentence for a person.
    pub text: String,
    /// The YAML key to change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
}

impl EndReport {
    fn new(end: &End) -> EndReport {
        let kind = match end.kind {
            EndReason::Completed => EndKind::Completed,
            EndReason::Failed => EndKind::Failed,
            EndReason::BudgetExhausted => EndKind::BudgetExhausted,
            EndReason::Expired => EndKind::Expired,
            EndReason::Cancelled => EndKind::Cancelled,
        };
        EndReport { kind, text: end.text.clone(), key: end.key.clone() }
    }
}

/// What happens in an engagement now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectStatus {
    /// Its id.
    pub id: String,
    /// The current phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Where it is in its life.
    pub state: Lifecycle,
    /// The agent that works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What waits for a person.
    pub waiting: Vec<OpenRequest>,
    /// Why the provider of a model is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked: Option<String>,
    /// When an unavailable provider is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked_until: Option<Time>,
    /// Commits that the Git server does not have yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpushed: Option<UnpushedCommits>,
    /// What was spent.
    pub spend: Spend,
    /// The deliverables of the current phase.
    pub deliverables: Vec<Deliverable>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<EndReport>,
    /// When the last thing happened.
    pub updated: Time,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// Commits that the Git server does not have yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnpushedCommits {
    /// Number of commits; 0 when it is not known.
    pub commits: u64,
    /// Why they could not be pushed.
    pub reason: String,
    /// When the next attempt is due.
    pub again: Time,
}

impl UnpushedCommits {
    /// Those of an engagement, if there are any.
    pub fn of(state: &State) -> Option<UnpushedCommits> {
        let unpushed = state.unpushed.as_ref().filter(|_| state.is_behind())?;
        Some(UnpushedCommits {
            commits: unpushed.commits as u64,
            reason: unpushed.reason.clone(),
            again: Time(unpushed.again),
        })
    }
}

/// Tokens and money.
#[derive(Debug, Serialize, ToSchema)]
pub struct Spend {
    /// Input and output tokens.
    pub tokens: u64,
    /// Millionths of a US dollar; absent when a price is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
    /// Limit of the engagement's tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_budget: Option<u64>,
    /// Limit of the engagement's money, in millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd_budget: Option<u64>,
    /// Whether tokens are estimates, because no live model was called.
    pub estimated: bool,
}

impl Spend {
    fn new(e: &Engagement) -> Spend {
        let (state, total) = (&e.state, e.state.meter.total());
        let name = &state.started.workflow;
        let budget = e.definition.workflow(name).and_then(|workflow| workflow.budget);
        let raised = |part: &str, limit: Option<u64>| {
            let key = format!("workflows/{name}.yaml budget.{part}");
            state.raised.get(&key).copied().or(limit)
        };
        Spend {
            tokens: total.usage.counted(),
            micro_usd: (total.unpriced == 0).then_some(total.micro_usd),
            token_budget: raised("tokens", budget.and_then(|budget| budget.tokens)),
            micro_usd_budget: raised("usd", budget.and_then(|budget| budget.micro_usd)),
            estimated: state.started.voice.is_rehearsal(),
        }
    }
}

/// A file that a phase owes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deliverable {
    /// Its path in the repository.
    pub path: String,
    /// The phase that owes it.
    pub phase: String,
    /// The agent that writes it.
    pub owner: String,
    /// Whether the crew has written it.
    pub written: bool,
    /// Its object id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
}

impl Deliverable {
    /// The deliverables of a phase.
    pub fn of_phase(e: &Engagement, phase: &str) -> Vec<Deliverable> {
        let owed = e.definition.phase(phase).into_iter().flat_map(|phase| &phase.deliverables);
        owed.map(|owed| {
            let there = e.state.artifacts.get(&owed.path);
            Deliverable {
                path: owed.path.clone(),
                phase: phase.to_owned(),
                owner: owed.owner.clone(),
                written: there.is_some(),
                oid: there.map(|there| there.oid.clone()),
            }
        })
        .collect()
    }
}

impl ProjectStatus {
    /// The status of an engagement.
    pub fn new(e: &Engagement) -> ProjectStatus {
        let state = &e.state;
        let works = matches!(state.kind(), Some(Kind::Swarm | Kind::Review));
        let agent = state.swarm.as_ref().and_then(|run| run.visits.last());
        ProjectStatus {
            id: e.project.clone(),
            phase: state.phase().map(str::to_owned),
            state: Lifecycle::of_state(state),
            agent: agent.filter(|_| works && state.end.is_none()).cloned(),
            waiting: state.open_requests().map(OpenRequest::new).collect(),
            parked: state.parked.as_ref().map(|parked| parked.reason.clone()),
            unpushed: UnpushedCommits::of(state),
            parked_until: state
                .parked
                .as_ref()
                .filter(|parked| !parked.blocked)
                .map(|parked| Time(parked.until)),
            spend: Spend::new(e),
            deliverables: Deliverable::of_phase(e, state.phase().unwrap_or_default()),
            end: state.end.as_ref().map(EndReport::new),
            updated: Time(state.times.1),
            as_of: e.head.seq,
        }
    }
}

/// All of an engagement.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectDetail {
    /// What happens now.
    #[serde(flatten)]
    pub status: ProjectStatus,
    /// Its workflow.
    pub workflow: String,
    /// The person who owns it.
    pub owner: String,
    /// When it was started.
    pub created: Time,
    /// Whether it is a rehearsal: no live model is called.
    pub rehearsal: bool,
    /// The values of the workflow's inputs, as text.
    pub inputs: BTreeMap<String, String>,
    /// All phases, in order.
    pub phases: Vec<PhaseReport>,
    /// The branch that the crew writes to.
    pub branch: String,
    /// Last commit of the branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Digest of the definition it is pinned to.
    pub definition: String,
    /// Digest of the plan it is pinned to.
    pub plan: String,
}

/// The progress of a phase.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhaseReport {
    /// Its name.
    pub phase: String,
    /// What it is for.
    pub description: String,
    /// The current run, from 1; 0 before the first.
    pub revision: u32,
    /// Agents of all visits, in order.
    pub visits: Vec<String>,
    /// Whether the customer approved it.
    pub approved: bool,
    /// Open findings of the last review.
    pub findings: Vec<String>,
    /// The customer's feedback, run by run.
    pub feedback: Vec<String>,
}

impl ProjectDetail {
    /// The detail of an engagement.
    pub fn new(e: &Engagement) -> ProjectDetail {
        let state = &e.state;
        let phase = |(name, _): &(String, String)| {
            let progress = state.progress(name);
            let description = e.definition.phase(name).map(|phase| phase.description.clone());
            PhaseReport {
                phase: name.clone(),
                description: description.unwrap_or_default(),
                revision: progress.revision,
                visits: progress.visits,
                approved: progress.approved.is_some(),
                findings: progress.findings.into_iter().map(|finding| finding.text).collect(),
                feedback: progress.feedback,
            }
        };
        ProjectDetail {
            status: ProjectStatus::new(e),
            workflow: state.started.workflow.clone(),
            owner: state.started.owner.clone(),
            created: Time(state.times.0),
            rehearsal: state.started.voice.is_rehearsal(),
            inputs: state
                .started
                .inputs
                .iter()
                .map(|(name, value)| (name.clone(), value.to_string()))
                .collect(),
            phases: state.plan().entries.iter().map(phase).collect(),
            branch: state.started.branch.clone(),
            head: state.head.clone(),
            definition: state.started.definition.clone(),
            plan: state.started.plan.clone(),
        }
    }
}
