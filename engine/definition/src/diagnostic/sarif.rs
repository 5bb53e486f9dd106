//! SARIF 2.1.0 output, for code-scanning dashboards.

use serde_json::{Value, json};

use super::{Diagnostic, Label};
use crate::source::{Sources, Span};

pub(super) fn render(
    sources: &Sources,
    found: &[Diagnostic],
    page: fn(&str) -> Option<String>,
) -> String {
    let mut codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code, page)).collect();
    let results: Vec<Value> = found.iter().map(|d| result(sources, d)).collect();
    let document = json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "tool": { "driver": { "name": "cloudcrew", "version": env!("CARGO_PKG_VERSION"),
                "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(code: &str, page: fn(&str) -> Option<String>) -> Value {
    let text = page(code).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default().to_owned();
    json!({ "id": code, "shortDescription": { "text": first }, "help": { "text": text } })
}

fn result(sources: &Sources, d: &Diagnostic) -> Value {
    let text = std::iter::once(&d.message)
        .chain(&d.help)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("; ");
    let locations: Vec<Value> = d.at.iter().map(|l| location(sources, l.span)).collect();
    let related: Vec<Value> = d.related.iter().map(|l| related(sources, l)).collect();
    json!({
        "ruleId": d.code, "level": d.severity.name(), "message": { "text": text },
        "locations": locations, "relatedLocations": related,
    })
}

fn related(sources: &Sources, label: &Label) -> Value {
    let mut value = location(sources, label.span);
    value["message"] = json!({ "text": label.text });
    value
}

fn location(sources: &Sources, span: Span) -> Value {
    let (line, column) = sources.position(span.file, span.start);
    let (end_line, end_column) = sources.position(span.file, span.end);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": sources.path(span.file) },
        "region": {
            "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
            "byteOffset": span.start, "byteLength": span.end - span.start,
        },
    } })
}
