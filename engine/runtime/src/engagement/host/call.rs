//! One model call: its prompt, its tools, its maximum cost, and its streamed reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudcrew_definition::crew::{Agent, Price};
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::model::{
    CallContext, Listener, ModelFault, ModelReply, ModelRequest, Purpose, ToolSpec, Usage,
};
use cloudcrew_ports::secret::redacted;

use super::{HostError, SwarmHost, failed};
use crate::engagement::act::budget::{Verdict, uncovered};
use crate::engagement::driver::Driver;
use crate::engagement::event::{Event, Recollection, SourceHash, ms};
use crate::engagement::load::Engagement;
use crate::engagement::memory::{Wanted, shown_at_start};
use crate::engagement::meter::Charge;
use crate::engagement::notes::note;
use crate::engagement::state::VisitPrompt;
use crate::prompt::joined;
use crate::swarm::{ModelCall, Note, Stop, Swarm};
use crate::watch::Live;

/// Minimum number of bytes per token, for upper bounds before a call.
pub(in crate::engagement) const BYTES_PER_TOKEN: u64 = 2;
/// Tokens that a provider adds to a request, for tool instructions and message boundaries.
pub(in crate::engagement) const FRAMING: u64 = 500;

/// A system prompt, and the length of the prefix that other visits share.
struct Prompt {
    system: String,
    steady: usize,
}

/// The active agent of a visit, with everything that is the same for all its calls.
pub(super) struct ActiveAgent {
    visit: u32,
    pub(super) agent: Agent,
    prompt: Prompt,
    tools: Vec<ToolSpec>,
    /// Size of the prompt and tools, in bytes.
    bytes: u64,
    model: String,
    max_tokens: u32,
    pub(super) price: Option<Price>,
}

/// A recorded call that is about to be made.
pub(super) struct Ready {
    context: CallContext,
    active: Arc<ActiveAgent>,
}

/// Passes a streamed reply to the watch. When the call does not complete, even because it is
/// dropped, the watch is told to discard the reply.
struct Relay<'a> {
    driver: &'a Driver,
    agent: &'a str,
    discard: AtomicBool,
}

impl Listener for Relay<'_> {
    fn hears(&self, text: &str) {
        self.discard.store(true, Ordering::Relaxed);
        // A secret in several pieces is seen for a moment, and replaced in the reply.
        let text = &redacted(text);
        let says = Live::Says { agent: self.agent, text, message: None };
        self.driver.ports.watch.live(self.driver.project(), says);
    }
}

impl Drop for Relay<'_> {
    fn drop(&mut self) {
        if self.discard.load(Ordering::Relaxed) {
            let forget = Live::Forget { agent: self.agent, message: None };
            self.driver.ports.watch.live(self.driver.project(), forget);
        }
    }
}

