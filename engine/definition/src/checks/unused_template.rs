//! A template is not used by any deliverable.
//!
//! Nothing is written from it or checked against it.
//!
//! Wrong:
//!
//! ```yaml
//! deliverables:
//!   - { path: docs/plan.md, owner: pm }   # and there is a file templates/plan.md
//! ```
//!
//! Right:
//!
//! ```yaml
//! deliverables:
//!   - { path: docs/plan.md, owner: pm, template: plan }
//! ```

use std::collections::HashSet;

use super::context::{deliverables, text};
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;

pub(super) const CHECK: Check = Check { code: "unused-template", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let named = context
        .phases()
        .flat_map(deliverables)
        .filter_map(|d| text(d.template.as_ref()?))
        .map(|(name, _)| name);
    let used: HashSet<&str> =
        named.chain(context.catalogue.tool_templates.iter().map(|t| t.template)).collect();
    for (name, file) in context.stems("templates/", ".md").filter(|(name, _)| !used.contains(name))
    {
        report
            .add(CHECK.code, Severity::Warning, format!("no deliverable uses template `{name}`"))
            .at(Span::new(file, 0..0), "")
            .help("set it as `template` of a deliverable, or remove the file");
    }
}
