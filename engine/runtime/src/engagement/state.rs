//! Where an engagement stands: a fold of its events, and the only table of legal transitions.

use schemars::JsonSchema;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cloudcrew_definition::crew::{Live as Served, Price};
use cloudcrew_plan::{Counter, Counters, Kind, Outcome, Plan};

use super::event::{
    Answered, CommitRecord, Decision, End, Event, Finding, MessageRecord, Started, VerdictRecord,
    Why,
};
use super::inbound::shown;
use super::meter::Meter;
use super::request::{Raise, Request, RequestKind};
use crate::swarm::{Input, Swarm};
use cloudcrew_ports::model::{Billing, Purpose, ToolUse};

/// An event that cannot happen where the engagement stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot happen in `{at}`: {why}")]
pub struct Illegal {
    /// Where it stands.
    pub at: String,
    /// What happened.
    pub event: &'static str,
    /// Why not.
    pub why: String,
}

/// A file that the crew wrote.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct Artifact {
    /// Phase that wrote it last.
    pub phase: String,
    /// Who wrote it last.
    pub owner: String,
    /// Run of that phase.
    pub revision: u32,
    /// Object id of its blob.
    pub oid: String,
    /// Commit that holds it.
    pub commit: String,
}

/// The system prompt of a visit.
#[derive(Debug, Clone)]
pub struct VisitPrompt {
    /// Which visit.
    pub visit: u32,
    /// Its blob.
    pub blob: String,
    /// As in [`Event::VisitOpened`].
    pub steady: usize,
}

/// The swarm that is under way.
#[derive(Debug)]
pub struct SwarmRun {
    /// Which one: `discovery.1`, `discovery.1.review`.
    pub id: String,
    /// What for.
    pub purpose: Purpose,
    /// The machine; absent while a driver holds it.
    pub machine: Option<Swarm>,
    /// The system prompt of the visit under way.
    pub system: Option<VisitPrompt>,
    /// What the engine found wrong before a review.
    pub findings: Vec<Finding>,
    /// The reviewer's verdict on the phase.
    pub verdict: Option<VerdictRecord>,
    /// Who worked, visit by visit.
    pub visits: Vec<String>,
    /// How often the conversation of the visit under way was cut back.
    pub trims: usize,
    /// What the machine refused of its last reply, and why, while a driver holds it: only for who
    /// looks on, and in no journal.
    pub refused: Vec<(ToolUse, String)>,
}

impl SwarmRun {
    /// Why the machine itself refused a call of its last reply; `None` when it did not.
    pub fn refusal(&self, call: &ToolUse) -> Option<String> {
        let refused = match &self.machine {
            Some(machine) => machine.refused(std::slice::from_ref(call)),
            None => self.refused.clone(),
        };
        refused.into_iter().find(|(refused, _)| refused == call).map(|(_, why)| why)
    }
}

/// What came of a phase so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhaseProgress {
    /// Runs that began.
    pub revision: u32,
    /// Swarms that began in the current run, and in all.
    pub swarms: u32,
    /// Visits in all swarms.
    pub visits: Vec<String>,
    /// Findings of the last review; empty when it passed.
    pub findings: Vec<Finding>,
    /// Whether the last review passed.
    pub reviewed: Option<bool>,
    /// The customer's words, run by run.
    pub feedback: Vec<String>,
    /// Object ids that were approved.
    pub approved: Option<Vec<(String, String)>>,
    /// Ratings of the approval.
    pub ratings: Vec<(String, u8)>,
    /// Why the swarm before the one under way came to no good end; absent in a run's first swarm.
    pub earlier: Option<String>,
    /// Verdicts of peers on deliverables: the last of each reviewer on each path.
    pub verdicts: BTreeMap<(String, String), VerdictRecord>,
}

/// A provider that is away, or refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// When it is tried again, milliseconds since 1970 UTC.
    pub until: i64,
    /// What it said.
    pub reason: String,
    /// Whether somebody must change something first.
    pub blocked: bool,
}

