//! Output for people: excerpt, labels and a suggested patch.

use crate::shown::row;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::{Diagnostic, Label, Severity};
use crate::shown::without_passwords;
use crate::source::{Sources, Span};

/// Number of context lines around a span.
const AROUND: usize = 2;
/// Maximum size of an excerpt in bytes.
const EXCERPT: usize = 32 * 1024;

pub(super) fn render(sources: &Sources, found: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    found.iter().map(|d| renderer.render(&groups(sources, d)) + "\n\n").collect()
}

fn groups<'a>(sources: &'a Sources, d: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match d.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = Group::with_title(level.primary_title(d.message.as_str()).id(d.code));
    if let Some(at) = d.at.as_ref().filter(|at| !is_shown(sources, at.span)) {
        let (line, column) = sources.position(at.span.file, at.span.start);
        main = main.element(
            Origin::path(row(sources.path(at.span.file)).into_owned())
                .line(line)
                .char_column(column),
        );
    } else if let Some(at) = &d.at {
        main = main.element(snippet(sources, at, AnnotationKind::Primary));
    }
    for label in d.related.iter().filter(|label| is_shown(sources, label.span)) {
        main = main.element(snippet(sources, label, AnnotationKind::Context));
    }
    let mut groups = vec![main];
    let (patched, plain) = match (&d.suggestion, d.help.split_first()) {
        (Some(s), Some((first, rest))) if is_shown(sources, s.span) => (Some((s, first)), rest),
        _ => (None, d.help.as_slice()),
    };
    if let Some((s, title)) = patched {
        let text = sources.text(s.span.file);
        let snippet = Snippet::source(without_passwords(text))
            .path(row(sources.path(s.span.file)).into_owned())
            .patch(Patch::new(s.span.start..s.span.end, s.replacement.as_str()));
        groups.push(Level::HELP.secondary_title(title.as_str()).element(snippet));
    }
    for help in plain {
        groups.push(Group::with_title(Level::HELP.secondary_title(help.as_str())));
    }
    groups
}

/// Whether to show an excerpt. For a file without text or with extremely long lines, only the
/// position is shown.
fn is_shown(sources: &Sources, span: Span) -> bool {
    let text = sources.text(span.file);
    sources.fault(span.file).is_none()
        && after(text, span.end) - window_start(text, span.start) <= EXCERPT
}

fn snippet<'a>(
    sources: &'a Sources,
    label: &'a Label,
    kind: AnnotationKind,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = sources.text(label.span.file);
    let (first, start) = window(text, label.span.start);
    let end = after(text, label.span.end);
    let span = label.span.start.min(text.len()) - start..label.span.end.min(text.len()) - start;
    let mut annotation = kind.span(span);
    if !label.text.is_empty() {
        annotation = annotation.label(label.text.as_str());
    }
    Snippet::source(without_passwords(&text[start..end]))
        .line_start(first)
        .path(row(sources.path(label.span.file)).into_owned())
        .annotation(annotation)
}

/// The number and first byte of the line [`AROUND`] lines above a byte.
fn window(text: &str, byte: usize) -> (usize, usize) {
    let start = window_start(text, byte);
    (text[..start].matches('\n').count() + 1, start)
}

fn window_start(text: &str, byte: usize) -> usize {
    let mut start = text[..byte.min(text.len())].rfind('\n').map_or(0, |i| i + 1);
    for _ in 0..AROUND {
        start = text[..start.saturating_sub(1)].rfind('\n').map_or(0, |i| i + 1);
    }
    start
}

/// The byte after the last line that is shown.
fn after(text: &str, byte: usize) -> usize {
    let mut end = byte.min(text.len());
    for _ in 0..=AROUND {
        end = text[end..].find('\n').map_or(text.len(), |i| end + i + 1);
    }
    end
}
