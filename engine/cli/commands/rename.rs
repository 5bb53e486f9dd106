//! `rename`: another name for an agent, a phase or anything else, wherever it is written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use clap::ValueEnum;
use cloudcrew_definition::diagnostic::{Diagnostic, Format, Severity, closest, render};
use cloudcrew_definition::load as definitions;
use cloudcrew_definition::names::{NameKind, Names, mentions, occurrences, renaming, standing};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::source::{FileId, MAX_FILE_BYTES, Sources};
use cloudcrew_plan::checks::load_all;
use cloudcrew_runtime::catalogue::catalogue;

use super::fix::write;
use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{note, say};
use crate::wiring::folder::Folder;
use crate::words::counted;
use crate::workspace;

/// Mentions in prose that are listed.
const LISTED: usize = 20;

/// What can be renamed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Renamed {
    Agent,
    Model,
    Budget,
    Server,
    Phase,
    Workflow,
    Rehearsal,
    Template,
    /// A prompt or a task, by its path.
    Prompt,
    /// A file that a phase owes, by its path in the repository.
    Deliverable,
}

impl Renamed {
    fn kind(self) -> NameKind {
        match self {
            Renamed::Agent => NameKind::Agents,
            Renamed::Model => NameKind::Models,
            Renamed::Budget => NameKind::Budgets,
            Renamed::Server => NameKind::Servers,
            Renamed::Phase => NameKind::Phases,
            Renamed::Workflow => NameKind::Workflows,
            Renamed::Rehearsal => NameKind::Rehearsals,
            Renamed::Template => NameKind::Templates,
            Renamed::Prompt => NameKind::Prompts,
            Renamed::Deliverable => NameKind::Deliverables,
        }
    }
}

type Found = BTreeMap<FileId, Vec<Range<usize>>>;

pub fn rename(args: &Args, what: Renamed, from: &str, to: &str) -> Result<Exit, Failure> {
    let root = workspace::find(args)?;
    let sources = workspace::read(&root);
    let (names, kind) = (Names::read(&sources), what.kind());
    if names.definitions(kind, from).next().is_none() {
        let all = names.iter().filter(|name| name.defines && name.kind == kind);
        let all: Vec<&str> = all.map(|name| name.text.as_str()).collect();
        let meant = closest(from, &all).map(|name| format!("; did you mean `{name}`?"));
        let meant = meant.unwrap_or_default();
        return Err(Failure::usage(format!("no {} named `{}`{meant}", kind.one(), row(from))));
    }
    if from == to {
        return Err(Failure::usage(format!("it is already named `{from}`")));
    }
    let moved = renaming(&sources, &names, kind, from, to).map_err(Failure::usage)?;
    let taken = |(_, to): &&(String, String)| root.join(to).symlink_metadata().is_ok();
    if let Some((_, to)) = moved.iter().find(taken) {
        return Err(Failure::usage(format!("the file `{to}` already exists")));
    }
    let mut found = occurrences(&sources, &names, kind, from);
    allowed(&sources, from, &mut found);
    let renamed = changed(&sources, &found, to, &moved);
    harmless(&sources, &renamed, "this name would cause errors; nothing was changed")?;
    carry_out(&root, &sources, &renamed, &found, &moved)?;
    let places: usize = found.values().map(Vec::len).sum();
    note!("`{from}` is now `{to}` in {}", counted(places, "place"));
    prose(&renamed, from);
    Ok(Exit::Done)
}

/// Adds the places where `allow` names the word of a warning about the thing itself.
fn allowed(sources: &Sources, from: &str, found: &mut Found) {
    // Without the rules that take allowed warnings out.
    let loaded = definitions(sources, &catalogue());
    let is_of_thing = |warning: &Diagnostic| {
        let place = warning.at.as_ref().map(|at| at.span);
        place.is_some_and(|at| {
            let ranges = found.get(&at.file).into_iter().flatten();
            ranges.into_iter().any(|range| at.start <= range.start && range.end <= at.end)
        })
    };
    let warnings = loaded.report.diagnostics().iter().filter(|warning| is_of_thing(warning));
    let rules: Vec<&str> = warnings.map(|warning| warning.code).collect();
    let mut more: Vec<(FileId, Range<usize>)> = Vec::new();
    for (file, entry) in loaded.workspace.allowed() {
        let is_meant = entry.rule.get().is_some_and(|rule| rules.contains(&rule.as_str()));
        let Some(at) = entry.at.as_ref().filter(|_| is_meant) else { continue };
        let text = sources.text(file).get(at.span.start..at.span.end).unwrap_or_default();
        if text.trim_matches(['"', '\'']) == from {
            let start = at.span.start + usize::from(text.len() > from.len());
            more.push((file, start..start + from.len()));
        }
    }
    for (file, range) in more {
        let ranges = found.entry(file).or_default();
        ranges.push(range);
        ranges.sort_by_key(|range| range.start);
        // An alias has the place of its anchor.
        ranges.dedup();
    }
}

