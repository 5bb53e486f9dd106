//! The customer's gate after a phase.

use cloudcrew_plan::Outcome;
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};

use crate::engagement::asked::{CUSTOMER, current_gate};
use crate::engagement::decide::{AtGate, decide_gate};
use crate::engagement::drive::Rest;
use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Decision, Event, Why};
use crate::engagement::request::Request;

impl Driver {
    /// Acts at a gate.
    pub(in crate::engagement) async fn gate(&self) -> Result<Option<Rest>, EngagementError> {
        self.notice_foreign_commits().await?;
        let phase = self.look(|e| e.state.phase().unwrap_or_default().to_owned()).await;
        if self.look(|e| current_gate(e).is_none()).await {
            self.summarize(&phase).await?;
        }
        let subject = self.subject(&phase).await?;
        let Some(what) = self.look(|e| decide_gate(e, subject)).await else {
            return Err(self.damaged(format!("`{phase}` has no gate")).await);
        };
        match what {
            AtGate::Open(request) => self.append(vec![self.opened(request).await?]).await?,
            AtGate::Reopen(request) => self.reopen(&phase, request).await?,
            AtGate::Take(request) => self.take_decision(&request).await?,
            AtGate::Expire => self.go(Outcome::Expired).await?,
            AtGate::Supersede(old, new) => {
                let superseded = Event::RequestSuperseded { request: old.id };
                self.append(vec![superseded, self.opened(new).await?]).await?;
            }
            AtGate::Wait { request, .. } if self.rehearsed_customer(&request).await? => {}
            AtGate::Wait { request, faultless: true } if self.options.approve_all => {
                let decision = Decision::Approve { ratings: Vec::new() };
                self.answer_for(&request, decision, "--approve all", "approve-all").await?;
            }
            AtGate::Wait { request, .. } => return Ok(Some(Rest::Waiting(vec![request]))),
        }
        Ok(None)
    }

    async fn opened(&self, mut request: Request) -> Result<Event, EngagementError> {
        let not_own = request.approvers.as_ref().is_some_and(|approvers| approvers.not_own);
        let (base, head, ours) = self
            .look(|e| {
                let base = e.state.started.base.as_ref().map(|base| base.commit.clone());
                let ours = e.state.commits.values().map(|commit| commit.commit.clone());
                (base, e.state.head.clone(), ours.collect::<Vec<_>>())
            })
            .await;
        if let Some(head) = head.filter(|_| not_own) {
            let paths: Vec<String> = request.subject.iter().map(|(path, _)| path.clone()).collect();
            let repo = &self.ports.repo;
            request.authors = repo.authors(base.as_deref(), &head, &paths, &ours).await?;
        }
        Ok(Event::RequestOpened(Box::new(self.opened_now(request).await)))
    }

    /// Asks again because the approved files changed after the approval.
    async fn reopen(&self, phase: &str, request: Request) -> Result<(), EngagementError> {
        let opened = self.opened(request).await?;
        let entered = self
            .look(|e| {
                let state = &e.state;
                let next = state.plan().next(&state.at, Outcome::Reopened, &state.counters);
                // Plans of older versions cannot reopen a gate and stay in the state.
                next.is_ok().then(|| Event::Entered {
                    state: state.at.clone(),
                    on: Some(Outcome::Reopened),
                    resume: state.resume.clone(),
                    why: Some(Why {
                        text: format!("what was approved in {phase} has changed since"),
                        key: String::new(),
                    }),
                })
            })
            .await;
        self.append(entered.into_iter().chain([opened]).collect()).await
    }

    /// Adds a decision to the ledger and leaves the gate.
    async fn take_decision(&self, request: &Request) -> Result<(), EngagementError> {
        let Some(answer) = &request.answer else { return Ok(()) };
        let rated = answer.decision.ratings().iter();
        let rated: Vec<String> =
            rated.map(|(name, stars)| format!("{name} {stars} of 5")).collect();
        let rated = rated.join(", ");
        let (title, body, outcome) = match &answer.decision {
            Decision::Revise { words, to, .. } => {
                let rated = if rated.is_empty() { rated } else { format!("\n\nRated: {rated}") };
                let (title, outcome) = match to {
                    Some(to) => {
                        let phase = &request.phase;
                        let title = format!("The customer returns {phase} to {to}");
                        (title, Outcome::Returned)
                    }
                    None => ("The customer asks for changes".to_owned(), Outcome::Revised),
                };
                (title, format!("{words}{rated}"), outcome)
            }
            _ => {
                let (phase, channel) = (&request.phase, &answer.channel);
                let title = format!("The customer approved {phase} (by {channel})");
                (title, rated, Outcome::Approved)
            }
        };
        self.note(request, LedgerKind::Feedback, &title, &body).await?;
        if outcome == Outcome::Approved {
            self.leave_approved(request).await?;
        }
        match &answer.decision {
            Decision::Revise { to: Some(to), .. } => self.go_back(to).await,
            _ => self.go(outcome).await,
        }
    }

    /// Adds a ledger row with the customer's words.
    pub(in crate::engagement) async fn note(
        &self,
        request: &Request,
        kind: LedgerKind,
        title: &str,
        body: &str,
    ) -> Result<(), EngagementError> {
        let row = LedgerRow {
            id: format!("request:{}", request.id),
            phase: request.phase.clone(),
            author: CUSTOMER.into(),
            kind,
            title: title.to_owned(),
            body: body.to_owned(),
            source: request.id.clone(),
        };
        Ok(self.ports.ledger.record(self.project(), &[row]).await?)
    }
}
