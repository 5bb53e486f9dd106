//! A model is not used by any agent or phase.
//!
//! Its price and limits have no effect. Often an agent was meant to use it.
//!
//! Wrong:
//!
//! ```yaml
//! models: { opus: { max_tokens: 16000 }, haiku: { max_tokens: 8000 } }   # and no agent has haiku
//! ```
//!
//! Right:
//!
//! ```yaml
//! agents:
//!   qa: { description: Tests, model: haiku, prompt: prompts/qa.md }
//! ```

use super::{Check, Context};
use crate::diagnostic::{Report, Severity};

pub(super) const CHECK: Check = Check { code: "unused-model", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(models) = context.crew().and_then(|c| c.models.get()) else { return };
    let used: Vec<&str> = context.models_used().into_iter().map(|(name, _)| name).collect();
    for (name, span, _) in models.iter().filter(|(name, ..)| !used.contains(name)) {
        report
            .add(CHECK.code, Severity::Warning, format!("nothing uses model `{name}`"))
            .at(span, "")
            .help("set it as `model` of an agent or a phase, or remove it");
    }
}
