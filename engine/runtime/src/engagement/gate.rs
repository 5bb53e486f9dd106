//! Waiting for the customer: the gate after a phase, and an agent's question.

use cloudcrew_definition::crew::{Gate, Phase};
use cloudcrew_definition::digest::hex;
use cloudcrew_plan::Outcome;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::drive::{Driver, Rest};
use super::error::EngagementError;
use super::event::{Decision, Event, Why, ms};
use super::load::Engagement;
use super::request::{Request, RequestKind};
use crate::swarm::{Input, Question};
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::repo::TreeFile;

/// Reminders that a rehearsed silence waits for one by one.
const MOST_REMINDERS: i64 = 100;

/// Who answers requests.
const CUSTOMER: &str = "customer";

impl Driver {
    /// At a gate.
    pub(super) async fn gate(&self) -> Result<Option<Rest>, EngagementError> {
        self.notice_foreign_commits().await?;
        let (phase, request) =
            self.look(|e| (e.state.phase().unwrap_or_default().to_owned(), current_gate(e))).await;
        let subject = self.subject(&phase).await?;
        let Some(request) = request else {
            let request = self.look(|e| new_gate(e, &phase, subject)).await;
            let Some(request) = request else {
                return Err(self.damaged(format!("`{phase}` has no gate")).await);
            };
            self.append(vec![Event::RequestOpened(Box::new(self.opened_now(request).await))])
                .await?;
            return Ok(None);
        };
        if let Some(answer) = &request.answer {
            // Somebody moved the branch after the approval: what was approved is no longer what is
            // there.
            if matches!(answer.decision, Decision::Approve { .. }) && subject != request.subject {
                let again = self.look(|e| new_gate(e, &phase, subject)).await;
                let Some(again) = again else {
                    return Err(self.damaged(format!("`{phase}` has no gate")).await);
                };
                let opened = Event::RequestOpened(Box::new(self.opened_now(again).await));
                let (at, resume, reopens) = self
                    .look(|e| {
                        let state = &e.state;
                        let reopens = state
                            .plan()
                            .next(&state.at, Outcome::Reopened, &state.counters)
                            .is_ok();
                        (state.at.clone(), state.resume.clone(), reopens)
                    })
                    .await;
                // Plans of older versions stay where they are.
                let why = Why {
                    text: format!("what was approved in {phase} has changed since"),
                    key: String::new(),
                };
                let entered = Event::Entered {
                    state: at,
                    on: Some(Outcome::Reopened),
                    resume,
                    why: Some(why),
                };
                self.append(if reopens { vec![entered, opened] } else { vec![opened] }).await?;
                return Ok(None);
            }
            let rated: Vec<String> = answer
                .decision
                .ratings()
                .iter()
                .map(|(name, stars)| format!("{name} {stars} of 5"))
                .collect();
            let rated = rated.join(", ");
            let outcome = match &answer.decision {
                Decision::Revise { words, .. } => {
                    let rated =
                        if rated.is_empty() { rated } else { format!("\n\nRated: {rated}") };
                    self.note(
                        &request,
                        LedgerKind::Feedback,
                        "The customer asks for changes",
                        &format!("{words}{rated}"),
                    )
                    .await?;
                    Outcome::Revised
                }
                _ => {
                    let title = format!("The customer approved {phase} (by {})", answer.channel);
                    self.note(&request, LedgerKind::Feedback, &title, &rated).await?;
                    Outcome::Approved
                }
            };
            self.go(outcome).await?;
            return Ok(None);
        }
        if request.expired {
            self.go(Outcome::Expired).await?;
            return Ok(None);
        }
        if subject != request.subject {
            // What is asked about changed while nobody had decided: ask about what is there now.
            let again = self.look(|e| new_gate(e, &phase, subject)).await;
            if let Some(again) = again.filter(|a| a.id != request.id) {
                let superseded = Event::RequestSuperseded { request: request.id.clone() };
                self.append(vec![
                    superseded,
                    Event::RequestOpened(Box::new(self.opened_now(again).await)),
                ])
                .await?;
                return Ok(None);
            }
        }
        // A gate that is asked about again covers what came after the review.
        let reviewed = self.look(|e| asked_before(e, &phase, request.revision) == 1).await;
        let faultless = reviewed
            && matches!(&request.kind, RequestKind::Approval { findings, .. } if findings.is_empty());
        if self.rehearsed_customer(&request).await? {
            return Ok(None);
        }
        if self.options.approve_all && faultless {
            self.answer_for(
                &request,
                Decision::Approve { ratings: Vec::new() },
                "--approve all",
                "approve-all",
            )
            .await?;
            return Ok(None);
        }
        Ok(Some(Rest::Waiting(vec![request])))
    }

