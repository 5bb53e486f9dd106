//! A template has no file in `templates/`.
//!
//! The owner would not know the structure of the deliverable, and no review could check it.
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

use std::collections::HashSet;

use super::context::{deliverables, text, texts};
use super::misdeclared::renamed;
use super::{Check, Context};
use crate::catalogue::ToolTemplate;
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "unknown-template", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known: Vec<&str> = context.stems("templates/", ".md").map(|(name, _)| name).collect();
    let used: Vec<_> = context
        .phases()
        .flat_map(deliverables)
        .filter_map(|d| text(d.template.as_ref()?))
        .collect();
    let of_tools = context.catalogue.tool_templates.iter().map(|t| t.template);
    let uses: HashSet<&str> = used.iter().map(|(name, _)| *name).chain(of_tools).collect();
    let unused: Vec<&str> = known.iter().copied().filter(|name| !uses.contains(name)).collect();
    let missing: Vec<_> = used.into_iter().filter(|(name, _)| !known.contains(name)).collect();
    let renamed = renamed(missing.iter().map(|(name, _)| *name), &unused);
    for (name, span) in missing {
        let found = report.error(CHECK.code, format!("no template named `{name}`")).at(span, "");
        match renamed {
            Some((_, unused)) => found.help(format!("if it was renamed, use `{unused}`")),
            None => found.help_closest(name, known.iter().copied()),
        };
        found.help(format!("to add the template, create `templates/{name}.md`"));
    }
    let shared = context.crew().and_then(|c| c.shared_tools.as_ref());
    let own = context.agents().filter_map(|(_, _, a)| a.tools.as_ref());
    for (tool, span) in shared.into_iter().chain(own).flat_map(texts) {
        let needs = context
            .catalogue
            .tool_templates
            .iter()
            .find(|t| t.needed && t.tool == tool && !known.contains(&t.template));
        if let Some(ToolTemplate { template, .. }) = needs {
            let found = report.error(
                CHECK.code,
                format!("`{tool}` needs the template `{template}`, which does not exist"),
            );
            found
                .at(span, "")
                .help(format!("create `templates/{template}.md`, or remove the tool"));
        }
    }
}
