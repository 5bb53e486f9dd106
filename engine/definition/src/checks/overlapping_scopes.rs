//! Two members of a swarm may write the same place.
//!
//! Whose file it is decides who answers for it. In one swarm two agents with the same place would undo each other's work.
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

use super::context::{members, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::path::Scope;
use crate::source::Span;

pub(super) const CHECK: Check = Check { code: "overlapping-scopes", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let scopes: Vec<(&str, Span, Scope)> = context
        .agents()
        .filter_map(|(name, _, agent)| {
            let writes = agent.writes.as_ref()?;
            let globs: Vec<String> = texts(writes).map(|(g, _)| g.to_owned()).collect();
            Some((name, writes.span, Scope::new(&globs).ok()?))
        })
        .collect();
    let mut seen = HashSet::new();
    for phase in context.phases() {
        let members = members(phase);
        let here: Vec<_> = scopes.iter().filter(|(name, _, _)| members.iter().any(|(m, _)| m == name)).collect();
        for (i, (a, first, scope)) in here.iter().enumerate() {
            for (b, second, other) in &here[i + 1..] {
                // Two that meet in several phases are held against each other once.
                let Some(path) = seen.insert((*a, *b)).then(|| scope.overlaps(other)).flatten() else { continue };
                let name = phase.phase.get().map_or("a phase", String::as_str);
                report
                    .error(CHECK.code, format!("`{a}` and `{b}` work together in `{name}` and may both write `{path}`"))
                    .at(*second, format!("`{b}` writes here"))
                    .also(*first, format!("`{a}` writes here"))
                    .help(format!("take it out of one scope, for example with `\"!...\"` in `writes` of `{a}`"));
            }
        }
    }
}
