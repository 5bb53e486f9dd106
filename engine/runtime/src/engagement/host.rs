//! The swarm's driver inside an engagement: prompts, models and tools through ports, everything on
//! record before something outside follows from it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as SyncMutex};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::Effect;
use cloudcrew_definition::crew::{Agent, Phase, Price};
use cloudcrew_definition::digest::sha256;
use cloudcrew_definition::shown::row;
use cloudcrew_tools::{Broken, MAX_SHOWN, Outcome, ToolError, Toolbox};
use serde_json::json;

use super::budget::Verdict;
use super::context::{deliverable, variables};
use super::drive::Driver;
use super::error::EngagementError;
use super::event::{Event, SourceHash, ToolDone, Why, ms};
use super::inbound::note;
use super::meter::Charge;
use super::request::RequestKind;
use super::state::VisitPrompt;
use super::workplace::Desk;
use crate::prompt::{Part, joined, render};
use crate::swarm::{
    Host, Input, ModelCall, Note, Stop, Swarm, ToolAnswer, ToolCalls, handoff_spec,
};
use crate::watch::Live;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::model::{
    CallContext, Listener, ModelFault, ModelReply, ModelRequest, Purpose, ToolResult, ToolSpec,
    ToolStatus, ToolUse, Usage,
};

/// How a template is to be used.
const FILL_IN: &str = "Fill in this template; keep every heading and replace every `fill` comment:";
/// Bytes of text that one token stands for at least; for upper bounds before a call.
const BYTES_PER_TOKEN: u64 = 2;

/// Bytes of what the tools of one turn say at most, with what they show: more than any model reads
/// at once.
const MAX_TURN: usize = 4 * 1024 * 1024;
/// Lines of what is told of an earlier swarm at most.
const MOST_TOLD: usize = 100;
/// Questions of one turn at most.
const MAX_QUESTIONS: usize = 16;

/// Tokens that a provider adds to what it is sent: how tools are used, where messages begin and
/// end.
const FRAMING: u64 = 500;

/// A system prompt, and how much of it other visits share.
struct Prompt {
    system: String,
    steady: usize,
}

/// An agent in a visit, with all that stays the same from call to call.
pub(super) struct Speaker {
    visit: u32,
    agent: Agent,
    prompt: Prompt,
    tools: Vec<ToolSpec>,
    /// Bytes of prompt and tools.
    bytes: u64,
    model: String,
    max_tokens: u32,
    price: Option<Price>,
}

/// A call that is on record and about to be made.
pub(super) struct Ready {
    context: CallContext,
    speaker: Arc<Speaker>,
}

/// How often a driver looks for what others put on record.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// One swarm of an engagement.
pub(super) struct SwarmHost<'a> {
    pub driver: &'a Driver,
    pub id: String,
    pub purpose: Purpose,
    pub phase: &'a Phase,
    /// Who has the floor, made once in a visit.
    pub speaker: SyncMutex<Option<Arc<Speaker>>>,
    /// When this driver looked last for what others put on record.
    looked: SyncMutex<Option<Duration>>,
    pub done: SyncMutex<BTreeMap<usize, ToolDone>>,
    pub why: SyncMutex<Option<Why>>,
    /// Whether a prompt cannot be rendered: then no budget is used up.
    pub unrendered: AtomicBool,
    /// What a person is asked before the swarm goes on.
    pub asks: SyncMutex<Option<Box<RequestKind>>>,
    /// Whether all tools of this turn only read: they may run again after a crash.
    pub reads: AtomicBool,
    /// Bytes that this turn's tools have said, and questions that they have asked.
    answered: SyncMutex<(usize, usize)>,
    /// The call that is about to be made.
    pub ready: SyncMutex<Option<Ready>>,
    /// Effects of one turn happen in the order of its calls: how many of those that run have had
    /// theirs.
    pub turn: tokio::sync::watch::Sender<usize>,
}

