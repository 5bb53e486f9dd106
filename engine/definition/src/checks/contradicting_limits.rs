//! Two limits contradict each other.
//!
//! One of them can never be reached, or it ends the swarm before any work is done. Examples are a
//! detection window larger than the number of visits, more different agents than the swarm has, a
//! visit that may outlast its swarm, a visit of one reply, and a reply as long as the model's whole
//! context window.
//!
//! This check also reports reminders sent more often than once a minute, which is faster than
//! anyone can answer.
//!
//! Wrong:
//!
//! ```yaml
//! swarm:
//!   agents: [pm, sa]
//!   max_handoffs: 5
//!   repetitive_handoff_detection_window: 8
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm:
//!   agents: [pm, sa]
//!   max_handoffs: 10
//!   repetitive_handoff_detection_window: 8
//! ```

use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::syntax::defaults::{TRIM_AT, TRIM_TO};
use crate::syntax::{Duration, Gate, Model, OnExpiry, PhaseFile, ProviderRetry, Swarm, Written};

/// The defaults of the swarm's timeouts.
const EXECUTION: std::time::Duration = crate::syntax::defaults::EXECUTION_TIMEOUT;
const NODE: std::time::Duration = crate::syntax::defaults::NODE_TIMEOUT;

/// Shorter intervals would fill the journal faster than anyone can answer.
const MIN_REMINDER: std::time::Duration = std::time::Duration::from_secs(60);
/// The longest time that a crew stays at work for an answer.
const MAX_LINGER: std::time::Duration = std::time::Duration::from_secs(600);

pub(super) const CHECK: Check = Check { code: "contradicting-limits", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let models = context.crew().and_then(|crew| crew.models.get());
    models
        .into_iter()
        .flat_map(|models| models.iter())
        .for_each(|(_, _, model)| of_model(model, report));
    for phase in context.phases() {
        in_phase(phase, report);
    }
}

fn in_phase(phase: &PhaseFile, report: &mut Report) {
    if let Some(swarm) = phase.swarm.get() {
        window(swarm, report);
        work(phase, swarm, report);
        times(swarm, report);
        if let Some(retry) = swarm.retry.as_ref().and_then(Written::get) {
            delays(retry, report);
        }
    }
    if let Some(gate) = phase.gate.as_ref().and_then(Written::get) {
        waits(gate, report);
        returns(gate, report);
        reminds(gate.remind_after.as_ref(), report);
    }
    if let Some(questions) = phase.questions.as_ref().and_then(Written::get) {
        reminds(questions.remind_after.as_ref(), report);
        lingers(questions.linger.as_ref(), report);
    }
}

fn returns(gate: &Gate, report: &mut Report) {
    let none = gate.max_revisions.as_ref().filter(|max| max.get() == Some(&0));
    if let Some((back, max)) = gate.revise_to.as_ref().zip(none) {
        report
            .error(CHECK.code, "the customer may request no changes, so nothing can return")
            .at(back.span, "")
            .also(max.span, "no changes may be requested")
            .help("raise `max_revisions`, or remove `revise_to`");
    }
}

fn of_model(model: &Model, report: &mut Report) {
    let written = model.max_tokens.get().map(|max| (u64::from(*max), model.max_tokens.span));
    if let Some(rule) = model.context.as_ref().and_then(Written::get) {
        if let Some(((max, at), window)) =
            written.zip(rule.window.get()).filter(|((max, _), window)| max >= window)
        {
            let found = report.error(
                CHECK.code,
                format!("a reply of {max} tokens fills the whole window of {window}"),
            );
            found.at(at, "").also(rule.window.span, "the window").help("leave room for the prompt");
        }
        let part = |w: &Option<Written<f64>>, default| {
            w.as_ref().map_or(Some(default), |w| w.get().copied())
        };
        let at = rule.trim_to.as_ref().or(rule.trim_at.as_ref());
        if let (Some(to), Some(from), Some(at)) =
            (part(&rule.trim_to, TRIM_TO), part(&rule.trim_at, TRIM_AT), at)
            && to >= from
        {
            report
                .error(CHECK.code, "trimming would remove nothing")
                .at(at.span, "")
                .help("make `trim_to` lower than `trim_at`");
        }
    }
    if let Some(reasoning) = model.reasoning.as_ref().and_then(Written::get) {
        let tokens = reasoning.tokens.as_ref();
        match (tokens, &reasoning.effort) {
            (Some(tokens), Some(effort)) => {
                let found = report
                    .error(CHECK.code, "`reasoning` sets both `tokens` and `effort`")
                    .at(tokens.span, "");
                found
                    .also(effort.span, "the other setting")
                    .help("use `tokens` for models of the 4.5 generation, `effort` for later ones");
            }
            (None, None) => {
                let at = model.reasoning.as_ref().map_or(model.max_tokens.span, |r| r.span);
                report
                    .error(CHECK.code, "`reasoning` sets neither `effort` nor `tokens`")
                    .at(at, "")
                    .help("set one of them, or remove `reasoning`");
            }
            _ => {}
        }
        let tokens = tokens.and_then(|t| Some((u64::from(*t.get()?), t.span)));
        if let Some(((thought, at), (max, span))) =
            tokens.zip(written).filter(|((thought, _), (max, _))| thought >= max)
        {
            let found = report
                .error(
                    CHECK.code,
                    format!("{thought} reasoning tokens leave no room in a reply of {max}"),
                )
                .at(at, "");
            found
                .also(span, "reasoning counts towards the reply")
                .help("reason with fewer tokens, or raise `max_tokens`");
        }
    }
}

