//! The conversation with the customer: messages, their answers, and the agents that answer now.

use std::collections::VecDeque;
use std::time::Duration;

use super::{State, VisitPrompt};
use crate::engagement::event::{MessageRecord, ReplyRecord};
use crate::engagement::notes::shown;
use crate::swarm::{Input, Note, Swarm, SwarmSpec};
use cloudcrew_plan::Kind;

/// Number of exchanges to keep; the journal has all of them.
const KEPT: usize = 200;

/// The conversation with the customer. It goes on beside the phases and never changes their state.
#[derive(Debug, Default)]
pub struct Conversation {
    /// The last messages with their answers, oldest first.
    pub exchanges: VecDeque<Exchange>,
    /// The answer that is being made.
    pub talk: Option<Talk>,
    /// Number of model calls that were reserved.
    pub calls: u32,
}

/// A message of the customer and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The message.
    pub message: MessageRecord,
    /// When it arrived, milliseconds since 1970 UTC.
    pub at: i64,
    /// The visit in which an agent of a swarm read it last: the swarm and the visit's number.
    pub read: Option<(String, usize)>,
    /// The answer.
    pub reply: Option<ReplyRecord>,
    /// When it was answered, milliseconds since 1970 UTC.
    pub replied: Option<i64>,
}

/// An answer that is being made.
#[derive(Debug)]
pub struct Talk {
    /// Id of the message.
    pub message: String,
    /// The machine.
    pub machine: Swarm,
    /// The system prompt of the current visit.
    pub system: Option<VisitPrompt>,
    /// The agent that speaks; empty before the first.
    pub agent: String,
    /// Number of entries since it began: whoever continues it must know all of them.
    pub steps: u32,
}

impl Conversation {
    /// The messages that wait for an answer, oldest first. Messages of older versions do not.
    pub fn waiting(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().filter(|e| e.reply.is_none() && !e.message.to.is_empty())
    }

    /// Whether a message waits for an answer.
    pub(in crate::engagement) fn waits(&self, id: &str) -> bool {
        self.waiting().any(|exchange| exchange.message.id == id)
    }

    /// Number of a message, from 1, among those that are kept.
    pub(in crate::engagement) fn number(&self, id: &str) -> u32 {
        self.exchanges.iter().position(|e| e.message.id == id).map_or(0, |at| at as u32 + 1)
    }

    /// Whether a message is being answered outside of a swarm.
    fn answers(&self, id: &str) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.message == id)
    }

    pub(super) fn began(&mut self, message: &str, spec: &SwarmSpec) {
        self.talk = Some(Talk {
            message: message.to_owned(),
            machine: Swarm::new(spec.clone()),
            system: None,
            agent: String::new(),
            steps: 0,
        });
    }

    pub(super) fn joined(&mut self, prompt: VisitPrompt, agent: &str) {
        if let Some(talk) = &mut self.talk {
            talk.steps += 1;
            talk.system = Some(prompt);
            agent.clone_into(&mut talk.agent);
        }
    }

    pub(super) fn called(&mut self) {
        self.calls += 1;
        if let Some(talk) = &mut self.talk {
            talk.steps += 1;
        }
    }

    pub(super) fn input(&mut self, input: &Input, elapsed: Duration) -> Result<(), String> {
        let Some(talk) = &mut self.talk else { return Err("no conversation".to_owned()) };
        talk.steps += 1;
        talk.machine.accept(input.clone(), elapsed).map_err(|why| why.to_string())
    }
}

impl State {
    /// A message arrives; a repeated one changes nothing.
    pub(super) fn received(&mut self, message: &MessageRecord, at: i64) {
        if self.has_received(&message.id) {
            return;
        }
        if message.to.is_empty() {
            self.inbox.push(message.clone());
        }
        let exchanges = &mut self.conversation.exchanges;
        let done = |e: &Exchange| e.reply.is_some() || e.message.to.is_empty();
        if exchanges.len() >= KEPT && exchanges.front().is_some_and(done) {
            exchanges.pop_front();
        }
        let message = message.clone();
        exchanges.push_back(Exchange { message, at, read: None, reply: None, replied: None });
    }

