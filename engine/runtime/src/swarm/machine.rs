//! The turn-taking machine: no clock, no randomness, no I/O. The same inputs give the same swarm.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::record::{Finished, Handoff, Question, Reason, Status, VisitRecord, VisitStatus};
use super::spec::SwarmSpec;
use super::step::{Input, ModelCall, Step, ToolCalls, Unexpected};
use cloudcrew_ports::model::{Block, FaultKind, Message, ToolResult, ToolUse, Usage};

/// A swarm: a value that can be saved after every step and resumes at that step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swarm {
    pub(super) spec: SwarmSpec,
    pub(super) status: Status,
    pub(super) reason: Option<Reason>,
    pub(super) visits: Vec<VisitRecord>,
    pub(super) visit: Option<Visit>,
    pub(super) node_order: Vec<String>,
    pub(super) handoffs: Vec<(String, Handoff)>,
    pub(super) shared: Vec<(String, Map<String, Value>)>,
    pub(super) finished: Vec<Finished>,
    /// Tool calls that a deadline cut off: agent, tool, id.
    pub(super) cut_off: Vec<(String, String, String)>,
    pub(super) tokens: u64,
    pub(super) active: Duration,
    /// Tool results that the previous agent did not see, for the next visit's input.
    pub(super) unseen: Vec<Finished>,
}

/// The current visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub agent: usize,
    pub messages: Vec<Message>,
    pub active: Duration,
    /// Failed attempts of this turn.
    pub attempts: u32,
    pub cut_replies: u32,
    #[serde(default)]
    pub empty_replies: u32,
    pub reductions: u32,
    /// Tool results that have been cut: message, block.
    pub shortened: BTreeSet<(usize, usize)>,
    /// Size of the conversation in bytes.
    #[serde(default)]
    pub bytes: u64,
    /// The provider's last report: tokens read, and the size of the conversation in bytes at that
    /// time.
    #[serde(default)]
    pub reported: Option<(u64, u64)>,
    pub at: At,
    pub handoff: Option<Handoff>,
    pub context: Map<String, Value>,
}

/// What a visit is waiting for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum At {
    Opening,
    Model,
    Waiting(Duration),
    Tools(Vec<Slot>),
}

/// A tool call of the current turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Slot {
    pub call: ToolUse,
    pub state: SlotState,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum SlotState {
    Running,
    Asking(Question),
    Done { result: ToolResult, started: bool, asked: bool },
}

impl Swarm {
    /// Creates a swarm at its first step.
    pub fn new(spec: SwarmSpec) -> Swarm {
        let entry = spec.members.iter().position(|m| m.name == spec.entry).unwrap_or(0);
        let mut swarm = Swarm {
            spec,
            status: Status::Running,
            reason: None,
            visits: Vec::new(),
            visit: None,
            node_order: Vec::new(),
            handoffs: Vec::new(),
            shared: Vec::new(),
            finished: Vec::new(),
            cut_off: Vec::new(),
            tokens: 0,
            active: Duration::ZERO,
            unseen: Vec::new(),
        };
        swarm.start_visit(entry);
        swarm
    }

    /// The step it needs next; the same until an input is accepted.
    pub fn next_step(&self) -> Step {
        let (Status::Running, Some(visit)) = (self.status, &self.visit) else {
            return Step::Rest(self.status);
        };
        let record = self.visits.last();
        let (number, turn) = record.map_or((0, 0), |r| (r.visit, r.turns));
        let agent = self.name(visit.agent).to_owned();
        match &visit.at {
            At::Opening => Step::OpenVisit { visit: number, agent },
            At::Model => Step::CallModel(ModelCall {
                visit: number,
                agent,
                turn,
                attempt: visit.attempts + 1,
                time_left: self.time_left(visit),
            }),
            At::Waiting(time) => Step::Wait(*time),
            At::Tools(slots) => {
                let running =
                    slots.iter().enumerate().filter(|(_, s)| s.state == SlotState::Running);
                let calls = running.map(|(i, s)| (i, s.call.clone())).collect();
                Step::CallTools(ToolCalls {
                    visit: number,
                    agent,
                    turn: turn.saturating_sub(1),
                    calls,
                    time_left: self.time_left(visit),
                })
            }
        }
    }

