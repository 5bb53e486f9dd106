//! A test expects a heading that the deliverable's template does not have.
//!
//! A rehearsal writes only the headings of the template, so the test could never pass. Deliverables
//! without a template are not checked. A template heading that contains a variable matches every
//! heading with the same start.
//!
//! Wrong:
//!
//! ```yaml
//! expect:
//!   deliverables:
//!     - { path: docs/project-plan/plan.md, headings: [Milstones] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! expect:
//!   deliverables:
//!     - { path: docs/project-plan/plan.md, headings: [Milestones] }
//! ```

use super::context::{deliverables, expected, text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::text::headings;

pub(super) const CHECK: Check = Check { code: "unknown-heading", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for wanted in context.workspace.rehearsals.iter().flat_map(|(_, r)| expected(r)) {
        let (Some((path, _)), Some(list)) = (text(&wanted.path), &wanted.headings) else {
            continue;
        };
        let owed = context
            .phases()
            .flat_map(deliverables)
            .find(|d| text(&d.path).is_some_and(|(p, _)| p == path));
        let Some((template, at)) = owed.and_then(|d| text(d.template.as_ref()?)) else { continue };
        let Some(file) = context.sources.find(&format!("templates/{template}.md")) else {
            continue;
        };
        let titles: Vec<String> =
            headings(context.sources.text(file)).into_iter().map(|h| h.title).collect();
        if context.sources.fault(file).is_some() || titles.iter().any(|title| title.contains("{%"))
        {
            continue;
        }
        // A variable may expand to any text.
        let fixed: Vec<&str> =
            titles.iter().map(String::as_str).filter(|title| !title.contains("{{")).collect();
        let made = |heading: &str| {
            titles
                .iter()
                .filter_map(|title| title.split_once("{{"))
                .any(|(head, _)| !head.trim().is_empty() && heading.starts_with(head))
        };
        for (heading, span) in
            texts(list).filter(|(heading, _)| !fixed.contains(heading) && !made(heading))
        {
            let found = report
                .error(CHECK.code, format!("template `{template}` has no heading `{heading}`"));
            found
                .at(span, "")
                .also(at, "the template of this deliverable")
                .help_closest(heading, fixed.iter().copied());
        }
    }
}
