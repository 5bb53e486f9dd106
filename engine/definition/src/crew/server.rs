//! MCP servers, and what agents may call of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::millis;
use crate::syntax::server_tool;

/// An MCP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub reach: Reach,
    /// Maximum time for one call.
    #[serde(with = "millis")]
    pub timeout: Duration,
    /// Names of its tools that change nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// Its tools that agents may call, as they were when the engagement began. Empty in a
    /// workspace, and in rehearsals, which call no server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ServerTool>,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// A program in the sandbox, on its standard input and output.
    Command {
        /// Its name.
        program: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// Variables for it. `secret://NAME` is replaced with that secret.
        environment: Vec<(String, String)>,
    },
    /// A service, over streamable HTTP.
    Url {
        /// Its address.
        url: String,
        /// Headers of each request. `secret://NAME` is replaced with that secret.
        headers: Vec<(String, String)>,
    },
}

/// A tool of a server, as the server declares it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerTool {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Value,
}

/// Tools of a server that an agent may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The server.
    pub server: String,
    /// Its tools.
    pub tools: Vec<String>,
    /// The values that arguments may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Values>,
}

/// The values that an argument may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// The argument.
    pub argument: String,
    /// Globs, of which the last one that fits decides.
    pub globs: Vec<String>,
}

impl Grant {
    /// The names under which the agent calls the tools.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.tools.iter().map(|tool| server_tool(&self.server, tool))
    }

    /// Says why arguments are not within the grant; `None` when they are.
    pub fn refusal(&self, input: &Value) -> Option<String> {
        self.arguments.iter().find_map(|values| values.refusal(input.get(&values.argument)))
    }
}

impl Values {
    fn refusal(&self, given: Option<&Value>) -> Option<String> {
        let (name, may) = (&self.argument, self.globs.join(" "));
        let each = match given {
            Some(Value::Array(all)) if !all.is_empty() => all.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => return Some(format!("`{name}` must be given, within {may}")),
        };
        each.iter().find_map(|value| match value.as_str() {
            Some(text) if self.allows(text) => None,
            Some(text) => Some(format!("`{name}` may not be {text:?}; it must be within {may}")),
            None => Some(format!("`{name}` must be text, within {may}")),
        })
    }

    fn allows(&self, text: &str) -> bool {
        let fitting = self.globs.iter().rfind(|glob| match glob.strip_prefix('!') {
            Some(glob) => {
                let (glob, text) = (glob.to_lowercase(), text.to_lowercase());
                // What excludes a folder's content excludes the folder, too.
                let folder = glob.strip_suffix("/**").is_some_and(|folder| fits(folder, &text));
                folder || fits(&glob, &text)
            }
            None => fits(glob, text),
        });
        is_plain(text) && fitting.is_some_and(|glob| !glob.starts_with('!'))
    }
}

/// Whether a text means the same to every reader: no part of it is empty or leads elsewhere, and
/// no character is invisible or an escape.
fn is_plain(text: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || c == '\\'
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{e0000}'..='\u{e0fff}')
    };
    let path = text.split_once("://").map_or(text, |(_, path)| path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let leads = |part: &str| part.is_empty() || part == "." || part == "..";
    !text.chars().any(hidden) && !path.split(['/', '?', '#']).any(leads) && !disguises(text)
}

/// Whether a text encodes a character that needs no encoding, or that separates.
fn disguises(text: &str) -> bool {
    let bytes = text.as_bytes();
    let codes = bytes.windows(3).filter(|code| code[0] == b'%');
    codes.into_iter().any(|code| {
        let code = std::str::from_utf8(&code[1..]).ok();
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        byte.is_some_and(|byte| {
            byte.is_ascii_alphanumeric()
                || byte.is_ascii_control()
                || b"./\\%-_~?#@:".contains(&byte)
        })
    })
}

/// Whether a glob matches a text. Takes time in proportion to the product of their lengths.
fn fits(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    // Which beginnings of the text, by their length, the glob so far matches.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    let mut at = 0;
    while at < glob.len() {
        let stars = glob[at..].iter().take_while(|c| **c == '*').count();
        if stars == 0 {
            for end in (0..text.len()).rev() {
                ends[end + 1] = ends[end] && text[end] == glob[at];
            }
            ends[0] = false;
        } else {
            for end in 0..text.len() {
                ends[end + 1] |= ends[end] && (stars > 1 || !"/?#@".contains(text[end]));
            }
        }
        at += stars.max(1);
    }
    ends[text.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grant(globs: &[&str]) -> Grant {
        let globs = globs.iter().map(|&glob| glob.to_owned()).collect();
        Grant {
            server: "files".into(),
            tools: vec!["read".into()],
            arguments: vec![Values { argument: "path".into(), globs }],
        }
    }

    #[test]
    fn an_argument_must_be_within_its_globs() {
        let docs = grant(&["docs/**", "!docs/private/**", "README.md"]);
        for (path, may) in [
            ("docs/a.md", true),
            ("docs/a/b.md", true),
            ("README.md", true),
            ("docs/private/a.md", false),
            ("docs/Private/a.md", false),
            ("docs/../etc/passwd", false),
            ("docs/%2e%2e/etc/passwd", false),
            ("docs/./a.md", false),
            ("docs\\..\\a", false),
            ("docs/private", false),
            ("docs//private/a", false),
            ("docs/%70rivate/a", false),
            ("docs/\u{ad}private/a", false),
            ("docs/a%20b – c.md", true),
            ("docs/a\u{0}", false),
            ("xdocs/a.md", false),
            ("README.md/x", false),
            ("", false),
        ] {
            assert_eq!(docs.refusal(&json!({ "path": path })).is_none(), may, "{path}");
        }
        assert!(docs.refusal(&json!({ "path": ["docs/a", "README.md"] })).is_none());
        for wrong in [
            json!({}),
            json!({ "path": null }),
            json!({ "path": [] }),
            json!({ "path": 1 }),
            json!({ "path": ["docs/a", "x"] }),
            json!({ "path": {} }),
        ] {
            assert!(docs.refusal(&wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn one_star_stays_within_a_folder() {
        let repositories = grant(&["acme/*"]);
        assert!(repositories.refusal(&json!({ "path": "acme/shop" })).is_none());
        assert!(repositories.refusal(&json!({ "path": "acme/shop/x" })).is_some());
        let pages = grant(&["https://docs.example.com/**"]);
        assert!(pages.refusal(&json!({ "path": "https://docs.example.com/a/b?c=d" })).is_none());
        assert!(pages.refusal(&json!({ "path": "https://docs.example.com.evil/a" })).is_some());
        let hosts = grant(&["https://*.example.com/**"]);
        assert!(hosts.refusal(&json!({ "path": "https://a.example.com/x" })).is_none());
        for elsewhere in [
            "https://evil.com?.example.com/x",
            "https://evil.com#.example.com/x",
            "https://a@evil.com:80?.example.com/",
        ] {
            assert!(hosts.refusal(&json!({ "path": elsewhere })).is_some(), "{elsewhere}");
        }
        let long = "*a".repeat(400);
        assert!(grant(&[&long]).refusal(&json!({ "path": "a".repeat(3_000) + "b" })).is_some());
    }
}