impl SwarmHost<'_> {
    pub(super) async fn start_visit(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: &str,
    ) -> Result<Vec<Note>, Stop<HostError>> {
        let agent = self.agent(agent).await?;
        let parts = self.parts(&agent, swarm).await?;
        let system = joined(&parts);
        // The last parts, the ledger and remarks, change between visits.
        let steady = joined(&parts[..parts.len() - 2]).len();
        let blob = self.driver.ports.blobs.put(system.as_bytes()).await.map_err(failed)?;
        let sources = parts
            .iter()
            .filter(|p| !p.text.is_empty())
            .map(|p| SourceHash { source: p.source.into(), hash: sha256(&p.text) })
            .collect();
        let event =
            Event::VisitOpened { visit, agent: agent.name.clone(), system: blob, steady, sources };
        self.driver.defer([event], None).await;
        let agent_name = agent.name.clone();
        let recalled = self.recalled(&agent_name, swarm).await?;
        self.prepare(swarm, visit, agent, Prompt { system, steady }).await;
        let messages = self.driver.look(|e| note(&e.state.messages_for(&agent_name, true))).await;
        Ok(messages.into_iter().chain(recalled).collect())
    }

    /// What the agent is shown of earlier work. It is in the visit's input, behind the prefix that
    /// a provider may cache, and recorded with it.
    async fn recalled(&self, agent: &str, swarm: &Swarm) -> Result<Option<Note>, Stop<HostError>> {
        let Some(limits) = self.phase.recall.filter(|_| self.purpose == Purpose::Work) else {
            return Ok(None);
        };
        let (driver, phase) = (self.driver, self.phase);
        let now = driver.now().await;
        let wanted = driver.look(|e| Wanted::of(e, &phase.name, now)).await;
        let memory = &*driver.ports.memory;
        let task = &swarm.spec().task;
        // Work goes on without what others noted while the store is away.
        let found = match shown_at_start(memory, &wanted, limits, phase, task).await {
            Ok(found) => match driver.note_shown(&found.0).await {
                Ok(()) => Ok(found),
                Err(error) => Err(error.to_string()),
            },
            Err(error) => Err(error.to_string()),
        };
        let (fault, (notes, shown, words)) = match found {
            Ok(found) => (None, found),
            Err(why) => {
                let alone = wanted.alone();
                let own = shown_at_start(memory, &alone, limits, phase, task).await;
                (Some(why), own.map_err(failed)?)
            }
        };
        if shown.is_none() && fault.is_none() {
            return Ok(None);
        }
        let event = Event::Recalled {
            agent: agent.to_owned(),
            query: sha256(words),
            notes: notes.iter().map(Recollection::of).collect(),
            hash: sha256(shown.as_ref().map_or("", |shown| &shown.body)),
            lag_ms: ms(memory.lag()),
            fault,
        };
        driver.defer([event], None).await;
        Ok(shown)
    }

    pub(super) async fn make_ready(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<(), Stop<HostError>> {
        let active = self.active_agent(swarm, call).await?;
        let agent = &active.agent;
        let read = (active.bytes + swarm.conversation_bytes()) / BYTES_PER_TOKEN + FRAMING;
        let bound = Usage {
            input_tokens: read,
            output_tokens: active.max_tokens.into(),
            ..Usage::default()
        };
        let reserved = Charge::at_most(bound, active.price);
        let attempt = swarm.visits().last().map_or(0, |v| v.calls.len());
        let event = Event::ModelCalled {
            step: self.step(call.visit, call.turn, &format!("m{attempt}")),
            agent: agent.name.clone(),
            model: active.model.clone(),
            reserved,
            billing: self.driver.ports.model.billing(),
        };
        loop {
            let phase = &self.phase.name;
            match self.driver.within_budgets(phase, agent, reserved).await.map_err(failed)? {
                Verdict::Fits => {}
                Verdict::Beyond(why, asks) => {
                    return Err(Stop::Failed(HostError::OverBudget(why, asks)));
                }
            }
            self.note_trims(swarm, &agent.name).await;
            // A conversation may reserve a call at the same time.
            if self.driver.look(|e| e.state.conversation.talk.is_none()).await {
                self.driver.append(vec![event]).await.map_err(failed)?;
                break;
            }
            let fits = |e: &Engagement| uncovered(e, phase, agent, reserved).is_none();
            if self.driver.reserve(event.clone(), fits).await.map_err(failed)? {
                break;
            }
        }
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
        self.turn().ready = Some(Ready { context, active });
        Ok(())
    }

    pub(super) async fn complete(
        &self,
        swarm: &Swarm,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<HostError>> {
        let Some(ready) = self.turn().ready.take() else {
            return Err(failed(self.driver.damaged("a call was not prepared".to_owned()).await));
        };
        let active = &ready.active;
        let relay = Relay {
            driver: self.driver,
            agent: &active.agent.name,
            discard: AtomicBool::new(false),
        };
        let request = ModelRequest {
            context: &ready.context,
            agent: &active.agent.name,
            model: &active.model,
            system: &active.prompt.system,
            steady: active.prompt.steady,
            messages: swarm.conversation(),
            tools: &active.tools,
            max_tokens: active.max_tokens,
            listener: &relay,
        };
        let reply = self.driver.ports.model.complete(request).await;
        let reply = reply.and_then(ModelReply::bounded).map_err(ModelFault::bounded);
        if reply.is_ok() {
            relay.discard.store(false, Ordering::Relaxed);
        }
        Ok(reply)
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

    /// Records, with the next call, how the machine has shortened the conversation since the last
    /// call.
    async fn note_trims(&self, swarm: &Swarm, agent: &str) {
        let Some(visit) = swarm.visits().last().filter(|visit| !visit.trims.is_empty()) else {
            return;
        };
        let recorded =
            self.driver.look(|e| e.state.swarm.as_ref().map_or(0, |run| run.trims)).await;
        let new = visit.trims.iter().skip(recorded);
        self.driver
            .defer(
                new.map(|trim| Event::Trimmed {
                    agent: agent.to_owned(),
                    visit: visit.visit,
                    trim: *trim,
                }),
                None,
            )
            .await;
    }

    /// The active agent with the prompt of its visit. After a restart the prompt is read from its
    /// blob, so that the visit continues with exactly the same prompt.
    async fn active_agent(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<Arc<ActiveAgent>, Stop<HostError>> {
        if let Some(active) =
            self.turn().active.as_ref().filter(|active| active.visit == call.visit)
        {
            return Ok(active.clone());
        }
        let visit = call.visit;
        let found =
            self.driver.look(|e| e.state.swarm.as_ref().and_then(|s| s.system.clone())).await;
        let Some(VisitPrompt { blob, steady, .. }) = found.filter(|prompt| prompt.visit == visit)
        else {
            return Err(failed(self.driver.damaged(format!("visit {visit} has no prompt")).await));
        };
        let bytes = self.driver.ports.blobs.get(&blob).await.map_err(failed)?;
        let Some(bytes) = bytes else {
            return Err(failed(self.driver.damaged(format!("blob {blob} is missing")).await));
        };
        let system = String::from_utf8_lossy(&bytes).into_owned();
        let agent = self.agent(&call.agent).await?;
        Ok(self.prepare(swarm, visit, agent, Prompt { system, steady }).await)
    }

    /// Prepares everything that is the same for all calls of a visit.
    async fn prepare(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: Agent,
        prompt: Prompt,
    ) -> Arc<ActiveAgent> {
        let tools = self.tools(&agent, swarm).await;
        let bytes = prompt.system.len() as u64 + tools.iter().map(size).sum::<u64>();
        let (model, max_tokens, price) = self.model(&agent).await;
        let active =
            Arc::new(ActiveAgent { visit, agent, prompt, tools, bytes, model, max_tokens, price });
        self.turn().active = Some(active.clone());
        active
    }
}

/// Approximate size of a tool's declaration, in bytes.
pub(in crate::engagement) fn size(tool: &ToolSpec) -> u64 {
    (tool.name.len() + tool.description.len()) as u64
        + serde_json::to_string(&*tool.schema).map_or(0, |text| text.len() as u64)
}
