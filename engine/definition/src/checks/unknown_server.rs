//! An agent is granted tools of an MCP server that is not declared in `servers`.
//!
//! The engagement could not start, because no server offers the tools.
//!
//! Wrong:
//!
//! ```yaml
//! servers: { tickets: { url: "https://tickets.example.com/mcp" } }
//! agents:
//!   dev:
//!     description: Code
//!     model: opus
//!     prompt: prompts/dev.md
//!     servers: [{ server: tickest, tools: [read_ticket] }]
//! ```
//!
//! Right:
//!
//! ```yaml
//! servers: { tickets: { url: "https://tickets.example.com/mcp" } }
//! agents:
//!   dev:
//!     description: Code
//!     model: opus
//!     prompt: prompts/dev.md
//!     servers: [{ server: tickets, tools: [read_ticket] }]
//! ```

use super::context::text;
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::Written;

pub(super) const CHECK: Check = Check { code: "unknown-server", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(crew) = context.crew() else { return };
    let known: Vec<&str> = match &crew.servers {
        None => Vec::new(),
        Some(written) => match written.get() {
            Some(servers) => servers.names().collect(),
            None => return,
        },
    };
    for (name, span) in granted(context) {
        if known.contains(&name) {
            continue;
        }
        let found = report.error(CHECK.code, format!("no server named `{name}`"));
        found.at(span, "");
        match known.is_empty() {
            true => found.help("declare it in `servers`"),
            false => found.help_closest(name, known.iter().copied()),
        };
    }
}

/// The servers that agents are granted tools of.
pub(super) fn granted<'a>(context: &Context<'a>) -> Vec<(&'a str, Span)> {
    let grants = context.agents().filter_map(|(_, _, agent)| agent.servers.as_ref()?.get());
    grants.flatten().filter_map(Written::get).filter_map(|grant| text(&grant.server)).collect()
}
