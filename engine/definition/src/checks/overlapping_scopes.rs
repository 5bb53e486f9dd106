//! Two members of a swarm may write the same place.
//!
//! Whose file it is decides who answers for it. In one swarm two agents with the same place would
//! undo each other's work. Scopes that would take too long to be told apart are told too.
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

/// Steps for all pairs of a workspace; 20 agents with a folder each take a few thousand.
const PATIENCE: usize = 4_000_000;
const FEWER: &str = "write fewer globs, each with the name of a folder first and one `**` at most";

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
                // Two that meet in several phases are held against each other once.
                if !seen.insert((*a, *b)) {
                    continue;
                }
                let name = phase.phase.get().map_or("a phase", String::as_str);
                let (message, help) = match scope.overlap(other, &mut steps) {
                    Overlap::Apart => continue,
                    Overlap::At(path) => (
                        format!(
                            "`{a}` and `{b}` work together in `{name}` and may both write `{path}`"
                        ),
                        format!(
                            "take it out of one scope, for example with `\"!...\"` in `writes` of \
                             `{a}`"
                        ),
                    ),
                    Overlap::Unknown => {
                        let more = if steps == 0 {
                            ", and so it is for all that was not compared yet"
                        } else {
                            ""
                        };
                        let why = "it takes too long to tell whether both may write the same place";
                        (
                            format!("`{a}` and `{b}` work together in `{name}` and {why}{more}"),
                            FEWER.to_owned(),
                        )
                    }
                };
                report
                    .error(CHECK.code, message)
                    .at(*second, format!("`{b}` writes here"))
                    .also(*first, format!("`{a}` writes here"))
                    .help(help);
                if steps == 0 {
                    return;
                }
            }
        }
    }
}
