//! The host of a conversation: prompts, model calls within budgets, and tools that only read.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::crew::{Agent, Price};
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::model::{
    CallContext, Listener, ModelFault, ModelReply, ModelRequest, Purpose, ToolResult, ToolSpec,
    ToolStatus, ToolUse, Usage,
};
use cloudcrew_tools::{Outcome, ToolError};

use super::place::TalkPlace;
use super::{Talker, prompt, spec};
use crate::engagement::act::budget::uncovered;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Event, SourceHash, ToolDone, Why, ms};
use crate::engagement::host::{BYTES_PER_TOKEN, CUT, FRAMING, engagement_error, said, size};
use crate::engagement::meter::{CONVERSATION, Charge};
use crate::prompt::joined;
use crate::swarm::{
    Host, Input, ModelCall, Note, Stop, Swarm, ToolAnswer, ToolCalls, handoff_spec,
};
use crate::watch::Live;

/// Maximum size of an answer, in bytes.
const MAX_ANSWER: usize = 32 * 1024;
/// Maximum size of a tool's result, in bytes.
const MAX_RESULT: usize = 64 * 1024;

/// Why a conversation stopped.
pub(super) enum Broken {
    /// A port failed.
    Failed(EngagementError),
    /// Another process has continued it, or the message is answered.
    Overtaken,
    /// A budget is used up, or a prompt cannot be rendered.
    Refused(Why),
}

fn failed(error: impl Into<EngagementError>) -> Stop<Broken> {
    Stop::Failed(Broken::Failed(error.into()))
}

/// The agent that speaks, with everything that is the same for all its calls.
struct Speaker {
    visit: u32,
    agent: Agent,
    phase: String,
    system: String,
    steady: usize,
    tools: Vec<ToolSpec>,
    model: String,
    max_tokens: u32,
    price: Option<Price>,
}

#[derive(Default)]
struct Turn {
    speaker: Option<Arc<Speaker>>,
    context: Option<CallContext>,
    /// The text of replies of this visit that were cut off.
    cut: Vec<String>,
    /// Effects of tool calls whose results are not recorded yet: index, effects.
    done: Vec<(usize, ToolDone)>,
}

/// The host of the answer to one message.
pub(super) struct TalkHost<'a> {
    talker: &'a Talker,
    message: &'a str,
    /// Number of entries of the conversation that this process knows.
    steps: AtomicU32,
    turn: SyncMutex<Turn>,
    /// Tools run one at a time, in the order of their calls.
    one: tokio::sync::Mutex<()>,
}

