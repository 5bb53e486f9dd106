//! A phase is not part of any workflow.
//!
//! The phase never runs. Often it was removed from the workflow, or added as an experiment and
//! forgotten.
//!
//! Wrong:
//!
//! ```yaml
//! phases: [discovery, poc]   # and there is a file phases/production.yaml
//! ```
//!
//! Right:
//!
//! ```yaml
//! phases: [discovery, poc, production]
//! ```

use std::collections::HashSet;

use super::context::texts;
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;

pub(super) const CHECK: Check = Check { code: "unused-phase", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let used: HashSet<&str> = context
        .workspace
        .workflows
        .iter()
        .flat_map(|(_, w)| texts(&w.phases))
        .map(|(name, _)| name)
        .collect();
    for (name, file) in context.stems("phases/", ".yaml").filter(|(name, _)| !used.contains(name)) {
        let written =
            context.workspace.phases.iter().find(|(f, _)| *f == file).map(|(_, p)| p.phase.span);
        report
            .add(CHECK.code, Severity::Warning, format!("no workflow includes phase `{name}`"))
            .at(written.unwrap_or(Span::new(file, 0..0)), "never runs")
            .help("add it to `phases` of a workflow, or remove the file");
    }
}