    /// Accepts the result of a step, and the active time it took.
    ///
    /// # Errors
    /// When the machine does not expect this input; it is then unchanged.
    pub fn accept(&mut self, input: Input, elapsed: Duration) -> Result<(), Unexpected> {
        match input {
            Input::Cancel => {
                if !self.resumable() {
                    return Err(Unexpected { wanted: "the outcome is final".to_owned() });
                }
                self.flush_results();
                self.end_visit(VisitStatus::Cancelled);
                self.rest(Status::Cancelled, None);
                return Ok(());
            }
            Input::Answers(answers) => {
                return self.answer(&answers.answers).map_err(|r| Unexpected { wanted: r.text });
            }
            Input::Resume => return self.resume().map_err(|r| Unexpected { wanted: r.text }),
            _ => {}
        }
        let wanted = || Unexpected { wanted: format!("it is at {:?}", self.next_step()) };
        let Some(visit) = self.visit.as_ref().filter(|_| self.status == Status::Running) else {
            return Err(wanted());
        };
        match (&visit.at, input) {
            (At::Opening, Input::VisitOpened { notes }) => {
                let text = self.opening(&notes);
                self.spend(elapsed);
                self.open(text);
            }
            (At::Model, Input::Noted { note }) => {
                let text = format!("# {}\n{}", note.heading, note.body);
                if let Some(visit) = &mut self.visit {
                    visit.add(Block::Text(text));
                }
            }
            (At::Model, Input::Reply(reply)) => {
                self.spend(elapsed);
                self.reply(reply);
            }
            (At::Model, Input::Fault { fault, jitter }) => {
                // An unavailable provider uses the swarm's time, not the visit's.
                match fault.kind {
                    FaultKind::Transient { .. } => self.active += elapsed,
                    _ => self.spend(elapsed),
                }
                self.fault(fault, jitter);
            }
            (At::Model, Input::TimedOut { .. }) => {
                self.spend(elapsed);
                self.call("aborted", None);
                self.timed_out();
            }
            (At::Waiting(_), Input::Waited) => {
                self.active += elapsed;
                self.next_turn();
            }
            (At::Tools(slots), Input::ToolResult { index, result, started })
                if running(slots, index) =>
            {
                self.spend(elapsed);
                self.tool_done(index, result, started);
            }
            (At::Tools(slots), Input::Asked { index, name, question, form })
                if running(slots, index) =>
            {
                self.spend(elapsed);
                self.tool_asks(index, name, question, form);
            }
            (At::Tools(_), Input::TimedOut { finished }) => {
                self.spend(elapsed);
                for (index, result) in finished {
                    self.keep_result(index, result, true);
                }
                self.cut_off();
                self.flush_results();
                self.timed_out();
            }
            _ => return Err(wanted()),
        }
        Ok(())
    }

    /// The conversation of the current visit.
    pub fn conversation(&self) -> &[Message] {
        self.visit.as_ref().map_or(&[], |v| v.messages.as_slice())
    }

    /// Size of the current visit's conversation, in bytes.
    pub fn conversation_bytes(&self) -> u64 {
        self.visit.as_ref().map_or(0, |v| v.bytes)
    }

