//! Decides what a driver does next: a pure function of the engagement and the time.

use cloudcrew_plan::{Kind, Outcome};

use super::asked::{asked_before, current_gate, new_gate, question_id};
use super::event::{Decision, End, EndReason, Why};
use super::load::Engagement;
use super::request::{Request, RequestKind};
use super::state::State;
use super::timers::due;
use crate::swarm::Question;

/// The next action. An action has its own file under `act`, or the loop does it in one line.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Nothing: the engagement has ended.
    Ended(End),
    /// Record the end.
    End(End),
    /// Send the reminder of a request that is due, or expire it.
    Settle(Box<Request>),
    /// Publish the branch to its Git server.
    Publish,
    /// Leave the state with an outcome.
    Leave(Outcome),
    /// Wait for a person.
    Wait(Vec<Request>),
    /// Wait until someone fixes the reason why the provider or the Git server refuses.
    Blocked(String),
    /// Do not call the provider until this time, milliseconds since 1970 UTC.
    Pause(i64),
    /// Start the phase's swarm, or continue it.
    Work,
    /// Start the review's swarm, or continue it.
    Review,
    /// Open the request for a question.
    Ask(Question),
    /// Let the rehearsed customer answer these; if there is none, wait.
    Hear(Vec<Request>),
    /// Pass the answers to all questions to the swarm.
    TakeAnswers(Vec<(Question, Request)>),
    /// Read the files that the gate covers, then act on [`decide_gate`].
    Gate,
    /// Run a finalize step.
    Finalize(String),
}

/// What a driver has done that the journal does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// Whether it has called the provider since it refused.
    pub provider: bool,
    /// The commit that it last tried to publish.
    pub published: Option<String>,
}

/// Decides the next action. `now` is in milliseconds since 1970 UTC.
///
/// # Errors
/// When the engagement's plan does not contain its current state.
pub fn decide(e: &Engagement, now: i64, tried: &Tried) -> Result<Action, String> {
    let state = &e.state;
    if let Some(request) = due(state, now) {
        return Ok(Action::Settle(Box::new(request.clone())));
    }
    if let Some(end) = &state.end {
        return Ok(Action::Ended(end.clone()));
    }
    let Some(kind) = state.kind() else {
        return Err(format!("the plan has no state `{}`", state.at));
    };
    if is_to_publish(state, kind, now, tried) {
        return Ok(Action::Publish);
    }
    if kind.is_final() {
        let blocked = state.blocked().filter(|_| kind == Kind::Done);
        return Ok(blocked.map_or_else(|| Action::End(end_of(state, kind)), Action::Blocked));
    }
    if state.cancel.is_some() && kind != Kind::Finalize {
        return Ok(Action::Leave(Outcome::Cancelled));
    }
    Ok(match kind {
        // The process died right after it opened the request.
        Kind::Swarm if unraised(state).is_some() => Action::Leave(Outcome::Asked),
        Kind::Swarm => Action::Work,
        Kind::Review => match (unraised(state), away(state, now, tried.provider)) {
            (Some(request), _) => Action::Wait(vec![request.clone()]),
            (None, Some(wait)) => wait,
            (None, None) => Action::Review,
        },
        Kind::Question => match unraised(state) {
            Some(request) => Action::Wait(vec![request.clone()]),
            None => questions(state),
        },
        Kind::Park => away(state, now, tried.provider).unwrap_or(Action::Leave(Outcome::Back)),
        Kind::Gate => Action::Gate,
        Kind::Finalize => finalize(e),
        _ => return Err(format!("no action is possible in the state `{}`", state.at)),
    })
}

/// Whether to talk to the Git server: between phases and where people look. Each driver does so
/// once for each commit, so that it sees what others did there, and again when the next attempt is
/// due.
fn is_to_publish(state: &State, kind: Kind, now: i64, tried: &Tried) -> bool {
    let stands = match kind {
        Kind::Swarm => state.swarm.is_none(),
        Kind::Gate | Kind::Question => true,
        _ => kind.is_final(),
    };
    let base = state.started.base.as_ref().map(|base| &base.commit);
    let has_begun = state.started.remote.is_some()
        && state.head.is_some()
        && (state.head.as_ref() != base || state.pushed.is_some());
    let is_due = state.unpushed.as_ref().is_some_and(|unpushed| unpushed.again <= now);
    has_begun && ((stands && tried.published != state.head) || (is_due && state.is_behind()))
}

/// The open request to raise a budget of this phase.
fn unraised(state: &State) -> Option<&Request> {
    let mine = |r: &&Request| {
        matches!(r.kind, RequestKind::Budget { .. }) && Some(r.phase.as_str()) == state.phase()
    };
    state.open_requests().find(mine)
}

/// What to do while the provider is unavailable; `None` to try it again.
fn away(state: &State, now: i64, tried: bool) -> Option<Action> {
    let parked = state.parked.as_ref()?;
    if parked.blocked {
        // A new driver tries once: someone has probably fixed the cause.
        return tried.then(|| Action::Blocked(parked.reason.clone()));
    }
    (parked.until > now).then_some(Action::Pause(parked.until))
}

