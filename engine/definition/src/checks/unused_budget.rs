//! A shared budget is not used by any agent.
//!
//! The budget limits nothing. Often an agent was meant to have it as its `budget.pot`.
//!
//! Wrong:
//!
//! ```yaml
//! budgets: { builders: { tokens: 12000000 } }   # and no agent has it
//! ```
//!
//! Right:
//!
//! ```yaml
//! agents:
//!   dev: { description: Builds, model: sonnet, prompt: prompts/dev.md, budget: { pot: builders } }
//! ```

use super::unknown_budget::{part, shared};
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};

pub(super) const CHECK: Check = Check { code: "unused-budget", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(budgets) = context.crew().and_then(|c| part(&c.budgets)) else { return };
    let used = shared(context);
    for (name, span, _) in budgets.iter().filter(|(name, ..)| !used.contains(name)) {
        report
            .add(CHECK.code, Severity::Warning, format!("no agent uses budget `{name}`"))
            .at(span, "limits nothing")
            .help("set it as `budget.pot` of an agent, or remove it");
    }
}
