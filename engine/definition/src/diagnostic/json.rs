//! One JSON document: `{version, diagnostics}`; lines and columns from 1 in characters, offsets in bytes.

use serde_json::{Value, json};

use super::{Diagnostic, Label};
use crate::source::{Sources, Span};

pub(super) fn render(sources: &Sources, found: &[Diagnostic]) -> String {
    let diagnostics: Vec<Value> = found.iter().map(|d| diagnostic(sources, d)).collect();
    let document = json!({ "version": 1, "diagnostics": diagnostics });
    format!("{document:#}\n")
}

fn diagnostic(sources: &Sources, d: &Diagnostic) -> Value {
    let mut value = json!({ "code": d.code, "severity": d.severity, "message": d.message, "help": d.help });
    if let Some(at) = &d.at {
        place(sources, at.span, &mut value);
    }
    value["related"] = d.related.iter().map(|l| related(sources, l)).collect();
    if let Some(s) = &d.suggestion {
        let mut suggestion = json!({ "replacement": s.replacement });
        place(sources, s.span, &mut suggestion);
        value["suggestion"] = suggestion;
    }
    value
}

fn related(sources: &Sources, label: &Label) -> Value {
    let mut value = json!({ "message": label.text });
    place(sources, label.span, &mut value);
    value
}

fn place(sources: &Sources, span: Span, value: &mut Value) {
    let point = |byte| {
        let (line, column) = sources.position(span.file, byte);
        json!({ "line": line, "column": column, "offset": byte })
    };
    value["file"] = sources.path(span.file).into();
    value["start"] = point(span.start);
    value["end"] = point(span.end);
}
