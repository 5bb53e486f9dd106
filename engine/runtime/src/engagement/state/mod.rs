//! The state of an engagement: a fold of its events, and the only table of legal transitions.

mod conversation;
mod figures;
mod files;
mod items;
mod legal;
mod memory;
mod patterns;
mod phases;
mod position;
mod pushes;
mod remarks;
mod requests;
mod swarm;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cloudcrew_definition::crew::{Live as Served, Price};
use cloudcrew_plan::{Counters, Kind, Outcome, Plan};
use cloudcrew_ports::model::Billing;
use cloudcrew_tools::{DeliverableScore, Settled, WorkItem};

use super::event::{
    CommitRecord, End, Event, Member, MessageRecord, Started, SurveyRecord, Why, label,
};
use super::meter::Meter;
use super::request::{Request, RequestKind};

pub use conversation::{Conversation, Exchange, Talk};
pub use figures::{Course, Figures, Worked};
pub use files::Artifact;
pub(super) use memory::Shown;
pub use memory::{Memories, Reach};
pub use patterns::UsedPattern;
pub use phases::PhaseProgress;
pub use pushes::Unpushed;
pub use remarks::Remark;
use swarm::ends_call;
pub use swarm::{SwarmRun, VisitPrompt};
pub(super) use trust::CARRIED;
pub use trust::is_persons;

/// An event that is illegal in the current state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot happen in `{at}`: {why}")]
pub struct Illegal {
    /// Name of the current state.
    pub at: String,
    /// Kind of the event.
    pub event: &'static str,
    /// Why it is illegal.
    pub why: String,
}

/// A provider that is unavailable or refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// When to try it again, milliseconds since 1970 UTC.
    pub until: i64,
    /// The provider's error.
    pub reason: String,
    /// Whether someone must fix the cause first.
    pub blocked: bool,
}

/// The state of an engagement.
#[derive(Debug)]
pub struct State {
    plan: Plan,
    /// How it started.
    pub started: Started,
    /// Name of the current state; empty before the first.
    pub at: String,
    /// How often a state was entered.
    pub entered: u64,
    /// The state before it, and its outcome.
    pub before: Option<(String, Outcome)>,
    /// The state to continue with after a reopened gate.
    pub resume: Option<String>,
    /// Counters of the plan's bounds.
    pub counters: Counters,
    /// Progress of the phases, by name.
    pub phases: BTreeMap<String, PhaseProgress>,
    /// The current swarm.
    pub swarm: Option<SwarmRun>,
    /// All requests in the order they were opened.
    pub requests: Vec<Request>,
    /// Tokens and money used.
    pub meter: Meter,
    /// Files of the crew, by path.
    pub artifacts: BTreeMap<String, Artifact>,
    /// Head of the branch, as far as the journal knows.
    pub head: Option<String>,
    /// Where the branch is on the server, as far as the journal knows.
    pub pushed: Option<String>,
    /// Why the server is behind, since the last attempt.
    pub unpushed: Option<Unpushed>,
    /// The person who allowed the engagement to end without pushing.
    pub waived: Option<String>,
    /// The announced commit: step, parent, date.
    pub intended: Option<(String, Option<String>, i64)>,
    /// Ids of the rows written to the ledger.
    pub recorded: BTreeSet<String>,
    /// Commits by step.
    pub commits: BTreeMap<String, CommitRecord>,
    /// People with a role, by name. Whoever owns it needs none.
    pub members: BTreeMap<String, Member>,
    /// How often it was retried.
    pub retries: u32,
    /// The person who asked to cancel it.
    pub cancel: Option<String>,
    /// Customer messages that no visit has shown yet.
    pub inbox: Vec<MessageRecord>,
    /// The conversation with the customer.
    pub conversation: Conversation,
    /// What people think of it after its end, by person.
    pub surveys: BTreeMap<String, SurveyRecord>,
    /// All remarks in the order they were made.
    pub remarks: Vec<Remark>,
    /// Work items, in the order they were created.
    pub items: Vec<WorkItem>,
    /// Uses of patterns, in order.
    pub patterns: Vec<UsedPattern>,
    /// Digests of the patterns that it contributed.
    pub contributed: BTreeSet<String>,
    /// Promotions of patterns: step, digest, agent, time.
    pub promoted: Vec<(String, String, String, i64)>,
    /// What the work took, besides tokens.
    pub figures: Figures,
    /// Scores of deliverables, by path.
    pub scores: BTreeMap<String, DeliverableScore>,
    /// When the survey was opened, milliseconds since 1970 UTC.
    pub surveyed: Option<i64>,
    /// What became of assumptions and blockers, by id of their row.
    pub settled: BTreeMap<String, Settled>,
    /// The notes for later work.
    pub memories: Memories,
    /// Decisions that the engine wrote records of: id of the ledger row, path.
    pub adrs: BTreeMap<String, String>,
    /// The provider, while it is unavailable or refuses.
    pub parked: Option<Parked>,
    /// Models whose settings were replaced, by name: provider settings and price.
    pub routes: BTreeMap<String, (Served, Option<Price>)>,
    /// Raised budgets: YAML key and new limit.
    pub raised: BTreeMap<String, u64>,
    /// Budgets that were reported as nearly used up: YAML key and limit.
    pub neared: BTreeSet<(String, u64)>,
    /// Finalize steps that were run, with their error if they failed.
    pub finalized: Vec<(String, Option<String>)>,
    /// Name of the first state.
    pub first: Option<String>,
    /// The last model call or commit. A process that dies at the same step again made no progress.
    pub last_step: Option<String>,
    /// The last phase it was in.
    pub last_phase: Option<String>,
    /// How it ended.
    pub end: Option<End>,
    /// All handoffs: phase, from, to.
    pub handoffs: Vec<(String, String, String)>,
    /// Times of the first and the last event, milliseconds since 1970 UTC.
    pub times: (i64, i64),
    /// Why the current state was entered, when something did not end as intended.
    pub reason: Option<Why>,
}

