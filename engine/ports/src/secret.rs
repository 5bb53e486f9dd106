//! Secrets never enter a journal, a prompt, an artifact or a log: what looks like one is replaced
//! where text enters, and so is every secret that this process knows, in whatever encoding.

use std::borrow::Cow;
use std::sync::{LazyLock, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;
use serde_json::Value;

/// Kinds of secrets, each with words of which one is always there, and its pattern. The issuers
/// publish the prefixes, so that scanners find them.
const KINDS: [(&str, &[&str], &str); 17] = [
    ("access key of AWS", &["AKIA", "ASIA"], r"(?:^|[^A-Z0-9])((?:AKIA|ASIA)[A-Z2-7]{16})"),
    (
        "token of GitHub",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255})",
    ),
    (
        "token of GitLab",
        &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "gloas-"],
        r"gl(?:pat|dt|rt|cbt|ptt|oas)-[A-Za-z0-9_-]{20,}",
    ),
    ("token of Slack", &["xox", "xapp-"], r"xox[abeposr]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{20,}"),
    (
        "webhook of Slack",
        &["hooks.slack.com"],
        r"\bhooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
    ),
    ("key of Google", &["AIza", "GOCSPX-"], r"AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,}"),
    (
        "key of Stripe",
        &["k_live_", "k_test_", "whsec_"],
        r"[rs]k_(?:live|test)_[A-Za-z0-9]{20,}|whsec_[A-Za-z0-9+/]{24,}",
    ),
    ("key of Anthropic", &["sk-ant-"], r"sk-ant-[A-Za-z0-9_-]{20,}"),
    (
        "key of OpenAI",
        &["sk-"],
        concat!(
            r"(?:^|[^A-Za-z0-9])(sk-(?:(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20,}",
            r"|[A-Za-z0-9]{32,}))"
        ),
    ),
    ("key of SendGrid", &["SG."], r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}"),
    ("token of npm", &["npm_"], r"npm_[A-Za-z0-9]{36}"),
    ("token of PyPI", &["pypi-AgE"], r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    (
        "token of a provider",
        &["hf_", "gsk_", "dop_v1_", "dckr_pat_", "hvs.", "shpat_", "xai-", "AGE-SECRET-KEY-1"],
        concat!(
            r"(?:^|[^A-Za-z0-9])((?:hf|gsk|dckr_pat|shpat)_[A-Za-z0-9_-]{24,}|dop_v1_[0-9a-f]{64}",
            r"|hvs\.[A-Za-z0-9_-]{24,}|xai-[A-Za-z0-9]{40,}|AGE-SECRET-KEY-1[A-Z0-9]{50,})"
        ),
    ),
    ("signed token", &["eyJ"], r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ("private key", &["PRIVATE KEY"], r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    (
        "password in a URL",
        &["://"],
        concat!(
            r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@'\x22`<>]{0,100}",
            r":([^\s/:@'\x22`${}<>]{3,100})@[A-Za-z0-9\[]"
        ),
    ),
    (
        "secret key of AWS",
        &["ecret", "ECRET"],
        concat!(
            r"(?i)secret[_ -]?(?:access[_ -]?)?key[\x22'`]?\s{0,4}[=:|]\s{0,4}[\x22'`]?",
            r"([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"
        ),
    ),
];

/// Values in a URL that stand for a password.
const PLACEHOLDERS: [&str; 14] = [
    "pass",
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "example",
    "changeme",
    "change-me",
    "redacted",
    "your-password",
    "yourpassword",
    "key",
    "...",
];

/// Whether a text repeats one character.
fn is_one_letter(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next();
    letters.all(|letter| Some(letter) == first)
}

/// Maximum bytes of a private key.
const LONGEST_KEY: usize = 64 * 1024;

/// The end of a private key whose first line ends at `start`: behind its last line, or behind its
/// characters where the text ends before. `None` when no key follows.
fn key_end(text: &str, start: usize) -> Option<usize> {
    let mut most = text.len().min(start + LONGEST_KEY);
    while !text.is_char_boundary(most) {
        most -= 1;
    }
    let rest = &text[start..most];
    let is_key = |c: char| c.is_ascii_alphanumeric() || "+/=\\ \t\r\n".contains(c);
    // The lines of a key are no prose, even those that say how it is encrypted.
    let is_line = |line: &str| line.split_whitespace().count() <= 3;
    let until = rest.find("-----BEGIN ").unwrap_or(rest.len());
    if let Some(at) = rest[..until].find("-----END ") {
        let after = at + "-----END ".len();
        let end = rest[after..].find("-----").map_or(after, |more| after + more + "-----".len());
        let is_all = at >= 16 && rest[..at].lines().all(is_line);
        return is_all.then_some(start + end);
    }
    let end = rest.find(|c| !is_key(c)).unwrap_or(rest.len());
    (end >= 32).then_some(start + end)
}

static PATTERNS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| KINDS.iter().map(|(_, _, pattern)| Regex::new(pattern).ok()).collect());

/// What looks like a secret in a text: where it is, in bytes, and its kind; in order.
pub fn find(text: &str) -> Vec<(std::ops::Range<usize>, &'static str)> {
    let mut found = Vec::new();
    for ((kind, words, _), pattern) in KINDS.iter().zip(PATTERNS.iter()) {
        // Most texts have none of the words, and looking for them is fast.
        let pattern = pattern.as_ref().filter(|_| words.iter().any(|word| text.contains(word)));
        for matched in pattern.into_iter().flat_map(|pattern| pattern.captures_iter(text)) {
            // The secret itself, where the pattern holds more.
            let Some(part) = matched.get(1).or_else(|| matched.get(0)) else { continue };
            let mut range = part.range();
            let is_placeholder = match *kind {
                "password in a URL" => {
                    let value = part.as_str().to_lowercase();
                    let user = &text[..range.start - 1];
                    user.to_lowercase().ends_with(&format!("/{value}"))
                        || PLACEHOLDERS.contains(&value.as_str())
                        || value.starts_with(['*', 'x', '.', '%']) && is_one_letter(&value)
                }
                "access key of AWS" => part.as_str().ends_with("EXAMPLE"),
                "private key" => match key_end(text, range.end) {
                    Some(end) => {
                        range.end = end;
                        false
                    }
                    None => true,
                },
                _ => false,
            };
            if !is_placeholder {
                found.push((range, *kind));
            }
        }
    }
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    // Of two that overlap, the first is replaced.
    let mut end = 0;
    found.retain(|(range, _)| {
        let is_first = range.start >= end;
        if is_first {
            end = range.end;
        }
        is_first
    });
    found
}

/// Secrets that this process knows.
static KNOWN: RwLock<Known> = RwLock::new(Known { values: Vec::new(), forms: Vec::new() });

struct Known {
    values: Vec<String>,
    /// How programs write them, the longest first: one may contain another.
    forms: Vec<String>,
}

/// Length of the shortest secret that is looked for: a shorter one would be found everywhere.
const SHORTEST: usize = 8;

/// Remembers a secret, so that it is replaced from now on. A short one is not.
pub fn remember(value: &str) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if value.len() < SHORTEST || known.values.iter().any(|there| there == value) {
        return;
    }
    known.values.push(value.to_owned());
    known.forms.extend(forms(value));
    known.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    known.forms.dedup();
}

