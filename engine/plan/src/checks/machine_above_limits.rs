//! A state machine that Step Functions would reject or abort.
//!
//! An execution may have 25,000 events and last a year; a definition may have 1 MiB. The upper
//! bounds of a workflow must fit within these limits, otherwise an engagement ends in its last
//! phase for no apparent reason. Names and the data passed between states always fit.
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
use crate::runs::most_runs;

pub(super) const CODE: &str = "machine-above-limits";

/// Maximum events of one execution. Source: AWS Step Functions Developer Guide, "Quotas", state
/// machine executions.
const MAX_EVENTS: u64 = 25_000;
/// Maximum days of one execution. Same source.
const MAX_DAYS: u64 = 365;
/// Maximum bytes of a definition. Same source, state machines.
const MAX_BYTES: usize = 1024 * 1024;

/// Upper bound for the states of a phase without its description.
const MOST_PHASE_BYTES: usize = 24 * 1024;
/// Maximum bytes for a phase in a state that counts a way back.
const MOST_COUNTER_BYTES: usize = 400;

/// Events of a task: entered, scheduled, started, submitted, ended, exited.
const TASK: u64 = 6;
/// Events of a retried task: scheduled, started, submitted, failed.
const AGAIN: u64 = 4;
/// Events of a choice or a counter: entered, exited.
const STEP: u64 = 2;

pub(super) fn run(context: &Context<'_>, report: &mut Report) {
    for phase in &context.definition.phases {
        gate_lasts(context, phase, report);
    }
    for workflow in &context.definition.workflows {
        let Some(at) = context.workflow(&workflow.name).map(|w| w.phases.span) else { continue };
        let phases: Vec<&Phase> =
            workflow.phases.iter().filter_map(|name| context.definition.phase(name)).collect();
        let most = |phase: &Phase| {
            let runs = most_runs(context.definition, workflow, phase);
            events_of_run(phase).saturating_mul(runs)
        };
        let events: u64 = phases.iter().fold(0, |sum, phase| sum.saturating_add(most(phase)));
        if let Some(worst) = phases.iter().max_by_key(|p| most(p)).filter(|_| events > MAX_EVENTS) {
            let message = format!(
                "the limits allow {events} events, but Step Functions ends an execution after \
                 {MAX_EVENTS}"
            );
            let found = report.add(CODE, Severity::Warning, message);
            found.at(at, format!("{} of them in `{}`", most(worst), worst.name));
            for (span, what) in bounds(context, worst) {
                found.also(span, what);
            }
            found.help(
                "lower the limits of this phase or split the workflow; local runs are not affected",
            );
        }
        // Each way back names every phase.
        let back = |phase: &Phase| phase.gate.as_ref().map_or(0, |gate| gate.revise_to.len());
        let most: usize = phases
            .iter()
            .map(|phase| {
                let back = back(phase).saturating_mul(phases.len() * MOST_COUNTER_BYTES);
                (MOST_PHASE_BYTES + 2 * phase.description.len()).saturating_add(back)
            })
            .fold(0, usize::saturating_add);
        let emitted = || {
            build(context.definition, &workflow.name)
                .map_or(0, |plan| asl(&plan, context.definition).len())
        };
        // Serialize only if the definition may be too large.
        let bytes = if most > MAX_BYTES { emitted() } else { 0 };
        if bytes > MAX_BYTES {
            let message = format!(
                "the state machine has {bytes} bytes, but Step Functions accepts at most \
                 {MAX_BYTES}"
            );
            report
                .add(CODE, Severity::Warning, message)
                .at(at, "")
                .help("split the workflow; local runs are not affected");
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
            "the gate waits longer than {MAX_DAYS} days, the maximum of a Step Functions execution"
        );
        report
            .add(CODE, Severity::Warning, message)
            .at(written.span, "")
            .help("lower `expires_after`; local runs are not affected");
    }
}

/// Maximum events of one run of a phase: a swarm per rework and retry, each with all its restarts,
/// and one question.
fn events_of_run(phase: &Phase) -> u64 {
    let restarts = u64::from(phase.max_restarts);
    let swarm = TASK + STEP + restarts.saturating_mul(AGAIN) + STEP;
    let question = TASK + swarm;
    let retries = 1 + u64::from(phase.retry.max_attempts);
    let review = if phase.review.is_some() { TASK + STEP + STEP } else { 0 };
    let reworks = 1 + u64::from(phase.review.as_ref().map_or(0, |r| r.max_reworks));
    let gate = if phase.gate.is_some() { TASK + STEP + STEP } else { 0 };
    let one_rework = retries.saturating_mul(swarm.saturating_add(question)).saturating_add(review);
    reworks.saturating_mul(one_rework).saturating_add(gate)
}

/// Where the limits of a phase are written.
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
    let retries =
        part(&file.retry).and_then(|r| Some((r.max_attempts.as_ref()?.span, "retries".to_owned())));
    let restarts = part(&file.restart)
        .and_then(|r| Some((r.max_attempts.as_ref()?.span, "restarts".to_owned())));
    [revisions, reworks, retries, restarts].into_iter().flatten().collect()
}
