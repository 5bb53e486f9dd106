//! An MCP server is neither a program nor a service, or is both, or has a key of the other kind.
//!
//! A program has a `command` and may have an `environment`. A service has a `url` and may have
//! `headers`. A key of the other kind would have no effect. A program is a name, never a path.
//!
//! Wrong:
//!
//! ```yaml
//! servers:
//!   tickets: { url: "https://tickets.example.com/mcp", environment: { T: "secret://tickets" } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! servers:
//!   tickets:
//!     url: https://tickets.example.com/mcp
//!     headers: { authorization: "Bearer secret://tickets" }
//! ```

use super::context::text;
use super::unknown_budget::part;
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::{MAX_SERVER_NAME, SECRET, is_program, secret_name};

pub(super) const CHECK: Check = Check { code: "server-half-named", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(servers) = context.crew().and_then(|crew| part(&crew.servers)) else { return };
    for (name, at, server) in servers.iter() {
        let mut wrong = |span, what: String, help: &str| {
            report.error(CHECK.code, format!("server `{name}` {what}")).at(span, "").help(help);
        };
        if name.len() > MAX_SERVER_NAME {
            let help = "the names of its tools begin with it, and models limit their length";
            wrong(at, format!("has a name of more than {MAX_SERVER_NAME} characters"), help);
        }
        if name.contains("__") || name.ends_with('_') {
            let help = "`__` separates the name of a server from that of its tool";
            wrong(at, "has a name that contains `__` or ends with `_`".to_owned(), help);
        }
        let program = server.command.as_ref().and_then(|words| words.get()?.first());
        if let Some((program, at)) = program.and_then(text)
            && !is_program(program)
        {
            let help = "write its name; folders with programs are named by CLOUDCREW_PROGRAMS";
            wrong(at, format!("runs `{program}`, which is not the name of a program"), help);
        }
        let words = server.command.as_ref().and_then(|words| words.get()).into_iter().flatten();
        if let Some((_, at)) = words.filter_map(text).find(|(word, _)| word.contains(SECRET)) {
            let help = "put it into `environment`: other processes could read an argument";
            wrong(at, "has a secret in its `command`".to_owned(), help);
        }
        let values = part(&server.headers).into_iter().flat_map(|all| all.0.0.iter());
        let values = values.chain(part(&server.environment).into_iter().flat_map(|a| a.0.0.iter()));
        for (value, at) in values.filter_map(|(_, value)| text(value)) {
            if value.split(SECRET).skip(1).any(|rest| secret_name(rest).is_empty()) {
                let help = "write `secret://` and a name in lower case";
                wrong(at, "refers to a secret without a name".to_owned(), help);
            }
        }
        let other = match (&server.command, &server.url) {
            (Some(_), Some(url)) => {
                let help = "remove one of them: a server is a program or a service";
                wrong(url.span, "has both `command` and `url`".to_owned(), help);
                continue;
            }
            (None, None) => {
                let help = "add `command` with a program and its arguments, or the `url` of a \
                            service";
                wrong(at, "has neither `command` nor `url`".to_owned(), help);
                continue;
            }
            (Some(_), None) => server.headers.as_ref().map(|headers| {
                let help = "a program gets its settings from `environment`";
                (headers.span, "`headers`, and a program gets none", help)
            }),
            (None, Some(_)) => server.environment.as_ref().map(|variables| {
                let help = "a service gets its settings from `headers`";
                (variables.span, "an `environment`, and a service gets none", help)
            }),
        };
        if let Some((span, what, help)) = other {
            wrong(span, format!("has {what}"), help);
        }
    }
}