/// The sources with the new name; their files are in the same order.
fn changed(sources: &Sources, found: &Found, to: &str, moved: &[(String, String)]) -> Sources {
    let mut renamed = Sources::new();
    for (file, path) in sources.all() {
        let path = moved.iter().find(|(from, _)| from == path).map_or(path, |(_, to)| to);
        let mut text = sources.text(file).to_owned();
        for range in found.get(&file).into_iter().flatten().rev() {
            text.replace_range(range.clone(), to);
        }
        renamed.add(path, text.as_bytes());
    }
    renamed
}

/// Refuses a change with which the definitions have more errors than before, with these words.
pub(super) fn harmless(before: &Sources, after: &Sources, words: &str) -> Result<(), Failure> {
    let errors = |sources: &Sources| -> Vec<Diagnostic> {
        let report = load_all(sources, &catalogue()).report;
        let is_error = |found: &&Diagnostic| found.severity == Severity::Error;
        report.diagnostics().iter().filter(is_error).cloned().collect()
    };
    let new = errors(after);
    if new.len() <= errors(before).len() {
        return Ok(());
    }
    let shown = render(after, &new, Format::Human { colour: false });
    Err(Failure::failed(format!("{words}\n{shown}")))
}

fn carry_out(
    root: &Path,
    before: &Sources,
    after: &Sources,
    found: &Found,
    moved: &[(String, String)],
) -> Result<(), Failure> {
    let failed = |path: &str, why: String| {
        let done = "the files listed above were changed";
        Failure::world(format!("{path}: {why}; {done}, the others were not"))
    };
    for (file, path) in before.all() {
        let (was, is) = (before.text(file), after.text(file));
        let goes = moved.iter().find(|(from, _)| from == path);
        if let Some((_, to)) = goes {
            // The new file first: nothing is lost if the old one cannot be removed.
            let folder = Folder::open(root)?;
            let now = folder.read(Path::new(path), MAX_FILE_BYTES as u64 + 1);
            if now.map_err(|e| failed(path, e.to_string()))? != was.as_bytes() {
                return Err(failed(path, "it changed in the meantime".to_owned()));
            }
            folder.write(Path::new(to), is.as_bytes()).map_err(|e| failed(to, e.to_string()))?;
            folder.remove(Path::new(path)).map_err(|e| failed(path, e.to_string()))?;
            say!("{path} -> {to}");
        } else if let Some(places) = found.get(&file) {
            write(root, path, was, is).map_err(|why| failed(path, why))?;
            say!("{path}: {}", counted(places.len(), "place"));
        }
    }
    Ok(())
}

/// Lists where prose still has the old name: whether it means the same, only a person can say.
fn prose(sources: &Sources, from: &str) {
    // Other things may have the same name.
    let mut known: Found = BTreeMap::new();
    for name in Names::read(sources).iter() {
        if let Some(range) = standing(sources, name) {
            known.entry(name.span.file).or_default().push(range);
        }
    }
    let left = mentions(sources, from, &known);
    if left.is_empty() {
        return;
    }
    note!("prose that still mentions `{from}`:");
    for span in left.iter().take(LISTED) {
        let (line, column) = sources.position(span.file, span.start);
        let text = sources.text(span.file).lines().nth(line - 1).unwrap_or_default();
        note!("  {}:{line}:{column}  {}", sources.path(span.file), row(text.trim()));
    }
    if left.len() > LISTED {
        note!("  and {} more", left.len() - LISTED);
    }
}
