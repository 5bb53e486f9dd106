//! Secrets in files: keys and tokens that their issuers mark, private keys, and passwords that code
//! assigns.

use std::sync::LazyLock;

use cloudcrew_ports::secret::find;
use regex::Regex;

/// Something in a text that looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// Line, from 1.
    pub(super) line: usize,
    /// What it looks like.
    pub(super) kind: &'static str,
}

/// An assignment of a text to a name that says what it is.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name =
        "password|passwd|pwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token|private[_-]?key";
    let value = r#"['"]?\s*(?:=|:|=>|:=)\s*['"]([^'"\s]{8,200})['"]"#;
    Regex::new(&format!(r"(?i)(?:^|[^a-z])(?:[a-z0-9]+[_-])*(?:{name})\b{value}")).ok()
});

/// Values that stand for a secret, or name it.
const PLACEHOLDERS: [&str; 16] = [
    "example",
    "change",
    "placeholder",
    "dummy",
    "sample",
    "redacted",
    "xxxx",
    "****",
    "your",
    "${",
    "{{",
    "<",
    "secret://",
    "arn:",
    "env.",
    "todo",
];

/// What looks like a secret, line by line. A line counts once.
pub(super) fn secrets(text: &str) -> Vec<Secret> {
    // A private key has many lines.
    let mut marked = find(text).into_iter().peekable();
    let (mut found, mut start) = (Vec::new(), 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let mut kind = assigned(line).then_some("password or key in an assignment");
        while let Some((_, marked)) = marked.next_if(|(range, _)| range.start < end) {
            kind = Some(marked);
        }
        found.extend(kind.map(|kind| Secret { line: number + 1, kind }));
        start = end;
    }
    found
}

fn assigned(line: &str) -> bool {
    let Some(found) = ASSIGNED.as_ref().and_then(|pattern| pattern.captures(line)) else {
        return false;
    };
    let value = found.get(1).map_or("", |value| value.as_str()).to_lowercase();
    let is_placeholder = PLACEHOLDERS.iter().any(|word| value.contains(word));
    // A word alone is a name or a label; a secret has letters and digits or signs.
    let is_word = value.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_' || b == b'-');
    !is_placeholder && !is_word
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that scanners of this repository find nothing.
    fn planted() -> Vec<String> {
        let long = |length: usize| "aB3".chars().cycle().take(length).collect::<String>();
        vec![
            format!("key = AKIA{}", "ABCDEFGH234567XY"),
            format!("token: ghp_{}", long(36)),
            format!("glpat-{}", long(20)),
            format!("xoxb-{}", long(24)),
            format!("AIza{}", long(35)),
            format!("sk_live_{}", long(24)),
            format!("sk-ant-{}", long(40)),
            format!("npm_{}", long(36)),
            format!("-----BEGIN RSA PRIVATE {}-----{}", "KEY", long(64)),
            format!("postgres://admin:{}@db.internal/x", "s3cr3tpw"),
            format!("aws_secret_access_key = \"{}\"", long(40)),
            format!("DB_PASSWORD = \"{}\"", "hunter2!x"),
            format!("  api_key: '{}'", "9f8e7d6c5b4a"),
        ]
    }

    #[test]
    fn each_kind_of_secret_is_found_where_it_is() {
        for line in planted() {
            let text = format!("first\n{line}\nlast");
            let found = secrets(&text);
            assert_eq!(found.len(), 1, "{line}: {found:?}");
            assert_eq!(found[0].line, 2);
        }
    }

    #[test]
    fn references_placeholders_and_ordinary_text_are_no_secrets() {
        for line in [
            "password = var.password",
            "password = \"${var.password}\"",
            "api_key: \"{{ api_key }}\"",
            "PASSWORD=\"changeme123\"",
            "secret = \"secret://database\"",
            "the password is asked for at the start",
            "password_policy = \"minimum-length\"",
            "https://example.com/a:b@c",
            "postgres://localhost/db",
            "let token = read(\"token\");",
            "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "import secrets",
        ] {
            assert_eq!(secrets(line), [], "{line}");
        }
    }
}
