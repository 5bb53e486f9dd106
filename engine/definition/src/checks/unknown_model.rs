//! A model is not declared in `models`.
//!
//! The agent could not run.
//!
//! Wrong:
//!
//! ```yaml
//! models: { opus: { max_tokens: 16000 } }
//! agents: { pm: { model: opsu } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! models: { opus: { max_tokens: 16000 } }
//! agents: { pm: { model: opus } }
//! ```

use super::context::text;
use super::misdeclared::{misdeclared, undeclared};
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "unknown-model", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(models) = context.crew().and_then(|c| c.models.get()) else { return };
    let known: Vec<&str> = models.names().collect();
    let declared: Vec<_> = models.0.iter().filter_map(|(name, _)| text(name)).collect();
    let used = context.models_used();
    let reported = misdeclared(CHECK.code, "model", &declared, &used, report);
    let missing: Vec<_> = used
        .into_iter()
        .filter(|(name, _)| !known.contains(name) && !reported.contains(name))
        .collect();
    let undeclared_names = undeclared(CHECK.code, "model", missing.iter().copied(), report);
    for (name, span) in missing {
        if !undeclared_names.contains(&name) {
            report
                .error(CHECK.code, format!("no model named `{name}`"))
                .at(span, "")
                .help_closest(name, known.iter().copied());
        }
    }
}
