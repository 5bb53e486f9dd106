//! Answers messages of the customer outside of a swarm: the workflow's contact reads the ledger and
//! the files, may ask one other agent, and writes nothing but ledger entries. A conversation has
//! its own lease, and writes to the journal as people do, so it never holds up the phases.

mod host;
mod place;
mod prompt;
mod spec;

use std::time::Duration;

use tokio::sync::Mutex;

use super::append::{Appended, Ready, Record};
use super::driver::RENEW;
use super::error::EngagementError;
use super::event::{Event, ReplyRecord, Why};
use super::load::Engagement;
use super::state::State;
use crate::ports::Ports;
use crate::swarm::{Input, Status, Stop, drive};
use cloudcrew_ports::clock::next;
use cloudcrew_ports::journal::Writer;
use cloudcrew_ports::lease::{Holder, Lease, LeaseError};
use host::{Broken, TalkHost};

/// What came of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversed {
    /// No message waits for an answer outside of a swarm.
    Done,
    /// The process was asked to stop.
    Stopped,
}

/// Answers every message that no agent of a running swarm will answer.
///
/// # Errors
/// [`EngagementError::Held`] when another process answers them. A message that cannot be answered
/// is no error: the journal says why.
pub async fn converse(
    ports: Ports,
    engagement: Engagement,
    holder: &Holder,
) -> Result<Conversed, EngagementError> {
    let project = engagement.project.clone();
    // No engagement has such a name.
    let key = format!("{project}/conversation");
    let lease = match ports.leases.acquire(&key, holder).await {
        Ok(lease) => lease,
        Err(LeaseError::Held { holder, .. }) => {
            return Err(EngagementError::Held { project, holder: holder.name });
        }
        Err(LeaseError::Store(error)) => return Err(error.into()),
    };
    let talker = Talker { ports, key, lease, project, inner: Mutex::new(engagement) };
    let conversed = tokio::select! {
        biased;
        conversed = talker.answer_all() => conversed,
        lost = talker.stay_alive() => Err(lost),
    };
    let released = talker.ports.leases.release(&talker.key, &talker.lease).await;
    let conversed = conversed?;
    released?;
    Ok(conversed)
}

/// A process that answers messages of one engagement.
struct Talker {
    ports: Ports,
    key: String,
    lease: Lease,
    project: String,
    inner: Mutex<Engagement>,
}

impl Talker {
    async fn answer_all(&self) -> Result<Conversed, EngagementError> {
        loop {
            if self.ports.watch.stop_wanted() {
                return Ok(Conversed::Stopped);
            }
            self.catch_up().await?;
            let Some(message) =
                self.look(|e| e.state.to_answer().map(|e| e.message.id.clone())).await
            else {
                return Ok(Conversed::Done);
            };
            if !self.answer(&message).await? {
                return Ok(Conversed::Stopped);
            }
        }
    }

    /// Answers a message; `false` when the process was asked to stop.
    async fn answer(&self, message: &str) -> Result<bool, EngagementError> {
        if !self.begin(message).await? {
            return Ok(true);
        }
        let talk = self.look(|e| {
            let talk = e.state.conversation.talk.as_ref()?;
            Some((talk.machine.clone(), talk.steps))
        });
        let Some((mut machine, steps)) = talk.await else { return Ok(true) };
        let host = TalkHost::new(self, message, steps);
        if machine.resumable() && machine.status() != Status::Running {
            let resume = Input::Resume;
            if host.take(&resume, Duration::ZERO, None, None).await.is_err()
                || machine.accept(resume, Duration::ZERO).is_err()
            {
                return Err(self.overtaken());
            }
        }
        let driven = drive(&mut machine, &host).await;
        let last = machine.visits().last();
        let agent = last.map(|visit| visit.agent.clone()).unwrap_or_default();
        let why = |text: String, key: &str| Some(Why { text, key: key.to_owned() });
        let (words, fault) = match driven {
            Ok(Status::Completed) => match last.map(|visit| host.whole(&visit.text)) {
                Some(words) if !words.is_empty() => (words, None),
                _ => (String::new(), why(format!("{agent} said nothing"), "")),
            },
            Ok(_) => {
                let reason = machine.reason();
                let text = reason.map_or("the conversation ended", |reason| &reason.text);
                (String::new(), why(text.to_owned(), ""))
            }
            Err(Stop::Halted) => return Ok(false),
            Err(Stop::Failed(Broken::Refused(why))) => (String::new(), Some(why)),
            Err(Stop::Failed(Broken::Failed(error))) => return Err(error),
            Err(Stop::Failed(Broken::Overtaken)) => {
                self.catch_up().await?;
                let waits = self.look(|e| e.state.conversation.waits(message)).await;
                // An agent of a swarm may have answered it meanwhile.
                return if waits { Err(self.overtaken()) } else { Ok(true) };
            }
        };
        let messages = vec![message.to_owned()];
        let replied = Event::Replied(ReplyRecord { messages, agent, words, fault });
        self.append(vec![replied], |state| state.conversation.waits(message)).await?;
        Ok(true)
    }

