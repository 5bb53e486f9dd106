//! Makes a note, from what the visit has read.

use std::collections::BTreeSet;

use cloudcrew_ports::ledger::LedgerRow;
use cloudcrew_ports::memory::{Closing, MAX_SOURCES, MAX_TEXT, MemoryRecord, MemorySource, Trust};
use cloudcrew_ports::secret::redact;
use cloudcrew_tools::NewMemory;

use super::space;
use crate::engagement::load::Engagement;
use crate::engagement::state::Shown;

/// Maximum number of notes of a visit.
const A_VISIT: u32 = 5;
/// Maximum number of notes of an engagement.
const AN_ENGAGEMENT: usize = 500;

/// What a call knows besides the engagement.
pub(in crate::engagement) struct Seen<'a> {
    /// The agent.
    pub agent: &'a str,
    /// The phase.
    pub phase: &'a str,
    /// Key of the call.
    pub step: &'a str,
    /// The time, milliseconds since 1970 UTC.
    pub now: i64,
    /// The rows of the ledger.
    pub rows: &'a [LedgerRow],
}

/// The sources that a note names, as far as the visit was shown them.
///
/// # Errors
/// Says which one it was not shown.
fn sources(e: &Engagement, seen: &Seen<'_>, named: &[String]) -> Result<Vec<MemorySource>, String> {
    let nothing = Shown::default();
    let shown = e.state.swarm.as_ref().map_or(&nothing, |run| &run.shown);
    let mut found = BTreeSet::new();
    for name in named.iter().map(|name| name.trim()) {
        found.extend(source(e, seen, shown, name)?);
    }
    let found: Vec<MemorySource> = found.into_iter().collect();
    if found.is_empty() || found.len() > MAX_SOURCES {
        return Err(format!("name 1 to {MAX_SOURCES} sources"));
    }
    Ok(found)
}

/// What a name stands for: of a file, all versions that the visit has read or written, because its
/// note may come from any of them.
fn source(
    e: &Engagement,
    seen: &Seen<'_>,
    shown: &Shown,
    name: &str,
) -> Result<Vec<MemorySource>, String> {
    if name == "statement" {
        return match shown.sources.contains(&MemorySource::Statement) {
            true => Ok(vec![MemorySource::Statement]),
            false => Err("call parse_sow in this visit, or name the file that you read".to_owned()),
        };
    }
    if let Some(id) = name.strip_prefix("ledger:") {
        if !shown.ledger {
            return Err("call ledger_read in this visit before you take a note from it".to_owned());
        }
        let there = seen.rows.iter().any(|row| row.id == id);
        let source = || vec![MemorySource::Ledger { id: id.to_owned() }];
        return there.then(source).ok_or_else(|| format!("the ledger has no entry `{id}`"));
    }
    if let Some(id) = name.strip_prefix("memory:") {
        let source = MemorySource::Memory { id: id.to_owned() };
        return match shown.sources.contains(&source) {
            true => Ok(vec![source]),
            false => Err(format!("`{id}` was not shown in this visit")),
        };
    }
    let is_it =
        |source: &&MemorySource| matches!(source, MemorySource::File { path, .. } if path == name);
    let mut versions: Vec<MemorySource> = shown.sources.iter().filter(is_it).cloned().collect();
    let visit = visit_of(seen.step);
    let own = e.state.commits.values().filter(|commit| visit_of(&commit.step) == visit);
    let written = own.flat_map(|commit| &commit.paths);
    let written = written.filter(|(path, oid)| path == name && !oid.is_empty());
    versions.extend(
        written.map(|(path, oid)| MemorySource::File { path: path.clone(), oid: oid.clone() }),
    );
    if versions.is_empty() {
        return Err(format!("{name} was not read in this visit; read it with repo_read first"));
    }
    Ok(versions)
}

/// The part of a step's key that names its visit.
fn visit_of(step: &str) -> &str {
    step.rfind(".t").map_or("", |end| &step[..end])
}

/// Makes a note, with its trust level now.
///
/// # Errors
/// Says why it is refused.
pub(in crate::engagement) fn note(
    e: &Engagement,
    seen: &Seen<'_>,
    mut new: NewMemory,
) -> Result<(MemoryRecord, Trust), String> {
    redact(&mut new.text);
    let text = new.text.trim().to_owned();
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(format!("the text of a note must be 1 to {MAX_TEXT} bytes"));
    }
    let sources = sources(e, seen, &new.sources)?;
    let record = MemoryRecord {
        id: String::new(),
        kind: new.kind,
        about: new.about,
        text,
        sources,
        project: e.project.clone(),
        phase: seen.phase.to_owned(),
        by: seen.agent.to_owned(),
        step: seen.step.to_owned(),
        at: seen.now,
    };
    let state = &e.state;
    let record = record.named(&space(&state.started), &state.started.identity);
    match state.memories.closing(&record.id) {
        Some(Closing::Withdrawn { reason, .. }) => {
            return Err(format!("this note was withdrawn: {reason}"));
        }
        Some(Closing::Superseded { .. }) => {
            return Err("a newer note on this subject replaced this one".to_owned());
        }
        None => {}
    }
    if let Some(there) = state.memories.record(&record.id) {
        return Ok((there.clone(), state.trust(there)));
    }
    let noted = state.swarm.as_ref().map_or(0, |run| run.shown.noted);
    if noted >= A_VISIT {
        return Err(format!("at most {A_VISIT} notes per visit: keep those that matter most"));
    }
    if state.memories.records().len() >= AN_ENGAGEMENT {
        return Err(format!("this engagement has reached the limit of {AN_ENGAGEMENT} notes"));
    }
    let trust = state.trust(&record);
    Ok((record, trust))
}
