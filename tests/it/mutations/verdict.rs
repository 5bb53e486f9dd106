//! Judges the findings of `check` for a mistake: at the word, with the right suggestion first, and
//! not too many.

use std::ops::Range;

use cloudcrew_definition::diagnostic::Diagnostic;
use cloudcrew_definition::kept::Kept;
use cloudcrew_definition::source::{Sources, Span};
use cloudcrew_plan::checks::judge;
use cloudcrew_runtime::catalogue::catalogue;

/// A workspace with one change.
#[derive(Debug, Clone)]
pub struct Mutation {
    /// The kind of change.
    pub kind: &'static str,
    pub file: String,
    /// The new text of the file; `None` if it is deleted.
    pub text: Option<Vec<u8>>,
    /// Places of which one must be reported, as ranges in the changed files. Empty if the change is
    /// valid.
    pub at: Vec<(String, Range<usize>)>,
    /// Rules of which one must report it; empty for any.
    pub codes: &'static [&'static str],
    /// The required first suggestion.
    pub meant: Option<String>,
    /// Whether a related place may be reported instead: if two places contradict each other, either
    /// may be the mistake.
    pub related: bool,
}

/// Maximum findings for one mistake.
const FLOOD: usize = 8;

/// Judges changed workspaces, re-reading only what changed.
pub struct Judge<'a> {
    shipped: &'a Sources,
    kept: Kept,
    catalogue: cloudcrew_definition::catalogue::Catalogue,
}

impl<'a> Judge<'a> {
    pub fn of(shipped: &'a Sources) -> Judge<'a> {
        Judge { shipped, kept: Kept::new(), catalogue: catalogue() }
    }

    /// What `check` finds in these files.
    pub fn found(&mut self, sources: &Sources) -> Vec<Diagnostic> {
        judge(self.kept.load(sources, &self.catalogue), sources).report.diagnostics().to_vec()
    }

    /// The workspace with the change in it.
    pub fn changed(&self, mutation: &Mutation) -> Sources {
        let mut sources = self.shipped.clone();
        let file = sources.find(&mutation.file).expect("a file of the workspace");
        match &mutation.text {
            Some(text) => sources.replace(file, Ok(text)),
            None => sources.remove(file),
        }
        sources
    }

    /// What is wrong with the findings for a change; `None` if they are right.
    pub fn fault(&mut self, mutation: &Mutation) -> Option<String> {
        let sources = self.changed(mutation);
        let found = self.found(&sources);
        let why = if mutation.at.is_empty() {
            (!found.is_empty()).then_some("reported although nothing is wrong")
        } else {
            unlike(mutation, &sources, &found)
        };
        why.map(|why| report(why, mutation, &sources, &found))
    }
}

fn unlike(mutation: &Mutation, sources: &Sources, found: &[Diagnostic]) -> Option<&'static str> {
    let here = |span: Span| {
        let path = sources.path(span.file);
        mutation.at.iter().any(|(file, range)| {
            file == path
                && span.start <= range.end
                && range.start <= span.end.max(span.start + 1)
                && touches(span, range)
        })
    };
    let at_word = |d: &&Diagnostic| {
        d.at.as_ref().is_some_and(|l| here(l.span))
            || (mutation.related && d.related.iter().any(|l| here(l.span)))
    };
    let of_rule = |d: &&Diagnostic| mutation.codes.is_empty() || mutation.codes.contains(&d.code);
    let right: Vec<&Diagnostic> = found.iter().filter(at_word).filter(of_rule).collect();
    let suggests = |d: &&Diagnostic, name: &str| {
        d.suggestion.as_ref().is_some_and(|s| s.replacement == name)
            || d.help
                .first()
                .is_some_and(|h| h.contains(&format!("`{name}`")) && h.starts_with("did you mean"))
    };
    if found.is_empty() {
        return Some("not found");
    }
    if right.is_empty() {
        return Some("not reported at the word");
    }
    if mutation.meant.as_ref().is_some_and(|name| !right.iter().any(|d| suggests(d, name))) {
        return Some("the right name is not suggested first");
    }
    (found.len() > FLOOD).then_some("a flood of findings")
}

/// Whether a finding is on a word: it shares a byte with it, or is at its end if it is empty.
fn touches(span: Span, range: &Range<usize>) -> bool {
    let end = |start: usize, end: usize| end.max(start + 1);
    span.start < end(range.start, range.end) && range.start < end(span.start, span.end)
}

fn report(why: &str, mutation: &Mutation, sources: &Sources, found: &[Diagnostic]) -> String {
    let place =
        |file: &str, at: usize| sources.find(file).map_or((0, 0), |id| sources.position(id, at));
    let at: Vec<String> = mutation
        .at
        .iter()
        .take(3)
        .map(|(file, r)| format!("{file}:{:?}-{:?}", place(file, r.start), place(file, r.end)))
        .collect();
    let line = mutation.at.first().filter(|(file, _)| sources.find(file).is_some()).map_or_else(
        String::new,
        |(file, range)| {
            let text = sources.text(sources.find(file).expect("a file"));
            let start = text.get(..range.start).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
            text.get(start..)
                .and_then(|t| t.lines().next())
                .unwrap_or_default()
                .chars()
                .take(140)
                .collect()
        },
    );
    let mut text = format!(
        "{why}: {} in {} at {at:?}, meant {:?}\n    | {line}\n",
        mutation.kind, mutation.file, mutation.meant
    );
    for d in found.iter().take(FLOOD) {
        let at = d.at.as_ref().map(|l| {
            (sources.path(l.span.file).to_owned(), sources.position(l.span.file, l.span.start))
        });
        text.push_str(&format!(
            "    [{}] {at:?} {} / {}\n",
            d.code,
            d.message,
            d.help.first().map_or("", String::as_str)
        ));
    }
    text
}
