//! An agent shares a budget that is not declared in `budgets`.
//!
//! The agent would have no limit.
//!
//! Wrong:
//!
//! ```yaml
//! budgets: { builders: { tokens: 12000000 } }
//! agents: { dev: { budget: { pot: bilders } } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! budgets: { builders: { tokens: 12000000 } }
//! agents: { dev: { budget: { pot: builders } } }
//! ```

use super::context::text;
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::Written;

pub(super) const CHECK: Check = Check { code: "unknown-budget", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(crew) = context.crew() else { return };
    let known: Vec<&str> = match &crew.budgets {
        None => Vec::new(),
        Some(written) => match written.get() {
            Some(budgets) => budgets.names().collect(),
            None => return,
        },
    };
    let pots =
        context.agents().filter_map(|(_, _, agent)| agent.budget.as_ref()?.get()?.pot.as_ref());
    for (name, span) in pots.filter_map(text) {
        if !known.contains(&name) {
            let found = report.error(CHECK.code, format!("no budget named `{name}`"));
            found.at(span, "");
            if known.is_empty() {
                found.help("declare it in `budgets`, or give the agent its own budget");
            } else {
                found.help_closest(name, known.iter().copied());
            }
        }
    }
}

/// The pots that agents share.
pub(super) fn shared<'a>(context: &Context<'a>) -> Vec<&'a str> {
    context
        .agents()
        .filter_map(|(_, _, agent)| agent.budget.as_ref()?.get()?.pot.as_ref()?.get())
        .map(String::as_str)
        .collect()
}

/// The value of an optional key.
pub(super) fn part<T>(written: &Option<Written<T>>) -> Option<&T> {
    written.as_ref().and_then(Written::get)
}
