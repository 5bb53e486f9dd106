//! Redacts secrets in every text of a cassette, letter by letter: the length is kept, because tools
//! report lengths and truncate texts. Redacting twice changes nothing, so a replay asks what was
//! recorded.

use std::borrow::Cow;
use std::sync::LazyLock;

use cloudcrew_ports::model::{
    Block, Message, ModelFault, ModelReply, Reasoning, ToolResult, ToolSpec, ToolUse,
};
use regex::{Captures, Regex};
use serde_json::Value;

/// Minimum length of a named value: a shorter one would redact half the text.
const SHORTEST: usize = 8;

/// Redacts secrets.
#[derive(Clone)]
pub struct Scrubber {
    /// Longest first, because one may be a prefix of another.
    secrets: Vec<String>,
}

/// Patterns of secrets; the group `x` is redacted.
static SHAPES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // AWS keys.
        r"(?-u:\b|_)(?:AKIA|ASIA)(?<x>[0-9A-Z]{16})(?-u:\b|_)",
        // Keys of OpenAI and of those who adopted its form, GitHub, GitLab, Slack.
        r"(?-u:\b|_)(?:sk-|gh[pousr]_|github_pat_|glpat-|xox[abprs]-)(?<x>[A-Za-z0-9_-]{16,})",
        r"(?i)(?-u:\b)bearer[ \t]+(?<x>[A-Za-z0-9._~+/=-]{16,})",
        // A JSON Web Token.
        r"(?-u:\b|_)eyJ(?<x>[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)",
        // A private key, complete or cut off.
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?<x>[^\x00]*?)-----END [A-Z ]*PRIVATE KEY-----",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\r\n]|\\+[rn])*(?<x>[A-Za-z0-9+/=]{32,}(?:(?:[\r\n]|\\+[rn])+[A-Za-z0-9+/=]+)*)",
    ]
    .into_iter()
    .map(shape)
    .collect()
});

/// Names of secrets.
const NAME: &str = r"(?i)(?:secret|passw(?:or)?d|token|credential|api[_-]?key|access[_-]?key|private[_-]?key)[a-z0-9_-]*";
/// `name: "value"`, also inside quoted text.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    shape(&format!(r#"{NAME}[\\"']*\s*(?::|:=|=>?)\s*\\*["'](?<x>[^\s"'\\]{{8,}})\\*["']"#))
});
/// `name=value`.
static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
    shape(&format!(r#"{NAME}[\\"']*[ \t]*(?::|:=|=>?)[ \t]*(?<x>[^\s"'\\,;)}}\]]{{8,}})"#))
});
static NAMES: LazyLock<Regex> = LazyLock::new(|| shape(&format!("{NAME}$")));

fn shape(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are tested")
}

impl Scrubber {
    /// Redacts these values besides everything that looks like a secret. Values shorter than eight
    /// letters are left alone.
    pub fn new(secrets: Vec<String>) -> Scrubber {
        let trimmed = secrets.into_iter().map(|secret| secret.trim().to_owned());
        let mut secrets: Vec<String> = trimmed.filter(|secret| secret.len() >= SHORTEST).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Scrubber { secrets }
    }

    /// Redacts the secrets in a text.
    pub fn text(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), &stars(secret)));
            }
        }
        for shape in SHAPES.iter() {
            text = crossed(shape, text, |_| true);
        }
        text = crossed(&QUOTED, text, |value| !refers(value));
        crossed(&PLAIN, text, |value| !refers(value) && mixed(value)).into_owned()
    }

    /// Redacts the secrets in the texts of a JSON value.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(values) => values.iter().map(|value| self.value(value)).collect(),
            Value::Object(map) => {
                map.iter().map(|(key, value)| (self.text(key), self.named(key, value))).collect()
            }
            other => other.clone(),
        }
    }

    fn named(&self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text)
                if NAMES.is_match(key)
                    && text.len() >= SHORTEST
                    && !text.contains(char::is_whitespace)
                    && !refers(text) =>
            {
                stars(text).into()
            }
            other => self.value(other),
        }
    }

    /// Redacts the secrets in a tool.
    pub fn tool(&self, tool: &ToolSpec) -> ToolSpec {
        ToolSpec {
            name: tool.name.clone(),
            description: self.text(&tool.description),
            schema: self.value(&tool.schema).into(),
        }
    }

    /// Redacts the secrets in a message.
    pub fn message(&self, message: &Message) -> Message {
        Message {
            role: message.role,
            content: message.content.iter().map(|block| self.block(block)).collect(),
        }
    }

    /// Redacts the secrets in a reply.
    pub fn reply(&self, reply: &ModelReply) -> ModelReply {
        ModelReply {
            content: reply.content.iter().map(|block| self.block(block)).collect(),
            stop_reason: self.text(&reply.stop_reason),
            guardrail: reply.guardrail.iter().map(|line| self.text(line)).collect(),
            ..reply.clone()
        }
    }

    /// Redacts the secrets in a fault.
    pub fn fault(&self, fault: &ModelFault) -> ModelFault {
        ModelFault {
            error: self.text(&fault.error),
            message: self.text(&fault.message),
            ..fault.clone()
        }
    }

    fn block(&self, block: &Block) -> Block {
        match block {
            Block::Text(text) => Block::Text(self.text(text)),
            Block::ToolUse(call) => {
                // The server chooses the id, and the model the name.
                let (id, name) = (self.text(&call.id), self.text(&call.name));
                Block::ToolUse(ToolUse { id, name, input: self.value(&call.input) })
            }
            Block::ToolResult(result) => Block::ToolResult(ToolResult {
                id: self.text(&result.id),
                text: self.text(&result.text),
                ..result.clone()
            }),
            Block::Reasoning(thought) => {
                Block::Reasoning(Reasoning { text: self.text(&thought.text), ..thought.clone() })
            }
        }
    }
}

fn crossed<'t>(shape: &Regex, text: Cow<'t, str>, counts: impl Fn(&str) -> bool) -> Cow<'t, str> {
    let cross = |found: &Captures<'_>| {
        let all = found.get_match();
        let Some(secret) = found.name("x").filter(|secret| counts(secret.as_str())) else {
            return all.as_str().to_owned();
        };
        let (before, after) = (secret.start() - all.start(), secret.end() - all.start());
        format!("{}{}{}", &all.as_str()[..before], stars(secret.as_str()), &all.as_str()[after..])
    };
    match shape.replace_all(&text, cross) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    }
}

/// Keeps line breaks, also those written as `\n`: tools count lines, and a text may be quoted
/// later.
fn stars(secret: &str) -> String {
    let mut escaped = false;
    let star = |byte: u8| {
        let stays =
            matches!(byte, b'\r' | b'\n' | b'\\') || (escaped && matches!(byte, b'r' | b'n'));
        escaped = byte == b'\\';
        if stays { char::from(byte) } else { '*' }
    };
    secret.bytes().map(star).collect()
}

/// Whether a value refers to a secret without being one.
fn refers(value: &str) -> bool {
    value.starts_with(['$', '{', '<', '%', '[', '(', '&'])
        || value.starts_with("arn:")
        || value.contains("://")
        || value.contains('(')
}

/// Whether a value has letters and digits; words have no digits.
fn mixed(value: &str) -> bool {
    value.contains(|c: char| c.is_ascii_digit()) && value.contains(char::is_alphabetic)
}
