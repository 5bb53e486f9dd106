//! An agent has a write scope but no tool that writes.
//!
//! The scope has no effect. Either the tool is missing, or the scope is no longer needed.
//!
//! Wrong:
//!
//! ```yaml
//! sa: { tools: [ledger_write], writes: [docs/**] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sa: { tools: [ledger_write, repo_write], writes: [docs/**] }
//! ```

use super::{Check, Context};
use crate::catalogue::Capability;
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "scope-without-tool", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (name, _, agent) in context.agents() {
        let Some(writes) = &agent.writes else { continue };
        let known = context.tools(agent).iter().all(|t| context.catalogue.tool(t).is_some());
        if known && !context.can(agent, Capability::WriteRepo) {
            let found = report
                .error(CHECK.code, format!("`{name}` has `writes` but no tool that writes"))
                .at(writes.span, "");
            found.help(format!("add `repo_write` to `tools` of `{name}`, or remove `writes`"));
        }
    }
}