    /// Begins the answer to a message, unless it was begun before; `false` when it no longer waits.
    async fn begin(&self, message: &str) -> Result<bool, EngagementError> {
        if self.look(|e| e.state.conversation.talk.is_some()).await {
            return Ok(true);
        }
        let Some(spec) = self.look(|e| spec::of(e, &self.ports.tools, message)).await else {
            // Other definitions may not have the agent any more.
            let text = "the definitions have no agent that answers messages".to_owned();
            let fault = Some(Why { text, key: String::new() });
            let (messages, agent, words) = (vec![message.to_owned()], String::new(), String::new());
            let replied = Event::Replied(ReplyRecord { messages, agent, words, fault });
            self.append(vec![replied], |state| state.conversation.waits(message)).await?;
            return Ok(false);
        };
        let began = Event::ConversationBegan { message: message.to_owned(), spec: Box::new(spec) };
        let still = |state: &State| {
            state.conversation.talk.is_none()
                && state.to_answer().is_some_and(|exchange| exchange.message.id == message)
        };
        self.append(vec![began], still).await
    }

    /// Appends events unless something else was appended that makes them wrong.
    async fn append(
        &self,
        events: Vec<Event>,
        still: impl Fn(&State) -> bool,
    ) -> Result<bool, EngagementError> {
        let mut engagement = self.inner.lock().await;
        self.follow(&mut engagement).await?;
        loop {
            if !still(&engagement.state) {
                return Ok(false);
            }
            let now = next(self.ports.clock.now(), engagement.state.times.1);
            let ready = Ready::new(&*self.ports.blobs, &events, now).await?;
            let first = engagement.head.seq + 1;
            match engagement.append(self.record(), Writer::Inbound, &ready).await? {
                Appended::Done => {
                    for (seq, event) in (first..).zip(&events) {
                        self.ports.watch.happened(seq, now, event, &engagement);
                    }
                    return Ok(true);
                }
                Appended::Behind(_) => {}
            }
        }
    }

    /// Appends events if the journal still ends at `seq`.
    async fn append_at(
        &self,
        events: Vec<Event>,
        seq: u64,
        mut still: impl FnMut(&State) -> bool,
    ) -> Result<bool, EngagementError> {
        let mut engagement = self.inner.lock().await;
        if engagement.head.seq != seq || !still(&engagement.state) {
            return Ok(false);
        }
        let now = next(self.ports.clock.now(), engagement.state.times.1);
        let ready = Ready::new(&*self.ports.blobs, &events, now).await?;
        let appended = engagement.append(self.record(), Writer::Inbound, &ready).await?;
        if !matches!(appended, Appended::Done) {
            return Ok(false);
        }
        for (seq, event) in (seq + 1..).zip(&events) {
            self.ports.watch.happened(seq, now, event, &engagement);
        }
        Ok(true)
    }

    async fn catch_up(&self) -> Result<(), EngagementError> {
        let mut engagement = self.inner.lock().await;
        self.follow(&mut engagement).await
    }

    async fn follow(&self, engagement: &mut Engagement) -> Result<(), EngagementError> {
        engagement.follow(self.record(), |_, _, _| {}).await
    }

    async fn look<T>(&self, look: impl FnOnce(&Engagement) -> T) -> T {
        look(&*self.inner.lock().await)
    }

    fn record(&self) -> Record<'_> {
        Record::new(&*self.ports.journal, &*self.ports.blobs)
    }

    /// Renews the lease. Returns when another process has taken over.
    async fn stay_alive(&self) -> EngagementError {
        loop {
            tokio::time::sleep(RENEW).await;
            match self.ports.leases.renew(&self.key, &self.lease).await {
                Ok(true) => {}
                Ok(false) => return self.overtaken(),
                Err(error) => return error.into(),
            }
        }
    }

    fn overtaken(&self) -> EngagementError {
        let (project, holder) = (self.project.clone(), "another process".to_owned());
        EngagementError::LeaseLost { project, holder }
    }
}
