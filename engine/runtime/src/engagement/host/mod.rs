//! The host of a swarm inside an engagement: provides prompts, models and tools through ports, and
//! records everything before it has an effect outside.

mod call;
mod prompt;
mod tools;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::crew::Phase;
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::model::{Block, ModelFault, ModelReply, Purpose, ToolUse, Usage};

use super::driver::Driver;
use super::error::EngagementError;
use super::event::{Event, ReplyRecord, ToolDone, Why, ms};
use super::meter::Charge;
use super::notes::note;
use super::request::RequestKind;
use crate::swarm::{Host, Input, ModelCall, Note, Step, Stop, Swarm, ToolAnswer, ToolCalls};
use call::{ActiveAgent, Ready};

pub(super) use call::{BYTES_PER_TOKEN, FRAMING, size};
pub(super) use prompt::digest;
pub(super) use tools::{engagement_error, tool_names};

/// Minimum interval between reads of entries that others appended.
const POLL: Duration = Duration::from_millis(20);

/// Maximum size of an answer to the customer, in bytes.
const MAX_ANSWER: usize = 32 * 1024;

/// Stop reasons of replies that were cut off.
pub(super) const CUT: [&str; 2] = ["max_tokens", "model_context_window_exceeded"];

/// Why a swarm cannot continue.
#[derive(Debug)]
pub(super) enum HostError {
    /// A port failed.
    Failed(EngagementError),
    /// A budget is used up; with the request for a person, if the budget allows one.
    OverBudget(Why, Option<Box<RequestKind>>),
    /// A prompt or a template cannot be rendered. Both are pinned, so trying again would not help.
    Unrendered(Why),
}

fn failed(error: impl Into<EngagementError>) -> Stop<HostError> {
    Stop::Failed(HostError::Failed(error.into()))
}

/// The host of one swarm.
pub(super) struct SwarmHost<'a> {
    driver: &'a Driver,
    id: String,
    purpose: Purpose,
    phase: &'a Phase,
    turn: SyncMutex<Turn>,
    /// Effects of one turn happen in the order of its calls. Counts the running calls whose effects
    /// have happened.
    effects: tokio::sync::watch::Sender<usize>,
}

/// What is kept from one step of the swarm to the next.
#[derive(Default)]
struct Turn {
    /// The active agent, prepared once per visit.
    active: Option<Arc<ActiveAgent>>,
    /// The call that is about to be made.
    ready: Option<Ready>,
    /// When this driver last read entries of others.
    polled: Option<Duration>,
    /// Effects of calls whose results are not recorded yet.
    done: BTreeMap<usize, ToolDone>,
    /// Whether all tools of this turn only read, so that they may run again after a crash.
    reads: bool,
    /// Bytes that the tools of this turn have returned.
    bytes: usize,
    /// Keys of its calls that were on record before: a process died before it recorded their
    /// results.
    repeated: Vec<String>,
    /// Questions that they have asked.
    questions: usize,
}

impl<'a> SwarmHost<'a> {
    pub(super) fn new(driver: &'a Driver, id: String, purpose: Purpose, phase: &'a Phase) -> Self {
        let (effects, _) = tokio::sync::watch::channel(0);
        SwarmHost { driver, id, purpose, phase, turn: SyncMutex::default(), effects }
    }

    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a step that happens once: `discovery.1.v2.t0.c1`.
    fn step(&self, visit: u32, turn: u32, rest: &str) -> String {
        format!("{}.v{visit}.t{turn}.{rest}", self.id)
    }
}

impl SwarmHost<'_> {
    /// Messages for the agent that is about to call its model, which arrived during its visit.
    async fn message_to(&self, swarm: &Swarm) -> Option<Input> {
        let Step::CallModel(call) = swarm.next_step() else { return None };
        let mut messages = self.driver.look(|e| e.state.messages_for(&call.agent, false)).await;
        messages.retain(|message| message.to == call.agent);
        note(&messages).map(|note| Input::Noted { note })
    }

    /// What an agent says after it has read messages of the customer is its answer to them.
    async fn answer_in(&self, input: &Input) -> Option<Event> {
        let Input::Reply(reply) = input else { return None };
        if CUT.contains(&reply.stop_reason.as_str()) {
            return None;
        }
        let agent = self.turn().active.as_ref().map(|active| active.agent.name.clone())?;
        let messages = self.driver.look(|e| e.state.read_by(&agent)).await;
        let words = said(reply);
        (!messages.is_empty() && !words.is_empty())
            .then(|| Event::Replied(ReplyRecord { messages, agent, words, fault: None }))
    }
}

