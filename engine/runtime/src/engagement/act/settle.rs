//! Settles due requests, and answers on behalf of the engine.

use crate::engagement::answer::readable;
use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Answered, Decision, Event};
use crate::engagement::request::Request;
use crate::engagement::timers::settled;

impl Driver {
    /// Sends a reminder of a due request, or records its expiry.
    pub(in crate::engagement) async fn settle_request(
        &self,
        request: &Request,
        now: i64,
    ) -> Result<(), EngagementError> {
        match settled(request, now) {
            Event::RequestAnswered { answer, .. } => {
                self.answer_for(request, answer.decision, &answer.actor, &answer.channel).await
            }
            event => self.append(vec![event]).await,
        }
    }

    /// Answers a request without a person; the record names the channel.
    pub(in crate::engagement) async fn answer_for(
        &self,
        request: &Request,
        decision: Decision,
        actor: &str,
        channel: &str,
    ) -> Result<(), EngagementError> {
        if matches!(decision, Decision::Approve { .. }) {
            readable(&*self.ports.repo, request).await?;
        }
        let answer = Answered {
            decision,
            actor: actor.to_owned(),
            channel: channel.to_owned(),
            digest: request.digest.clone(),
        };
        // Someone may have answered in the meantime; the first recorded answer counts.
        self.catch_up().await?;
        if self.look(|e| e.state.request(&request.id).is_some_and(Request::is_open)).await {
            self.append(vec![Event::RequestAnswered { request: request.id.clone(), answer }])
                .await?;
        }
        Ok(())
    }
}
