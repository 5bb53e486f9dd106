//! A finalize step does not exist.
//!
//! It would silently be skipped.
//!
//! Wrong:
//!
//! ```yaml
//! finalize: [sumary]
//! ```
//!
//! Right:
//!
//! ```yaml
//! finalize: [summary]
//! ```

use super::context::texts;
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "unknown-finalize-step", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = &context.catalogue.finalize_steps;
    for (name, span) in
        context.workspace.workflows.iter().filter_map(|(_, w)| w.finalize.as_ref()).flat_map(texts)
    {
        if !known.contains(&name) {
            report
                .error(CHECK.code, format!("no finalize step named `{name}`"))
                .at(span, "")
                .help_closest(name, known.iter().copied());
        }
    }
}
