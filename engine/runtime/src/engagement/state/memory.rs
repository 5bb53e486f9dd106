//! What the crew noted for later work, what it was shown of earlier work, and what came of that.

use std::collections::{BTreeMap, BTreeSet};

use cloudcrew_ports::memory::{Closing, MemoryRecord, MemorySource, Trust};
use cloudcrew_tools::Recollection;

use super::{State, SwarmRun};
use crate::engagement::event::{CommitRecord, ToolDone, Transition};

/// The notes of an engagement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memories {
    /// Its notes, in the order in which they were made.
    pub(super) records: Vec<MemoryRecord>,
    /// Notes that are no longer used, by id.
    pub(super) closed: BTreeMap<String, Closing>,
    /// Notes that a person accepted.
    pub(super) endorsed: BTreeSet<String>,
    /// Notes that a person published to all owners.
    pub(super) published: BTreeSet<String>,
    /// The same, with those that were withdrawn since.
    given: BTreeSet<String>,
    /// Ledger entries that a person approved with their phase, with the requests of the approvals.
    pub(super) accepted: BTreeMap<String, BTreeSet<String>>,
    /// Trust levels of notes of other engagements when they were shown.
    foreign: BTreeMap<String, Trust>,
    /// What each note reached that was shown.
    reach: BTreeMap<String, Reach>,
}

/// Where a note was shown, and what was written after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The visits that were shown it: swarm or message, number of the visit, agent.
    pub prompts: BTreeSet<(String, u32, String)>,
    /// What these visits wrote afterwards: path, object id, step.
    pub files: BTreeSet<(String, String, String)>,
    /// Notes that were made from it.
    pub records: BTreeSet<String>,
}

impl Reach {
    fn add(&mut self, other: &Reach) {
        self.prompts.extend(other.prompts.iter().cloned());
        self.files.extend(other.files.iter().cloned());
        self.records.extend(other.records.iter().cloned());
    }
}

/// What a visit was shown, which its notes may be taken from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// All versions of files, the statement of work and notes.
    pub sources: BTreeSet<MemorySource>,
    /// Whether it was shown the ledger.
    pub ledger: bool,
    /// Number of notes that it has made.
    pub noted: u32,
}

impl Shown {
    fn add(&mut self, done: &ToolDone) {
        self.sources.extend(done.shown.iter().cloned());
        self.ledger |= done.ledger_shown;
        self.noted += u32::from(done.remembered.is_some());
        self.recall(&done.recalled);
    }

    fn recall(&mut self, recalled: &[Recollection]) {
        let ids = recalled.iter().map(|note| MemorySource::Memory { id: note.id.clone() });
        self.sources.extend(ids);
    }

    fn notes(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| match source {
            MemorySource::Memory { id } => Some(id.as_str()),
            _ => None,
        })
    }
}

impl Memories {
    /// Its notes, in the order in which they were made.
    pub fn records(&self) -> &[MemoryRecord] {
        &self.records
    }

    /// Whether a person approved a ledger entry with its phase.
    pub fn is_accepted(&self, row: &str) -> bool {
        self.accepted.contains_key(row)
    }

    /// A note by id.
    pub fn record(&self, id: &str) -> Option<&MemoryRecord> {
        self.records.iter().find(|record| record.id == id)
    }

    /// Why a note is no longer used; `None` while it is.
    pub fn closing(&self, id: &str) -> Option<&Closing> {
        self.closed.get(id)
    }

    /// What a note reached, also through notes that were made from it.
    pub fn reach(&self, id: &str) -> Reach {
        let (mut all, mut seen) = (Reach::default(), BTreeSet::new());
        let mut next = vec![id.to_owned()];
        while let Some(id) = next.pop() {
            if let Some(reach) = self.reach.get(&id)
                && seen.insert(id)
            {
                all.add(reach);
                next.extend(reach.records.iter().cloned());
            }
        }
        all
    }

    /// All notes that were shown to anyone here, or were made from one.
    pub fn shown(&self) -> impl Iterator<Item = &str> {
        self.reach.keys().map(String::as_str)
    }

    /// Whether a person published a note to all owners, even if it was withdrawn since.
    pub fn was_published(&self, id: &str) -> bool {
        self.given.contains(id)
    }

    /// The trust level of a note of another engagement when it was shown.
    pub fn foreign(&self, id: &str) -> Option<Trust> {
        self.foreign.get(id).copied()
    }
}

