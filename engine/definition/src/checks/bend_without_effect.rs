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
