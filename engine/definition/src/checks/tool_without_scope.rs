//! An agent has a tool that writes but no write scope.
//!
//! Every call of the tool would be refused.
//!
//! Wrong:
//!
//! ```yaml
//! dev: { tools: [repo_write] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! dev: { tools: [repo_write], writes: [app/**] }
//! ```

use super::context::texts;
use super::{Check, Context};
use crate::catalogue::Capability;
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "tool-without-scope", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (name, span, agent) in context.agents() {
        if agent.writes.as_ref().is_some_and(|w| w.get().is_none_or(|globs| !globs.is_empty())) {
            continue;
        }
        let writes = |tool: &str| {
            context.catalogue.tool(tool).is_some_and(|t| t.capability == Capability::WriteRepo)
        };
        let own = agent.tools.iter().flat_map(texts).find(|(tool, _)| writes(tool));
        if let Some((tool, at)) =
            own.or_else(|| context.tools(agent).into_iter().find(|t| writes(t)).map(|t| (t, span)))
        {
            let found = report
                .error(CHECK.code, format!("`{name}` has `{tool}` but no `writes`"))
                .at(at, "");
            found.help(format!("say where `{name}` may write: `writes: [{name}/**]`"));
        }
    }
}