    /// At an agent's question, or a used-up budget.
    pub(super) async fn question(&self) -> Result<Option<Rest>, EngagementError> {
        if let Some(waits) = self.unraised().await {
            return Ok(Some(waits));
        }
        let (phase, questions) = self
            .look(|e| {
                let machine = e.state.swarm.as_ref().and_then(|s| s.machine.as_ref());
                (
                    e.state.phase().unwrap_or_default().to_owned(),
                    machine.map(|m| m.questions().to_vec()).unwrap_or_default(),
                )
            })
            .await;
        if questions.is_empty() {
            // A budget was raised; or the answers were taken in, and the process died before it
            // went on.
            self.go(Outcome::Answered).await?;
            return Ok(None);
        }
        let mut waiting = Vec::new();
        for question in &questions {
            let id = question_id(
                self.look(|e| e.state.swarm.as_ref().map(|s| s.id.clone())).await.as_deref(),
                &question.id,
            );
            let Some(request) = self.look(|e| e.state.request(&id).cloned()).await else {
                let request = self.look(|e| new_question(e, &phase, &id, question)).await;
                self.append(vec![Event::RequestOpened(Box::new(self.opened_now(request).await))])
                    .await?;
                return Ok(None);
            };
            waiting.push((question.clone(), request));
        }
        let open: Vec<Request> =
            waiting.iter().filter(|(_, r)| r.answer.is_none()).map(|(_, r)| r.clone()).collect();
        for request in &open {
            if self.rehearsed_answer(request).await? {
                return Ok(None);
            }
        }
        if !open.is_empty() {
            return Ok(Some(Rest::Waiting(open)));
        }
        let mut answers = Vec::new();
        for (question, request) in &waiting {
            if let Some(Decision::Answer { value }) = request.answer.as_ref().map(|a| &a.decision) {
                let words = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.note(request, LedgerKind::Answer, &question.question, &words).await?;
                answers.push(json!({ "interrupt": question.id, "answer": value }));
            }
        }
        let input = Box::new(Input::Answers(answers.into()));
        self.append(vec![Event::SwarmInput { input, elapsed_ms: 0, settled: None, done: None }])
            .await?;
        self.go(Outcome::Answered).await?;
        Ok(None)
    }

    pub(super) async fn opened_now(&self, mut request: Request) -> Request {
        request.opened = self.now().await;
        request.expires = request.expires.map(|after| request.opened.saturating_add(after));
        request
    }

    /// The deliverables of a phase as they stand in the tree, with their object ids.
    pub(super) async fn subject(
        &self,
        phase: &str,
    ) -> Result<Vec<(String, String)>, EngagementError> {
        let definition = self.definition().await;
        let mut subject = Vec::new();
        for deliverable in definition.phase(phase).into_iter().flat_map(|p| &p.deliverables) {
            subject.extend(self.found(&deliverable.path).await?.map(|file| (file.path, file.oid)));
        }
        subject.sort();
        Ok(subject)
    }

    /// A file of the branch.
    pub(super) async fn found(&self, path: &str) -> Result<Option<TreeFile>, EngagementError> {
        match self.look(|e| e.state.head.clone()).await {
            Some(head) => Ok(self.ports.repo.find(&head, path).await?),
            None => Ok(None),
        }
    }

    /// Commits by others are taken note of; what they change is looked at by whoever depends on it.
    pub(super) async fn notice_foreign_commits(&self) -> Result<(), EngagementError> {
        let known = self.look(|e| e.state.head.clone()).await;
        let intended = self.look(|e| e.state.intended.is_some()).await;
        let there = self.ports.repo.head().await?;
        let Some(to) = there.filter(|t| Some(t) != known.as_ref() && !intended) else {
            return Ok(());
        };
        let log = self.ports.repo.log(known.as_deref(), &to).await?;
        let commits = self.foreign(log).await?;
        self.append(vec![Event::ForeignCommits { from: known, to, commits }]).await
    }

