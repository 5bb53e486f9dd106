//! A grant of a server's tools has a glob that matches no value, or repeats a tool.
//!
//! A value with `..` or `\\` is always refused, so a glob with one matches nothing. A glob that
//! excludes needs one before it that includes. `*` and `**` are the only wildcards. If an agent
//! were granted a tool twice, neither entry would limit it.
//!
//! Wrong:
//!
//! ```yaml
//! servers:
//!   - { server: pages, tools: [read_page], arguments: { path: ["!docs/private/**"] } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! servers:
//!   - { server: pages, tools: [read_page], arguments: { path: ["docs/**", "!docs/private/**"] } }
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::{Grant, Written};

pub(super) const CHECK: Check = Check { code: "grant-without-effect", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (name, _, agent) in context.agents() {
        let grants = agent.servers.as_ref().and_then(Written::get);
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for grant in grants.into_iter().flatten().filter_map(Written::get) {
            arguments(grant, report);
            let Some((server, _)) = text(&grant.server) else { continue };
            let already = seen.len();
            for (tool, at) in texts(&grant.tools) {
                // What one entry repeats itself has a rule of its own.
                if seen[..already].contains(&(server, tool)) {
                    let message = format!("`{name}` is granted `{tool}` of `{server}` twice");
                    let found = report.error(CHECK.code, message);
                    found.at(at, "").help("name it in one entry, with all of its arguments");
                }
                seen.push((server, tool));
            }
        }
    }
}

fn arguments(grant: &Grant, report: &mut Report) {
    let arguments = grant.arguments.as_ref().and_then(Written::get);
    for (_, globs) in arguments.into_iter().flat_map(|arguments| arguments.0.0.iter()) {
        let mut includes = false;
        for (glob, at) in globs.get().into_iter().flatten().filter_map(text) {
            let mut wrong = |what: &str, help: &str| {
                report.error(CHECK.code, format!("`{glob}` {what}")).at(at, "").help(help);
            };
            let plain = glob.trim_start_matches('!');
            if plain.split('/').any(|part| part == "." || part == "..") || plain.contains('\\') {
                wrong("matches no value", "a value with `.`, `..` or `\\` is always refused");
            } else if plain.contains(['[', '{', '?']) && !plain.contains("://") {
                wrong(
                    "has a character that is not a wildcard here",
                    "use `*` for any characters except `/`, or `**` for any characters",
                );
            } else if glob.starts_with('!') && !includes {
                wrong("excludes values, but no glob before it includes any", "put one before it");
            }
            includes |= !glob.starts_with('!');
        }
    }
}