    /// Its status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Why it has not completed.
    pub fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }

    /// All visits in order.
    pub fn visits(&self) -> &[VisitRecord] {
        &self.visits
    }

    /// Agents of the completed visits, in order.
    pub fn node_order(&self) -> &[String] {
        &self.node_order
    }

    /// Handoffs of completed visits: the agent that handed off, and the handoff.
    pub fn handoffs(&self) -> &[(String, Handoff)] {
        &self.handoffs
    }

    /// Context that agents shared with their handoffs.
    pub fn shared_context(&self) -> &[(String, Map<String, Value>)] {
        &self.shared
    }

    /// Every finished tool call, ordered by visit, turn and call.
    pub fn tool_results(&self) -> &[Finished] {
        &self.finished
    }

    /// Tool calls that a deadline cut off: agent, tool, id.
    pub fn cut_off_tools(&self) -> &[(String, String, String)] {
        &self.cut_off
    }

    /// The specification it was created from.
    pub fn spec(&self) -> &SwarmSpec {
        &self.spec
    }

    /// Total usage of all visits.
    pub fn usage(&self) -> Usage {
        let mut total = Usage::default();
        self.visits.iter().for_each(|v| total += v.usage);
        total
    }

    /// Open questions, in the order of the calls.
    pub fn questions(&self) -> Vec<Question> {
        let Some(Visit { at: At::Tools(slots), .. }) = &self.visit else { return Vec::new() };
        let asking = slots.iter().filter_map(|s| match &s.state {
            SlotState::Asking(question) => Some(question.clone()),
            _ => None,
        });
        asking.collect()
    }

    /// Whether it can resume from its current status.
    pub fn resumable(&self) -> bool {
        match self.status {
            Status::Interrupted | Status::ProviderUnavailable | Status::Running => true,
            Status::Failed => self.reason.as_ref().is_some_and(|r| r.kind == "model_error"),
            Status::Completed | Status::Cancelled => false,
        }
    }

    pub(super) fn name(&self, agent: usize) -> &str {
        self.spec.members.get(agent).map_or("", |m| m.name.as_str())
    }

    pub(super) fn agent(&self) -> &str {
        self.visit.as_ref().map_or("", |v| self.name(v.agent))
    }

    fn time_left(&self, visit: &Visit) -> Duration {
        let limits = &self.spec.limits;
        limits
            .node_timeout
            .saturating_sub(visit.active)
            .min(limits.execution_timeout.saturating_sub(self.active))
    }

    fn spend(&mut self, elapsed: Duration) {
        self.active += elapsed;
        if let Some(visit) = &mut self.visit {
            visit.active += elapsed;
        }
    }

    pub(super) fn rest(&mut self, status: Status, reason: Option<Reason>) {
        self.status = status;
        self.reason = reason;
    }

    pub(super) fn record(&mut self) -> Option<&mut VisitRecord> {
        self.visits.last_mut()
    }

    /// Starts a visit, unless a limit is reached.
    pub(super) fn start_visit(&mut self, agent: usize) {
        if let Some(reason) = self.limit_before_visit(agent) {
            self.visit = None;
            return self.rest(Status::Failed, Some(reason));
        }
        self.visits.push(VisitRecord {
            visit: self.visits.len() as u32 + 1,
            agent: self.name(agent).to_owned(),
            status: VisitStatus::Running,
            turns: 0,
            stop_reason: None,
            text: String::new(),
            handoff: None,
            usage: Usage::default(),
            calls: Vec::new(),
            trims: Vec::new(),
        });
        self.visit = Some(Visit {
            agent,
            messages: Vec::new(),
            active: Duration::ZERO,
            attempts: 0,
            cut_replies: 0,
            empty_replies: 0,
            reductions: 0,
            shortened: BTreeSet::new(),
            bytes: 0,
            reported: None,
            at: At::Opening,
            handoff: None,
            context: Map::new(),
        });
    }

    fn limit_before_visit(&self, agent: usize) -> Option<Reason> {
        let limits = &self.spec.limits;
        let n = self.node_order.len() as u32;
        let next = self.name(agent);
        let reached =
            |key: &str, value: u32, what: &str| Some(self.limit(key, value.into(), next, what));
        if n >= limits.max_handoffs {
            return reached("max_handoffs", limits.max_handoffs, "completed visits");
        }
        if n >= limits.max_iterations {
            return reached("max_iterations", limits.max_iterations, "completed visits");
        }
        if self.active >= limits.execution_timeout {
            return Some(self.time_limit("execution_timeout", limits.execution_timeout, next));
        }
        let window = limits.repetitive_handoff_detection_window as usize;
        let least = limits.repetitive_handoff_min_unique_agents as usize;
        if window > 0 && self.node_order.len() >= window {
            let mut last: Vec<&String> =
                self.node_order[self.node_order.len() - window..].iter().collect();
            last.sort();
            last.dedup();
            if last.len() < least {
                let key = "repetitive_handoff_detection_window";
                let text = format!(
                    "The last {window} visits had only {} different agents: {key} is {window}, \
                     repetitive_handoff_min_unique_agents is {least}.",
                    last.len()
                );
                let reason = self.limit(key, (window as u64).into(), next, "");
                return Some(Reason { kind: "repetitive_handoff".into(), text, ..reason });
            }
        }
        None
    }

    pub(super) fn limit(&self, key: &str, value: Value, agent: &str, what: &str) -> Reason {
        reached(
            key,
            agent,
            format!("The swarm reached its limit of {value} {what}: {key} is {value}."),
            value,
        )
    }

    fn time_limit(&self, key: &str, limit: Duration, agent: &str) -> Reason {
        let seconds = limit.as_millis() as f64 / 1000.0;
        let value =
            if seconds.fract() == 0.0 { Value::from(seconds as u64) } else { Value::from(seconds) };
        reached(key, agent, format!("The time is over: {key} is {seconds} s."), value)
    }

    /// Fails the swarm because a deadline passed during a visit.
    pub(super) fn timed_out(&mut self) {
        let agent = self.agent().to_owned();
        let limits = &self.spec.limits;
        let (key, limit) = if self.active >= limits.execution_timeout {
            ("execution_timeout", limits.execution_timeout)
        } else {
            ("node_timeout", limits.node_timeout)
        };
        let reason = self.time_limit(key, limit, &agent);
        self.end_visit(VisitStatus::TimedOut);
        self.rest(Status::Failed, Some(reason));
    }

    pub(super) fn end_visit(&mut self, status: VisitStatus) {
        if self.visit.take().is_some()
            && let Some(record) = self.record()
        {
            record.status = status;
        }
    }

    pub(super) fn fail(&mut self, reason: Reason) {
        self.end_visit(VisitStatus::Failed);
        self.rest(Status::Failed, Some(reason));
    }
}

/// The reason for a reached limit.
fn reached(key: &str, agent: &str, text: String, value: Value) -> Reason {
    let (kind, agent, key, value) =
        (key.to_owned(), agent.to_owned(), Some(key.to_owned()), Some(value));
    Reason { kind, agent, text, key, value, error: None, retry_after: None, mendable: false }
}

fn running(slots: &[Slot], index: usize) -> bool {
    slots.get(index).is_some_and(|s| s.state == SlotState::Running)
}
