//! What an agent knows: only what its tools returned in this visit.

use std::collections::BTreeMap;

use cloudcrew_sow::{Item, Sow};
use serde::Deserialize;

use super::transcript::Transcript;

/// A ledger row as returned by `ledger_read`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub kind: String,
    pub phase: String,
    pub author: String,
    pub title: String,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub source: String,
}

/// A line of the statement of work: id, text, source.
pub(super) type Line = (String, String, String);

/// What an agent knows.
#[derive(Default)]
pub(super) struct Knowledge {
    pub rows: Vec<Row>,
    /// Paths, and who wrote them according to `repo_list`: `sa in architecture run 1`.
    pub files: BTreeMap<String, String>,
    pub sow: Option<Sow>,
}

impl Knowledge {
    pub(super) fn of(transcript: &Transcript<'_>) -> Knowledge {
        let rows = transcript.heard("ledger_read").unwrap_or_default();
        let files = transcript.heard("repo_list").unwrap_or_default().lines().filter_map(|l| {
            let mut parts = l.split('\t');
            let path = parts.next()?.to_owned();
            parts.next()?;
            Some((path, parts.next().unwrap_or_default().to_owned()))
        });
        Knowledge {
            rows: rows.lines().filter_map(|l| serde_json::from_str(l).ok()).collect(),
            files: files.collect(),
            sow: transcript.heard("parse_sow").and_then(|t| serde_json::from_str(t).ok()),
        }
    }

    /// Lines of the statement of work with this letter: from the document itself, or from the facts
    /// of the ledger.
    pub(super) fn lines(&self, letter: char) -> Vec<Line> {
        if let Some(sow) = &self.sow {
            let items: &[Item] = match letter {
                'O' => &sow.objectives,
                'R' => &sow.requirements,
                'C' => &sow.constraints,
                'D' => &sow.deliverables,
                'A' => &sow.acceptance_criteria,
                _ => &sow.timeline,
            };
            return items
                .iter()
                .map(|i| (i.id.clone(), i.text.clone(), i.source.clone()))
                .collect();
        }
        let facts = self.rows.iter().filter(|r| r.kind == "fact");
        let line = |r: &Row| {
            let (id, text) = r.title.split_once(": ")?;
            let number = id.strip_prefix(letter)?;
            (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then(|| {
                let text = if r.body.is_empty() { text } else { &r.body };
                (id.to_owned(), text.to_owned(), r.source.clone())
            })
        };
        facts.filter_map(line).collect()
    }

    /// Rows of a kind.
    pub(super) fn rows_of(&self, kind: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |r| r.kind == kind)
    }

    /// A reviewer's verdicts on a path since its last write, newest last; `true` is a pass.
    pub(super) fn verdicts(&self, phase: &str, path: &str, reviewer: &str) -> (Vec<bool>, usize) {
        let mut since = Vec::new();
        let mut failed = 0;
        for row in self.rows.iter().filter(|r| r.phase == phase) {
            if row.kind == "deliverable" && row.title == path {
                since.clear();
            }
            if row.kind == "review" && row.author == reviewer {
                if row.title == format!("{reviewer} passed {path}") {
                    since.push(true);
                    failed = 0;
                } else if row.title == format!("{reviewer} found fault with {path}") {
                    since.push(false);
                    failed += 1;
                }
            }
        }
        (since, failed)
    }

    /// The verdicts that found fault with a path in a phase: reviewer and findings, oldest first.
    pub(super) fn faults<'a>(
        &'a self,
        phase: &'a str,
        path: &str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let title = format!(" found fault with {path}");
        self.rows_of("review")
            .filter(move |row| row.phase == phase)
            .filter_map(move |row| Some((row.title.strip_suffix(&title)?, row.body.as_str())))
    }

    /// The swarm that last wrote a deliverable, from its commit message.
    pub(super) fn written_in(&self, phase: &str, path: &str) -> Option<u32> {
        let row = self
            .rows
            .iter()
            .rev()
            .find(|r| r.kind == "deliverable" && r.phase == phase && r.title == path)?;
        row.body.rsplit_once("(swarm ")?.1.strip_suffix(')')?.parse().ok()
    }

    /// Whether a file was written in this run of a phase.
    pub(super) fn is_of_run(&self, phase: &str, path: &str, run: u32) -> bool {
        self.files.get(path).is_some_and(|by| by.ends_with(&format!(" in {phase} run {run}")))
    }
}
