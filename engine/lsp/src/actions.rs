//! Code actions: the fixes that findings suggest, one at a time or for a whole file.

use std::collections::HashMap;

use cloudcrew_definition::diagnostic::{Diagnostic, Suggestion};
use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, TextEdit, WorkspaceEdit};

use crate::findings::message;
use crate::place::Place;

/// Fixes all unambiguous mistakes of one file.
pub(crate) const FIX_ALL: CodeActionKind = CodeActionKind::new("source.fixAll.cloudcrew");

/// Actions for the findings between the place and `end`.
pub(crate) fn actions(
    place: &Place<'_>,
    end: usize,
    only: Option<&[CodeActionKind]>,
) -> Vec<CodeActionOrCommand> {
    let found = place.folder.loaded.report.diagnostics().iter();
    let fixable: Vec<(&Diagnostic, &Suggestion)> = found
        .filter_map(|d| Some((d, d.suggestion.as_ref()?)))
        .filter(|(_, s)| s.span.file == place.file)
        .collect();
    let mut actions = Vec::new();
    if wanted(&CodeActionKind::QUICKFIX, only) {
        let near = |d: &Diagnostic| {
            d.at.as_ref().is_some_and(|at| at.span.start <= end && at.span.end >= place.offset)
        };
        for (found, suggestion) in fixable.iter().filter(|(d, _)| near(d)) {
            let title = format!("replace with `{}`", suggestion.replacement);
            actions.extend(action(
                title,
                CodeActionKind::QUICKFIX,
                &[suggestion],
                Some(found),
                place,
            ));
        }
    }
    // Offered only on request: an editor that lists every action would offer it everywhere.
    let all: Vec<&Suggestion> = fixable.iter().map(|(_, s)| *s).filter(|s| s.safe).collect();
    if only.is_some() && wanted(&FIX_ALL, only) && !all.is_empty() {
        actions.extend(action(
            "fix all unambiguous mistakes".to_owned(),
            FIX_ALL,
            &all,
            None,
            place,
        ));
    }
    actions
}

/// `source` includes `source.fixAll`, which includes ours.
fn wanted(kind: &CodeActionKind, only: Option<&[CodeActionKind]>) -> bool {
    let covers = |asked: &CodeActionKind| {
        kind == asked
            || kind
                .as_str()
                .strip_prefix(asked.as_str())
                .is_some_and(|rest| asked.as_str().is_empty() || rest.starts_with('.'))
    };
    only.is_none_or(|only| only.iter().any(covers))
}

fn action(
    title: String,
    kind: CodeActionKind,
    suggestions: &[&Suggestion],
    found: Option<&Diagnostic>,
    place: &Place<'_>,
) -> Option<CodeActionOrCommand> {
    let lines = place.lines(place.file);
    let mut edits: Vec<TextEdit> = Vec::new();
    for suggestion in suggestions {
        let edit = TextEdit {
            range: lines.range(suggestion.span.start..suggestion.span.end),
            new_text: suggestion.replacement.clone(),
        };
        // Two findings on one word may suggest the same edit; different edits need a person.
        if edits
            .iter()
            .all(|there| there.range.end <= edit.range.start || edit.range.end <= there.range.start)
        {
            edits.push(edit);
        }
    }
    let uri = place.uri(place.file)?;
    // The client identifies its own finding by position and code.
    let diagnostics = found.and_then(|found| {
        let at = found.at.as_ref()?.span;
        Some(vec![lsp_types::Diagnostic {
            range: lines.range(at.start..at.end),
            code: Some(lsp_types::NumberOrString::String(found.code.to_owned())),
            source: Some("cloudcrew".to_owned()),
            message: message(found),
            ..lsp_types::Diagnostic::default()
        }])
    });
    #[expect(clippy::mutable_key_type, reason = "the protocol's own type; a URI is never mutated")]
    let changes = HashMap::from([(uri, edits)]);
    Some(CodeActionOrCommand::CodeAction(CodeAction {
        title,
        kind: Some(kind),
        diagnostics,
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        is_preferred: found.map(|_| suggestions.iter().all(|s| s.safe)),
        ..CodeAction::default()
    }))
}
