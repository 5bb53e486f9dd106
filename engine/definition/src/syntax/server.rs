//! MCP servers: programs and services whose tools agents may call.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Duration, Entries, Written, defaults};

/// An MCP server: a program in the sandbox (`command`) or a service (`url`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Server {
    /// What the server is for. For people only.
    #[schemars(extend("examples" = ["Tickets of the customer"]))]
    pub description: Option<Written<String>>,
    /// The program and its arguments. It runs in the sandbox, without a network, on a copy of the
    /// files, and what it changes is thrown away. It speaks MCP on its standard input and output.
    #[schemars(length(min = 1, max = 100), inner(length(max = 4000)),
        extend("examples" = [["mcp-server-filesystem", "."]]))]
    pub command: Option<Written<Vec<Written<String>>>>,
    /// Variables for the program. `secret://NAME` in a value is replaced with that secret.
    #[schemars(extend("examples" = [{"LOG_LEVEL": "error", "API_TOKEN": "secret://tickets"}]))]
    pub environment: Option<Written<Variables>>,
    /// URL of the service, which speaks MCP over streamable HTTP. Redirects are not followed.
    #[schemars(regex(pattern = "^https?://[^\\s/?#@]+(/[^\\s?#]*)?$"),
        extend("x-cloudcrew-form" = "url", "examples" = ["https://tickets.example.com/mcp"]))]
    pub url: Option<Written<String>>,
    /// Headers of each request to the service. `secret://NAME` in a value is replaced with that
    /// secret.
    #[schemars(extend("examples" = [{"authorization": "Bearer secret://tickets"}]))]
    pub headers: Option<Written<Headers>>,
    /// Maximum time for one call.
    #[schemars(extend("default" = super::written(defaults::SERVER_TIMEOUT)))]
    pub timeout: Option<Written<Duration>>,
    /// Tools that change nothing, so that a call may be repeated after a crash. After a crash
    /// during a call of any other tool, a person is asked whether the call had its effect.
    #[schemars(length(max = 200), inner(regex(pattern = SERVER_TOOL_PATTERN)),
        extend("examples" = [["search_tickets", "read_ticket"]]))]
    pub reads: Option<Written<Vec<Written<String>>>>,
}

/// Variables, keyed by name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Variables(pub Entries<String>);

/// Headers, keyed by name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Headers(pub Entries<String>);

/// A map of texts whose keys match a pattern.
macro_rules! texts {
    ($name:ident, $pattern:literal) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "object",
                    "maxProperties": 50,
                    "propertyNames": { "pattern": $pattern },
                    "additionalProperties": { "type": "string", "maxLength": 4000 },
                })
            }
        }
    };
}
texts!(Variables, "^[A-Za-z_][A-Za-z0-9_]{0,99}$");
texts!(Headers, "^[A-Za-z][A-Za-z0-9-]{0,99}$");

/// Tools of an MCP server that an agent may call.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Grant {
    /// Name of a server in `servers`.
    #[schemars(extend("x-cloudcrew-names" = "servers", "examples" = ["tickets"]))]
    pub server: Written<String>,
    /// The tools, as the server names them. `cloudcrew doctor` lists them. The agent sees `TOOL` of
    /// `SERVER` as `SERVER__TOOL`.
    #[schemars(length(min = 1, max = 100), inner(regex(pattern = SERVER_TOOL_PATTERN)),
        extend("examples" = [["search_tickets", "read_ticket"]]))]
    pub tools: Written<Vec<Written<String>>>,
    /// Allowed values, keyed by argument, as globs: `*` matches any characters except `/`, and `**`
    /// matches any characters. All other characters match only themselves. `!glob` excludes values.
    /// A call must give each of these arguments.
    #[schemars(extend("examples" = [{"path": ["docs/**", "!docs/private/**"]}]))]
    pub arguments: Option<Written<Arguments>>,
}

/// Globs, keyed by argument.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Arguments(pub Entries<Vec<Written<String>>>);

impl JsonSchema for Arguments {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Arguments".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": 20,
            "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_.-]{0,99}$" },
            "additionalProperties": {
                "type": "array",
                "minItems": 1,
                "maxItems": 50,
                "items": { "type": "string", "minLength": 1, "maxLength": 1000 },
            },
        })
    }
}

/// The names of tools of MCP servers, as a regular expression. With the longest name of a server,
/// `SERVER__TOOL` has the 64 characters that models accept.
pub const SERVER_TOOL_PATTERN: &str = "^[A-Za-z0-9_-]{1,42}$";

/// Whether a text is the name of a tool as defined by [`SERVER_TOOL_PATTERN`].
pub fn is_server_tool(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=42).contains(&text.len()) && text.bytes().all(fits)
}

/// What is replaced with a secret, before the secret's name.
pub const SECRET: &str = "secret://";

/// The name of a secret with which a text begins, possibly empty: lower-case letters, digits, `-`
/// and `_`, with a letter or a digit first.
pub fn secret_name(text: &str) -> &str {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !text.starts_with(plain) {
        return "";
    }
    let end = text.find(|c| !plain(c) && c != '-' && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Maximum length of a server's name.
pub const MAX_SERVER_NAME: usize = 20;

/// The name under which an agent calls a tool of a server.
pub fn server_tool(server: &str, tool: &str) -> String {
    format!("{server}__{tool}")
}
