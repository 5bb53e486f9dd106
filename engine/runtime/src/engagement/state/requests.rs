//! Requests and their answers.

use super::State;
use crate::engagement::event::{Answered, Decision, Event};
use crate::engagement::request::{Raise, Request, RequestKind};

impl State {
    /// Whether the request that an event answers, reminds of or closes is still open; `true` for
    /// all other events.
    pub(in crate::engagement) fn still_asks(&self, event: &Event) -> bool {
        open_request_of(event)
            .is_none_or(|request| self.request(request).is_some_and(Request::is_open))
    }

    /// Whether an event only makes sense while its request is open.
    pub(in crate::engagement) fn is_about_an_open_request(event: &Event) -> bool {
        open_request_of(event).is_some()
    }

    /// An open request.
    pub(super) fn open(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().find(|r| r.id == id && r.is_open())
    }

    /// Voids what a person has voted in open requests: the role was changed, and the person may
    /// vote again if it still allows that.
    pub(super) fn void_votes(&mut self, person: &str) {
        for request in self.requests.iter_mut().filter(|request| request.is_open()) {
            request.votes.retain(|vote| vote.actor != person);
        }
    }

    /// Extends the deadline of a request, for more people.
    pub(super) fn escalated(&mut self, id: &str, at: i64) {
        let Some(request) = self.open(id) else { return };
        let term = request.expires.map(|expires| expires.saturating_sub(request.opened).max(1));
        request.expires = term.map(|term| at.saturating_add(term));
        request.escalated = true;
        request.reminded = Some(at);
    }

    /// Applies an answer.
    pub(super) fn answered(&mut self, id: &str, answer: &Answered, at: i64) {
        let Some(request) = self.open(id) else { return };
        request.answer = Some(answer.clone());
        request.answered = Some(at);
        let (phase, subject, kind) =
            (request.phase.clone(), request.subject.clone(), request.kind.clone());
        let progress = self.phases.entry(phase.clone()).or_default();
        match &answer.decision {
            Decision::Approve { ratings } => {
                progress.approved = Some(subject);
                progress.ratings = ratings.clone();
            }
            Decision::Revise { words, ratings, to } => {
                progress.ratings.clone_from(ratings);
                let first = to.as_deref().unwrap_or(&phase);
                for name in self.again(first, &phase) {
                    let progress = self.phases.entry(name).or_default();
                    progress.approved = None;
                    progress.feedback.push(words.clone());
                }
            }
            Decision::Answer { value } => {
                if let RequestKind::Budget { budget, limit, .. } = &kind
                    && let Some(Raise::To(to)) = Raise::of(&kind, value)
                {
                    self.raised.insert(budget.clone(), to.max(*limit));
                }
            }
        }
    }
}

/// The request that must be open for an event to make sense.
fn open_request_of(event: &Event) -> Option<&str> {
    match event {
        Event::RequestAnswered { request, .. }
        | Event::Voted { request, .. }
        | Event::Escalated { request }
        | Event::Reminded { request, .. }
        | Event::RequestExpired { request }
        | Event::RequestSuperseded { request } => Some(request),
        _ => None,
    }
}
