//! Retries an engagement that failed: on the same branch, with the approvals of earlier phases, and
//! with the pinned definitions or others.

use std::sync::Arc;

use cloudcrew_definition::crew::Definition;
use cloudcrew_plan::{Kind, Plan};

use super::append::Record;
use super::error::EngagementError;
use super::event::{EndReason, Event};
use super::load::Engagement;
use super::refusal::Refusal;
use super::state::State;
use cloudcrew_ports::clock::{Clock, next};

/// Options of a retry.
#[derive(Debug)]
pub struct Retry<'a> {
    /// The phase to start from; defaults to the phase that failed or the gate that expired.
    pub from: Option<&'a str>,
    /// Definitions and plan that replace the pinned ones.
    pub definitions: Option<(&'a Definition, &'a Plan)>,
    /// The person who retries.
    pub actor: &'a str,
}

/// Records the retry of an ended engagement. It does not drive the engagement.
///
/// # Errors
/// [`EngagementError::Refused`] when the engagement has not ended, was cancelled, has completed or
/// has no such phase, or when the new definitions do not fit what was approved.
pub async fn retry(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    retry: Retry<'_>,
) -> Result<(), EngagementError> {
    loop {
        let entry = entry(engagement, &retry)?;
        let now = next(clock.now(), engagement.state.times.1);
        let mut events = Vec::new();
        if let Some((definition, plan)) = retry.definitions {
            let (definition, plan) = (
                record.blobs.put(&definition.bytes()).await?,
                record.blobs.put(&plan.bytes()).await?,
            );
            events.push(Event::Repinned { definition, plan });
        }
        events.push(Event::Retried { phase: entry.phase, actor: retry.actor.to_owned() });
        events.push(Event::Entered { state: entry.state, on: None, resume: None, why: None });
        if engagement.append_inbound(record, &events, now).await? {
            return Ok(());
        }
    }
}

/// Where the engagement restarts.
struct Entry {
    phase: String,
    state: String,
}

fn entry(engagement: &Engagement, retry: &Retry<'_>) -> Result<Entry, EngagementError> {
    let (state, project) = (&engagement.state, &engagement.project);
    let project = project.clone();
    let Some(end) = &state.end else {
        return Err(Refusal::NotEnded { project }.into());
    };
    match end.kind {
        EndReason::Completed => {
            return Err(Refusal::Completed { project }.into());
        }
        EndReason::Cancelled => {
            return Err(Refusal::Cancelled { project }.into());
        }
        EndReason::Failed | EndReason::BudgetExhausted | EndReason::Expired => {}
    }
    let last =
        state.last_phase.clone().ok_or_else(|| Refusal::NeverBegan { project: project.clone() })?;
    let phase = retry.from.unwrap_or(&last).to_owned();
    let reached = |name: &str| {
        state.phases.get(name).is_some_and(|progress| progress.swarms > 0 || *name == last)
    };
    if !reached(&phase) {
        let names: Vec<&str> = state
            .plan()
            .entries
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| reached(name))
            .collect();
        let reached = names.join(", ");
        return Err(Refusal::NeverReached { project, phase, reached }.into());
    }
    // After a return, later phases were reached but are not approved any more.
    let place = |name: &str| state.plan().entries.iter().position(|(phase, _)| phase == name);
    if place(&phase) > place(&last) {
        return Err(Refusal::Returned { project, phase, last }.into());
    }
    let plan = match retry.definitions {
        None => state.plan(),
        Some((definition, plan)) => {
            compatible(state, plan, &phase)
                .and_then(|()| has_inputs(state, definition, plan))
                .map_err(|why| Refusal::Incompatible { project: project.clone(), why })?;
            plan
        }
    };
    let gate = format!("{phase}.gate");
    let expired = end.kind == EndReason::Expired && phase == last && retry.from.is_none();
    let opens = plan.state(&gate).is_some_and(|state| state.kind == Kind::Gate);
    let state = if expired && opens { Some(gate) } else { plan.entry(&phase).map(str::to_owned) };
    let state = state.ok_or_else(|| Refusal::NoPhase {
        workflow: plan.workflow.clone(),
        phase: phase.clone(),
    })?;
    Ok(Entry { phase, state })
}

/// Checks that an engagement can continue at `phase` with another plan: the phases before it must
/// be the same, in the same order.
///
/// # Errors
/// Returns a sentence that says what does not fit.
pub fn compatible(state: &State, plan: &Plan, phase: &str) -> Result<(), String> {
    let before = |plan: &Plan| -> Option<Vec<String>> {
        let at = plan.entries.iter().position(|(name, _)| name == phase)?;
        Some(plan.entries[..at].iter().map(|(name, _)| name.clone()).collect())
    };
    if plan.workflow != state.plan().workflow {
        return Err(format!(
            "it runs the workflow `{}`, not `{}`",
            state.plan().workflow,
            plan.workflow
        ));
    }
    let Some(now) = before(plan) else {
        return Err(format!("the definitions no longer have a phase `{phase}`"));
    };
    let was = before(state.plan()).unwrap_or_default();
    if now == was {
        return Ok(());
    }
    Err(format!(
        "the definitions have the phases [{}] before `{phase}`, but it went through [{}]; \
         restore those phases, or continue with the pinned definitions",
        now.join(", "),
        was.join(", ")
    ))
}

/// Checks that an engagement has the inputs that other definitions ask for.
fn has_inputs(state: &State, definition: &Definition, plan: &Plan) -> Result<(), String> {
    let inputs = definition.workflow(&plan.workflow).into_iter().flat_map(|flow| &flow.inputs);
    for input in inputs {
        match state.started.inputs.get(&input.name) {
            Some(value) if input.read(&value.to_string()).as_ref() != Ok(value) => {
                return Err(format!(
                    "it was started with `{value}` for the input `{}`, which is now {}",
                    input.name,
                    input.of()
                ));
            }
            None if input.default.is_none() => {
                return Err(format!(
                    "the definitions ask for the input `{}`, which it was started without; give \
                     it a default",
                    input.name
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Engagement {
    /// Replaces the pinned definition and plan.
    pub(super) fn repin(&mut self, definition: Definition, plan: Plan) {
        self.definition = Arc::new(definition);
        self.state.repin(plan);
    }
}