impl<'a> TalkHost<'a> {
    pub(super) fn new(talker: &'a Talker, message: &'a str, steps: u32) -> Self {
        let (turn, one) = (SyncMutex::default(), tokio::sync::Mutex::new(()));
        TalkHost { talker, message, steps: AtomicU32::new(steps), turn, one }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole answer, when its last part is `text`.
    pub(super) fn whole(&self, text: &str) -> String {
        let mut words = self.turn().cut.concat();
        words.push_str(text.trim());
        cut(&mut words, MAX_ANSWER);
        words
    }

    fn step(&self, visit: u32, turn: u32, rest: &str) -> String {
        format!("message.{}.v{visit}.t{turn}.{rest}", self.message)
    }

    /// Appends one event of this conversation, unless another process has continued it.
    async fn add(&self, event: Event) -> Result<(), Stop<Broken>> {
        let steps = self.steps.load(Ordering::Relaxed);
        let still = |state: &crate::engagement::State| {
            let talk = state.conversation.talk.as_ref();
            talk.is_some_and(|talk| talk.message == self.message && talk.steps == steps)
        };
        if !self.talker.append(vec![event], still).await.map_err(failed)? {
            return Err(Stop::Failed(Broken::Overtaken));
        }
        self.steps.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Records an input of the machine.
    pub(super) async fn take(
        &self,
        input: &Input,
        elapsed: Duration,
        settled: Option<Charge>,
        done: Option<ToolDone>,
    ) -> Result<(), Stop<Broken>> {
        let (input, elapsed_ms) = (Box::new(input.clone()), ms(elapsed));
        self.add(Event::ConversationInput { input, elapsed_ms, settled, done }).await
    }

    /// Prepares the agent of a visit; `system` is its prompt when it was made before.
    async fn speaker(
        &self,
        swarm: &Swarm,
        visit: u32,
        name: &str,
        system: Option<(String, usize)>,
    ) -> Result<Arc<Speaker>, Stop<Broken>> {
        let there = self.turn().speaker.clone().filter(|speaker| speaker.visit == visit);
        if let Some(there) = there {
            return Ok(there);
        }
        let rows = self.talker.ports.ledger.rows(&self.talker.project).await.map_err(failed)?;
        let found = self.talker.look(|e| {
            let phase = spec::phase(e)?;
            let agent = phase.cast(e.definition.agent(name)?);
            let parts = prompt::parts(e, phase, &agent, &rows);
            let model = e.state.started.model_of(&agent);
            let settings = e.model(&model);
            let max_tokens = settings.as_ref().map_or(4096, |m| m.max_tokens);
            let price = settings.and_then(|m| m.price);
            Some((phase.name.clone(), agent, parts, model, max_tokens, price))
        });
        let Some((phase, agent, parts, model, max_tokens, price)) = found.await else {
            return Err(failed(EngagementError::World(format!("no agent `{name}`"))));
        };
        let (system, steady) = match system {
            Some(made) => made,
            None => {
                let parts = parts.map_err(|why| Stop::Failed(Broken::Refused(why)))?;
                let (system, steady) = (joined(&parts), joined(&parts[..2]).len());
                let blob = self.talker.ports.blobs.put(system.as_bytes()).await.map_err(failed)?;
                let sources = parts.iter().filter(|part| !part.text.is_empty());
                let sources = sources.map(|part| SourceHash {
                    source: part.source.into(),
                    hash: sha256(&part.text),
                });
                let (agent, sources) = (name.to_owned(), sources.collect());
                let joined =
                    Event::ConversationJoined { visit, agent, system: blob, steady, sources };
                self.add(joined).await?;
                (system, steady)
            }
        };
        let names = swarm.spec().members.iter().find(|member| member.name == name);
        let names = names.map(|member| member.tools.as_slice()).unwrap_or_default();
        let registered = names.iter().filter_map(|name| self.talker.ports.tools.find(name));
        let mut tools: Vec<ToolSpec> = registered.map(|tool| tool.spec.clone()).collect();
        if swarm.spec().may_hand_off(name) {
            tools.push(handoff_spec());
        }
        let speaker =
            Speaker { visit, agent, phase, system, steady, tools, model, max_tokens, price };
        let speaker = Arc::new(speaker);
        let mut turn = self.turn();
        turn.speaker = Some(speaker.clone());
        turn.cut.clear();
        drop(turn);
        Ok(speaker)
    }

    /// The agent of the current visit; after a restart, with the same prompt as before.
    async fn current(&self, swarm: &Swarm, call: &ModelCall) -> Result<Arc<Speaker>, Stop<Broken>> {
        let there = self.turn().speaker.clone().filter(|speaker| speaker.visit == call.visit);
        if let Some(there) = there {
            return Ok(there);
        }
        let made = self.talker.look(|e| e.state.conversation.talk.as_ref()?.system.clone()).await;
        let made = made.filter(|prompt| prompt.visit == call.visit);
        let Some(made) = made else { return Err(Stop::Failed(Broken::Overtaken)) };
        let bytes = self.talker.ports.blobs.get(&made.blob).await.map_err(failed)?;
        let missing = || EngagementError::World(format!("blob {} is missing", made.blob));
        let system = bytes.ok_or_else(|| failed(missing()))?;
        let system = String::from_utf8_lossy(&system).into_owned();
        self.speaker(swarm, call.visit, &call.agent, Some((system, made.steady))).await
    }
}

/// Passes a streamed answer on. When the call does not complete, it is discarded.
struct Relay<'a> {
    host: &'a TalkHost<'a>,
    agent: &'a str,
    discard: AtomicBool,
}

impl Relay<'_> {
    fn live(&self, live: Live<'_>) {
        let talker = self.host.talker;
        talker.ports.watch.live(&talker.project, live);
    }
}

