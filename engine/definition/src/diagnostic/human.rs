//! Output for people: excerpt, labels and a suggested patch.

use std::collections::HashMap;
use std::rc::Rc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::{Diagnostic, Label, Severity};
use crate::shown::{row, without_passwords};
use crate::source::{Sources, Span};

/// Number of context lines around a span.
const AROUND: usize = 2;
/// Maximum size of an excerpt in bytes.
const EXCERPT: usize = 32 * 1024;

/// Number of findings with one answer from which on they are shown as one.
const ALIKE: usize = 3;
/// Maximum number of further places listed with a finding.
const PLACES: usize = 8;

pub(super) fn render(sources: &Sources, found: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let together = together(sources, found);
    let mut text = String::new();
    for (at, d) in found.iter().enumerate() {
        let others = match together.get(&at) {
            Some(members) if members[0] != at => continue,
            Some(members) => listed(sources, members[1..].iter().map(|at| &found[*at])),
            None => None,
        };
        let mut groups = groups(sources, d);
        if let Some(others) = &others {
            groups.push(Group::with_title(Level::NOTE.secondary_title(others.as_str())));
        }
        text.push_str(&renderer.render(&groups));
        text.push_str("\n\n");
    }
    text
}

/// The findings that are shown together, each with all of its group: first those with the same
/// message, then those of the rest with the same marked text. No finding is in two groups.
fn together(sources: &Sources, found: &[Diagnostic]) -> HashMap<usize, Rc<[usize]>> {
    let mut together: HashMap<usize, Rc<[usize]>> = HashMap::new();
    for key in [Alike::message, Alike::mark] {
        let mut all: HashMap<Alike<'_>, Vec<usize>> = HashMap::new();
        for (at, d) in found.iter().enumerate().filter(|(at, _)| !together.contains_key(at)) {
            if let Some(key) = key(sources, d) {
                all.entry(key).or_default().push(at);
            }
        }
        for members in all.into_values().filter(|members| members.len() >= ALIKE) {
            let members: Rc<[usize]> = members.into();
            together.extend(members.iter().map(|at| (*at, Rc::clone(&members))));
        }
    }
    together
}

/// What findings have in common that are answered in the same words: the check, the severity, the
/// help, and the message or the marked text.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    code: &'static str,
    severity: &'static str,
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
        let severity = d.severity.name();
        (!own).then_some(Alike { code: d.code, severity, words, help: &d.help })
    }
}

/// The further places of a finding: `the same at agents.yaml:54:5, agents.yaml:67:5`.
fn listed<'a>(sources: &Sources, found: impl Iterator<Item = &'a Diagnostic>) -> Option<String> {
    let mut places: Vec<String> = found
        .filter_map(|d| d.at.as_ref())
        .map(|at| {
            let (line, column) = sources.position(at.span.file, at.span.start);
            format!("{}:{line}:{column}", row(sources.path(at.span.file)))
        })
        .collect();
    let more = match places.len().saturating_sub(PLACES) {
        0 => String::new(),
        1 => " and 1 more place".to_owned(),
        more => format!(" and {more} more places"),
    };
    places.truncate(PLACES);
    (!places.is_empty()).then(|| format!("the same at {}{more}", places.join(", ")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Report;

    #[test]
    fn every_finding_is_shown_or_listed_with_another() {
        let mut sources = Sources::new();
        let file = sources.add("agents.yaml".to_owned(), b"llm\nllm\nllm\nrole\nrole\n");
        let mut report = Report::new();
        // Line 3 shares its marked text with lines 1 and 2, which are shown by their message.
        let said = ["one", "one", "two", "one", "two"];
        let mut start = 0;
        for (word, message) in sources.text(file).lines().zip(said) {
            let span = Span::new(file, start..start + word.len());
            start += word.len() + 1;
            report.error("unknown-key", message).at(span, "").help("the same help");
        }
        let text = render(&sources, report.diagnostics(), false);
        for line in 1..=5 {
            assert!(text.contains(&format!("agents.yaml:{line}:1")), "line {line} in {text}");
        }
    }
}