impl State {
    /// The state right after [`Event::Started`].
    pub fn new(plan: Plan, started: Started, at: i64) -> State {
        let head = started.base.as_ref().map(|base| base.commit.clone());
        State {
            plan,
            started,
            at: String::new(),
            entered: 0,
            before: None,
            resume: None,
            counters: Counters::default(),
            retries: 0,
            phases: BTreeMap::new(),
            swarm: None,
            requests: Vec::new(),
            meter: Meter::default(),
            artifacts: BTreeMap::new(),
            head,
            pushed: None,
            unpushed: None,
            waived: None,
            intended: None,
            recorded: BTreeSet::new(),
            commits: BTreeMap::new(),
            members: BTreeMap::new(),
            cancel: None,
            inbox: Vec::new(),
            conversation: Conversation::default(),
            surveys: BTreeMap::new(),
            remarks: Vec::new(),
            items: Vec::new(),
            patterns: Vec::new(),
            contributed: BTreeSet::new(),
            promoted: Vec::new(),
            figures: Figures::default(),
            scores: BTreeMap::new(),
            surveyed: None,
            settled: BTreeMap::new(),
            memories: Memories::default(),
            adrs: BTreeMap::new(),
            parked: None,
            routes: BTreeMap::new(),
            raised: BTreeMap::new(),
            neared: BTreeSet::new(),
            finalized: Vec::new(),
            first: None,
            last_step: None,
            last_phase: None,
            end: None,
            handoffs: Vec::new(),
            times: (at, at),
            reason: None,
        }
    }

    /// The plan it follows.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Kind of the current state.
    pub fn kind(&self) -> Option<Kind> {
        self.plan.state(&self.at).map(|s| s.kind)
    }

    /// Phase of the current state.
    pub fn phase(&self) -> Option<&str> {
        self.plan.state(&self.at)?.phase.as_deref()
    }

    /// Progress of a phase.
    pub fn progress(&self, phase: &str) -> PhaseProgress {
        self.phases.get(phase).cloned().unwrap_or_default()
    }

    /// Object id of the version of a file that the latest phase has approved.
    pub fn approved(&self, path: &str) -> Option<&str> {
        let phases = self.plan().entries.iter().rev();
        let approved = phases.filter_map(|(name, _)| self.phases.get(name)?.approved.as_ref());
        let mut files = approved.flatten().filter(|(there, _)| there == path);
        files.next().map(|(_, oid)| oid.as_str())
    }

    /// The current run of a phase, from 1.
    pub fn revision(&self, phase: &str) -> u32 {
        self.phases.get(phase).map_or(1, |p| p.revision.max(1))
    }

