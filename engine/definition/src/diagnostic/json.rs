//! One JSON document: `{version, diagnostics}`; lines and columns from 1 in characters, offsets in
//! bytes.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::source::{Sources, Span};

/// `check`: all findings.
#[derive(Serialize, JsonSchema)]
pub struct CheckDocument {
    /// Always 1.
    pub version: u32,
    /// By file and place.
    pub diagnostics: Vec<Found>,
}

/// A finding.
#[derive(Serialize, JsonSchema)]
pub struct Found {
    /// The rule that found it; stable. `cloudcrew explain CODE` says more.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Ways out.
    pub help: Vec<String>,
    /// Where; absent when the workspace as a whole is meant.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// Other places that make it wrong.
    pub related: Vec<Related>,
    /// The most likely mending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Mending>,
}

/// A place in a file.
#[derive(Serialize, JsonSchema)]
pub struct Place {
    /// Path below the workspace, with `/`.
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

/// Another place, and what about it.
#[derive(Serialize, JsonSchema)]
pub struct Related {
    /// What about it; may be empty.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// Text to put somewhere.
#[derive(Serialize, JsonSchema)]
pub struct Mending {
    /// What stands there afterwards.
    pub replacement: String,
    /// Nothing else can have been meant: `check --fix` does it unasked.
    pub safe: bool,
    /// What it replaces.
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
        suggestion: d.suggestion.as_ref().map(|s| Mending {
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
