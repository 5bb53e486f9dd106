//! An artifact that a test expects, or an agent is to forget, that looks like a deliverable and is
//! none.
//!
//! The test could never pass. A path that is like no deliverable's is left alone: a crew writes
//! other files as well.
//!
//! Wrong:
//!
//! ```yaml
//! expect:
//!   deliverables:
//!     - { path: docs/project-plan/pln.md }
//! ```
//!
//! Right:
//!
//! ```yaml
//! expect:
//!   deliverables:
//!     - { path: docs/project-plan/plan.md }
//! ```

use super::context::{deliverables, expected, text};
use super::{Check, Context};
use crate::diagnostic::{Report, closest, distance};
use crate::syntax::Written;

pub(super) const CHECK: Check = Check { code: "unknown-deliverable", run: Some(run) };

/// Edits at most between a path and the deliverable that it was meant to be.
const NEAR: usize = 3;
/// Pairs of paths that are held against each other at most; a thousand paths beside a thousand
/// deliverables are half of it.
const PAIRS: usize = 2_000_000;

fn run(context: &Context<'_>, report: &mut Report) {
    if !context.knows_deliverables() {
        return;
    }
    let known: Vec<&str> = context
        .phases()
        .flat_map(deliverables)
        .filter_map(|d| text(&d.path))
        .map(|(path, _)| path)
        .collect();
    let rehearsals = || context.workspace.rehearsals.iter().map(|(_, r)| r);
    let bends =
        rehearsals().filter_map(|r| r.agents.as_ref()?.get()).flatten().filter_map(Written::get);
    let forgotten = bends.filter_map(|b| text(b.forgets.as_ref()?));
    let looked = PAIRS / known.len().max(1);
    let named = rehearsals().flat_map(expected).filter_map(|d| text(&d.path)).chain(forgotten);
    for (path, span) in named.filter(|(path, _)| !known.contains(path)).take(looked) {
        if closest(path, &known).is_some_and(|near| distance(path, near) <= NEAR) {
            let found = report
                .error(CHECK.code, format!("no deliverable has the path `{path}`"))
                .at(span, "");
            found.help_closest(path, known.iter().copied());
        }
    }
}