/// A secret as it is, and as programs write it: in JSON, in a URL, in hex and in base64 with
/// anything in front of it.
fn forms(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let json = Value::String(value.to_owned()).to_string();
    let percent = |kept: fn(u8) -> bool| {
        let each = bytes.iter().map(|byte| match kept(*byte) {
            true => char::from(*byte).to_string(),
            false => format!("%{byte:02X}"),
        });
        each.collect::<String>()
    };
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        value.to_owned(),
        json.trim_matches('"').to_owned(),
        percent(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
        percent(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)),
        hex.to_uppercase(),
        hex,
    ];
    for skipped in 0..3 {
        let padded = [&b"\0\0"[..skipped], bytes].concat();
        // Characters that also hold bits of what is in front or behind differ from text to text.
        let start = [0, 2, 3][skipped];
        let length = padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.push(encoded.get(start..length).unwrap_or_default().to_owned());
        }
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// What takes the place of a secret that this process knows.
const MARK: &str = "[redacted: secret of this service]";

/// The mark of a secret that was replaced in a text, if there is one.
pub fn mark(text: &str) -> Option<&str> {
    let kinds = || KINDS.iter().map(|(kind, ..)| *kind);
    text.match_indices("[redacted: ").find_map(|(at, start)| {
        let rest = &text[at + start.len()..];
        let known =
            || kinds().find(|kind| rest.strip_prefix(kind).is_some_and(|r| r.starts_with(']')));
        let of_service = text[at..].starts_with(MARK).then_some(MARK);
        of_service.or_else(|| known().map(|kind| &text[at..at + start.len() + kind.len() + 1]))
    })
}

/// The text without secrets. Most texts have none and are not copied.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut text = Cow::Borrowed(text);
    for form in &known.forms {
        if text.contains(form.as_str()) {
            text = Cow::Owned(text.replace(form.as_str(), MARK));
        }
    }
    drop(known);
    let found = find(&text);
    if found.is_empty() {
        return text;
    }
    let (mut clean, mut from) = (String::with_capacity(text.len()), 0);
    for (range, kind) in found {
        clean.push_str(&text[from..range.start]);
        clean.push_str(&format!("[redacted: {kind}]"));
        from = range.end;
    }
    clean.push_str(&text[from..]);
    Cow::Owned(clean)
}

/// Takes the secrets out of a text.
pub fn redact(text: &mut String) {
    if let Cow::Owned(clean) = redacted(text) {
        *text = clean;
    }
}

