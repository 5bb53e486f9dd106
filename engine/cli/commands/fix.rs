//! `check --fix`: fix unambiguous mistakes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::wiring::folder::Folder;
use cloudcrew_definition::diagnostic::{Diagnostic, Report, Severity, Suggestion};
use cloudcrew_definition::source::{FileId, MAX_FILE_BYTES, Sources};
use cloudcrew_plan::checks::load_all;
use cloudcrew_runtime::catalogue::catalogue;

use crate::exit::Failure;
use crate::out::note;
use crate::workspace;

/// Maximum suggestions per run; each is tried on its own.
const MOST: usize = 500;

/// Fixes the files of a workspace where it is safe. Each suggestion is tried on its own, and
/// applied if its finding disappears and no error takes its place.
pub fn fix(root: &Path) -> Result<(), Failure> {
    let read = workspace::read(root);
    let mut sources = read.clone();
    let mut fixed: BTreeMap<FileId, usize> = BTreeMap::new();
    let mut refused: Vec<(FileId, usize, String)> = Vec::new();
    for _ in 0..MOST {
        let found = load_all(&sources, &catalogue()).report;
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
                *fixed.entry(suggestion.span.file).or_default() += 1;
            }
            None => refused.push((
                suggestion.span.file,
                suggestion.span.start,
                suggestion.replacement.clone(),
            )),
        }
    }
    for (file, count) in fixed {
        let path = sources.path(file);
        match write(root, path, read.text(file), sources.text(file)) {
            Ok(()) => note!("{path}: {count} fixed"),
            Err(why) => {
                return Err(Failure::world(format!("{path}: {why}; the file is unchanged")));
            }
        }
    }
    if !refused.is_empty() {
        note!("{} not fixed: the suggested change would cause another error", refused.len());
    }
    Ok(())
}

/// The sources with a suggestion applied, if that is an improvement.
fn tried(
    sources: &Sources,
    before: &Report,
    finding: &Diagnostic,
    suggestion: &Suggestion,
) -> Option<Sources> {
    let span = suggestion.span;
    let text = sources.text(span.file);
    let fixed =
        format!("{}{}{}", text.get(..span.start)?, suggestion.replacement, text.get(span.end..)?);
    let mut better = sources.clone();
    better.replace(span.file, Ok(fixed.as_bytes()));
    let place = span.start..span.start + suggestion.replacement.len();
    let after = load_all(&better, &catalogue()).report;
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

/// Replaces a file atomically. Fails if it has changed in the meantime, or is a link that leads
/// out of the workspace.
pub(super) fn write(root: &Path, path: &str, read: &str, text: &str) -> Result<(), String> {
    let message = |e: std::io::Error| e.to_string();
    // A link inside the workspace stays a link: its target is written.
    let root = fs::canonicalize(root).map_err(message)?;
    let file = fs::canonicalize(root.join(path)).map_err(message)?;
    let Ok(file) = file.strip_prefix(&root) else {
        return Err("a link that leads out of the workspace".to_owned());
    };
    let folder = Folder::open(&root).map_err(message)?;
    if folder.read(file, MAX_FILE_BYTES as u64 + 1).map_err(message)? != read.as_bytes() {
        return Err("changed in the meantime".to_owned());
    }
    folder.write(file, text.as_bytes()).map_err(message)
}