/// Decides in a state that waits for answers.
fn questions(state: &State) -> Action {
    let run = state.swarm.as_ref();
    let asked = run.and_then(|run| run.machine.as_ref()).map(|machine| machine.questions());
    let asked = asked.unwrap_or_default();
    if asked.is_empty() {
        // A budget was raised, or the process died after it passed the answers on.
        return Action::Leave(Outcome::Answered);
    }
    let mut requests = Vec::new();
    for question in asked {
        let id = question_id(run.map(|run| run.id.as_str()), &question.id);
        match state.request(&id) {
            None => return Action::Ask(question.clone()),
            Some(request) => requests.push((question.clone(), request.clone())),
        }
    }
    let open = requests.iter().map(|(_, request)| request).filter(|r| r.answer.is_none());
    let open: Vec<Request> = open.cloned().collect();
    if open.is_empty() { Action::TakeAnswers(requests) } else { Action::Hear(open) }
}

/// After the last phase: the first finalize step that has not been tried.
fn finalize(e: &Engagement) -> Action {
    let workflow = e.definition.workflow(&e.state.started.workflow);
    let tried = |step: &str| e.state.finalized.iter().any(|(done, _)| done == step);
    let next = workflow.and_then(|workflow| workflow.finalize.iter().find(|step| !tried(step)));
    next.map_or(Action::Leave(Outcome::Finalized), |step| Action::Finalize(step.clone()))
}

/// The next action at a gate.
#[expect(clippy::large_enum_variant, reason = "created once at a gate and matched at once")]
#[derive(Debug, Clone, PartialEq)]
pub enum AtGate {
    /// Open its request.
    Open(Request),
    /// The approved files have changed: ask for approval of the current ones.
    Reopen(Request),
    /// Note the decision and leave the gate.
    Take(Request),
    /// Nobody decided in time.
    Expire,
    /// The files have changed while the request was open: the second request replaces the first.
    Supersede(Request, Request),
    /// Wait for a decision.
    Wait {
        /// The open request.
        request: Request,
        /// Whether the review found nothing and no file has changed since.
        faultless: bool,
    },
}

/// Decides at the gate of the current phase. `subject` lists the files it covers: path and object
/// id. Returns `None` when the phase has no gate.
pub fn decide_gate(e: &Engagement, subject: Vec<(String, String)>) -> Option<AtGate> {
    let phase = e.state.phase()?;
    let Some(request) = current_gate(e) else {
        return new_gate(e, phase, subject).map(AtGate::Open);
    };
    let changed = subject != request.subject;
    Some(match &request.answer {
        Some(answer) if changed && matches!(answer.decision, Decision::Approve { .. }) => {
            AtGate::Reopen(new_gate(e, phase, subject)?)
        }
        Some(_) => AtGate::Take(request),
        None if request.expired => AtGate::Expire,
        None => {
            let again = if changed { new_gate(e, phase, subject) } else { None };
            if let Some(again) = again.filter(|again| again.id != request.id) {
                return Some(AtGate::Supersede(request, again));
            }
            // A gate that asks again covers changes made after the review.
            let reviewed = asked_before(e, phase, request.revision) == 1;
            let faultless = reviewed
                && matches!(&request.kind, RequestKind::Approval { findings,
                    .. } if findings.is_empty());
            AtGate::Wait { request, faultless }
        }
    })
}

/// The end for a final state.
fn end_of(state: &State, kind: Kind) -> End {
    let Why { text: reason, key } =
        state.reason.clone().unwrap_or(Why { text: String::new(), key: String::new() });
    let end = |kind, text: String, key: String| End { kind, text, key };
    match kind {
        Kind::Done => {
            let unpushed = state.unpushed.as_ref().filter(|_| state.is_behind());
            let text = match (unpushed, &state.waived) {
                (Some(unpushed), Some(actor)) => {
                    format!("all phases are done; waived by {actor}: {}", unpushed.words())
                }
                _ => "all phases are done".to_owned(),
            };
            end(EndReason::Completed, text, String::new())
        }
        Kind::Cancelled => {
            let actor = state.cancel.as_deref().unwrap_or("somebody");
            end(EndReason::Cancelled, format!("cancelled by {actor}"), String::new())
        }
        Kind::Expired => {
            let gate = state
                .requests
                .iter()
                .rev()
                .find(|r| r.expired && matches!(r.kind, RequestKind::Approval { .. }));
            let phase = gate.map(|r| r.phase.as_str()).unwrap_or_default();
            end(
                EndReason::Expired,
                format!("nobody decided in time at the gate of {phase}"),
                format!("phases/{phase}.yaml gate.expires_after"),
            )
        }
        _ if is_budget(&key) => end(EndReason::BudgetExhausted, reason, key),
        _ => end(EndReason::Failed, reason, key),
    }
}

/// Whether a YAML key is that of a budget.
fn is_budget(key: &str) -> bool {
    (key.contains("budget.") || key.contains("budgets."))
        && (key.ends_with(".tokens") || key.ends_with(".usd"))
}