    async fn note(
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

    /// What the rehearsal's customer does at a gate; `true` when something happened.
    async fn rehearsed_customer(&self, request: &Request) -> Result<bool, EngagementError> {
        let Some(rehearsal) = self.rehearsal().await else { return Ok(false) };
        for bend in
            rehearsal.gates.iter().filter(|b| b.phase == request.phase && request.revision == 1)
        {
            let waited = self.now().await - request.opened;
            if let Some(silent) = bend.silent_for.filter(|s| waited < ms(*s) as i64) {
                // Reminders come one by one, unless there are so many that one must stand for them.
                let many = request.remind_after.is_some_and(|every| {
                    (ms(silent) as i64 - waited) / every.max(1) > MOST_REMINDERS
                });
                let next =
                    request.due().filter(|_| !many).map_or(i64::MAX, |due| due - request.opened);
                let until = next.min(ms(silent) as i64).max(waited + 1);
                self.ports
                    .clock
                    .sleep(std::time::Duration::from_millis((until - waited) as u64))
                    .await;
                return Ok(true);
            }
        }
        // A gate passes without a person only where that was asked for.
        let decisions =
            rehearsal.gates.iter().filter(|b| b.phase == request.phase).filter_map(|b| {
                match (&b.revises, &b.approves) {
                    (Some(words), _) => {
                        Some(Decision::Revise { words: words.clone(), ratings: Vec::new() })
                    }
                    (None, Some(ratings)) if self.options.approve_all => {
                        Some(Decision::Approve { ratings: ratings.clone() })
                    }
                    _ => None,
                }
            });
        let Some(decision) = decisions.into_iter().nth(request.revision as usize - 1) else {
            return Ok(false);
        };
        // Words for which there is no revision left stay unsaid; somebody has to decide.
        if matches!(decision, Decision::Revise { .. })
            && matches!(request.kind, RequestKind::Approval { may_revise: false, .. })
        {
            return Ok(false);
        }
        self.answer_for(request, decision, "rehearsed customer", "rehearsal").await?;
        Ok(true)
    }

    async fn rehearsed_answer(&self, request: &Request) -> Result<bool, EngagementError> {
        let (Some(rehearsal), RequestKind::Question { question, .. }) =
            (self.rehearsal().await, &request.kind)
        else {
            return Ok(false);
        };
        let asked = question.to_lowercase();
        let Some(answer) =
            rehearsal.answers.iter().find(|a| asked.contains(&a.question.to_lowercase()))
        else {
            return Ok(false);
        };
        let decision = Decision::Answer { value: answer.answer.clone().into() };
        self.answer_for(request, decision, "rehearsed customer", "rehearsal").await?;
        Ok(true)
    }

    pub(super) async fn rehearsal(&self) -> Option<cloudcrew_definition::crew::Rehearsal> {
        self.look(|e| {
            e.state
                .started
                .rehearsal
                .as_ref()
                .and_then(|name| e.definition.rehearsal(name))
                .cloned()
        })
        .await
    }
}

/// The gate's last request in the current run of the phase.
fn current_gate(engagement: &Engagement) -> Option<Request> {
    let state = &engagement.state;
    let revision = state.revision(state.phase()?);
    // Older versions let a request expire that another one took the place of.
    let gone = |r: &Request| r.superseded || (r.expired && r.expires.is_none());
    state.gate_request().filter(|r| r.revision == revision && !gone(r)).cloned()
}

/// How often the customer was asked to approve a run of a phase.
fn asked_before(engagement: &Engagement, phase: &str, revision: u32) -> usize {
    let requests = &engagement.state.requests;
    requests
        .iter()
        .filter(|r| {
            r.phase == phase
                && r.revision == revision
                && matches!(r.kind, RequestKind::Approval { .. })
        })
        .count()
}

fn new_gate(
    engagement: &Engagement,
    phase: &str,
    subject: Vec<(String, String)>,
) -> Option<Request> {
    let state = &engagement.state;
    let definition: &Phase = engagement.definition.phase(phase)?;
    let gate: &Gate = definition.gate.as_ref()?;
    let revision = state.revision(phase);
    let earlier = asked_before(engagement, phase, revision);
    let again = if earlier == 0 { String::new() } else { format!("-{}", earlier + 1) };
    let id = format!("{phase}-{revision}{again}");
    let may_revise =
        state.plan().next(&format!("{phase}.gate"), Outcome::Revised, &state.counters).is_ok();
    let findings = state.progress(phase).findings;
    Some(Request {
        kind: RequestKind::Approval { ratings: gate.ratings.clone(), may_revise, findings },
        phase: phase.to_owned(),
        revision,
        digest: digest(&id, &subject),
        subject,
        answerer: CUSTOMER.into(),
        opened: 0,
        remind_after: gate.remind_after.map(|t| ms(t) as i64),
        expires: gate.expires_after.map(|t| ms(t) as i64),
        on_expiry: gate.expires_after.map(|_| gate.on_expiry),
        reminders: 0,
        reminded: None,
        answer: None,
        answered: None,
        expired: false,
        superseded: false,
        id,
    })
}

fn new_question(engagement: &Engagement, phase: &str, id: &str, question: &Question) -> Request {
    let kind = RequestKind::Question {
        agent: question.agent.clone(),
        question: question.question.clone(),
        interrupt: question.id.clone(),
    };
    asking(engagement, phase, id, kind, ("question".to_owned(), question.question.clone()))
}

/// A request that waits without an end, and is reminded of as the phase's questions are.
pub(super) fn asking(
    engagement: &Engagement,
    phase: &str,
    id: &str,
    kind: RequestKind,
    about: (String, String),
) -> Request {
    let remind = engagement.definition.phase(phase).and_then(|p| p.question_reminder);
    Request {
        id: id.to_owned(),
        kind,
        phase: phase.to_owned(),
        revision: engagement.state.revision(phase),
        digest: digest(id, &[about]),
        subject: Vec::new(),
        answerer: CUSTOMER.into(),
        opened: 0,
        remind_after: remind.map(|t| ms(t) as i64),
        expires: None,
        on_expiry: None,
        reminders: 0,
        reminded: None,
        answer: None,
        answered: None,
        expired: false,
        superseded: false,
    }
}

fn question_id(swarm: Option<&str>, question: &str) -> String {
    format!("{}-{question}", swarm.unwrap_or_default().replace('.', "-"))
}

/// Hex SHA-256 over what is asked about.
fn digest(id: &str, subject: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    hash.update(id);
    for (path, oid) in subject {
        hash.update([0]);
        hash.update(path);
        hash.update([0]);
        hash.update(oid);
    }
    hex(&hash.finalize())
}
