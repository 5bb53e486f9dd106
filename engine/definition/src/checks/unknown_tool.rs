//! An agent has a tool that does not exist.
//!
//! The agent would be offered a tool that it cannot call, or lack one that it needs.
//!
//! Wrong:
//!
//! ```yaml
//! tools: [repo_wirte]
//! ```
//!
//! Right:
//!
//! ```yaml
//! tools: [repo_write]
//! ```

use super::context::texts;
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "unknown-tool", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let shared = context.crew().and_then(|c| c.shared_tools.as_ref());
    let own = context.agents().filter_map(|(_, _, a)| a.tools.as_ref());
    for (name, span) in shared.into_iter().chain(own).flat_map(texts) {
        if context.catalogue.tool(name).is_none() {
            let known = context.catalogue.tools.iter().map(|t| t.name.as_str());
            report
                .error(CHECK.code, format!("no tool named `{name}`"))
                .at(span, "")
                .help_closest(name, known);
        }
    }
}