/// The current visit of a swarm, as [`Reach::prompts`] names it.
fn prompt(run: &SwarmRun) -> (String, u32, String) {
    let visit = u32::try_from(run.visits.len()).unwrap_or(u32::MAX);
    (run.id.clone(), visit, run.visits.last().cloned().unwrap_or_default())
}

impl State {
    /// Notes the effects of a tool call in a swarm.
    pub(super) fn tool_done(&mut self, done: &ToolDone) {
        let Some(run) = self.swarm.as_mut() else { return };
        run.shown.add(done);
        let prompt = prompt(run);
        self.recalled(&done.recalled, &prompt);
        if let Some(record) = &done.remembered {
            self.remembered(record);
        }
    }

    /// Notes what a visit was shown at its start.
    pub(super) fn visit_recalled(&mut self, recalled: &[Recollection]) {
        let Some(run) = self.swarm.as_mut() else { return };
        run.shown.recall(recalled);
        let prompt = prompt(run);
        self.recalled(recalled, &prompt);
    }

    /// Notes what anyone was shown.
    pub(super) fn recalled(&mut self, recalled: &[Recollection], prompt: &(String, u32, String)) {
        for note in recalled {
            if self.memories.record(&note.id).is_none() {
                self.memories.foreign.insert(note.id.clone(), note.trust);
            }
            let reach = self.memories.reach.entry(note.id.clone()).or_default();
            reach.prompts.insert(prompt.clone());
        }
    }

    fn remembered(&mut self, record: &MemoryRecord) {
        if self.memories.record(&record.id).is_some() {
            return;
        }
        let is_older = |old: &&MemoryRecord| {
            old.kind == record.kind
                && old.about == record.about
                && !self.memories.closed.contains_key(&old.id)
        };
        let mut older = Vec::new();
        if self.memories.records.iter().any(|old| is_older(&old)) {
            let trusts = self.trusts();
            let trust = trusts.note(record);
            let replaced = self.memories.records.iter().filter(is_older);
            let replaced = replaced.filter(|old| trusts.note(old) <= trust);
            older.extend(replaced.map(|old| old.id.clone()));
        }
        for id in older {
            self.memories.closed.insert(id, Closing::Superseded { by: record.id.clone() });
        }
        for source in &record.sources {
            if let MemorySource::Memory { id } = source {
                let reach = self.memories.reach.entry(id.clone()).or_default();
                reach.records.insert(record.id.clone());
            }
        }
        self.memories.records.push(record.clone());
    }

    /// Notes what a step of a transition did.
    pub(super) fn transitioned(&mut self, transition: &Transition) {
        let Transition { phase, of, step, accepted, adrs, notes, .. } = transition;
        let progress = self.phases.entry(phase.clone()).or_default();
        progress.transitions.insert((of.clone(), step.clone()));
        for row in accepted {
            self.memories.accepted.entry(row.clone()).or_default().insert(of.clone());
        }
        self.adrs.extend(adrs.iter().cloned());
        notes.iter().for_each(|record| self.remembered(record));
    }

    /// Notes what the current conversation was shown.
    pub(super) fn talk_recalled(&mut self, recalled: &[Recollection]) {
        let Some(talk) = &self.conversation.talk else { return };
        let visit = talk.system.as_ref().map_or(0, |prompt| prompt.visit);
        let prompt = (format!("message.{}", talk.message), visit, talk.agent.clone());
        self.recalled(recalled, &prompt);
    }

    /// Notes which files were written after notes were shown to their visit.
    pub(super) fn written_after_notes(&mut self, commit: &CommitRecord) {
        let Some(run) = &self.swarm else { return };
        if !commit.step.starts_with(&format!("{}.v", run.id)) {
            return;
        }
        let notes: Vec<String> = run.shown.notes().map(str::to_owned).collect();
        for id in notes {
            let files = commit.paths.iter().filter(|(_, oid)| !oid.is_empty());
            let files = files.map(|(path, oid)| (path.clone(), oid.clone(), commit.step.clone()));
            self.memories.reach.entry(id).or_default().files.extend(files);
        }
    }

    pub(super) fn withdrawn(&mut self, id: &str, actor: &str, reason: &str) {
        let (actor, reason) = (actor.to_owned(), reason.to_owned());
        self.memories.published.remove(id);
        self.memories.endorsed.remove(id);
        self.memories.closed.insert(id.to_owned(), Closing::Withdrawn { actor, reason });
    }

    pub(super) fn endorsed(&mut self, id: &str) {
        self.memories.endorsed.insert(id.to_owned());
    }

    pub(super) fn published(&mut self, id: &str) {
        self.memories.given.insert(id.to_owned());
        self.memories.published.insert(id.to_owned());
    }
}
