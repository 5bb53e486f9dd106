//! Two members of a swarm may write the same path.
//!
//! Every file has one agent that is responsible for it. Two agents of a swarm that may write the
//! same path could undo each other's work. This check also reports scopes that take too long to
//! compare.
//!
//! Wrong:
//!
//! ```yaml
//! dev: { writes: [app/**] }
//! qa: { writes: [app/tests/**] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dev: { writes: [app/**, "!app/tests/**"] }
//! qa: { writes: [app/tests/**] }
//! ```

use std::collections::HashSet;

use super::context::members;
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::path::{Overlap, Scope};
use crate::source::Span;
use crate::syntax::Agent;

pub(super) const CHECK: Check = Check { code: "overlapping-scopes", run: Some(run) };

/// Comparison steps for all pairs of a workspace. 20 agents with one folder each take a few
/// thousand.
const PATIENCE: usize = 4_000_000;
const FEWER: &str = "use fewer globs, each starting with a folder name and with at most one `**`";

fn run(context: &Context<'_>, report: &mut Report) {
    let scope = |(name, _, agent): (_, _, &Agent)| {
        Some((name, agent.writes.as_ref()?.span, context.scope(name)?.as_ref().ok()?))
    };
    let scopes: Vec<(&str, Span, &Scope)> = context.agents().filter_map(scope).collect();
    let (mut seen, mut steps) = (HashSet::new(), PATIENCE);
    for phase in context.phases() {
        let members = members(phase);
        let here: Vec<_> =
            scopes.iter().filter(|(name, _, _)| members.iter().any(|(m, _)| m == name)).collect();
        for (i, (a, first, scope)) in here.iter().enumerate() {
            for (b, second, other) in &here[i + 1..] {
                // A pair that appears in several phases is compared once.
                if !seen.insert((*a, *b)) {
                    continue;
                }
                let name = phase.phase.get().map_or("a phase", String::as_str);
                let (message, help) = match scope.overlap(other, &mut steps) {
                    Overlap::Apart => continue,
                    Overlap::At(path) => (
                        format!(
                            "`{a}` and `{b}` are both members of `{name}` and may both write \
                             `{path}`"
                        ),
                        format!(
                            "exclude it from one scope, for example with `\"!...\"` in `writes` of \
                             `{a}`"
                        ),
                    ),
                    Overlap::Unknown => {
                        let more =
                            if steps == 0 { "; the remaining pairs were not compared" } else { "" };
                        let why = "their scopes take too long to compare";
                        (
                            format!(
                                "`{a}` and `{b}` are both members of `{name}`, and {why}{more}"
                            ),
                            FEWER.to_owned(),
                        )
                    }
                };
                report
                    .error(CHECK.code, message)
                    .at(*second, format!("scope of `{b}`"))
                    .also(*first, format!("scope of `{a}`"))
                    .help(help);
                if steps == 0 {
                    return;
                }
            }
        }
    }
}
