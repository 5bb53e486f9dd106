//! A template that has no file in `templates/`.
//!
//! The owner would not know what the deliverable must look like, and no review could tell.
//!
//! Wrong:
//!
//! ```yaml
//! deliverables:
//!   - { path: docs/plan.md, owner: pm, template: projct_plan }
//! ```
//!
//! Right:
//!
//! ```yaml
//! deliverables:
//!   - { path: docs/plan.md, owner: pm, template: project_plan }
//! ```

use super::context::{deliverables, text};
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "unknown-template", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known: Vec<&str> = context.stems("templates/", ".md").map(|(name, _)| name).collect();
    for (name, span) in context.phases().flat_map(deliverables).filter_map(|d| text(d.template.as_ref()?)) {
        if !known.contains(&name) {
            let found = report.error(CHECK.code, format!("no template named `{name}`")).at(span, "");
            found.help_closest(name, known.iter().copied()).help(format!("a template is a file: `templates/{name}.md`"));
        }
    }
}
