//! A fast check whether a document matches its schema. It supports only the keywords of our own
//! schemas. For everything else, and for every mismatch, the validator in [`super::hold`] decides
//! and describes the fault. Most documents are valid and need neither a validator nor a copy of the
//! document.

use serde_json::{Map, Value};

use crate::document::{Document, Kind, NodeId};
use crate::syntax::{Duration, NAME_PATTERN, PROGRAM_PATTERN, is_name, is_program};

/// Returns `true` only if the validator would find no fault.
pub(super) fn holds(rule: &Value, document: &Document, node: NodeId) -> bool {
    let Value::Object(rule) = rule else { return false };
    let kind = &document.node(node).kind;
    rule.iter().all(|(keyword, wanted)| match keyword.as_str() {
        "type" => is(kind, wanted),
        "properties" => true,
        "additionalProperties" => entries(rule, wanted, document, kind),
        "required" => required(wanted, document, node),
        "items" => matches!(kind, Kind::List(items) if items.iter().all(|item| holds(wanted,
            document, *item))),
        "enum" => matches!(kind,
            Kind::Text(text) if wanted.as_array().is_some_and(|all| all.iter().any(
                |one| one == text))),
        "pattern" => matches!(kind, Kind::Text(text) if fits(text, wanted, rule)),
        "propertyNames" => names(wanted, document, kind),
        "minimum" => number(kind).zip(wanted.as_f64()).is_some_and(|(n, least)| n >= least),
        "maximum" => number(kind).zip(wanted.as_f64()).is_some_and(|(n, most)| n <= most),
        "minLength" => matches!(kind,
            Kind::Text(text) if Some(text.chars().count() as u64) >= wanted.as_u64()),
        "maxLength" => matches!(kind, Kind::Text(text) if wanted.as_u64().is_some_and(
            |most| text.chars().count() as u64 <= most)),
        "minItems" => matches!(kind,
            Kind::List(items) if Some(items.len() as u64) >= wanted.as_u64()),
        "maxItems" => matches!(kind,
            Kind::List(items) if wanted.as_u64().is_some_and(|most| items.len() as u64 <= most)),
        "$schema"
        | "title"
        | "description"
        | "markdownDescription"
        | "markdownEnumDescriptions"
        | "default"
        | "examples"
        | "format" => true,
        other => other.starts_with("x-"),
    })
}

fn is(kind: &Kind, wanted: &Value) -> bool {
    if let Some(any) = wanted.as_array() {
        return any.iter().any(|wanted| is(kind, wanted));
    }
    match wanted.as_str() {
        Some("string") => matches!(kind, Kind::Text(_)),
        Some("integer") => matches!(kind, Kind::Int(_)),
        Some("number") => matches!(kind, Kind::Int(_) | Kind::Float(_)),
        Some("boolean") => matches!(kind, Kind::Bool(_)),
        Some("array") => matches!(kind, Kind::List(_)),
        Some("object") => matches!(kind, Kind::Map(_)),
        _ => false,
    }
}

fn number(kind: &Kind) -> Option<f64> {
    match kind {
        Kind::Int(n) => Some(*n as f64),
        Kind::Float(n) => Some(*n),
        _ => None,
    }
}

/// Checks each entry against its own schema, or the one for additional properties.
fn entries(rule: &Map<String, Value>, others: &Value, document: &Document, kind: &Kind) -> bool {
    let Kind::Map(entries) = kind else { return false };
    let known = rule.get("properties").and_then(Value::as_object);
    entries.iter().all(|(key, value)| {
        let rule = document.text(*key).and_then(|key| known?.get(key));
        match (rule, others) {
            (Some(rule), _) => holds(rule, document, *value),
            (None, Value::Object(_)) => holds(others, document, *value),
            (None, _) => false,
        }
    })
}

fn required(wanted: &Value, document: &Document, node: NodeId) -> bool {
    let there = |key: &Value| key.as_str().is_some_and(|key| document.entry(node, key).is_some());
    wanted.as_array().is_some_and(|keys| keys.iter().all(there))
}

