//! Completes keys of a map.

use lsp_types::CompletionItemKind;
use serde_json::Value;

use super::{Offer, words};
use crate::cursor::Cursor;

/// The missing keys, required ones first.
pub(super) fn offers(rule: &Value, cursor: &Cursor, text: &str) -> Vec<Offer> {
    let needed =
        |key: &str| rule["required"].as_array().is_some_and(|keys| keys.iter().any(|k| k == key));
    // If a colon already follows, insert only the key.
    let colon = text[cursor.word.end..].trim_start_matches([' ', '"', '\'']).starts_with(':');
    let keys = rule["properties"].as_object().into_iter().flatten();
    keys.filter(|(key, _)| !cursor.beside.contains(key))
        .map(|(key, rule)| Offer {
            label: key.clone(),
            insert: (!colon).then(|| format!("{key}{}", follows(rule, cursor))),
            kind: CompletionItemKind::PROPERTY,
            detail: needed(key).then(|| "required".to_owned()),
            words: explained(rule),
            rank: usize::from(!needed(key)),
        })
        .collect()
}

/// What to insert after a key, so that its value can be typed immediately.
fn follows(rule: &Value, cursor: &Cursor) -> String {
    let deeper = " ".repeat(cursor.column + 2);
    match rule["type"].as_str() {
        Some("object") if !cursor.flow => format!(":\n{deeper}"),
        Some("array") if !cursor.flow && rule["items"]["type"] == "object" => {
            format!(":\n{deeper}- ")
        }
        _ => ": ".to_owned(),
    }
}

/// Description, values and an example.
fn explained(rule: &Value) -> String {
    let mut parts = vec![words(rule).to_owned()];
    for (at, value) in rule["enum"].as_array().into_iter().flatten().enumerate() {
        let words = rule["markdownEnumDescriptions"][at].as_str().unwrap_or_default();
        parts.push(format!("- `{}`: {words}", value.as_str().unwrap_or_default()));
    }
    if let Some(example) = rule["examples"].get(0) {
        let example = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        parts.push(format!("Example: `{example}`"));
    }
    parts.join("\n\n")
}