/// Takes the secrets out of all texts of a value; its keys stay.
pub fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => redact(text),
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        Value::Object(fields) => fields.values_mut().for_each(redact_value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secrets of each kind, put together here, so that scanners of this repository find none.
    fn planted() -> Vec<String> {
        let long = |length: usize| "aB3x".chars().cycle().take(length).collect::<String>();
        let upper = |length: usize| "ABCD2345".chars().cycle().take(length).collect::<String>();
        let mut all = Vec::new();
        for n in 0..14 {
            all.extend([
                format!("AKIA{}", upper(16)),
                format!("ASIA{}", upper(16)),
                format!("ghp_{}", long(36 + n)),
                format!("github_pat_{}", long(60 + n)),
                format!("glpat-{}", long(20 + n)),
                format!("xoxb-{}", long(24 + n)),
                format!("hooks.slack.com/services/T{0}/B{0}/{1}", upper(8), long(24)),
                format!("AIza{}", long(35)),
                format!("sk_live_{}", long(24 + n)),
                format!("sk-ant-{}", long(40 + n)),
                format!("sk-proj-{}", long(40 + n)),
                format!("SG.{}.{}", long(22), long(43)),
                format!("npm_{}", long(36)),
                format!("pypi-AgE{}", long(60 + n)),
                format!(
                    "-----BEGIN RSA PRIVATE {0}-----\n{1}\n-----END RSA PRIVATE {0}-----",
                    "KEY",
                    long(64 * (n + 1))
                ),
            ]);
        }
        all
    }

    #[test]
    fn two_hundred_planted_secrets_are_replaced_wherever_they_are() {
        let all = planted();
        assert!(all.len() >= 200);
        for secret in all {
            for text in [
                secret.clone(),
                format!("key = \"{secret}\""),
                format!("before\n{secret}\nafter"),
                serde_json::json!({ "a": [secret.clone()] }).to_string(),
                format!("https://x.example/?k={secret}&b=1"),
            ] {
                let clean = redacted(&text);
                assert!(clean.contains("[redacted"), "{text}");
                let tail = secret.trim_end_matches(|c: char| !c.is_alphanumeric());
                let tail = tail.get(tail.len() - 12..).unwrap_or(tail);
                assert!(secret.contains("-----") || !clean.contains(tail), "{clean}");
            }
        }
        let text = "postgres://admin:s3cr3tpw@db/x and aws_secret_access_key = \
                    aB3xaB3xaB3xaB3xaB3xaB3xaB3xaB3xaB3xaB3x";
        assert_eq!(
            redacted(text),
            "postgres://admin:[redacted: password in a URL]@db/x and aws_secret_access_key = \
             [redacted: secret key of AWS]"
        );
    }

    #[test]
    fn a_text_made_to_be_slow_is_not() {
        for unit in
            ["-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!", "://a:b", "sk-"]
        {
            let _ = find(&unit.repeat(4_000_000 / unit.len()));
        }
        let key = format!(
            "-----BEGIN {0}-----\n{1}\n-----END {0}-----",
            "PRIVATE KEY",
            "Ab3/".repeat(16)
        );
        assert_eq!(redacted(&format!("a {key} b")), "a [redacted: private key] b");
        assert_eq!(mark("x [redacted: private key] y"), Some("[redacted: private key]"));
        assert_eq!(mark(MARK), Some(MARK));
        assert_eq!(mark("[redacted] and [redacted: by the court]"), None);
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "postgres://user:password@localhost/db",
            "https://example.com/a:b@c",
            "https://user:${TOKEN}@example.com",
            "it starts with `-----BEGIN PRIVATE KEY-----`, as every reader of it knows,\n\
             and must have the last line `-----END PRIVATE KEY-----`",
            "postgres://postgres:postgres@db/x and redis://:password@cache",
            "ftp://ada:****@host",
            "sk-learn and task-force-of-the-day-and-night",
            "AKIA is a prefix; ghp_ too",
            "-----BEGIN PUBLIC KEY-----",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "aws_secret_access_key = var.secret",
        ] {
            assert!(matches!(redacted(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn a_known_secret_is_replaced_in_every_encoding() {
        let secret = "p@ss/wörd \"7\" of-this-test";
        remember(secret);
        remember("short");
        let bytes = secret.as_bytes();
        for text in forms(secret) {
            assert!(!redacted(&format!("<{text}>")).contains(&text), "{text}");
        }
        for front in ["", "a", "ab", "abc", "user:", "Basic "] {
            for back in ["", "x", "yz", "\n"] {
                let whole = [front.as_bytes(), bytes, back.as_bytes()].concat();
                for encoded in [STANDARD_NO_PAD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                    assert!(redacted(&encoded).contains(MARK), "{front}|{back}");
                }
            }
        }
        assert_eq!(redacted("short"), "short");
    }
}
