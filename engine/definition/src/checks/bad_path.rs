//! A path or glob is not valid.
//!
//! Deliverable paths are relative and contain neither `..` nor any spelling of `.git`. Globs use
//! `.gitignore` syntax. This check rejects every path that the engine would refuse during a run.
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
    let bundles = context.workspace.patterns.iter().filter_map(|(_, p)| p.files.get());
    let bundled = bundles.flatten().filter_map(|file| file.get()).map(|file| &file.path);
    for (path, span) in owed.chain(wanted).chain(bundled).filter_map(text) {
        if let Err(fault) = RepoPath::parse(path) {
            report.error(CHECK.code, format!("`{path}` cannot be written: {fault}")).at(span, "");
        }
    }
    for (name, _, agent) in context.agents() {
        let (Some(writes), Some(Err(fault))) = (&agent.writes, context.scope(name)) else {
            continue;
        };
        let span = texts(writes).nth(fault.index).map_or(writes.span, |(_, span)| span);
        report.error(CHECK.code, format!("this is not a valid glob: {}", fault.why)).at(span, "");
    }
}
