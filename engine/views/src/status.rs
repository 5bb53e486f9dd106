//! `show`: the state of an engagement.

use std::collections::BTreeMap;

use cloudcrew_definition::syntax::InputValue;
use cloudcrew_ports::model::Usage;
use cloudcrew_runtime::engagement::{
    AfterRecord, BaseRecord, End, Engagement, Finding, Request, Unpushed,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;
use super::cost::usd;

/// `show`: the state of an engagement.
#[derive(Serialize, JsonSchema)]
pub struct Show {
    /// Always 1.
    pub version: u32,
    /// Its id.
    pub project: String,
    /// Its workflow.
    pub workflow: String,
    /// Whether it is a rehearsal: no live model is called, and tokens are estimates.
    pub rehearsal: bool,
    /// The earlier engagement that it continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<AfterRecord>,
    /// The overlay of the workspace that its definitions come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
    /// The values of the workflow's inputs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, InputValue>,
    /// Its current state.
    pub state: String,
    /// Why its provider, or the Git server, refuses until someone fixes the cause.
    pub blocked: Option<String>,
    /// How it ended; absent until then.
    pub end: Option<End>,
    /// All phases, in order.
    pub phases: Vec<Phase>,
    /// All handoffs, in order.
    pub handoffs: Vec<Handoff>,
    /// All requests, answered or not.
    pub requests: Vec<Request>,
    /// Number of entries in its journal.
    pub events: u64,
    /// The branch that the crew writes to.
    pub branch: String,
    /// Path of the repository.
    pub repo: String,
    /// URL of the repository on a server, whose clone that is.
    pub remote: Option<String>,
    /// The last commit that the server has, as far as the journal knows.
    pub pushed: Option<String>,
    /// Why the server is behind.
    pub unpushed: Option<String>,
    /// Last commit of the branch.
    pub head: Option<String>,
    /// The commit at which the branch starts; absent when the repository was empty.
    pub base: Option<BaseRecord>,
    /// New commits on the customer's branch.
    pub moved_on: Option<MovedOn>,
    /// Digest of the definition it is pinned to.
    pub definition: String,
    /// Digest of the plan it is pinned to.
    pub plan: String,
    /// Total usage.
    pub usage: Used,
}

/// Commits on the customer's branch that the work does not contain.
#[derive(Serialize, JsonSchema)]
pub struct MovedOn {
    /// The branch that the work started from.
    pub branch: String,
    /// Number of new commits.
    pub commits: usize,
}

/// The progress of a phase.
#[derive(Serialize, JsonSchema)]
pub struct Phase {
    /// Its name.
    pub phase: String,
    /// The current run, from 1; 0 before the first.
    pub revision: u32,
    /// Agents of all visits, in order.
    pub visits: Vec<String>,
    /// Whether the last review passed.
    pub reviewed: Option<bool>,
    /// Findings of the last review.
    pub findings: Vec<Finding>,
    /// Ratings of the approval.
    pub ratings: Vec<(String, u8)>,
    /// The customer's feedback, run by run.
    pub feedback: Vec<String>,
}

/// A handoff between two agents.
#[derive(Serialize, JsonSchema)]
pub struct Handoff {
    /// The phase.
    pub phase: String,
    /// The agent that handed off.
    pub from: String,
    /// The next agent.
    pub to: String,
}

/// Total usage of an engagement.
#[derive(Serialize, JsonSchema)]
pub struct Used {
    /// Number of model calls.
    pub calls: u32,
    /// Tokens.
    pub tokens: Usage,
    /// US dollars; absent when a price is unknown.
    pub usd: Option<f64>,
}

/// Creates the document of an engagement. `repo` is the full path of its repository.
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
        after: state.started.after.clone(),
        overlay: state.started.overlay.clone(),
        inputs: state.started.inputs.clone(),
        state: state.at.clone(),
        blocked: state.blocked(),
        end: state.end.clone(),
        phases: state.plan().entries.iter().map(phase).collect(),
        handoffs: state.handoffs.iter().map(handoff).collect(),
        requests: state.requests.clone(),
        events: engagement.head.seq,
        branch: state.started.branch.clone(),
        repo,
        remote: state.started.remote.clone(),
        pushed: state.pushed.clone(),
        unpushed: state.unpushed.as_ref().map(Unpushed::words),
        head: state.head.clone(),
        base: state.started.base.clone(),
        moved_on,
        definition: state.started.definition.clone(),
        plan: state.started.plan.clone(),
        usage: Used { calls: total.calls, tokens: total.usage, usd: usd(&total) },
    }
}