    /// Whether a message with this id has arrived.
    pub fn has_received(&self, id: &str) -> bool {
        self.conversation.exchanges.iter().any(|exchange| exchange.message.id == id)
            || self.inbox.iter().any(|message| message.id == id)
    }

    /// Messages for an agent that it has not read in this visit, or that it has not answered when a
    /// new visit `opens`. While the conversation answers one, the agents of a swarm do not see it.
    pub fn messages_for(&self, agent: &str, opens: bool) -> Vec<MessageRecord> {
        let visit = if opens { None } else { self.visit() };
        let open = self.conversation.waiting().filter(|e| {
            e.message.to == agent
                && (e.read.is_none() || e.read != visit)
                && !self.conversation.answers(&e.message.id)
        });
        // Those of older versions are for anyone, once.
        self.inbox.iter().cloned().chain(open.map(|e| e.message.clone())).collect()
    }

    /// The current visit: its swarm and its number.
    fn visit(&self) -> Option<(String, usize)> {
        self.swarm.as_ref().map(|run| (run.id.clone(), run.visits.len()))
    }

    /// An agent of a swarm has read the messages of these sections.
    pub(super) fn shown(&mut self, notes: &[Note]) {
        let visit = self.visit();
        for id in shown(&self.inbox, notes) {
            self.inbox.retain(|message| message.id != id);
            let mut exchanges = self.conversation.exchanges.iter_mut();
            if let Some(exchange) = exchanges.find(|exchange| exchange.message.id == id) {
                exchange.read.clone_from(&visit);
            }
        }
    }

    /// The messages that this agent has read in this visit and not answered.
    pub fn read_by(&self, agent: &str) -> Vec<String> {
        let visit = self.visit();
        let mine = |e: &&Exchange| e.read.is_some() && e.read == visit && e.message.to == agent;
        let free = |e: &&Exchange| !self.conversation.answers(&e.message.id);
        let waiting = self.conversation.waiting().filter(mine).filter(free);
        waiting.map(|exchange| exchange.message.id.clone()).collect()
    }

    /// Messages are answered; of two answers, the first counts.
    pub(super) fn replied(&mut self, reply: &ReplyRecord, at: i64) {
        self.inbox.retain(|message| !reply.messages.contains(&message.id));
        let conversation = &mut self.conversation;
        for exchange in &mut conversation.exchanges {
            if reply.messages.contains(&exchange.message.id) && exchange.reply.is_none() {
                (exchange.reply, exchange.replied) = (Some(reply.clone()), Some(at));
            }
        }
        if conversation.talk.as_ref().is_some_and(|talk| reply.messages.contains(&talk.message)) {
            conversation.talk = None;
        }
    }

    /// The message to answer outside of a swarm: the oldest that no agent of the running swarm will
    /// answer.
    pub fn to_answer(&self) -> Option<&Exchange> {
        if let Some(talk) = &self.conversation.talk {
            return self.conversation.waiting().find(|e| e.message.id == talk.message);
        }
        self.conversation.waiting().find(|exchange| !self.is_at_work(&exchange.message.to))
    }

    /// Whether an agent is in a swarm that works now, and not one that waits.
    fn is_at_work(&self, agent: &str) -> bool {
        let works = matches!(self.kind(), Some(Kind::Swarm | Kind::Review));
        let waits = self.parked.is_some() || self.open_requests().next().is_some();
        let member = |run: &super::SwarmRun| run.members.iter().any(|member| member == agent);
        self.end.is_none()
            && self.cancel.is_none()
            && works
            && !waits
            && self.swarm.as_ref().is_some_and(member)
    }
}
