//! An agent is not used in any phase.
//!
//! The agent never runs, although `agents.yaml` suggests that it does. Often it was removed from a
//! phase, or renamed in only one place.
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
            .add(CHECK.code, Severity::Warning, format!("no phase uses agent `{name}`"))
            .at(span, "never runs")
            .help("add it to `swarm.agents` of a phase, or remove it");
    }
}