fn lock<T>(mutex: &SyncMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl<'a> SwarmHost<'a> {
    pub(super) fn new(driver: &'a Driver, id: String, purpose: Purpose, phase: &'a Phase) -> Self {
        let (turn, _) = tokio::sync::watch::channel(0);
        SwarmHost {
            driver,
            id,
            purpose,
            phase,
            speaker: SyncMutex::default(),
            looked: SyncMutex::default(),
            done: SyncMutex::default(),
            why: SyncMutex::default(),
            unrendered: AtomicBool::new(false),
            asks: SyncMutex::default(),
            reads: AtomicBool::new(false),
            answered: SyncMutex::default(),
            ready: SyncMutex::default(),
            turn,
        }
    }

    async fn agent(&self, name: &str) -> Result<Agent, Stop<EngagementError>> {
        let agent = self.driver.look(|e| e.definition.agent(name).cloned()).await;
        match agent {
            Some(agent) => Ok(agent),
            None => Err(Stop::Failed(self.driver.damaged(format!("no agent `{name}`")).await)),
        }
    }

    /// The system prompt's parts.
    async fn parts(&self, agent: &Agent) -> Result<Vec<Part>, Stop<EngagementError>> {
        let rows = self.driver.ledger_rows().await.map_err(Stop::Failed)?;
        let mut values = self.driver.look(|e| variables(e, self.phase)).await;
        values["agent"] = json!({ "name": agent.name, "description": agent.description });
        let prompt = match render(&agent.prompt, &values) {
            Ok(prompt) => prompt,
            Err(why) => {
                let key = format!("agents.yaml agents.{}.prompt", agent.name);
                return Err(self.unrendered(&format!("prompt of `{}`", agent.name), key, &why));
            }
        };
        let mut owed = String::new();
        for (path, description, template, variable) in self.owed(agent) {
            owed.push_str(&format!("## {path}\n\n{description}\n\n"));
            let Some(name) = template else { continue };
            let Some(text) = self.driver.template(&name).await else { continue };
            values["deliverable"] = variable;
            match render(&text, &values) {
                Ok(text) => owed
                    .push_str(&format!("{FILL_IN}\n\n~~~markdown\n{}\n~~~\n\n", text.trim_end())),
                Err(why) => {
                    let key = format!("templates/{name}.md");
                    return Err(self.unrendered(&format!("template `{name}`"), key, &why));
                }
            }
        }
        let owed =
            if owed.is_empty() { owed } else { format!("# What you owe in this phase\n\n{owed}") };
        Ok(vec![
            Part { source: "prompt", text: prompt },
            Part {
                source: "phase",
                text: format!("# Phase: {}\n\n{}", self.phase.name, self.phase.description),
            },
            Part { source: "templates", text: owed },
            Part { source: "earlier", text: self.earlier().await },
            Part { source: "ledger", text: digest(&rows) },
        ])
    }

    /// What the swarm before this one came to, for one that begins again: why, what is missing, and
    /// what is there already.
    async fn earlier(&self) -> String {
        if self.purpose == Purpose::Review {
            return String::new();
        }
        let told = self.driver.look(|e| {
            let progress = e.state.progress(&self.phase.name);
            let why = progress.earlier?;
            let mut text = format!(
                "# What happened before\n\nThis phase was worked on before, and that did \
                    not end well: {}\n",
                row(&why)
            );
            if !progress.findings.is_empty() {
                text.push_str("\nWhat was found missing or wrong:\n");
                progress.findings.iter().take(MOST_TOLD).for_each(|f| {
                    text.push_str(&format!(
                        "- \
                    {}\n",
                        row(&f.text)
                    ))
                });
            }
            let files = e.state.artifacts.iter().filter(|(_, a)| a.phase == self.phase.name);
            let files: Vec<String> = files
                .take(MOST_TOLD)
                .map(|(path, a)| {
                    format!(
                        "- {} \
                ({})\n",
                        row(path),
                        a.owner
                    )
                })
                .collect();
            text.push_str(if files.is_empty() {
                "\nNothing was written yet.\n"
            } else {
                "\nThese \
                files are there already:\n"
            });
            text.push_str(&files.concat());
            Some(text)
        });
        told.await.unwrap_or_default()
    }

    /// What an agent must write here: path, words about it, template, the template's `deliverable`.
    fn owed(&self, agent: &Agent) -> Vec<(String, String, Option<String>, serde_json::Value)> {
        if self.purpose == Purpose::Work {
            let mine = self.phase.deliverables.iter().filter(|d| d.owner == agent.name);
            return mine
                .map(|d| {
                    (d.path.clone(), d.description.clone(), d.template.clone(), deliverable(d))
                })
                .collect();
        }
        let path = format!("docs/phase-summaries/{}.md", self.phase.name);
        let variable = json!({ "path": path, "owner": agent.name, "reviewers": [], "template": "phase_summary", "description": "", "title": self.phase.name });
        vec![(
            path,
            "What the customer reads first.".to_owned(),
            Some("phase_summary".to_owned()),
            variable,
        )]
    }

    /// The text is pinned to the engagement: trying again would say the same.
    fn unrendered(&self, what: &str, key: String, why: &str) -> Stop<EngagementError> {
        *lock(&self.why) =
            Some(Why { text: format!("the {what} cannot be rendered: {why} [{key}]"), key });
        self.unrendered.store(true, Ordering::Relaxed);
        Stop::Exhausted
    }

    async fn tools(&self, agent: &Agent, swarm: &Swarm) -> Vec<ToolSpec> {
        let tools = &self.driver.ports.tools;
        let names = tool_names(tools, agent, self.purpose);
        let known = names.iter().filter_map(|name| tools.find(name));
        let mut specs: Vec<ToolSpec> = known.map(|known| known.spec.clone()).collect();
        if swarm.spec().handoffs {
            specs.push(handoff_spec());
        }
        specs
    }

    async fn model(&self, agent: &Agent) -> (String, u32, Option<Price>) {
        self.driver
            .look(|e| {
                let name = e.state.started.model_of(agent);
                let model = e.model(&name);
                (name, model.as_ref().map_or(4096, |m| m.max_tokens), model.and_then(|m| m.price))
            })
            .await
    }

    fn step(&self, visit: u32, turn: u32, rest: &str) -> String {
        format!("{}.v{visit}.t{turn}.{rest}", self.id)
    }

    /// Whether the results of this turn leave room for so many bytes, which then are taken.
    fn has_room(&self, bytes: usize) -> bool {
        let mut answered = lock(&self.answered);
        let fits = answered.0.saturating_add(bytes) <= MAX_TURN;
        if fits {
            answered.0 += bytes;
        }
        fits
    }

    /// What a tool said, as far as the results of this turn leave room for it.
    fn within_turn(&self, mut text: String) -> String {
        if self.has_room(text.len()) {
            return text;
        }
        let room = {
            let mut answered = lock(&self.answered);
            let room = MAX_TURN.saturating_sub(answered.0);
            answered.0 = MAX_TURN;
            room
        };
        let whole = text.len();
        cut(&mut text, room);
        let kept = text.len();
        text.push_str(&format!(
            "\n[{kept} of {whole} bytes: the results of one turn are at most {MAX_TURN} bytes \
             together; ask for the rest in another turn]"
        ));
        text
    }

    /// Waits until the effects of all calls before this one have happened. `place` counts the calls
    /// that run: the machine answers some itself, such as a handoff between two writes.
    async fn my_turn(&self, place: usize) {
        let mut turn = self.turn.subscribe();
        // The sender lives as long as this host.
        let _ = turn.wait_for(|t| *t >= place).await;
    }
}

/// Bytes of a tool's declaration, about.
fn size(tool: &ToolSpec) -> u64 {
    (tool.name.len() + tool.description.len()) as u64
        + serde_json::to_string(&*tool.schema).map_or(0, |text| text.len() as u64)
}

/// Names of an agent's tools.
pub(super) fn tool_names(tools: &Toolbox, agent: &Agent, purpose: Purpose) -> Vec<String> {
    let keep = |name: &&String| {
        purpose == Purpose::Work || tools.find(name).is_some_and(|tool| tool.info.in_review)
    };
    agent.tools.iter().filter(keep).cloned().collect()
}

/// The error that a tool handed on.
fn whole(Broken(error): Broken) -> EngagementError {
    match error.downcast::<EngagementError>() {
        Ok(error) => *error,
        Err(error) => match error.downcast::<StoreError>() {
            Ok(error) => (*error).into(),
            Err(error) => EngagementError::World(error.to_string()),
        },
    }
}

/// The ledger in a prompt: what was decided and found, shortest form.
fn digest(rows: &[LedgerRow]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let shown = rows.iter().rev().take(80).rev().map(|r| {
        let kind = match r.kind {
            LedgerKind::Fact => "fact",
            LedgerKind::Assumption => "assumption",
            LedgerKind::Decision => "decision",
            LedgerKind::Blocker => "blocker",
            LedgerKind::Deliverable => "deliverable",
            LedgerKind::Review => "review",
            LedgerKind::Feedback => "feedback",
            LedgerKind::Answer => "answer",
        };
        // A title of several rows would look like several entries.
        format!("- {kind} ({}, {}): {}", row(&r.phase), row(&r.author), row(&r.title))
    });
    format!("# Ledger\n\n{}", shown.collect::<Vec<_>>().join("\n"))
}

/// Passes on what a model says; when its call does not come to its end, also when it is cut off,
/// that it is to be forgotten.
struct Ear<'a> {
    driver: &'a Driver,
    agent: &'a str,
    heard: AtomicBool,
}

