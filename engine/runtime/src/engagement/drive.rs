//! The loop: decide, act, repeat, until a person is waited for or the end.

use std::time::Duration;

use super::act::MAX_PARK_MS;
use super::decide::{Action, decide};
use super::driver::{Driver, RENEW};
use super::error::EngagementError;
use super::event::{End, Event};
use super::request::Request;

/// Why driving stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Rest {
    /// The engagement has ended.
    Ended(End),
    /// A person must answer these.
    Waiting(Vec<Request>),
    /// The provider refuses, for this reason, until somebody changes something.
    Blocked(String),
    /// Somebody asked this process to stop between steps.
    Stopped,
}

impl Driver {
    /// Drives until a person is waited for, the end, or `stop` says so.
    ///
    /// # Errors
    /// When the lease is lost or the world fails; everything that was acknowledged is on record.
    pub async fn drive(&self) -> Result<Rest, EngagementError> {
        tokio::select! {
            biased;
            rest = self.to_next_wait() => rest,
            lost = self.stay_alive() => Err(lost),
        }
    }

    /// Renews the lease also while a model thinks or a provider is waited for; ends when another
    /// process has taken over.
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
            let now = self.now().await;
            let tried = self.has_tried().await;
            let action = match self.look(|e| decide(e, now, tried)).await {
                Ok(action) => action,
                Err(why) => return Err(self.damaged(why).await),
            };
            if let Some(rest) = self.act(action, now).await? {
                return Ok(rest);
            }
        }
    }

    /// Does what was decided; `Some` when there is nothing more to do now.
    async fn act(&self, action: Action, now: i64) -> Result<Option<Rest>, EngagementError> {
        match action {
            Action::Ended(end) => return Ok(Some(Rest::Ended(end))),
            Action::Wait(requests) => return Ok(Some(Rest::Waiting(requests))),
            Action::Blocked(reason) => return Ok(Some(Rest::Blocked(reason))),
            Action::End(end) => self.append(vec![Event::Ended(end)]).await?,
            Action::Leave(outcome) => self.go(outcome).await?,
            Action::Settle(request) => self.settle_request(&request, now).await?,
            Action::Pause(until) => {
                // A clock that was set back does not lengthen the wait.
                let left = u64::try_from((until - now).min(MAX_PARK_MS)).unwrap_or(0);
                self.ports.clock.sleep(Duration::from_millis(left).min(LOOKS_AGAIN)).await;
            }
            Action::Work => return self.work().await,
            Action::Review => return self.review().await,
            Action::Ask(question) => self.ask(&question).await?,
            Action::Hear(requests) => return self.hear(requests).await,
            Action::TakeAnswers(answers) => self.take_answers(&answers).await?,
            Action::Gate => return self.gate().await,
            Action::Finalize(step) => self.finalize(step).await?,
        }
        Ok(None)
    }
}

/// While a provider is left alone, what people say is looked for this often.
const LOOKS_AGAIN: Duration = Duration::from_secs(2);
