//! What Step Functions can hold, and what a machine needs of it.

use crate::plan::{Counter, Kind, Outcome, Plan};

/// Events in the history of one execution at most. Source: Step Functions quotas.
pub const EXECUTION_EVENTS: u64 = 25_000;
/// Characters of a state's name at most. Source: Amazon States Language, "States".
pub const MAX_STATE_NAME: usize = 80;
/// The largest `TimeoutSeconds`. Source: Amazon States Language, "Timeouts and heartbeats".
pub const MAX_SECONDS: u64 = 99_999_999;

/// Events of a task that is waited for: entered, scheduled, started, submitted, ended, exited.
const TASK: u64 = 6;
/// Events of one more attempt: scheduled, started, submitted, timed out.
const ATTEMPT: u64 = 4;
/// Events of a choice or a pass: entered, exited.
const STEP: u64 = 2;

/// Events of a phase's longest course without questions and waits for a provider, and what allows it: `(phase, events)`.
pub fn most_events(plan: &Plan) -> Vec<(String, u64)> {
    plan.entries.iter().map(|(phase, _)| (phase.clone(), of_phase(plan, phase))).collect()
}

fn of_phase(plan: &Plan, phase: &str) -> u64 {
    let bound = |kind: Kind, counter: Counter, on: Outcome| {
        let state = plan.states.iter().find(|s| s.kind == kind && s.phase.as_deref() == Some(phase));
        let bounds = state.into_iter().flat_map(|s| &s.on).filter(|t| t.on == on).filter_map(|t| t.bound.as_ref());
        bounds.filter(|b| b.counter == counter).map(|b| u64::from(b.max)).max()
    };
    let has = |kind| plan.states.iter().any(|s| s.kind == kind && s.phase.as_deref() == Some(phase));
    let retries = bound(Kind::Swarm, Counter::Retries, Outcome::Failed).unwrap_or(0);
    let restarts = bound(Kind::Swarm, Counter::Restarts, Outcome::Died).unwrap_or(0);
    let reworks = bound(Kind::Review, Counter::Reworks, Outcome::Faulted).unwrap_or(0);
    let revisions = bound(Kind::Gate, Counter::Revisions, Outcome::Revised).unwrap_or(0);
    let task = |restarts: u64| TASK.saturating_add(restarts.saturating_mul(ATTEMPT)).saturating_add(STEP);
    let swarms = task(restarts).saturating_add(STEP).saturating_mul(retries.saturating_add(1));
    let reviewed = if has(Kind::Review) { task(restarts).saturating_add(STEP) } else { 0 };
    let round = swarms.saturating_add(reviewed).saturating_mul(reworks.saturating_add(1));
    let gated = if has(Kind::Gate) { task(0).saturating_add(STEP) } else { 0 };
    round.saturating_add(gated).saturating_mul(revisions.saturating_add(1))
}