/// The text of a reply, bounded.
pub(super) fn said(reply: &ModelReply) -> String {
    let texts = reply.content.iter().filter_map(|block| match block {
        Block::Text(text) => Some(text.trim()),
        _ => None,
    });
    let mut words = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    cut(&mut words, MAX_ANSWER);
    words
}

#[async_trait]
impl Host for SwarmHost<'_> {
    type Error = HostError;

    async fn open_visit(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: &str,
    ) -> Result<Vec<Note>, Stop<HostError>> {
        self.start_visit(swarm, visit, agent).await
    }

    async fn before_model(&self, swarm: &Swarm, call: &ModelCall) -> Result<(), Stop<HostError>> {
        self.make_ready(swarm, call).await
    }

    async fn call_model(
        &self,
        swarm: &Swarm,
        _: &ModelCall,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<HostError>> {
        self.complete(swarm).await
    }

    async fn before_tools(&self, calls: &ToolCalls) -> Result<(), Stop<HostError>> {
        self.announce(calls).await
    }

    async fn call_tool(
        &self,
        calls: &ToolCalls,
        index: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<HostError>> {
        self.call(calls, index, call).await
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
        // Seeded by process and call, so that engines do not retry in step.
        let seed = sha256(format!("{}{}{:?}", self.id, std::process::id(), self.elapsed()));
        u32::from_str_radix(&seed[..8], 16).map_or(0.5, |n| f64::from(n) / f64::from(u32::MAX))
    }

    async fn record(&self, input: &Input, elapsed: Duration) -> Result<(), Stop<HostError>> {
        let settled = match input {
            Input::Reply(ModelReply { usage: Some(usage), .. })
            | Input::Fault { fault: ModelFault { usage: Some(usage), .. }, .. } => Some(*usage),
            Input::Fault { fault, .. } if fault.unpaid => Some(Usage::default()),
            _ => None,
        };
        let settled = match settled {
            None => None,
            Some(usage) => {
                let price = self.turn().active.as_ref().and_then(|active| active.price);
                Some(Charge::of(usage, price))
            }
        };
        let done = match input {
            Input::ToolResult { index, .. } => self.turn().done.remove(index),
            _ => None,
        };
        let done = done.filter(|d| *d != ToolDone::default());
        // These have no effect outside. Anything that does (a call, a tool that writes, a question,
        // the end of the swarm) records them first.
        let deferrable = match input {
            Input::Reply(_) => settled.is_some(),
            Input::ToolResult { .. } => self.turn().reads,
            Input::VisitOpened { .. } => true,
            _ => false,
        };
        let answer = self.answer_in(input).await;
        let event = Event::SwarmInput {
            input: Box::new(input.clone()),
            elapsed_ms: ms(elapsed),
            settled,
            done,
        };
        if let Some(answer) = answer {
            return self.driver.append(vec![event, answer]).await.map_err(failed);
        }
        if deferrable {
            self.driver.defer([event], settled).await;
            return Ok(());
        }
        self.driver.append(vec![event]).await.map_err(failed)
    }

    async fn refused(&self, refused: Vec<(ToolUse, String)>) {
        if let Some(run) = self.driver.inner.lock().await.engagement.state.swarm.as_mut() {
            run.refused = refused;
        }
    }

    async fn settle(&self) -> Result<(), Stop<HostError>> {
        self.driver.settle_deferred().await.map_err(failed)
    }

    async fn inbound(&self, swarm: &Swarm) -> Result<Option<Input>, Stop<HostError>> {
        if self.driver.ports.watch.stop_wanted() {
            return Err(Stop::Halted);
        }
        // Read answers and messages between steps, but no more often than people could notice.
        let now = self.elapsed();
        if self.turn().polled.is_some_and(|before| now.saturating_sub(before) < POLL) {
            return Ok(None);
        }
        self.turn().polled = Some(now);
        self.driver.keep_lease().await.map_err(failed)?;
        self.driver.catch_up().await.map_err(failed)?;
        let cancelled = self.driver.look(|e| e.state.cancel.is_some()).await;
        Ok(if cancelled { Some(Input::Cancel) } else { self.message_to(swarm).await })
    }
}
