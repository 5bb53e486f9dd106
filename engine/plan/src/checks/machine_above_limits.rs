//! A state machine that Step Functions would not take, or would end.
//!
//! An execution holds 25,000 events and lasts a year; a definition holds 1 MiB. What the bounds of
//! a workflow allow at most must fit, else an engagement ends in its last phase for no reason that
//! anybody can see. Names and what passes between states always fit.
//!
//! Wrong:
//!
//! ```yaml
//! gate: { kind: approval, max_revisions: 100, expires_after: 700d }
//! ```
//!
//! Right:
//!
//! ```yaml
//! gate: { kind: approval, max_revisions: 3, expires_after: 30d }
//! ```

use cloudcrew_definition::crew::Phase;
use cloudcrew_definition::diagnostic::{Report, Severity};

use super::{Context, part};
use crate::build::build;
use crate::emit::asl::asl;

pub(super) const CODE: &str = "machine-above-limits";

/// Events of one execution at most. Source: AWS Step Functions Developer Guide, "Quotas", state
/// machine executions.
const MAX_EVENTS: u64 = 25_000;
/// Days of one execution at most. Same source.
const MAX_DAYS: u64 = 365;
/// Bytes of a definition at most. Same source, state machines.
const MAX_BYTES: usize = 1024 * 1024;

/// More than the states of a phase have without its description.
const MOST_PHASE_BYTES: usize = 24 * 1024;

/// A task's state: entered, scheduled, started, submitted, ended, exited.
const TASK: u64 = 6;
/// A task that is started again: scheduled, started, submitted, failed.
const AGAIN: u64 = 4;
/// A choice or a count: entered, exited.
const STEP: u64 = 2;

pub(super) fn run(context: &Context<'_>, report: &mut Report) {
    for phase in &context.definition.phases {
        gate_lasts(context, phase, report);
    }
    for workflow in &context.definition.workflows {
        let Some(at) = context.workflow(&workflow.name).map(|w| w.phases.span) else { continue };
        let phases: Vec<&Phase> =
            workflow.phases.iter().filter_map(|name| context.definition.phase(name)).collect();
        let events: u64 =
            phases.iter().fold(0, |sum, phase| sum.saturating_add(most_events(phase)));
        if let Some(worst) =
            phases.iter().max_by_key(|p| most_events(p)).filter(|_| events > MAX_EVENTS)
        {
            let message = format!(
                "bounds allow {events} events, and Step Functions ends an execution after \
                 {MAX_EVENTS}"
            );
            let found = report.add(CODE, Severity::Warning, message);
            found.at(at, format!("most of them, {}, in {}", most_events(worst), worst.name));
            for (span, what) in bounds(context, worst) {
                found.also(span, what);
            }
            found.help(
                "lower bounds of this phase, or divide the workflow; a run here is not concerned",
            );
        }
        let most: usize =
            phases.iter().map(|phase| MOST_PHASE_BYTES + 2 * phase.description.len()).sum();
        let emitted = || {
            build(context.definition, &workflow.name)
                .map_or(0, |plan| asl(&plan, context.definition).len())
        };
        // Written out only where it may be too large.
        let bytes = if most > MAX_BYTES { emitted() } else { 0 };
        if bytes > MAX_BYTES {
            let message = format!(
                "the state machine has {bytes} bytes, and Step Functions takes {MAX_BYTES} at most"
            );
            report
                .add(CODE, Severity::Warning, message)
                .at(at, "")
                .help("divide the workflow; a run here is not concerned");
        }
    }
}

fn gate_lasts(context: &Context<'_>, phase: &Phase, report: &mut Report) {
    let expires = phase.gate.as_ref().and_then(|gate| gate.expires_after);
    let written = context
        .phase(&phase.name)
        .and_then(|p| part(&p.gate))
        .and_then(|g| g.expires_after.as_ref());
    if let (Some(expires), Some(written)) = (expires, written)
        && expires.as_secs() > MAX_DAYS * 86_400
    {
        let message = format!(
            "the gate waits longer than Step Functions lets an execution last, {MAX_DAYS} days"
        );
        report
            .add(CODE, Severity::Warning, message)
            .at(written.span, "")
            .help("expire earlier; a run here is not concerned");
    }
}

/// What a phase's bounds allow: each revision, rework and retry a swarm of its own, each with all
/// its restarts, and one question.
fn most_events(phase: &Phase) -> u64 {
    let restarts = u64::from(phase.max_restarts);
    let swarm = TASK + STEP + restarts.saturating_mul(AGAIN) + STEP;
    let question = TASK + swarm;
    let retries = 1 + u64::from(phase.retry.max_attempts);
    let review = if phase.review.is_some() { TASK + STEP + STEP } else { 0 };
    let reworks = 1 + u64::from(phase.review.as_ref().map_or(0, |r| r.max_reworks));
    let gate = if phase.gate.is_some() { TASK + STEP + STEP } else { 0 };
    let revisions = 1 + u64::from(phase.gate.as_ref().map_or(0, |g| g.max_revisions));
    let one_rework = retries.saturating_mul(swarm.saturating_add(question)).saturating_add(review);
    reworks.saturating_mul(one_rework).saturating_add(gate).saturating_mul(revisions)
}

/// Where the bounds of a phase are written.
fn bounds(
    context: &Context<'_>,
    phase: &Phase,
) -> Vec<(cloudcrew_definition::source::Span, String)> {
    let Some(file) = context.phase(&phase.name) else { return Vec::new() };
    let revisions = part(&file.gate)
        .and_then(|g| g.max_revisions.as_ref())
        .map(|w| (w.span, "revisions".to_owned()));
    let reworks = part(&file.review)
        .and_then(|r| r.max_reworks.as_ref())
        .map(|w| (w.span, "reworks".to_owned()));
    let retries = part(&file.retry).map(|r| (r.max_attempts.span, "retries".to_owned()));
    let restarts = part(&file.restart).map(|r| (r.max_attempts.span, "restarts".to_owned()));
    [revisions, reworks, retries, restarts].into_iter().flatten().collect()
}
