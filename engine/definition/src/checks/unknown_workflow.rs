//! A workflow has no file in `workflows/`.
//!
//! The rehearsal, or the workflow that continues it, could not start. If there are several
//! workflows and none is named `delivery`, a test must name one.
//!
//! Wrong:
//!
//! ```yaml
//! workflow: delivry
//! ```
//!
//! Right:
//!
//! ```yaml
//! workflow: delivery
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "unknown-workflow", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let many = context.stems("workflows/", ".yaml").count() > 1
        && context.stems("workflows/", ".yaml").all(|(name, _)| name != "delivery");
    let tests = context
        .workspace
        .rehearsals
        .iter()
        .filter(|(_, r)| many && r.expect.is_some() && r.workflow.is_none());
    for (_, file) in tests {
        let found = report
            .error(CHECK.code, "this test does not name its workflow")
            .at(file.rehearsal.span, "");
        found.help("set `workflow`: there are several workflows, and none is named `delivery`");
    }
    let mut known: Vec<&str> = context.stems("workflows/", ".yaml").map(|(name, _)| name).collect();
    let variants = context.workspace.workflows.iter().filter(|(_, w)| w.of.is_some());
    known.extend(variants.filter_map(|(_, w)| text(&w.workflow)).map(|(name, _)| name));
    let rehearsed = context.workspace.rehearsals.iter();
    let rehearsed = rehearsed.filter_map(|(_, r)| text(r.workflow.as_ref()?));
    let continued = context.written_workflows().filter_map(|(_, w)| w.after.as_ref());
    for (name, span) in rehearsed.chain(continued.flat_map(texts)) {
        if !known.contains(&name) {
            let found =
                report.error(CHECK.code, format!("no workflow named `{name}`")).at(span, "");
            found
                .help_closest(name, known.iter().copied())
                .help(format!("to add the workflow, create `workflows/{name}.yaml`"));
        }
    }
}
