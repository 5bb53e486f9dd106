//! A list contains the same name twice.
//!
//! The second entry has no effect, so a different name was probably intended.
//!
//! Wrong:
//!
//! ```yaml
//! agents: [pm, sa, pm]
//! ```
//!
//! Right:
//!
//! ```yaml
//! agents: [pm, sa]
//! ```

use std::collections::HashMap;

use super::context::{deliverables, expected, text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::Written;

type List = Written<Vec<Written<String>>>;

pub(super) const CHECK: Check = Check { code: "listed-twice", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let crew = context.crew().and_then(|c| c.shared_tools.as_ref());
    let agents =
        context.agents().flat_map(|(_, _, a)| [a.tools.as_ref(), a.writes.as_ref()]).flatten();
    let grants = context.agents().filter_map(|(_, _, agent)| agent.servers.as_ref()?.get());
    let grants = grants.flatten().filter_map(Written::get).map(|grant| &grant.tools);
    let reads = context.crew().and_then(|c| c.servers.as_ref()?.get());
    let reads = reads.into_iter().flat_map(|s| s.iter()).filter_map(|(_, _, s)| s.reads.as_ref());
    let swarms = context.phases().filter_map(|p| p.swarm.get()).map(|s| &s.agents);
    let reviewers = context.phases().flat_map(deliverables).filter_map(|d| d.reviewers.as_ref());
    let ratings = context.phases().filter_map(|p| p.gate.as_ref()?.get()?.ratings.as_ref());
    let returns = context.phases().filter_map(|p| p.gate.as_ref()?.get()?.revise_to.as_ref());
    let tests = context
        .workspace
        .rehearsals
        .iter()
        .flat_map(|(_, r)| expected(r))
        .flat_map(|d| [d.headings.as_ref(), d.passed_by.as_ref()])
        .flatten();
    let workflows = context
        .written_workflows()
        .flat_map(|(_, w)| [Some(&w.phases), w.finalize.as_ref(), w.after.as_ref()])
        .flatten();
    let variants = context.written_workflows().filter_map(|(_, w)| w.variants.as_ref()?.get());
    let left_out = variants.flat_map(|v| v.iter()).map(|(_, _, variant)| &variant.without);
    crew.into_iter()
        .chain(agents)
        .chain(grants)
        .chain(reads)
        .chain(swarms)
        .chain(reviewers)
        .chain(ratings)
        .chain(returns)
        .chain(tests)
        .chain(workflows)
        .chain(left_out)
        .for_each(|l| list(l, report));
    for (_, pattern) in &context.workspace.patterns {
        let files = pattern.files.get().into_iter().flatten().filter_map(Written::get);
        twice(files.filter_map(|file| text(&file.path)), report);
    }
}

fn list(list: &List, report: &mut Report) {
    twice(texts(list), report);
}

fn twice<'a>(names: impl Iterator<Item = (&'a str, Span)>, report: &mut Report) {
    let mut seen = HashMap::new();
    for (name, span) in names {
        if let Some(first) = seen.get(name) {
            report
                .error(CHECK.code, format!("`{name}` is listed twice"))
                .at(span, "listed again")
                .also(*first, "first listed here");
        } else {
            seen.insert(name, span);
        }
    }
}
