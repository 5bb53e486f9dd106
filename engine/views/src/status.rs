//! `show`: where an engagement stands.

use cloudcrew_ports::model::Usage;
use cloudcrew_runtime::engagement::{BaseRecord, End, Engagement, Finding, Request};
use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;
use super::cost::usd;

/// `show`: where an engagement stands.
#[derive(Serialize, JsonSchema)]
pub struct Show {
    /// Always 1.
    pub version: u32,
    /// Its id.
    pub project: String,
    /// Its workflow.
    pub workflow: String,
    /// Whether no live model is called: tokens are estimates.
    pub rehearsal: bool,
    /// State of the plan where it stands.
    pub state: String,
    /// Why its provider refuses, when somebody must change something outside before it goes on.
    pub blocked: Option<String>,
    /// How it ended.
    pub end: Option<End>,
    /// All phases, in order.
    pub phases: Vec<Phase>,
    /// All handoffs, in order.
    pub handoffs: Vec<Handoff>,
    /// All requests, answered or not.
    pub requests: Vec<Request>,
    /// Entries of its journal.
    pub events: u64,
    /// Branch that the crew writes.
    pub branch: String,
    /// Path of the repository.
    pub repo: String,
    /// Last commit of the branch.
    pub head: Option<String>,
    /// Where the branch began; absent in a repository that was empty.
    pub base: Option<BaseRecord>,
    /// That the customer's branch has moved on since.
    pub moved_on: Option<MovedOn>,
    /// Digest of the definition it is pinned to.
    pub definition: String,
    /// Digest of the plan it is pinned to.
    pub plan: String,
    /// What was used.
    pub usage: Used,
}

/// Commits that the work does not have yet.
#[derive(Serialize, JsonSchema)]
pub struct MovedOn {
    /// The branch on which the work began.
    pub branch: String,
    /// How many it has more.
    pub commits: usize,
}

/// What came of a phase so far.
#[derive(Serialize, JsonSchema)]
pub struct Phase {
    /// Its name.
    pub phase: String,
    /// Runs that began.
    pub revision: u32,
    /// Who worked, visit by visit.
    pub visits: Vec<String>,
    /// Whether the last review passed.
    pub reviewed: Option<bool>,
    /// What the last review found.
    pub findings: Vec<Finding>,
    /// Ratings of the approval.
    pub ratings: Vec<(String, u8)>,
    /// The customer's words, run by run.
    pub feedback: Vec<String>,
}

/// Work that changed hands.
#[derive(Serialize, JsonSchema)]
pub struct Handoff {
    /// In which phase.
    pub phase: String,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
}

/// Sums over an engagement.
#[derive(Serialize, JsonSchema)]
pub struct Used {
    /// Model calls.
    pub calls: u32,
    /// Tokens.
    pub tokens: Usage,
    /// US dollars; absent when a price is unknown.
    pub usd: Option<f64>,
}

/// The document of an engagement. `repo` is the whole path of its repository.
pub fn status(engagement: &Engagement, repo: String, moved_on: Option<MovedOn>) -> Show {
    let state = &engagement.state;
    let total = state.meter.total();
    let phase = |(phase, _): &(String, String)| {
        let progress = state.progress(phase);
        Phase {
            phase: phase.clone(),
            revision: progress.revision,
            visits: progress.visits.clone(),
            reviewed: progress.reviewed,
            findings: progress.findings.clone(),
            ratings: progress.ratings.clone(),
            feedback: progress.feedback.clone(),
        }
    };
    let handoff = |(phase, from, to): &(String, String, String)| Handoff {
        phase: phase.clone(),
        from: from.clone(),
        to: to.clone(),
    };
    Show {
        version: VERSION,
        project: engagement.project.clone(),
        workflow: state.started.workflow.clone(),
        rehearsal: state.started.voice.is_rehearsal(),
        state: state.at.clone(),
        blocked: state
            .parked
            .as_ref()
            .filter(|parked| parked.blocked)
            .map(|parked| parked.reason.clone()),
        end: state.end.clone(),
        phases: state.plan().entries.iter().map(phase).collect(),
        handoffs: state.handoffs.iter().map(handoff).collect(),
        requests: state.requests.clone(),
        events: engagement.head.seq,
        branch: state.started.branch.clone(),
        repo,
        head: state.head.clone(),
        base: state.started.base.clone(),
        moved_on,
        definition: state.started.definition.clone(),
        plan: state.started.plan.clone(),
        usage: Used { calls: total.calls, tokens: total.usage, usd: usd(&total) },
    }
}
