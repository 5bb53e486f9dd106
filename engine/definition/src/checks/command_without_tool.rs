//! An agent has `commands` but no tool that runs them.
//!
//! The list has no effect. Either the tool is missing, or the list is no longer needed.
//!
//! Wrong:
//!
//! ```yaml
//! qa: { tools: [repo_write], commands: [python3] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! qa: { tools: [repo_write, run_command], commands: [python3] }
//! ```

use super::{Check, Context};
use crate::catalogue::Capability;
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "command-without-tool", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (name, _, agent) in context.agents() {
        let Some(commands) = &agent.commands else { continue };
        let known = context.tools(agent).iter().all(|t| context.catalogue.tool(t).is_some());
        if known && !context.can(agent, Capability::Command) {
            let found = report
                .error(CHECK.code, format!("`{name}` has `commands` but no tool that runs them"))
                .at(commands.span, "");
            found.help(format!("add `run_command` to `tools` of `{name}`, or remove `commands`"));
        }
    }
}
