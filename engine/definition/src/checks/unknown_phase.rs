//! A phase has no file in `phases/`.
//!
//! The workflow could not run it.
//!
//! Wrong:
//!
//! ```yaml
//! phases: [discovry]
//! ```
//!
//! Right:
//!
//! ```yaml
//! phases: [discovery]
//! ```

use std::collections::HashSet;

use super::context::{text, texts};
use super::misdeclared::renamed;
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::{RehearsalFile, Written};

pub(super) const CHECK: Check = Check { code: "unknown-phase", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = context.phase_names();
    let there: HashSet<&str> = known.iter().copied().collect();
    let in_workflows: Vec<_> =
        context.workspace.workflows.iter().flat_map(|(_, w)| texts(&w.phases)).collect();
    let planned: HashSet<&str> = in_workflows.iter().map(|(name, _)| *name).collect();
    // A phase that a workflow is missing is not reported again in rehearsals.
    let in_rehearsals = context.workspace.rehearsals.iter().flat_map(|(_, r)| in_rehearsal(r));
    let in_rehearsals = in_rehearsals.filter(|(name, _)| !planned.contains(name));
    let gates = context.phases().filter_map(|phase| phase.gate.as_ref()?.get());
    let in_gates = gates.filter_map(|gate| gate.revise_to.as_ref()).flat_map(texts);
    let named = in_workflows.iter().copied().chain(in_gates).chain(in_rehearsals);
    let missing: Vec<_> = named.filter(|(name, _)| !there.contains(name)).collect();
    let unused: Vec<&str> = known.iter().copied().filter(|name| !planned.contains(name)).collect();
    let renamed = renamed(missing.iter().map(|(name, _)| *name), &unused);
    for (name, span) in missing {
        let found = report.error(CHECK.code, format!("no phase named `{name}`")).at(span, "");
        match renamed {
            Some((_, unused)) => found.help(format!("if it was renamed, use `{unused}`")),
            None => found.help_closest(name, known.iter().copied()),
        };
        found.help(format!("to add the phase, create `phases/{name}.yaml`"));
    }
}

fn in_rehearsal(file: &RehearsalFile) -> Vec<(&str, Span)> {
    let mut named: Vec<(&str, Span)> = Vec::new();
    let agents =
        file.agents.as_ref().and_then(Written::get).into_iter().flatten().filter_map(Written::get);
    named.extend(agents.filter_map(|b| text(b.phase.as_ref()?)));
    let reviews =
        file.reviews.as_ref().and_then(Written::get).into_iter().flatten().filter_map(Written::get);
    named.extend(reviews.filter_map(|b| text(&b.phase)));
    let gates =
        file.gates.as_ref().and_then(Written::get).into_iter().flatten().filter_map(Written::get);
    for gate in gates {
        named.extend(text(&gate.phase));
        named.extend(gate.to.as_ref().and_then(text));
    }
    let expected = file.expect.as_ref().and_then(Written::get).and_then(|e| e.phases.as_ref());
    named.extend(expected.into_iter().flat_map(texts));
    named
}
