//! Output for people: excerpt, labels and a suggested patch.

use std::collections::HashMap;

use crate::shown::row;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::{Diagnostic, Label, Severity};
use crate::shown::without_passwords;
use crate::source::{Sources, Span};

/// Number of context lines around a span.
const AROUND: usize = 2;
/// Maximum size of an excerpt in bytes.
const EXCERPT: usize = 32 * 1024;

/// Number of findings that one answer covers before they are shown as one.
const ALIKE: usize = 3;
/// Maximum number of further places listed with a finding that stands for several.
const PLACES: usize = 8;

pub(super) fn render(sources: &Sources, found: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    // By message first: the same sentence about several places.
    let (by_message, by_mark) =
        (grouped(sources, found, Alike::message), grouped(sources, found, Alike::mark));
    let mut text = String::new();
    for d in found {
        let places =
            [(&by_message, Alike::message(sources, d)), (&by_mark, Alike::mark(sources, d))]
                .into_iter()
                .find_map(|(all, key)| all.get(&key?).filter(|places| places.len() >= ALIKE));
        let (first, rest) = places.and_then(|places| places.split_first()).unzip();
        if first.is_some_and(|first| d.at.as_ref().is_some_and(|at| at.span != *first)) {
            continue;
        }
        let also = rest.map(|rest| listed(sources, rest));
        let mut groups = groups(sources, d);
        if let Some(also) = &also {
            groups.push(Group::with_title(Level::NOTE.secondary_title(also.as_str())));
        }
        text.push_str(&renderer.render(&groups));
        text.push_str("\n\n");
    }
    text
}

/// The places of findings that have a key in common.
fn grouped<'a>(
    sources: &'a Sources,
    found: &'a [Diagnostic],
    key: impl Fn(&'a Sources, &'a Diagnostic) -> Option<Alike<'a>>,
) -> HashMap<Alike<'a>, Vec<Span>> {
    let mut all: HashMap<Alike<'a>, Vec<Span>> = HashMap::new();
    for d in found {
        if let (Some(key), Some(at)) = (key(sources, d), &d.at) {
            all.entry(key).or_default().push(at.span);
        }
    }
    all
}

/// What findings have in common that are answered in the same words: the check, the help, and the
/// message or the marked text.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    code: &'static str,
    words: &'a str,
    help: &'a [String],
}

impl<'a> Alike<'a> {
    fn message(sources: &'a Sources, d: &'a Diagnostic) -> Option<Alike<'a>> {
        Alike::mark(sources, d).map(|alike| Alike { words: &d.message, ..alike })
    }

    /// `None` for a finding with a patch or a second place, which are its own.
    fn mark(sources: &'a Sources, d: &'a Diagnostic) -> Option<Alike<'a>> {
        let at = d.at.as_ref().filter(|at| is_shown(sources, at.span))?;
        let own = d.suggestion.is_some() || !d.related.is_empty() || d.help.is_empty();
        let words = sources.text(at.span.file).get(at.span.start..at.span.end)?;
        (!own).then_some(Alike { code: d.code, words, help: &d.help })
    }
}

/// The further places of a finding: `the same at agents.yaml:54:5, agents.yaml:67:5`.
fn listed(sources: &Sources, places: &[Span]) -> String {
    let shown: Vec<String> = places
        .iter()
        .take(PLACES)
        .map(|span| {
            let (line, column) = sources.position(span.file, span.start);
            format!("{}:{line}:{column}", row(sources.path(span.file)))
        })
        .collect();
    let more = match places.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more places"),
    };
    format!("the same at {}{more}", shown.join(", "))
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