fn names(wanted: &Value, document: &Document, kind: &Kind) -> bool {
    let by_name =
        wanted["pattern"] == NAME_PATTERN && wanted.as_object().is_some_and(|rule| rule.len() == 1);
    by_name
        && matches!(kind, Kind::Map(entries) if entries.iter().all(|(key,
            _)| document.text(*key).is_some_and(is_name)))
}

fn fits(text: &str, pattern: &Value, rule: &Map<String, Value>) -> bool {
    match rule.get("x-cloudcrew-form").and_then(Value::as_str) {
        // Longer texts may have more digits than the pattern allows.
        Some("duration") => text.len() <= 8 && Duration::parse(text).is_some(),
        Some("model-id") => is_model_id(text),
        _ if pattern == PROGRAM_PATTERN => is_program(text),
        _ => pattern == NAME_PATTERN && is_name(text),
    }
}

fn is_model_id(text: &str) -> bool {
    let rest = |b: u8| b.is_ascii_alphanumeric() || b"._:/-".contains(&b);
    text.len() <= 256
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.bytes().all(rest)
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Report;
    use crate::document::parse;
    use crate::source::Sources;
    use crate::syntax::FileKind;

    use super::super::generate::plain;
    use super::super::hold::validator;
    use super::*;

    /// Replacement values, each valid in some places and not in others.
    const WORDS: &[&str] = &[
        "x",
        "pm",
        "5",
        "0",
        "-1",
        "1.5",
        "10.0",
        "true",
        "~",
        "\"\"",
        "\"5\"",
        "[]",
        "{}",
        "[pm]",
        "{a: 1}",
        "15m",
        "0s",
        "1h30m",
        "90000h",
        "light",
        "full",
        "approval",
        "stop",
        "Pm",
        "a-b_c",
        "99999999999",
        "3000000",
        "{A: b}",
        "us.model:0",
        "000000001m",
        "é",
        "g++",
        "[a b]",
        "[python3, python3.11, _x, +]",
    ];

    const FILES: [(&str, &str); 5] = [
        ("agents.yaml", include_str!("../../../../agents.yaml")),
        ("phases/poc.yaml", include_str!("../../../../phases/poc.yaml")),
        ("workflows/delivery.yaml", include_str!("../../../../workflows/delivery.yaml")),
        ("rehearsals/delivery.yaml", include_str!("../../../../rehearsals/delivery.yaml")),
        ("rehearsals/question.yaml", include_str!("../../../../rehearsals/question.yaml")),
    ];

    #[test]
    fn it_never_accepts_what_the_validator_rejects() {
        let (mut right, mut wrong) = (0, 0);
        for (path, text) in FILES {
            let kind = FileKind::of(path).expect("a definition");
            let mut sources = Sources::new();
            let file = sources.add(path, text.as_bytes());
            let document = parse(&sources, file, &mut Report::new()).expect("YAML");
            let mut spans: Vec<_> = (0..document.len())
                .map(|node| document.nth(node).span)
                .filter(|s| s.start < s.end)
                .collect();
            spans.dedup();
            for span in spans {
                for word in WORDS {
                    let changed = format!("{}{word}{}", &text[..span.start], &text[span.end..]);
                    let mut sources = Sources::new();
                    let file = sources.add(path, changed.as_bytes());
                    let Some(document) = parse(&sources, file, &mut Report::new()) else {
                        continue;
                    };
                    let ours = holds(plain(kind), &document, document.root());
                    let valid = validator(kind)
                        .expect("a schema")
                        .is_valid(&document.json(document.root()));
                    let doubtful = *word == "000000001m";
                    assert!(ours == valid || (doubtful && !ours), "{path}: `{word}` in\n{changed}");
                    *(if valid { &mut right } else { &mut wrong }) += 1;
                }
            }
        }
        assert!(
            right > 500 && wrong > 5000,
            "{right} valid and {wrong} invalid documents are too few"
        );
    }
}
