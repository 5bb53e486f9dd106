//! An agent has a tool that runs programs but no programs that it may run.
//!
//! Every call of the tool would be refused.
//!
//! Wrong:
//!
//! ```yaml
//! qa: { tools: [run_command] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! qa: { tools: [run_command], commands: [python3] }
//! ```

use super::context::texts;
use super::{Check, Context};
use crate::catalogue::Capability;
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "tool-without-commands", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (name, span, agent) in context.agents() {
        if agent.commands.is_some() {
            continue;
        }
        let runs = |tool: &str| {
            context.catalogue.tool(tool).is_some_and(|t| t.capability == Capability::Command)
        };
        let own = agent.tools.iter().flat_map(texts).find(|(tool, _)| runs(tool));
        if let Some((tool, at)) =
            own.or_else(|| context.tools(agent).into_iter().find(|t| runs(t)).map(|t| (t, span)))
        {
            let found = report
                .error(CHECK.code, format!("`{name}` has `{tool}` but no `commands`"))
                .at(at, "");
            found.help(format!("name the programs that `{name}` may run: `commands: [python3]`"));
        }
    }
}
