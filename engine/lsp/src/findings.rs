//! Converts findings to the protocol's diagnostics.

use std::collections::BTreeMap;

use cloudcrew_definition::Loaded;
use cloudcrew_definition::catalogue::Catalogue;
use cloudcrew_definition::diagnostic::{Diagnostic, Severity};
use cloudcrew_definition::kept::Kept;
use cloudcrew_definition::source::{FileId, Sources, Span};
use cloudcrew_plan::checks::{judge, with_overlays};
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position, Range,
    Uri,
};

use crate::client::Client;
use crate::position::Lines;

/// The only place where a workspace is loaded, by the same rules as `check`.
pub(crate) fn load(kept: &mut Kept, sources: &Sources, catalogue: &Catalogue) -> Loaded {
    with_overlays(judge(kept.load(sources, catalogue), sources), sources, catalogue)
}

/// The file to which findings about the whole workspace are attached.
pub(crate) const WHOLE: &str = "agents.yaml";

/// The findings by file.
pub(crate) fn by_file(
    loaded: &Loaded,
    sources: &Sources,
    client: &Client,
    uri: &dyn Fn(&str) -> Option<Uri>,
) -> BTreeMap<String, Vec<lsp_types::Diagnostic>> {
    let mut files: BTreeMap<FileId, Lines<'_>> = BTreeMap::new();
    let mut range = |span: Span| {
        if sources.fault(span.file).is_some() {
            // The file's text is unknown here, only the position at which it could not be read.
            let (line, column) = sources.position(span.file, span.start);
            let place =
                Position::new(line.saturating_sub(1) as u32, column.saturating_sub(1) as u32);
            return Range::new(place, place);
        }
        let lines = files
            .entry(span.file)
            .or_insert_with(|| Lines::new(sources.text(span.file), client.encoding));
        lines.range(span.start..span.end)
    };
    let mut found: BTreeMap<String, Vec<lsp_types::Diagnostic>> = BTreeMap::new();
    for diagnostic in loaded.report.diagnostics() {
        let at = diagnostic.at.as_ref().map(|at| at.span);
        let path = at.map_or(WHOLE, |span| sources.path(span.file));
        let related = diagnostic.related.iter().filter_map(|label| {
            let location =
                Location { uri: uri(sources.path(label.span.file))?, range: range(label.span) };
            let message =
                if label.text.is_empty() { "here".to_owned() } else { label.text.clone() };
            Some(DiagnosticRelatedInformation { location, message })
        });
        let related = client.related.then(|| related.collect());
        let shown = lsp_types::Diagnostic {
            range: at.map(&mut range).unwrap_or_default(),
            severity: Some(match diagnostic.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(diagnostic.code.to_owned())),
            source: Some("cloudcrew".to_owned()),
            message: message(diagnostic),
            related_information: related,
            ..lsp_types::Diagnostic::default()
        };
        found.entry(path.to_owned()).or_default().push(shown);
    }
    found
}

/// What is wrong, and the suggestions.
pub(crate) fn message(diagnostic: &Diagnostic) -> String {
    std::iter::once(&diagnostic.message)
        .chain(&diagnostic.help)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n")
}