impl Listener for Ear<'_> {
    fn hears(&self, text: &str) {
        self.heard.store(true, Ordering::Relaxed);
        self.driver.ports.watch.live(self.driver.project(), Live::Says { agent: self.agent, text });
    }
}

impl Drop for Ear<'_> {
    fn drop(&mut self) {
        if self.heard.load(Ordering::Relaxed) {
            self.driver.ports.watch.live(self.driver.project(), Live::Forget { agent: self.agent });
        }
    }
}

#[async_trait]
impl Host for SwarmHost<'_> {
    type Error = EngagementError;

    async fn open_visit(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: &str,
    ) -> Result<Vec<Note>, Stop<EngagementError>> {
        let agent = self.agent(agent).await?;
        let parts = self.parts(&agent).await?;
        let system = joined(&parts);
        // The ledger, which is last, grows.
        let steady = joined(&parts[..parts.len() - 1]).len();
        let blob = self
            .driver
            .ports
            .blobs
            .put(system.as_bytes())
            .await
            .map_err(|e| Stop::Failed(e.into()))?;
        let sources = parts
            .iter()
            .filter(|p| !p.text.is_empty())
            .map(|p| SourceHash { source: p.source.into(), hash: sha256(&p.text) })
            .collect();
        let event =
            Event::VisitOpened { visit, agent: agent.name.clone(), system: blob, steady, sources };
        self.driver.defer([event], None);
        self.prepare(swarm, visit, agent, Prompt { system, steady }).await;
        Ok(self.driver.look(|e| note(&e.state.inbox)).await.into_iter().collect())
    }

    async fn before_model(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<(), Stop<EngagementError>> {
        let speaker = self.speaking(swarm, call).await?;
        let agent = &speaker.agent;
        let read = (speaker.bytes + swarm.conversation_bytes()) / BYTES_PER_TOKEN + FRAMING;
        let bound = Usage {
            input_tokens: read,
            output_tokens: speaker.max_tokens.into(),
            ..Usage::default()
        };
        let reserved = Charge::at_most(bound, speaker.price);
        match self
            .driver
            .within_budgets(&self.phase.name, agent, reserved)
            .await
            .map_err(Stop::Failed)?
        {
            Verdict::Fits => {}
            Verdict::Beyond(why, asks) => {
                *lock(&self.why) = Some(why);
                *lock(&self.asks) = asks;
                return Err(Stop::Exhausted);
            }
        }
        self.note_trims(swarm, &agent.name).await;
        let attempt = swarm.visits().last().map_or(0, |v| v.calls.len());
        let step = self.step(call.visit, call.turn, &format!("m{attempt}"));
        let billing = self.driver.ports.model.billing();
        let event = Event::ModelCalled {
            step,
            agent: agent.name.clone(),
            model: speaker.model.clone(),
            reserved,
            billing,
        };
        self.driver.append(vec![event]).await.map_err(Stop::Failed)?;
        let context = self
            .driver
            .look(|e| CallContext {
                project: e.project.clone(),
                phase: self.phase.name.clone(),
                revision: e.state.revision(&self.phase.name),
                purpose: self.purpose,
                swarm: e.state.phases.get(&self.phase.name).map_or(0, |p| p.swarms),
                visit: call.visit,
                turn: call.turn,
                earlier_calls: e.state.meter.calls(&self.phase.name, &agent.name),
                date: e.state.started.date.clone(),
            })
            .await;
        *lock(&self.ready) = Some(Ready { context, speaker });
        Ok(())
    }

    async fn call_model(
        &self,
        swarm: &Swarm,
        _: &ModelCall,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<EngagementError>> {
        let Some(ready) = lock(&self.ready).take() else {
            return Err(Stop::Failed(
                self.driver.damaged("a call that was not made ready".to_owned()).await,
            ));
        };
        let speaker = &ready.speaker;
        let ear =
            Ear { driver: self.driver, agent: &speaker.agent.name, heard: AtomicBool::new(false) };
        let request = ModelRequest {
            context: &ready.context,
            agent: &speaker.agent.name,
            model: &speaker.model,
            system: &speaker.prompt.system,
            steady: speaker.prompt.steady,
            messages: swarm.conversation(),
            tools: &speaker.tools,
            max_tokens: speaker.max_tokens,
            listener: &ear,
        };
        let said = self.driver.ports.model.complete(request).await;
        let said = said.and_then(ModelReply::bounded).map_err(ModelFault::bounded);
        if said.is_ok() {
            ear.heard.store(false, Ordering::Relaxed);
        }
        Ok(said)
    }

    async fn before_tools(&self, calls: &ToolCalls) -> Result<(), Stop<EngagementError>> {
        self.turn.send_replace(0);
        *lock(&self.answered) = (0, 0);
        let names = calls
            .calls
            .iter()
            .map(|(i, c)| (self.step(calls.visit, calls.turn, &format!("c{i}")), c.name.clone()))
            .collect();
        let event = Event::ToolsCalled { agent: calls.agent.clone(), calls: names };
        // That tools which only read were called need not be on disk before they are.
        let reads = calls.calls.iter().all(|(_, call)| {
            self.driver
                .ports
                .tools
                .find(&call.name)
                .is_none_or(|tool| tool.info.effect == Effect::Pure)
        });
        self.reads.store(reads, Ordering::Relaxed);
        if reads {
            self.driver.defer([event], None);
            return Ok(());
        }
        self.driver.append(vec![event]).await.map_err(Stop::Failed)
    }

    async fn call_tool(
        &self,
        calls: &ToolCalls,
        index: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<EngagementError>> {
        let place = calls.calls.iter().position(|(i, _)| *i == index).unwrap_or(0);
        let pass_on = || self.turn.send_modify(|t| *t = (*t).max(place + 1));
        let answer = |status, text: String, started| {
            ToolAnswer::Result(
                ToolResult { id: call.id.clone(), status, text, attachments: Vec::new() },
                started,
            )
        };
        let Some(known) = self.driver.ports.tools.find(&call.name) else {
            self.my_turn(place).await;
            pass_on();
            return Ok(answer(
                ToolStatus::Error,
                format!("No tool named \"{}\".", call.name),
                false,
            ));
        };
        if let Some(why) = known.mismatch(&call.input) {
            self.my_turn(place).await;
            pass_on();
            return Ok(answer(
                ToolStatus::Error,
                format!("Invalid input for {}: {why}", call.name),
                false,
            ));
        }
        let speaker =
            lock(&self.speaker).clone().filter(|speaker| speaker.agent.name == calls.agent);
        let fresh;
        let agent = match &speaker {
            Some(speaker) => &speaker.agent,
            // A process that goes on in the middle of a turn has not spoken yet.
            None => {
                fresh = self.agent(&calls.agent).await?;
                &fresh
            }
        };
        if known.info.effect != Effect::Pure {
            self.my_turn(place).await;
        }
        let step = self.step(calls.visit, calls.turn, &format!("c{index}"));
        let desk = Desk { driver: self.driver, agent, phase: &self.phase.name, step };
        let said = known.tool.call(&desk, call.input.clone()).await;
        if known.info.effect == Effect::Pure {
            self.my_turn(place).await;
        }
        pass_on();
        match said {
            Ok(Outcome::Done(text, done)) => {
                lock(&self.done).insert(index, done);
                Ok(answer(ToolStatus::Success, self.within_turn(text), true))
            }
            Ok(Outcome::Shows(text, _)) if !self.has_room(MAX_SHOWN) => {
                let why = format!(
                    "{text} It was not shown: this turn's results are too large together; look at \
                     it in a turn of its own."
                );
                Ok(answer(ToolStatus::Error, why, true))
            }
            Ok(Outcome::Shows(text, attachment)) => {
                let id = call.id.clone();
                let result = ToolResult {
                    id,
                    status: ToolStatus::Success,
                    text,
                    attachments: vec![attachment],
                };
                Ok(ToolAnswer::Result(result, true))
            }
            Ok(Outcome::Asks { name, question }) => {
                let asked = {
                    let mut answered = lock(&self.answered);
                    answered.1 += 1;
                    answered.1
                };
                if asked > MAX_QUESTIONS {
                    let why = format!("Not asked: at most {MAX_QUESTIONS} questions in one turn.");
                    return Ok(answer(ToolStatus::Error, why, true));
                }
                Ok(ToolAnswer::Asks(name, question))
            }
            Err(ToolError::Refused(why)) => Ok(answer(ToolStatus::Error, why, true)),
            Err(ToolError::Failed(broken)) => Err(Stop::Failed(whole(broken))),
        }
    }

    async fn wait(&self, time: Duration) {
        self.driver.ports.clock.sleep(time).await;
    }

    async fn deadline(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn elapsed(&self) -> Duration {
        self.driver.ports.clock.elapsed()
    }

    fn jitter(&self) -> f64 {
        // Spread over processes and calls; no two engines wait in step.
        let seed = sha256(format!("{}{}{:?}", self.id, std::process::id(), self.elapsed()));
        u32::from_str_radix(&seed[..8], 16).map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
    }

    async fn record(&self, input: &Input, elapsed: Duration) -> Result<(), Stop<EngagementError>> {
        let settled = match input {
            Input::Reply(ModelReply { usage: Some(usage), .. })
            | Input::Fault { fault: ModelFault { usage: Some(usage), .. }, .. } => Some(*usage),
            Input::Fault { fault, .. } if fault.unpaid => Some(Usage::default()),
            _ => None,
        };
        let settled = match settled {
            None => None,
            Some(usage) => {
                let price = lock(&self.speaker).as_ref().and_then(|speaker| speaker.price);
                Some(Charge::of(usage, price))
            }
        };
        let done = match input {
            Input::ToolResult { index, .. } => lock(&self.done).remove(index),
            _ => None,
        };
        let done = done.filter(|d| *d != ToolDone::default());
        // Nothing outside follows from these by themselves. What does (a call, a tool that writes,
        // a question, the end of the swarm) puts them on record first.
        let inside = match input {
            Input::Reply(_) => settled.is_some(),
            Input::ToolResult { .. } => self.reads.load(Ordering::Relaxed),
            Input::VisitOpened { .. } => true,
            _ => false,
        };
        let event = Event::SwarmInput {
            input: Box::new(input.clone()),
            elapsed_ms: ms(elapsed),
            settled,
            done,
        };
        if inside {
            self.driver.defer([event], settled);
            return Ok(());
        }
        self.driver.append(vec![event]).await.map_err(Stop::Failed)
    }

    async fn refused(&self, refused: Vec<(ToolUse, String)>) {
        if let Some(run) = self.driver.inner.lock().await.state.swarm.as_mut() {
            run.refused = refused;
        }
    }

    async fn settle(&self) -> Result<(), Stop<EngagementError>> {
        self.driver.settle_deferred().await.map_err(Stop::Failed)
    }

    async fn inbound(&self) -> Result<Option<Input>, Stop<EngagementError>> {
        if self.driver.ports.watch.stop_wanted() {
            return Err(Stop::Halted);
        }
        // What people say is looked for between steps, and not more often than they could notice.
        let now = self.elapsed();
        if lock(&self.looked).is_some_and(|before| now.saturating_sub(before) < LOOKS_EVERY) {
            return Ok(None);
        }
        *lock(&self.looked) = Some(now);
        self.driver.keep_lease().await.map_err(Stop::Failed)?;
        self.driver.catch_up().await.map_err(Stop::Failed)?;
        let cancelled = self.driver.look(|e| e.state.cancel.is_some()).await;
        Ok(cancelled.then_some(Input::Cancel))
    }
}

impl SwarmHost<'_> {
    /// Puts on record, with the next call, what the machine has left out of the conversation since
    /// the last one.
    async fn note_trims(&self, swarm: &Swarm, agent: &str) {
        let Some(visit) = swarm.visits().last().filter(|visit| !visit.trims.is_empty()) else {
            return;
        };
        let known = self.driver.look(|e| e.state.swarm.as_ref().map_or(0, |run| run.trims)).await;
        let new = visit.trims.iter().skip(known);
        self.driver.defer(
            new.map(|trim| Event::Trimmed {
                agent: agent.to_owned(),
                visit: visit.visit,
                trim: *trim,
            }),
            None,
        );
    }

    /// Who speaks, with the prompt of the visit; after a restart from its blob, so that the visit
    /// goes on with the very same words.
    async fn speaking(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<Arc<Speaker>, Stop<EngagementError>> {
        if let Some(speaker) =
            lock(&self.speaker).as_ref().filter(|speaker| speaker.visit == call.visit)
        {
            return Ok(speaker.clone());
        }
        let visit = call.visit;
        let found =
            self.driver.look(|e| e.state.swarm.as_ref().and_then(|s| s.system.clone())).await;
        let Some(VisitPrompt { blob, steady, .. }) = found.filter(|prompt| prompt.visit == visit)
        else {
            return Err(Stop::Failed(
                self.driver.damaged(format!("visit {visit} has no prompt")).await,
            ));
        };
        let bytes = self.driver.ports.blobs.get(&blob).await.map_err(|e| Stop::Failed(e.into()))?;
        let Some(bytes) = bytes else {
            return Err(Stop::Failed(self.driver.damaged(format!("blob {blob} is missing")).await));
        };
        let system = String::from_utf8_lossy(&bytes).into_owned();
        let agent = self.agent(&call.agent).await?;
        Ok(self.prepare(swarm, visit, agent, Prompt { system, steady }).await)
    }

    /// Makes what stays the same in a visit.
    async fn prepare(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: Agent,
        prompt: Prompt,
    ) -> Arc<Speaker> {
        let tools = self.tools(&agent, swarm).await;
        let bytes = prompt.system.len() as u64 + tools.iter().map(size).sum::<u64>();
        let (model, max_tokens, price) = self.model(&agent).await;
        let speaker =
            Arc::new(Speaker { visit, agent, prompt, tools, bytes, model, max_tokens, price });
        *lock(&self.speaker) = Some(speaker.clone());
        speaker
    }
}
