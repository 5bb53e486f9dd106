//! One JSON document: `{version, diagnostics}`. Lines and columns start at 1, columns count
//! characters, and offsets count bytes.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::source::{Sources, Span};

/// The output of `check`: all findings.
#[derive(Serialize, JsonSchema)]
pub struct CheckDocument {
    /// Always 1.
    pub version: u32,
    /// The findings, ordered by file and position.
    pub diagnostics: Vec<Found>,
}

/// A finding.
#[derive(Serialize, JsonSchema)]
pub struct Found {
    /// The stable code of the check. `cloudcrew explain CODE` describes it.
    pub code: &'static str,
    /// The severity of the finding.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Ways to fix it.
    pub help: Vec<String>,
    /// Where it is; absent if the finding concerns the whole workspace.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// Other places that contribute to the finding.
    pub related: Vec<Related>,
    /// The most likely fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Fix>,
}

/// A place in a file.
#[derive(Serialize, JsonSchema)]
pub struct Place {
    /// Path in the workspace, with `/` between folders.
    pub file: String,
    /// Its first character.
    pub start: Point,
    /// The character after its last.
    pub end: Point,
}

/// A point in a file.
#[derive(Serialize, JsonSchema)]
pub struct Point {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Offset in bytes, from 0.
    pub offset: usize,
}

/// Another place that contributes to a finding.
#[derive(Serialize, JsonSchema)]
pub struct Related {
    /// A note about the place; may be empty.
    pub message: String,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
}

/// A replacement of text.
#[derive(Serialize, JsonSchema)]
pub struct Fix {
    /// The new text.
    pub replacement: String,
    /// Whether the fix is unambiguous, so that `check --fix` applies it without asking.
    pub safe: bool,
    /// The place to replace.
    #[serde(flatten)]
    pub place: Place,
}

pub(super) fn render(sources: &Sources, found: &[Diagnostic]) -> String {
    let document =
        CheckDocument { version: 1, diagnostics: found.iter().map(|d| one(sources, d)).collect() };
    serde_json::to_string_pretty(&document).expect("findings are plain data with text keys") + "\n"
}

fn one(sources: &Sources, d: &Diagnostic) -> Found {
    Found {
        code: d.code,
        severity: d.severity,
        message: d.message.clone(),
        help: d.help.clone(),
        place: d.at.as_ref().map(|at| place(sources, at.span)),
        related: d
            .related
            .iter()
            .map(|l| Related { message: l.text.clone(), place: place(sources, l.span) })
            .collect(),
        suggestion: d.suggestion.as_ref().map(|s| Fix {
            replacement: s.replacement.clone(),
            safe: s.safe,
            place: place(sources, s.span),
        }),
    }
}

fn place(sources: &Sources, span: Span) -> Place {
    let point = |offset| {
        let (line, column) = sources.position(span.file, offset);
        Point { line, column, offset }
    };
    Place {
        file: sources.path(span.file).to_owned(),
        start: point(span.start),
        end: point(span.end),
    }
}
