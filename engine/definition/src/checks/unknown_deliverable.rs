//! A path in a rehearsal should be a deliverable but is not one.
//!
//! An agent can only forget a deliverable, and only a deliverable is rejected. A test that expects
//! a misspelled one could never pass. Expected paths that resemble no deliverable are not reported,
//! because a crew also writes other files.
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

/// Maximum number of edits between a path and the intended deliverable.
const NEAR: usize = 3;
/// Maximum number of pairs of paths to compare. A thousand paths and a thousand deliverables take
/// half of it.
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
    let forgotten = bends.clone().filter_map(|b| text(b.forgets.as_ref()?));
    let rejected = bends.filter_map(|b| text(&b.rejects.as_ref()?.get()?.path));
    let looked = PAIRS / known.len().max(1);
    let named = rehearsals().flat_map(expected).filter_map(|d| text(&d.path));
    let named = named.map(|path| (path, false));
    let bent = forgotten.chain(rejected).map(|path| (path, true));
    let unknown = named.chain(bent).filter(|((path, _), _)| !known.contains(path));
    for ((path, span), must_be) in unknown.take(looked) {
        let is_near = || closest(path, &known).is_some_and(|near| distance(path, near) <= NEAR);
        if must_be || is_near() {
            let found = report
                .error(CHECK.code, format!("no deliverable has the path `{path}`"))
                .at(span, "");
            found.help_closest(path, known.iter().copied());
        }
    }
}
