//! Tells work that was shown a note that the note was withdrawn.

use std::collections::BTreeSet;

use cloudcrew_ports::ledger::{Ledger, LedgerKind, LedgerRow};
use cloudcrew_ports::memory::{Memory, Space};
use cloudcrew_ports::secret::redacted;

use super::space;
use crate::engagement::append::Record;
use crate::engagement::error::EngagementError;
use crate::engagement::load::{Engagement, open};

/// Engagements that were shown a note of `e`, by name, `e` itself first if it was.
///
/// # Errors
/// When the store fails.
pub async fn reached(
    memory: &dyn Memory,
    e: &Engagement,
    id: &str,
) -> Result<Vec<String>, EngagementError> {
    let own = space(&e.state.started);
    let mut others: BTreeSet<String> = memory.reached(&own, id).await?;
    others.extend(memory.reached(&Space::published(own.rehearsal), id).await?);
    others.remove(&e.project);
    let here = e.state.memories.shown().any(|shown| shown == id);
    Ok(here.then(|| e.project.clone()).into_iter().chain(others).collect())
}

/// Adds a blocker to the ledger of every engagement that was shown a note and has not ended. The
/// result is their names.
///
/// # Errors
/// When a store fails, or a journal cannot be read.
pub async fn tell(
    record: Record<'_>,
    memory: &dyn Memory,
    ledger: &dyn Ledger,
    e: &Engagement,
    (id, reason): (&str, &str),
) -> Result<Vec<String>, EngagementError> {
    let mut told = Vec::new();
    for project in reached(memory, e, id).await? {
        let there = open(record, &project).await?;
        if there.state.end.is_some() {
            continue;
        }
        let files = there.state.memories.reach(id).files;
        let paths: BTreeSet<&str> = files.iter().map(|(path, _, _)| path.as_str()).collect();
        let wrote = match paths.is_empty() {
            true => "none".to_owned(),
            false => paths.into_iter().collect::<Vec<_>>().join(", "),
        };
        let blocker = LedgerRow {
            id: format!("withdrawn:{id}"),
            phase: there.state.last_phase.clone().unwrap_or_default(),
            author: "engine".to_owned(),
            kind: LedgerKind::Blocker,
            title: format!("Note {id}, which was shown to this crew, was withdrawn"),
            body: format!("{}\nFiles written after it was shown: {wrote}", redacted(reason)),
            source: String::new(),
        };
        ledger.record(&project, &[blocker]).await?;
        told.push(project);
    }
    Ok(told)
}