fn window(swarm: &Swarm, report: &mut Report) {
    let window = swarm.repetitive_handoff_detection_window.as_ref();
    let unique = swarm.repetitive_handoff_min_unique_agents.as_ref();
    let visits = [&swarm.max_handoffs, &swarm.max_iterations]
        .into_iter()
        .flatten()
        .filter_map(|w| Some((*w.get()?, w.span)));
    if let Some((size, at)) = window.and_then(|w| Some((*w.get()?, w.span)))
        && let Some((least, span)) = visits.min_by_key(|(n, _)| *n).filter(|(n, _)| size > *n)
    {
        report
            .error(
                CHECK.code,
                format!("a window of {size} visits is larger than the limit of {least}"),
            )
            .at(at, "never fills")
            .also(span, "the limit on visits")
            .help(format!("reduce the window to at most {least}, or allow more visits"));
    }
    let Some((least, at)) = unique.and_then(|u| Some((*u.get()?, u.span))) else { return };
    if let Some(members) = swarm.agents.get().filter(|m| least as usize > m.len()) {
        report
            .error(
                CHECK.code,
                format!("{least} different agents are required in a swarm of {}", members.len()),
            )
            .at(at, "always too few")
            .also(swarm.agents.span, "the members");
    }
    if let Some((size, span)) = window
        .and_then(|w| Some((*w.get()?, w.span)))
        .filter(|(size, _)| *size > 0 && least > *size)
    {
        report
            .error(
                CHECK.code,
                format!("{least} different agents are required in a window of {size} visits"),
            )
            .at(at, "")
            .also(span, "the window");
    }
}

/// Whoever uses a tool needs another reply after it.
fn work(phase: &PhaseFile, swarm: &Swarm, report: &mut Report) {
    let delivers =
        phase.deliverables.as_ref().and_then(Written::get).is_some_and(|d| !d.is_empty());
    if delivers
        && let Some((1, at)) = swarm.max_turns.as_ref().and_then(|w| Some((*w.get()?, w.span)))
    {
        report
            .add(
                CHECK.code,
                Severity::Warning,
                "an agent that may reply once cannot use what a tool returns".to_owned(),
            )
            .at(at, "")
            .help("allow at least 2 replies per visit");
    }
}

fn times(swarm: &Swarm, report: &mut Report) {
    let read = |w: &Option<Written<Duration>>, default| {
        w.as_ref().map_or(Some(default), |w| w.get().map(|d| d.0))
    };
    let (Some(node), Some(whole)) =
        (read(&swarm.node_timeout, NODE), read(&swarm.execution_timeout, EXECUTION))
    else {
        return;
    };
    let Some(at) = swarm.node_timeout.as_ref().or(swarm.execution_timeout.as_ref()) else { return };
    if node > whole {
        let found = report
            .error(CHECK.code, "a single visit may last longer than the whole swarm")
            .at(at.span, "");
        if let Some(whole) = swarm.execution_timeout.as_ref().filter(|w| w.span != at.span) {
            found.also(whole.span, "the limit of the swarm");
        }
        found.help("lower `node_timeout` to at most `execution_timeout`");
    }
}

fn delays(retry: &ProviderRetry, report: &mut Report) {
    let (Some(first), Some(longest)) = (&retry.initial_delay, &retry.max_delay) else { return };
    if first.get() > longest.get() && longest.get().is_some() {
        let found = report
            .error(CHECK.code, "`initial_delay` is longer than `max_delay`")
            .at(first.span, "");
        found.also(longest.span, "the maximum");
    }
}

fn reminds(after: Option<&Written<Duration>>, report: &mut Report) {
    let Some((after, at)) = after.and_then(|after| Some((after.get()?.0, after.span))) else {
        return;
    };
    if after < MIN_REMINDER {
        report
            .error(CHECK.code, "reminders are sent more often than once a minute")
            .at(at, "")
            .help("allow at least a minute for an answer");
    }
}

fn lingers(linger: Option<&Written<Duration>>, report: &mut Report) {
    let Some((time, at)) = linger.and_then(|linger| Some((linger.get()?.0, linger.span))) else {
        return;
    };
    if time > MAX_LINGER {
        report
            .error(CHECK.code, "the crew stays at work for more than 10 minutes")
            .at(at, "")
            .help("it comes back whenever the answer arrives; write `10m` or less");
    }
}

fn waits(gate: &Gate, report: &mut Report) {
    if let (Some(remind), Some(expires)) = (&gate.remind_after, &gate.expires_after)
        && remind.get() >= expires.get()
        && expires.get().is_some()
    {
        let found = report
            .error(CHECK.code, "the gate expires before its first reminder")
            .at(remind.span, "");
        found
            .also(expires.span, "expires after this")
            .help("send the reminder earlier, or let the gate expire later");
    }
    if let (Some(on_expiry), None) = (&gate.on_expiry, &gate.expires_after) {
        let found = report
            .error(CHECK.code, "`on_expiry` has no effect without `expires_after`")
            .at(on_expiry.span, "");
        found.help("set `expires_after`, or remove `on_expiry`");
    }
    let escalates = gate.on_expiry.as_ref().filter(|on| on.get() == Some(&OnExpiry::Escalate));
    match (escalates, &gate.escalate_to) {
        (Some(on_expiry), None) => {
            let found = report
                .error(CHECK.code, "`on_expiry: escalate` needs `escalate_to`")
                .at(on_expiry.span, "");
            found.help("set `escalate_to` to the group that decides then");
        }
        (None, Some(to)) => {
            let found = report
                .error(CHECK.code, "`escalate_to` has no effect without `on_expiry: escalate`")
                .at(to.span, "");
            found.help("set `on_expiry: escalate`, or remove `escalate_to`");
        }
        _ => {}
    }
}
