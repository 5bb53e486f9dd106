//! An agent that `agents.yaml` does not declare.
//!
//! The phase could not begin, or would hand to nobody.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { entry: pn, agents: [pm, sa] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm, sa] }
//! ```

use super::context::{deliverables, members, text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::{PhaseFile, RehearsalFile, Written};

pub(super) const CHECK: Check = Check { code: "unknown-agent", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = context.agent_names();
    if known.is_empty() {
        return;
    }
    let named = context.phases().flat_map(in_phase).chain(context.workspace.rehearsals.iter().flat_map(|(_, r)| in_rehearsal(r)));
    for (name, span) in named.filter(|(name, _)| !known.contains(name)) {
        report.error(CHECK.code, format!("no agent named `{name}`")).at(span, "").help_closest(name, known.iter().copied());
    }
}

fn in_phase(phase: &PhaseFile) -> Vec<(&str, Span)> {
    let mut named = members(phase);
    named.extend(phase.swarm.get().and_then(|s| text(&s.entry)));
    named.extend(phase.review.as_ref().and_then(Written::get).and_then(|r| text(&r.agent)));
    for deliverable in deliverables(phase) {
        named.extend(text(&deliverable.owner));
        named.extend(deliverable.reviewers.iter().flat_map(texts));
    }
    named
}

fn in_rehearsal(rehearsal: &RehearsalFile) -> Vec<(&str, Span)> {
    let bends = rehearsal.agents.as_ref().and_then(Written::get).into_iter().flatten().filter_map(Written::get);
    bends.flat_map(|b| [text(&b.agent), b.loops_with.as_ref().and_then(text)]).flatten().collect()
}
