//! An agent that no phase names.
//!
//! It never works, and whoever reads the file believes that it does. Often a phase lost it, or its
//! name changed in one place only.
//!
//! Wrong:
//!
//! ```yaml
//! agents:
//!   qa: { description: Tests, model: sonnet, prompt: prompts/qa.md }   # and no phase has qa
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: dev, agents: [dev, qa] }
//! ```

use super::context::agents_in_phase;
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};

pub(super) const CHECK: Check = Check { code: "unused-agent", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let used: Vec<&str> =
        context.phases().flat_map(agents_in_phase).map(|(name, _)| name).collect();
    for (name, span, _) in context.agents().filter(|(name, ..)| !used.contains(name)) {
        report
            .add(CHECK.code, Severity::Warning, format!("no phase names `{name}`"))
            .at(span, "never works")
            .help("add it to the `agents` of a phase, or remove it");
    }
}
