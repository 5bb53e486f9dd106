//! A rehearsal entry has no effect, or more than one.
//!
//! Each entry changes the behaviour of one agent or one gate in exactly one way. This keeps a
//! rehearsal readable from top to bottom.
//!
//! Wrong:
//!
//! ```yaml
//! agents:
//!   - { agent: sa, phase: poc }
//! ```
//!
//! Right:
//!
//! ```yaml
//! agents:
//!   - { agent: sa, phase: poc, asks: "Which region?" }
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::{AgentBend, GateBend, RehearsalFile, Written};

pub(super) const CHECK: Check = Check { code: "bend-without-effect", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (_, file) in &context.workspace.rehearsals {
        for (written, what, choices) in bends(file) {
            let (span, count) = written;
            if count != 1 {
                report
                    .error(
                        CHECK.code,
                        format!("this {what} entry has {count} effects; it needs exactly one"),
                    )
                    .at(span, "")
                    .help(format!("set exactly one of {choices}"));
            }
        }
        let gates = file.gates.as_ref().and_then(Written::get).into_iter().flatten();
        for gate in gates.filter_map(Written::get) {
            returns(context, file, gate, report);
        }
    }
}

/// A customer who returns the work to an earlier phase.
fn returns(context: &Context<'_>, file: &RehearsalFile, bend: &GateBend, report: &mut Report) {
    let Some((to, span)) = bend.to.as_ref().and_then(text) else { return };
    if bend.revises.is_none() {
        let found = report.error(CHECK.code, "`to` has no effect without `revises`").at(span, "");
        found.help("add the feedback as `revises`, or remove `to`");
        return;
    }
    let Some((name, _)) = text(&bend.phase) else { return };
    if let Some(workflow) = context.rehearsed(file) {
        let order: Vec<&str> = texts(&workflow.phases).map(|(phase, _)| phase).collect();
        let at = |phase: &str| order.iter().position(|there| *there == phase);
        if let Some(gate) = at(name).filter(|_| name != to)
            && at(to).is_none_or(|earlier| earlier >= gate)
            && context.phase_names().contains(&to)
        {
            let message = format!("the workflow does not run `{to}` before `{name}`");
            report.error(CHECK.code, message).at(span, "").also(workflow.phases.span, "its phases");
            return;
        }
    }
    let listed = context.returns(name);
    let known = context.phase_names();
    if known.contains(&name) && known.contains(&to) && !listed.contains(&to) {
        let message = format!("the gate of `{name}` cannot return the work to `{to}`");
        let found = report.error(CHECK.code, message).at(span, "");
        found.help_closest(to, listed.iter().copied());
        found.help(match to == name {
            true => "remove `to`: without it, the phase itself runs again".to_owned(),
            false => format!("to allow it, add it to `gate.revise_to` in `phases/{name}.yaml`"),
        });
    }
}

type Found = ((Span, usize), &'static str, &'static str);

fn bends(file: &RehearsalFile) -> Vec<Found> {
    let agents = file.agents.as_ref().and_then(Written::get).into_iter().flatten();
    let gates = file.gates.as_ref().and_then(Written::get).into_iter().flatten();
    let agents = agents.filter_map(|b| {
        Some((
            (b.span, of_agent(b.get()?)),
            "agent",
            "`asks`, `loops_with`, `writes`, `fails`, `takes`, `forgets` or `rejects`",
        ))
    });
    let gates = gates.filter_map(|b| {
        Some(((b.span, of_gate(b.get()?)), "gate", "`approves`, `revises` or `silent_for`"))
    });
    agents.chain(gates).collect()
}

fn of_agent(b: &AgentBend) -> usize {
    let given = [
        b.asks.is_some(),
        b.loops_with.is_some(),
        b.writes.is_some(),
        b.fails.is_some(),
        b.takes.is_some(),
        b.forgets.is_some(),
        b.rejects.is_some(),
    ];
    given.into_iter().filter(|g| *g).count()
}

fn of_gate(b: &GateBend) -> usize {
    [b.approves.is_some(), b.revises.is_some(), b.silent_for.is_some()]
        .into_iter()
        .filter(|given| *given)
        .count()
}
