//! No agent is granted a tool of an MCP server.
//!
//! The server is never asked anything. Often an agent was meant to use it.
//!
//! Wrong:
//!
//! ```yaml
//! servers: { tickets: { url: "https://tickets.example.com/mcp" } }   # and no agent names it
//! ```
//!
//! Right:
//!
//! ```yaml
//! agents:
//!   dev:
//!     description: Code
//!     model: opus
//!     prompt: prompts/dev.md
//!     servers: [{ server: tickets, tools: [read_ticket] }]
//! ```

use super::unknown_budget::part;
use super::unknown_server::granted;
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};

pub(super) const CHECK: Check = Check { code: "unused-server", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(servers) = context.crew().and_then(|crew| part(&crew.servers)) else { return };
    let used = granted(context);
    for (name, span, _) in servers.iter() {
        if !used.iter().any(|(used, _)| *used == name) {
            report
                .add(CHECK.code, Severity::Warning, format!("no agent uses server `{name}`"))
                .at(span, "")
                .help("name it in `servers` of an agent, or remove it");
        }
    }
}
