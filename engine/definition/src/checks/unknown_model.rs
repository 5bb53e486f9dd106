//! A model that `models` does not declare.
//!
//! The agent could not speak.
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
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "unknown-model", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(models) = context.crew().and_then(|c| c.models.get()) else { return };
    let known: Vec<&str> = models.names().collect();
    for (name, span) in context.agents().filter_map(|(_, _, a)| text(&a.model)) {
        if !known.contains(&name) {
            report.error(CHECK.code, format!("no model named `{name}`")).at(span, "").help_closest(name, known.iter().copied());
        }
    }
}
