//! A path or glob that can never be written.
//!
//! Paths of deliverables are relative, without `..`, without any spelling of `.git`; globs are
//! written as in a `.gitignore`. What the engine would refuse in a run is refused here.
//!
//! Wrong:
//!
//! ```yaml
//! deliverables:
//!   - { path: ../plan.md, owner: pm }
//! ```
//!
//! Right:
//!
//! ```yaml
//! deliverables:
//!   - { path: docs/plan.md, owner: pm }
//! ```

use super::context::{deliverables, expected, text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::path::RepoPath;

pub(super) const CHECK: Check = Check { code: "bad-path", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let owed = context.phases().flat_map(deliverables).map(|d| &d.path);
    let wanted =
        context.workspace.rehearsals.iter().flat_map(|(_, r)| expected(r)).map(|d| &d.path);
    for (path, span) in owed.chain(wanted).filter_map(text) {
        if let Err(fault) = RepoPath::parse(path) {
            report.error(CHECK.code, format!("`{path}` cannot be written: {fault}")).at(span, "");
        }
    }
    for (name, _, agent) in context.agents() {
        let (Some(writes), Some(Err(fault))) = (&agent.writes, context.scope(name)) else {
            continue;
        };
        let span = texts(writes).nth(fault.index).map_or(writes.span, |(_, span)| span);
        report.error(CHECK.code, format!("this is no glob: {}", fault.why)).at(span, "");
    }
}