/// Where an engagement stands.
#[derive(Debug)]
pub struct State {
    plan: Plan,
    /// How it began.
    pub started: Started,
    /// Name of the state it is in; empty before the first.
    pub at: String,
    /// Where to go on after a gate that opened again.
    pub resume: Option<String>,
    /// What was counted.
    pub counters: Counters,
    /// Phases by name.
    pub phases: BTreeMap<String, PhaseProgress>,
    /// The swarm under way.
    pub swarm: Option<SwarmRun>,
    /// Requests in the order in which they were opened.
    pub requests: Vec<Request>,
    /// What was used.
    pub meter: Meter,
    /// Files by path.
    pub artifacts: BTreeMap<String, Artifact>,
    /// Where the branch is, as far as the journal knows.
    pub head: Option<String>,
    /// A commit that is about to be made: step, parent, date.
    pub intended: Option<(String, Option<String>, i64)>,
    /// Rows that are in the ledger, by id.
    pub recorded: BTreeSet<String>,
    /// Commits by step.
    pub commits: BTreeMap<String, CommitRecord>,
    /// Who wants it to end.
    pub cancel: Option<String>,
    /// Words of the customer that no visit has seen yet.
    pub inbox: Vec<MessageRecord>,
    /// A provider that is away, or refuses.
    pub parked: Option<Parked>,
    /// Models that are called in another way than the definition says: name, how, price.
    pub routes: BTreeMap<String, (Served, Option<Price>)>,
    /// Budgets that people raised: YAML key and new limit.
    pub raised: BTreeMap<String, u64>,
    /// Budgets that were told to be nearly used up: YAML key and limit.
    pub neared: BTreeSet<(String, u64)>,
    /// Finalize steps that were tried.
    pub finalized: Vec<(String, Option<String>)>,
    /// Name of the first state that was entered.
    pub first: Option<String>,
    /// The last call of a model or commit: a process that dies at the same one again made no
    /// progress.
    pub last_step: Option<String>,
    /// The phase that it was in last.
    pub last_phase: Option<String>,
    /// How it ended.
    pub end: Option<End>,
    /// Handoffs that happened: phase, from, to.
    pub handoffs: Vec<(String, String, String)>,
    /// When it began and when the last event happened, milliseconds since 1970 UTC.
    pub times: (i64, i64),
    /// What came out of the last swarm or review: the reason in words, and its YAML key.
    pub reason: Option<Why>,
}