impl Listener for Relay<'_> {
    fn hears(&self, text: &str) {
        self.discard.store(true, Ordering::Relaxed);
        self.live(Live::Says { agent: self.agent, text, message: Some(self.host.message) });
    }
}

impl Drop for Relay<'_> {
    fn drop(&mut self) {
        if self.discard.load(Ordering::Relaxed) {
            self.live(Live::Forget { agent: self.agent, message: Some(self.host.message) });
        }
    }
}

#[async_trait]
impl Host for TalkHost<'_> {
    type Error = Broken;

    async fn open_visit(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: &str,
    ) -> Result<Vec<Note>, Stop<Broken>> {
        self.speaker(swarm, visit, agent, None).await?;
        Ok(Vec::new())
    }

    async fn before_model(&self, swarm: &Swarm, call: &ModelCall) -> Result<(), Stop<Broken>> {
        let speaker = self.current(swarm, call).await?;
        let bytes = speaker.system.len() as u64
            + speaker.tools.iter().map(size).sum::<u64>()
            + swarm.conversation_bytes();
        let bound = Usage {
            input_tokens: bytes / BYTES_PER_TOKEN + FRAMING,
            output_tokens: speaker.max_tokens.into(),
            ..Usage::default()
        };
        let reserved = Charge::at_most(bound, speaker.price);
        let attempt = swarm.visits().last().map_or(0, |visit| visit.calls.len());
        let event = Event::ConversationCalled {
            step: self.step(call.visit, call.turn, &format!("m{attempt}")),
            agent: speaker.agent.name.clone(),
            model: speaker.model.clone(),
            reserved,
            billing: self.talker.ports.model.billing(),
        };
        // The budgets are checked on the very state that the reservation is appended to.
        loop {
            self.talker.catch_up().await.map_err(failed)?;
            let (head, over) = self
                .talker
                .look(|e| (e.head.seq, uncovered(e, CONVERSATION, &speaker.agent, reserved)))
                .await;
            if let Some(why) = over {
                return Err(Stop::Failed(Broken::Refused(why)));
            }
            let steps = self.steps.load(Ordering::Relaxed);
            let mut mine = true;
            let done = self.talker.append_at(vec![event.clone()], head, |state| {
                let talk = state.conversation.talk.as_ref();
                mine = talk.is_some_and(|t| t.message == self.message && t.steps == steps);
                mine
            });
            if done.await.map_err(failed)? {
                self.steps.fetch_add(1, Ordering::Relaxed);
                break;
            }
            if !mine {
                return Err(Stop::Failed(Broken::Overtaken));
            }
        }
        let context = self.talker.look(|e| CallContext {
            project: e.project.clone(),
            phase: speaker.phase.clone(),
            revision: e.state.revision(&speaker.phase),
            purpose: Purpose::Conversation,
            swarm: e.state.conversation.number(self.message),
            visit: call.visit,
            turn: call.turn,
            earlier_calls: e.state.meter.calls(CONVERSATION, &speaker.agent.name),
            date: e.state.started.date.clone(),
        });
        let context = context.await;
        self.turn().context = Some(context);
        Ok(())
    }

    async fn call_model(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<Broken>> {
        let speaker = self.current(swarm, call).await?;
        let Some(context) = self.turn().context.take() else {
            return Err(Stop::Failed(Broken::Overtaken));
        };
        let relay =
            Relay { host: self, agent: &speaker.agent.name, discard: AtomicBool::new(false) };
        let request = ModelRequest {
            context: &context,
            agent: &speaker.agent.name,
            model: &speaker.model,
            system: &speaker.system,
            steady: speaker.steady,
            messages: swarm.conversation(),
            tools: &speaker.tools,
            max_tokens: speaker.max_tokens,
            listener: &relay,
        };
        let reply = self.talker.ports.model.complete(request).await;
        let reply = reply.and_then(ModelReply::bounded).map_err(ModelFault::bounded);
        if reply.is_ok() {
            relay.discard.store(false, Ordering::Relaxed);
        }
        Ok(reply)
    }

    async fn before_tools(&self, _: &ToolCalls) -> Result<(), Stop<Broken>> {
        Ok(())
    }

    async fn call_tool(
        &self,
        calls: &ToolCalls,
        index: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<Broken>> {
        let _one = self.one.lock().await;
        let answer = |status, mut text: String, started| {
            cut(&mut text, MAX_RESULT);
            let (id, attachments) = (call.id.clone(), Vec::new());
            ToolAnswer::Result(ToolResult { id, status, text, attachments }, started)
        };
        let Some(tool) = self.talker.ports.tools.find(&call.name) else {
            let why = format!("No tool named \"{}\".", call.name);
            return Ok(answer(ToolStatus::Error, why, false));
        };
        if let Some(why) = tool.mismatch(&call.input) {
            let why = format!("Invalid input for {}: {why}", call.name);
            return Ok(answer(ToolStatus::Error, why, false));
        }
        let agent = self.talker.look(|e| {
            let phase = spec::phase(e)?;
            Some((phase.cast(e.definition.agent(&calls.agent)?), phase.name.clone()))
        });
        let Some((agent, phase)) = agent.await else {
            return Err(Stop::Failed(Broken::Overtaken));
        };
        let step = self.step(calls.visit, calls.turn, &format!("c{index}"));
        let place = TalkPlace { talker: self.talker, agent: &agent, phase: &phase, step };
        match tool.call(&place, call.input.clone()).await {
            Ok(Outcome::Done(text, done)) => {
                self.turn().done.push((index, done));
                Ok(answer(ToolStatus::Success, text, true))
            }
            Ok(Outcome::Shows(text, _)) => Ok(answer(ToolStatus::Success, text, true)),
            Ok(Outcome::Asks { .. }) => {
                let why = "Ask in the text of your answer.".to_owned();
                Ok(answer(ToolStatus::Error, why, false))
            }
            Err(ToolError::Refused(why)) => Ok(answer(ToolStatus::Error, why, true)),
            Err(ToolError::Failed(broken)) => Err(failed(engagement_error(broken))),
        }
    }

    async fn wait(&self, time: Duration) {
        self.talker.ports.clock.sleep(time).await;
    }

    async fn deadline(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn elapsed(&self) -> Duration {
        self.talker.ports.clock.elapsed()
    }

    fn jitter(&self) -> f64 {
        let seed = sha256(format!("{}{}{:?}", self.message, std::process::id(), self.elapsed()));
        u32::from_str_radix(&seed[..8], 16).map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
    }

    async fn record(&self, input: &Input, elapsed: Duration) -> Result<(), Stop<Broken>> {
        if let Input::Reply(reply) = input
            && CUT.contains(&reply.stop_reason.as_str())
        {
            self.turn().cut.push(said(reply));
        }
        let usage = match input {
            Input::Reply(ModelReply { usage: Some(usage), .. })
            | Input::Fault { fault: ModelFault { usage: Some(usage), .. }, .. } => Some(*usage),
            Input::Fault { fault, .. } if fault.unpaid => Some(Usage::default()),
            _ => None,
        };
        let price = self.turn().speaker.as_ref().and_then(|speaker| speaker.price);
        let settled = usage.map(|usage| Charge::of(usage, price));
        let done = match input {
            Input::ToolResult { index, .. } => {
                let mut turn = self.turn();
                let at = turn.done.iter().position(|(i, _)| i == index);
                at.map(|at| turn.done.swap_remove(at).1)
            }
            _ => None,
        };
        let done = done.filter(|done| *done != ToolDone::default());
        self.take(input, elapsed, settled, done).await
    }

    async fn inbound(&self, _: &Swarm) -> Result<Option<Input>, Stop<Broken>> {
        if self.talker.ports.watch.stop_wanted() { Err(Stop::Halted) } else { Ok(None) }
    }
}
