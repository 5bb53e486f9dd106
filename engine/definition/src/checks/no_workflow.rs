//! A workspace has no workflow, no phase or no crew.
//!
//! There is nothing to run.
//!
//! Wrong:
//!
//! ```text
//! agents.yaml
//! phases/discovery.yaml
//! ```
//!
//! Right:
//!
//! ```text
//! agents.yaml
//! phases/discovery.yaml
//! workflows/delivery.yaml
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;

pub(super) const CHECK: Check = Check { code: "no-workflow", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let crew = context.sources.find("agents.yaml");
    for (folder, what) in [("workflows/", "workflow"), ("phases/", "phase")] {
        if context.stems(folder, ".yaml").next().is_none() {
            let found = report.error(CHECK.code, format!("this workspace has no {what}"));
            found.help(format!("add a `.yaml` file to `{folder}`"));
            if let Some(file) = crew {
                found.at(Span::new(file, 0..0), "");
            }
        }
    }
    if crew.is_none() {
        report
            .error(CHECK.code, "this workspace has no `agents.yaml`")
            .help("run cloudcrew in a workspace, or pass one with `-C`");
    }
}