impl State {
    /// The state before anything but [`Event::Started`].
    pub fn new(plan: Plan, started: Started, at: i64) -> State {
        let head = started.base.as_ref().map(|base| base.commit.clone());
        State {
            plan,
            started,
            at: String::new(),
            resume: None,
            counters: Counters::default(),
            phases: BTreeMap::new(),
            swarm: None,
            requests: Vec::new(),
            meter: Meter::default(),
            artifacts: BTreeMap::new(),
            head,
            intended: None,
            recorded: BTreeSet::new(),
            commits: BTreeMap::new(),
            cancel: None,
            inbox: Vec::new(),
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

    /// The plan it walks.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Kind of the state it is in.
    pub fn kind(&self) -> Option<Kind> {
        self.plan.state(&self.at).map(|s| s.kind)
    }

    /// Phase of the state it is in.
    pub fn phase(&self) -> Option<&str> {
        self.plan.state(&self.at)?.phase.as_deref()
    }

    /// Progress of a phase.
    pub fn progress(&self, phase: &str) -> PhaseProgress {
        self.phases.get(phase).cloned().unwrap_or_default()
    }

    /// The current run of a phase, from 1.
    pub fn revision(&self, phase: &str) -> u32 {
        self.phases.get(phase).map_or(1, |p| p.revision.max(1))
    }

    /// A request by id.
    pub fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().find(|r| r.id == id)
    }

    /// Requests that wait.
    pub fn open_requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|r| r.is_open() && self.end.is_none())
    }

    /// The request of the gate it stands at, answered or not.
    pub fn gate_request(&self) -> Option<&Request> {
        let phase = self.phase()?;
        self.requests
            .iter()
            .rev()
            .find(|r| r.phase == phase && matches!(r.kind, RequestKind::Approval { .. }))
    }

    /// Whether the request that an event answers, reminds of or ends is still open; `true` for
    /// every other event.
    pub(super) fn still_asks(&self, event: &Event) -> bool {
        open_request_of(event)
            .is_none_or(|request| self.request(request).is_some_and(Request::is_open))
    }

    /// Whether an event means nothing once its request is answered.
    pub(super) fn is_about_an_open_request(event: &Event) -> bool {
        open_request_of(event).is_some()
    }

    fn illegal(&self, event: &Event, why: impl Into<String>) -> Illegal {
        let at = if self.at.is_empty() { "the beginning" } else { &self.at };
        Illegal { at: at.to_owned(), event: label(event), why: why.into() }
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// When it cannot happen here; the state is then as it was.
    pub fn apply(&mut self, event: &Event, at: i64) -> Result<(), Illegal> {
        if self.end.is_some() && !may_follow_the_end(event) {
            return Err(self.illegal(event, "the engagement has ended"));
        }
        match event {
            Event::Started(_) => return Err(self.illegal(event, "it has begun already")),
            Event::Entered { state, on, resume, why } => {
                self.enter(event, state, *on, resume.clone())?;
                self.reason = why.clone();
                self.begins_again(*on, why.as_ref());
            }
            Event::SwarmBegan { swarm, purpose, spec, findings } => {
                if self.swarm.is_some() || !matches!(self.kind(), Some(Kind::Swarm | Kind::Review))
                {
                    return Err(self.illegal(event, "no swarm belongs here"));
                }
                if *purpose == Purpose::Work
                    && let Some(phase) = self.phase().map(str::to_owned)
                {
                    self.phases.entry(phase).or_default().swarms += 1;
                }
                self.swarm = Some(SwarmRun {
                    id: swarm.clone(),
                    purpose: *purpose,
                    machine: Some(Swarm::new((**spec).clone())),
                    system: None,
                    findings: findings.clone(),
                    verdict: None,
                    visits: Vec::new(),
                    trims: 0,
                    refused: Vec::new(),
                });
            }
            Event::VisitOpened { visit, agent, system, steady, .. } => {
                let phase = self.phase().map(str::to_owned);
                let Some(run) = self.swarm.as_mut() else {
                    return Err(self.illegal(event, "no swarm is under way"));
                };
                if run.system.as_ref().map(|prompt| prompt.visit) != Some(*visit) {
                    run.visits.push(agent.clone());
                    run.trims = 0;
                    if let (Some(phase), Purpose::Work) = (phase, run.purpose) {
                        let progress = self.phases.entry(phase.clone()).or_default();
                        if let (Some(from), true) = (progress.visits.last(), *visit > 1) {
                            self.handoffs.push((phase, from.clone(), agent.clone()));
                        }
                        progress.visits.push(agent.clone());
                    }
                }
                run.system =
                    Some(VisitPrompt { visit: *visit, blob: system.clone(), steady: *steady });
            }
            Event::ModelCalled { step, agent, model, reserved, billing } => {
                if self.swarm.is_none() {
                    return Err(self.illegal(event, "no swarm is under way"));
                }
                self.progressed(step);
                // A lost call of a model that costs nothing is the same call again.
                if !(*billing == Billing::Free && self.meter.open_step() == Some(step)) {
                    let phase = self.phase().unwrap_or_default().to_owned();
                    self.meter.reserve(
                        [phase.as_str(), agent.as_str(), model.as_str()],
                        step,
                        *reserved,
                        *billing,
                    );
                }
            }
            Event::ToolsCalled { .. } if self.swarm.is_none() => {
                return Err(self.illegal(event, "no swarm is under way"));
            }
            Event::ToolsCalled { .. } => {}
            Event::CommitIntended { step, parent, date } => {
                self.intended = Some((step.clone(), parent.clone(), *date))
            }
            Event::Committed(record) => {
                self.progressed(&record.step);
                self.committed(record);
            }
            Event::ForeignCommits { to, .. } => self.head = Some(to.clone()),
            Event::SwarmInput { input, elapsed_ms, settled, done } => {
                self.swarm_input(event, input, Duration::from_millis(*elapsed_ms))?;
                if matches!(**input, Input::Reply(_) | Input::Fault { .. } | Input::TimedOut { .. })
                    && self.meter.open_step().is_some()
                {
                    self.meter.settle(*settled);
                    if let (Some(run), Some(charge)) = (&self.swarm, settled) {
                        self.meter.note_context(&run.id, &run.visits, charge.usage);
                    }
                }
                self.recorded.extend(done.iter().flat_map(|done| done.ledger.iter().cloned()));
                if let Some(verdict) = done.as_ref().and_then(|d| d.verdict.clone()) {
                    self.verdict(verdict);
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
                self.parked =
                    Some(Parked { until: *at, reason: reason.clone(), blocked: *blocked });
            }
            Event::Trimmed { .. } => match self.swarm.as_mut() {
                Some(run) => run.trims += 1,
                None => return Err(self.illegal(event, "no swarm is under way")),
            },
            Event::Rerouted { model, live, price } => {
                drop(self.routes.insert(model.clone(), ((**live).clone(), *price)))
            }
            Event::BudgetNeared { budget, limit, .. } => {
                self.neared.insert((budget.clone(), *limit));
            }
            Event::RequestOpened(request) => {
                if self.request(&request.id).is_some() {
                    return Err(self.illegal(event, format!("request `{}` exists", request.id)));
                }
                self.requests.push((**request).clone());
            }
            Event::RequestAnswered { request, answer } => {
                self.answered(event, request, answer, at)?
            }
            Event::Reminded { request, number } => {
                let open = self.open(event, request)?;
                (open.reminders, open.reminded) = (*number, Some(at));
            }
            Event::RequestExpired { request } => self.open(event, request)?.expired = true,
            Event::RequestSuperseded { request } => self.open(event, request)?.superseded = true,
            Event::CancelRequested { actor } => {
                self.cancel.get_or_insert_with(|| actor.clone());
            }
            Event::MessageReceived(message) => {
                if !self.inbox.iter().any(|m| m.id == message.id) {
                    self.inbox.push(message.clone());
                }
            }
            Event::ProcessDied { .. } => {
                let phase = self.phase().unwrap_or_default().to_owned();
                let next = self
                    .plan
                    .next(&self.at, Outcome::Died, &self.counters)
                    .map_err(|_| self.illegal(event, "no way on"))?;
                self.counters.take(&phase, &next.clone());
            }
            Event::Finalized { step, fault } => self.finalized.push((step.clone(), fault.clone())),
            Event::Repinned { definition, plan } => {
                self.started.definition.clone_from(definition);
                self.started.plan.clone_from(plan);
            }
            Event::Retried { phase, .. } => {
                let Some(end) = self.end.take() else {
                    return Err(self.illegal(event, "it has not ended"));
                };
                self.retried(phase, end);
            }
            Event::Ended(end) => {
                if !self.kind().is_some_and(Kind::is_final) {
                    return Err(self.illegal(event, "this is no final state"));
                }
                self.end = Some(end.clone());
            }
        }
        self.times.1 = self.times.1.max(at);
        Ok(())
    }

    fn enter(
        &mut self,
        event: &Event,
        to: &str,
        on: Option<Outcome>,
        resume: Option<String>,
    ) -> Result<(), Illegal> {
        let Some(target) = self.plan.state(to).cloned() else {
            return Err(self.illegal(event, "the plan has no such state"));
        };
        if let (Some(on), false) = (on, self.at.is_empty()) {
            let phase = self.phase().unwrap_or_default().to_owned();
            let expected = self.plan.next(&self.at, on, &self.counters).cloned();
            let expected = expected
                .map_err(|_| self.illegal(event, format!("no way out on `{}`", on.name())))?;
            let reopened = resume.as_ref().is_some_and(|r| *r == expected.to);
            let resumed = self.resume.as_deref() == Some(to) && on == Outcome::Approved;
            if expected.to != to && !reopened && !resumed {
                return Err(
                    self.illegal(event, format!("`{}` leads to `{}`", on.name(), expected.to))
                );
            }
            self.counters.take(&phase, &expected);
        }
        self.resume = resume;
        // A swarm that only rests is still the one that goes on.
        let rests = matches!(target.kind, Kind::Question | Kind::Park)
            || matches!(on, Some(Outcome::Answered | Outcome::Back));
        if !rests {
            self.swarm = None;
        }
        if let (Kind::Swarm, Some(phase)) = (target.kind, &target.phase) {
            let progress = self.phases.entry(phase.clone()).or_default();
            if progress.revision == 0 || on == Some(Outcome::Revised) {
                progress.revision += 1;
                progress.reviewed = None;
                progress.findings.clear();
            }
        }
        if target.kind != Kind::Park {
            self.parked = None;
        }
        self.first.get_or_insert_with(|| to.to_owned());
        if target.phase.is_some() {
            self.last_phase = target.phase;
        }
        self.at = to.to_owned();
        Ok(())
    }

    pub(super) fn repin(&mut self, plan: Plan) {
        self.plan = plan;
    }

    /// What was approved from `phase` on is approved no more; what was written stays.
    fn retried(&mut self, phase: &str, end: End) {
        let at = self.plan.entries.iter().position(|(name, _)| name == phase).unwrap_or(0);
        let again: Vec<String> =
            self.plan.entries[at..].iter().map(|(name, _)| name.clone()).collect();
        for name in &again {
            if let Some(progress) = self.phases.get_mut(name) {
                progress.approved = None;
                progress.ratings.clear();
                progress.reviewed = None;
            }
            self.counters.forget(name);
        }
        for request in self.requests.iter_mut().filter(|r| again.contains(&r.phase)) {
            // Gates are asked about anew, and so are whatever still waited and a budget that was
            // not raised.
            request.superseded |=
                request.answer.is_none() || !matches!(request.kind, RequestKind::Question { .. });
        }
        self.phases.entry(phase.to_owned()).or_default().earlier = Some(end.text);
        (self.swarm, self.parked, self.resume, self.reason) = (None, None, None, None);
        self.finalized.clear();
        self.at = String::new();
    }

    /// A step was taken that was not taken before: deaths are counted anew.
    fn progressed(&mut self, step: &str) {
        if self.last_step.as_deref() != Some(step) {
            self.last_step = Some(step.to_owned());
            let phase = self.phase().unwrap_or_default().to_owned();
            self.counters.reset(&phase, Counter::Restarts);
        }
    }

    /// Keeps in mind why a swarm begins again: it is told so.
    fn begins_again(&mut self, on: Option<Outcome>, why: Option<&Why>) {
        let (Some(Kind::Swarm), Some(phase)) = (self.kind(), self.phase().map(str::to_owned))
        else {
            return;
        };
        let earlier = match on {
            // The same swarm goes on.
            Some(Outcome::Answered | Outcome::Back | Outcome::Died) => return,
            Some(
                on @ (Outcome::Limit | Outcome::Failed | Outcome::Incomplete | Outcome::Faulted),
            ) => Some(why.map_or_else(|| on.name().to_owned(), |why| why.text.clone())),
            // A retry has said why.
            None if self.phases.get(&phase).is_some_and(|p| p.earlier.is_some()) => return,
            _ => None,
        };
        self.phases.entry(phase).or_default().earlier = earlier;
    }

    fn swarm_input(
        &mut self,
        event: &Event,
        input: &Input,
        elapsed: Duration,
    ) -> Result<(), Illegal> {
        let phase = self.phase().unwrap_or_default().to_owned();
        let Some(run) = self.swarm.as_mut() else {
            return Err(self.illegal(event, "no swarm is under way"));
        };
        // While a driver holds the machine, the driver feeds it.
        if let Some(machine) = run.machine.as_mut()
            && let Err(why) = machine.accept(input.clone(), elapsed)
        {
            return Err(Illegal { at: self.at.clone(), event: label(event), why: why.to_string() });
        }
        if let Input::VisitOpened { notes } = input {
            self.inbox.drain(..shown(&self.inbox, notes));
        }
        self.intended = None;
        self.counters.reset(&phase, Counter::Restarts);
        Ok(())
    }

    fn committed(&mut self, record: &CommitRecord) {
        self.head = Some(record.commit.clone());
        self.intended = None;
        let phase = self.phase().unwrap_or_default().to_owned();
        let revision = self.revision(&phase);
        for (path, oid) in &record.paths {
            let artifact = Artifact {
                phase: phase.clone(),
                owner: record.author.clone(),
                revision,
                oid: oid.clone(),
                commit: record.commit.clone(),
            };
            self.artifacts.insert(path.clone(), artifact);
        }
        self.commits.insert(record.step.clone(), record.clone());
    }

    fn verdict(&mut self, verdict: VerdictRecord) {
        let phase = self.phase().unwrap_or_default().to_owned();
        match (&verdict.path, self.swarm.as_mut()) {
            (Some(path), _) => {
                let key = (path.clone(), verdict.reviewer.clone());
                self.phases.entry(phase).or_default().verdicts.insert(key, verdict);
            }
            (None, Some(run)) => run.verdict = Some(verdict),
            (None, None) => {}
        }
    }

    fn open(&mut self, event: &Event, id: &str) -> Result<&mut Request, Illegal> {
        let illegal = self.illegal(event, format!("no open request `{id}`"));
        self.requests.iter_mut().find(|r| r.id == id && r.is_open()).ok_or(illegal)
    }

    fn answered(
        &mut self,
        event: &Event,
        id: &str,
        answer: &Answered,
        at: i64,
    ) -> Result<(), Illegal> {
        let request = self.open(event, id)?;
        request.answer = Some(answer.clone());
        request.answered = Some(at);
        let (phase, subject, kind) =
            (request.phase.clone(), request.subject.clone(), request.kind.clone());
        let progress = self.phases.entry(phase).or_default();
        match &answer.decision {
            Decision::Approve { ratings } => {
                progress.approved = Some(subject);
                progress.ratings = ratings.clone();
            }
            Decision::Revise { words, ratings } => {
                progress.approved = None;
                progress.ratings.clone_from(ratings);
                progress.feedback.push(words.clone());
            }
            Decision::Answer { value } => {
                if let RequestKind::Budget { budget, limit, .. } = &kind
                    && let Some(Raise::To(to)) = Raise::of(&kind, value)
                {
                    self.raised.insert(budget.clone(), to.max(*limit));
                }
            }
        }
        Ok(())
    }
}

/// What may happen to an engagement that has ended.
fn may_follow_the_end(event: &Event) -> bool {
    matches!(
        event,
        Event::MessageReceived(_)
            | Event::CancelRequested { .. }
            | Event::Repinned { .. }
            | Event::Retried { .. }
    )
}

/// The request that must still be open for an event to mean something.
fn open_request_of(event: &Event) -> Option<&str> {
    match event {
        Event::RequestAnswered { request, .. }
        | Event::Reminded { request, .. }
        | Event::RequestExpired { request }
        | Event::RequestSuperseded { request } => Some(request),
        _ => None,
    }
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