    /// A request by id.
    pub fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().find(|r| r.id == id)
    }

    /// Requests that wait for an answer.
    pub fn open_requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|r| r.is_open() && self.end.is_none())
    }

    /// The latest request of the current gate, answered or not.
    pub fn gate_request(&self) -> Option<&Request> {
        let phase = self.phase()?;
        self.requests
            .iter()
            .rev()
            .find(|r| r.phase == phase && matches!(r.kind, RequestKind::Approval { .. }))
    }

    fn illegal(&self, event: &Event, why: impl Into<String>) -> Illegal {
        let at = if self.at.is_empty() { "start" } else { &self.at };
        Illegal { at: at.to_owned(), event: label(event), why: why.into() }
    }

    /// Applies an event.
    ///
    /// # Errors
    /// When the event is illegal here; the state is then unchanged.
    pub fn apply(&mut self, event: &Event, at: i64) -> Result<(), Illegal> {
        legal::check(self, event)?;
        match event {
            Event::Started(_) => {}
            Event::ToolsCalled { calls, .. } => {
                if let Some(run) = self.swarm.as_mut() {
                    run.called = calls.iter().map(|(step, _)| step.clone()).collect();
                }
            }
            Event::Entered { state, on, resume, why } => {
                self.entered += 1;
                self.enter(state, *on, resume.clone());
                self.counted_entry(*on);
                self.reason = why.clone();
                self.restarts(*on, why.as_ref());
            }
            Event::SwarmBegan { swarm, purpose, spec, findings } => {
                self.swarm_began(swarm, *purpose, spec, findings);
            }
            Event::VisitOpened { visit, agent, system, steady, .. } => {
                let prompt = VisitPrompt { visit: *visit, blob: system.clone(), steady: *steady };
                self.visit_opened(prompt, agent);
            }
            Event::Recalled { notes, .. } => self.visit_recalled(notes),
            Event::ModelCalled { step, agent, model, reserved, billing } => {
                self.progressed(step);
                // A free call that was lost and repeated is the same call.
                if !(*billing == Billing::Free && self.meter.open_step() == Some(step)) {
                    let phase = self.phase().unwrap_or_default().to_owned();
                    let of = [phase.as_str(), agent.as_str(), model.as_str()];
                    self.meter.reserve(of, step, *reserved, *billing);
                }
            }
            Event::CommitIntended { step, parent, date } => {
                self.intended = Some((step.clone(), parent.clone(), *date));
            }
            Event::Committed(record) => {
                self.progressed(&record.step);
                self.committed(record);
                self.written_after_notes(record);
            }
            Event::ForeignCommits { to, .. } => self.head = Some(to.clone()),
            Event::Pushed { commit } => {
                (self.pushed, self.unpushed) = (Some(commit.clone()), None);
                // It was given for what is pushed now.
                self.waived = None;
            }
            Event::NotPushed { commit, commits, reason, again } => {
                self.not_pushed(commit, *commits, reason, *again);
            }
            Event::PushWaived { actor } => self.waived = Some(actor.clone()),
            Event::SwarmInput { input, elapsed_ms, settled, done } => {
                self.swarm_input(input, Duration::from_millis(*elapsed_ms))
                    .map_err(|why| self.illegal(event, why))?;
                self.settled(input, *settled);
                self.counted_step(input, *elapsed_ms);
                if let Some(done) = done {
                    self.tool_done(done);
                    self.recorded.extend(done.ledger.iter().cloned());
                    if let Some(act) = &done.pattern {
                        self.pattern_act(act, input, at);
                    }
                    if let Some(score) = &done.score {
                        self.scores.insert(score.path.clone(), (**score).clone());
                    }
                    if let Some(settled) = &done.settled {
                        self.settled.insert(settled.row.clone(), settled.outcome);
                    }
                    if let Some(verdict) = done.verdict.clone() {
                        self.verdict(verdict);
                    }
                    if let Some(answer) = &done.remark {
                        self.remark_answered(&answer.remark, Some(answer));
                    }
                    if let Some(change) = &done.item {
                        self.item_changed(change);
                    }
                }
            }
            Event::Reviewed { phase, passed, findings } => {
                let progress = self.phases.entry(phase.clone()).or_default();
                progress.reviewed = Some(*passed);
                progress.findings = findings.clone();
            }
            Event::Checked { phase, findings } => {
                self.phases.entry(phase.clone()).or_default().findings = findings.clone();
            }
            Event::ParkedUntil { at, reason, blocked } => {
                let (until, reason, blocked) = (*at, reason.clone(), *blocked);
                self.parked = Some(Parked { until, reason, blocked });
            }
            Event::Trimmed { .. } => {
                if let Some(run) = self.swarm.as_mut() {
                    run.trims += 1;
                }
            }
            Event::Rerouted { model, live, price } => {
                self.routes.insert(model.clone(), ((**live).clone(), *price));
            }
            Event::BudgetNeared { budget, limit, .. } => {
                self.neared.insert((budget.clone(), *limit));
            }
            Event::RequestOpened(request) => self.requests.push((**request).clone()),
            Event::RequestAnswered { request, answer } => self.answered(request, answer, at),
            Event::Voted { request, answer, .. } => {
                if let Some(open) = self.open(request) {
                    open.votes.push(answer.clone());
                }
            }
            Event::Escalated { request } => self.escalated(request, at),
            Event::MemberSet(member) => {
                self.void_votes(&member.person);
                self.members.insert(member.person.clone(), member.clone());
            }
            Event::MemberRemoved { person, .. } => {
                self.void_votes(person);
                self.members.remove(person);
            }
            Event::Reminded { request, number } => {
                if let Some(open) = self.open(request) {
                    (open.reminders, open.reminded) = (*number, Some(at));
                }
            }
            Event::RequestExpired { request } => {
                if let Some(open) = self.open(request) {
                    open.expired = true;
                }
            }
            Event::RequestSuperseded { request } => {
                if let Some(open) = self.open(request) {
                    open.superseded = true;
                }
            }
            Event::CancelRequested { actor } => {
                self.cancel.get_or_insert_with(|| actor.clone());
            }
            Event::MessageReceived(message) => self.received(message, at),
            Event::ConversationBegan { message, spec } => self.conversation.began(message, spec),
            Event::ConversationJoined { visit, agent, system, steady, .. } => {
                let prompt = VisitPrompt { visit: *visit, blob: system.clone(), steady: *steady };
                self.conversation.joined(prompt, agent);
            }
            Event::ConversationCalled { step, agent, model, reserved, billing } => {
                self.conversation.called();
                self.meter.converse([agent, model], step, *reserved, *billing);
            }
            Event::ConversationInput { input, elapsed_ms, settled, done } => {
                self.conversation
                    .input(input, Duration::from_millis(*elapsed_ms))
                    .map_err(|why| self.illegal(event, why))?;
                if self.meter.converses() && ends_call(input) {
                    self.meter.conversed(*settled);
                }
                if let Some(done) = done {
                    self.recorded.extend(done.ledger.iter().cloned());
                    self.talk_recalled(&done.recalled);
                }
            }
            Event::Replied(reply) => self.replied(reply, at),
            Event::Remarked(record) => {
                let (record, answer, closed) = (record.clone(), None, None);
                self.remarks.push(Remark { record, at, answer, closed });
            }
            Event::RemarkAnswered { remark, actor, answer, closes } => {
                self.remark_answered(remark, answer.as_ref());
                if *closes {
                    self.remark_closed(remark, actor);
                }
            }
            Event::Surveyed(survey) => {
                self.surveys.insert(survey.actor.clone(), survey.clone());
            }
            Event::Transitioned(transition) => self.transitioned(transition),
            Event::Withdrawn { memory, actor, reason } => self.withdrawn(memory, actor, reason),
            Event::NoteAccepted { memory, .. } => self.endorsed(memory),
            Event::Published { memory, .. } => self.published(memory),
            Event::ProcessDied { .. } => self.died(),
            Event::Finalized { step, fault } => {
                if step == "survey" && fault.is_none() {
                    self.surveyed = Some(at);
                }
                self.finalized.push((step.clone(), fault.clone()));
            }
            Event::Repinned { definition, plan } => {
                self.started.definition.clone_from(definition);
                self.started.plan.clone_from(plan);
            }
            Event::Retried { phase, .. } => {
                self.retries = self.retries.saturating_add(1);
                if let Some(end) = self.end.take() {
                    self.retried(phase, end);
                }
            }
            Event::Ended(end) => self.end = Some(end.clone()),
        }
        self.times.1 = self.times.1.max(at);
        Ok(())
    }
}
