//! `check --fix`: writes what cannot have been meant otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::wiring::folder::Folder;
use cloudcrew_definition::diagnostic::{Diagnostic, Report, Severity, Suggestion};
use cloudcrew_definition::source::{FileId, MAX_FILE_BYTES, Sources};
use cloudcrew_plan::checks::load;
use cloudcrew_runtime::catalogue::catalogue;

use crate::exit::Failure;
use crate::out::note;
use crate::workspace;

/// Suggestions of one run at most: each is tried by itself.
const MOST: usize = 500;

/// Mends the files of a workspace as far as it is safe. Each suggestion is tried alone, and taken
/// when what it mends is gone and nothing is wrong at its place.
pub fn fix(root: &Path) -> Result<(), Failure> {
    let read = workspace::read(root);
    let mut sources = read.clone();
    let mut mended: BTreeMap<FileId, usize> = BTreeMap::new();
    let mut refused: Vec<(FileId, usize, String)> = Vec::new();
    for _ in 0..MOST {
        let found = load(&sources, &catalogue()).report;
        let mut safe = found
            .diagnostics()
            .iter()
            .rev()
            .filter_map(|d| Some((d, d.suggestion.as_ref().filter(|s| s.safe)?)));
        let untried = |s: &Suggestion| {
            !refused
                .iter()
                .any(|(f, at, text)| (*f, *at, text) == (s.span.file, s.span.start, &s.replacement))
        };
        let Some((finding, suggestion)) = safe.find(|(_, s)| untried(s)) else { break };
        match tried(&sources, &found, finding, suggestion) {
            Some(better) => {
                sources = better;
                *mended.entry(suggestion.span.file).or_default() += 1;
            }
            None => refused.push((
                suggestion.span.file,
                suggestion.span.start,
                suggestion.replacement.clone(),
            )),
        }
    }
    for (file, count) in mended {
        let path = sources.path(file);
        match write(root, path, read.text(file), sources.text(file)) {
            Ok(()) => note!("{path}: {count} mended"),
            Err(why) => return Err(Failure::world(format!("{path}: {why}; it was left as it is"))),
        }
    }
    if !refused.is_empty() {
        note!(
            "{} left to you: mended so, something else would be wrong in their place",
            refused.len()
        );
    }
    Ok(())
}

/// The sources with a suggestion taken, if that is for the better.
fn tried(
    sources: &Sources,
    before: &Report,
    finding: &Diagnostic,
    suggestion: &Suggestion,
) -> Option<Sources> {
    let span = suggestion.span;
    let text = sources.text(span.file);
    let mended =
        format!("{}{}{}", text.get(..span.start)?, suggestion.replacement, text.get(span.end..)?);
    let mut better = sources.clone();
    better.replace(span.file, Ok(mended.as_bytes()));
    let place = span.start..span.start + suggestion.replacement.len();
    let after = load(&better, &catalogue()).report;
    let here = |d: &Diagnostic| {
        let labels = d.at.iter().chain(&d.related).map(|label| label.span);
        labels
            .into_iter()
            .any(|at| at.file == span.file && at.start < place.end && place.start < at.end)
    };
    let wrong = |d: &&Diagnostic| d.severity == Severity::Error && here(d);
    let unreadable = |report: &Report| {
        report
            .diagnostics()
            .iter()
            .filter(|d| {
                d.code == "yaml-syntax" && d.at.as_ref().is_some_and(|at| at.span.file == span.file)
            })
            .count()
    };
    let gone = !after.diagnostics().iter().any(|d| d.code == finding.code && here(d));
    (gone
        && after.diagnostics().iter().find(wrong).is_none()
        && unreadable(&after) <= unreadable(before))
    .then_some(better)
}

/// Replaces a file as a whole or not at all, unless somebody else wrote it meanwhile or it is a
/// link that leads out of the workspace.
fn write(root: &Path, path: &str, read: &str, text: &str) -> Result<(), String> {
    let told = |e: std::io::Error| e.to_string();
    // A link inside the workspace stays a link: the file that it leads to is written.
    let root = fs::canonicalize(root).map_err(told)?;
    let file = fs::canonicalize(root.join(path)).map_err(told)?;
    let Ok(file) = file.strip_prefix(&root) else {
        return Err("it is a link that leads out of the workspace".to_owned());
    };
    let folder = Folder::open(&root).map_err(told)?;
    if folder.read(file, MAX_FILE_BYTES as u64 + 1).map_err(told)? != read.as_bytes() {
        return Err("it was changed meanwhile".to_owned());
    }
    folder.write(file, text.as_bytes()).map_err(told)
}
