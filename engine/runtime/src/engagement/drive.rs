//! The loop: decide, act, repeat, until a person must answer or the engagement ends.

use std::time::Duration;

use cloudcrew_plan::Kind;

use super::act::MAX_PARK_MS;
use super::decide::{Action, decide};
use super::driver::{Driver, RENEW};
use super::error::EngagementError;
use super::event::{End, Event};
use super::request::{Request, RequestKind};

/// Why driving stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Rest {
    /// The engagement has ended.
    Ended(End),
    /// A person must answer these.
    Waiting(Vec<Request>),
    /// The provider or the Git server refuses, for this reason, until someone fixes the cause.
    Blocked(String),
    /// This process was asked to stop.
    Stopped,
    /// The engagement is in a state that is not this driver's ([`Options::only`]).
    Left,
    /// The provider is unavailable, and this driver does not wait ([`Options::only`]).
    Away,
}

impl Driver {
    /// Drives until a person must answer, the engagement ends, or the watch wants to stop.
    ///
    /// # Errors
    /// When the lease is lost or a port fails. Everything that was acknowledged is recorded.
    pub async fn drive(&self) -> Result<Rest, EngagementError> {
        let driven = tokio::select! {
            biased;
            rest = self.to_next_wait() => rest,
            lost = self.stay_alive() => Err(lost),
        };
        // An overtaken driver reads events that its own steps do not fit: no sign of damage.
        if let Err(EngagementError::Damaged { .. }) = &driven {
            self.check_lease().await?;
        }
        driven
    }

    /// Renews the lease, also during model calls and waits. Returns when another process has taken
    /// over.
    async fn stay_alive(&self) -> EngagementError {
        loop {
            tokio::time::sleep(RENEW).await;
            if let Err(error) = self.keep_lease().await {
                return error;
            }
        }
    }

    async fn to_next_wait(&self) -> Result<Rest, EngagementError> {
        loop {
            if self.ports.watch.stop_wanted() {
                return Ok(Rest::Stopped);
            }
            self.catch_up().await?;
            if self.has_left().await {
                return Ok(Rest::Left);
            }
            let now = self.now().await;
            let tried = self.tried().await;
            let action = match self.look(|e| decide(e, now, &tried)).await {
                Ok(action) => action,
                Err(why) => return Err(self.damaged(why).await),
            };
            if let Some(rest) = self.act(action, now).await? {
                return Ok(rest);
            }
        }
    }

    /// Performs an action; returns `Some` when nothing more can be done now.
    async fn act(&self, action: Action, now: i64) -> Result<Option<Rest>, EngagementError> {
        match action {
            Action::Ended(end) => return Ok(Some(Rest::Ended(end))),
            Action::Wait(requests) => return Ok(self.waits(requests, now).await),
            Action::Blocked(reason) => return Ok(Some(Rest::Blocked(reason))),
            Action::End(end) => {
                let mut events = self.leave_uncompleted(&end).await;
                events.push(Event::Ended(end));
                self.append(events).await?;
            }
            Action::Leave(outcome) => self.go(outcome).await?,
            Action::Settle(request) => self.settle_request(&request, now).await?,
            Action::Pause(_) if self.options.only.is_some() => return Ok(Some(Rest::Away)),
            Action::Pause(until) => {
                // Setting the clock back does not lengthen the wait.
                let left = u64::try_from((until - now).min(MAX_PARK_MS)).unwrap_or(0);
                self.ports.clock.sleep(Duration::from_millis(left).min(POLL)).await;
            }
            Action::Publish => self.publish().await?,
            Action::Work => return self.work().await,
            Action::Review => return self.review().await,
            Action::Ask(question) => self.ask(&question).await?,
            Action::Hear(requests) => match self.hear(requests).await? {
                Some(Rest::Waiting(requests)) => return Ok(self.waits(requests, now).await),
                heard => return Ok(heard),
            },
            Action::TakeAnswers(answers) => self.take_answers(&answers).await?,
            Action::Gate => return self.gate().await,
            Action::Finalize(step) => self.finalize(step).await?,
        }
        Ok(None)
    }
}

impl Driver {
    /// Waits for people: a moment, if the phase says that the crew stays for answers, or else not
    /// here.
    async fn waits(&self, requests: Vec<Request>, now: i64) -> Option<Rest> {
        let Some(left) = self.lingers(&requests, now).await else {
            return Some(Rest::Waiting(requests));
        };
        self.ports.clock.sleep(left.min(POLL)).await;
        None
    }

    /// How long to stay for the answer of a question, if the phase says so.
    async fn lingers(&self, requests: &[Request], now: i64) -> Option<Duration> {
        if !self.options.lingers {
            return None;
        }
        let linger = self.look(|e| {
            let state = e.state.plan().state(&e.state.at)?;
            let phase = state.phase.as_deref().filter(|_| state.kind == Kind::Question)?;
            e.definition.phase(phase)?.question_linger
        });
        let linger = linger.await?;
        let asks = |request: &&Request| matches!(request.kind, RequestKind::Question { .. });
        let opened = requests.iter().filter(asks).map(|request| request.opened).max()?;
        let since = Duration::from_millis(u64::try_from(now - opened).unwrap_or(0));
        linger.checked_sub(since).filter(|left| !left.is_zero())
    }
}

/// How often to look for answers and messages while waiting for a person or a provider.
const POLL: Duration = Duration::from_secs(2);
