//! The trust levels of notes, as the journal says now.

use std::collections::{HashMap, HashSet};

use cloudcrew_ports::memory::{Closing, MemoryKind, MemoryRecord, MemorySource, Trust};

use super::State;
use crate::engagement::event::{Answered, Decision, RunMode};
use crate::engagement::request::{Request, RequestKind};

/// A version of a file: path and object id.
type Version<'a> = (&'a str, &'a str);

/// The trust levels of everything in an engagement that notes are made from, computed in one pass.
pub(in crate::engagement) struct Trusts<'a> {
    state: &'a State,
    /// What the statement of work was committed as.
    statement: HashSet<Version<'a>>,
    /// Versions that are part of an approval.
    accepted: HashSet<Version<'a>>,
    /// Versions that the crew committed.
    written: HashSet<Version<'a>>,
    /// Requests of the approvals.
    approvals: HashSet<&'a str>,
    /// When the last gate of a phase that a person approved was opened.
    gates: HashMap<&'a str, i64>,
    notes: HashMap<&'a str, Trust>,
}

impl<'a> Trusts<'a> {
    /// As they are now, or as they would be if a person approved a gate.
    fn of(state: &'a State, gate: Option<&'a Request>) -> Trusts<'a> {
        fn versions<'a>(files: &'a [(String, String)]) -> impl Iterator<Item = Version<'a>> {
            files.iter().map(|(path, oid)| (path.as_str(), oid.as_str()))
        }
        let mut trusts = Trusts {
            state,
            statement: HashSet::new(),
            accepted: HashSet::new(),
            written: HashSet::new(),
            approvals: HashSet::new(),
            gates: HashMap::new(),
            notes: HashMap::new(),
        };
        if let Some(commit) = state.commits.get("start.sow") {
            trusts.statement.extend(versions(&commit.paths));
        }
        for commit in state.commits.values() {
            trusts.written.extend(versions(&commit.paths));
        }
        for request in state.approvals().chain(gate) {
            trusts.accepted.extend(versions(&request.subject));
            trusts.approvals.insert(&request.id);
            let opened = trusts.gates.entry(&request.phase).or_insert(request.opened);
            *opened = request.opened.max(*opened);
        }
        // A note names only older ones, so each is known when another names it.
        for record in &state.memories.records {
            let trust = trusts.note(record);
            trusts.notes.insert(&record.id, trust);
        }
        trusts
    }

    /// The trust level of a note: that of the least of its sources, and no more than
    /// [`Trust::Derived`] until a person approves its phase at a gate that opened after the note
    /// was made. What a person accepts or publishes counts as such whatever it was made from.
    pub(in crate::engagement) fn note(&self, record: &MemoryRecord) -> Trust {
        let memories = &self.state.memories;
        if memories.published.contains(&record.id) {
            return Trust::Published;
        }
        if memories.endorsed.contains(&record.id) {
            return Trust::Accepted;
        }
        let sources = record.sources.iter().map(|source| self.source(source));
        let least = sources.min().unwrap_or(Trust::Quoted).min(Trust::Accepted);
        // The engine copies a decision word for word; what an agent says is its own wording.
        let reviewed = record.kind == MemoryKind::Decision
            || self.gates.get(record.phase.as_str()).is_some_and(|opened| *opened >= record.at);
        if least == Trust::Accepted && !reviewed { Trust::Derived } else { least }
    }

    fn source(&self, source: &MemorySource) -> Trust {
        match source {
            MemorySource::Statement => Trust::Quoted,
            MemorySource::File { path, oid } => self.file((path, oid)),
            MemorySource::Ledger { id } => self.row(id),
            MemorySource::Memory { id } => {
                let closing = self.state.memories.closed.get(id);
                if matches!(closing, Some(Closing::Withdrawn { .. })) {
                    return Trust::Quoted;
                }
                let own = self.notes.get(id.as_str()).copied();
                own.or(self.state.memories.foreign(id)).unwrap_or(Trust::Quoted)
            }
        }
    }

    fn file(&self, version: Version<'_>) -> Trust {
        if self.statement.contains(&version) {
            return Trust::Quoted;
        }
        if self.accepted.contains(&version) {
            return Trust::Accepted;
        }
        if self.written.contains(&version) { Trust::Derived } else { Trust::Quoted }
    }

    fn row(&self, id: &str) -> Trust {
        let state = self.state;
        if let Some(request) = id.strip_prefix("request:") {
            let answer = state.request(request).and_then(|request| request.answer.as_ref());
            return match answer {
                Some(answer) if is_persons(answer, &state.started.voice) => Trust::Accepted,
                _ => Trust::Derived,
            };
        }
        // What an earlier engagement knew is quoted: its journal is not read here.
        if id.starts_with("start.") || id.starts_with(CARRIED) {
            return Trust::Quoted;
        }
        let stands = |of: &String| self.approvals.contains(of.as_str());
        match state.memories.accepted.get(id).is_some_and(|of| of.iter().any(stands)) {
            true => Trust::Accepted,
            false => Trust::Derived,
        }
    }
}

impl State {
    /// The trust levels of all notes, as they are now.
    pub(in crate::engagement) fn trusts(&self) -> Trusts<'_> {
        Trusts::of(self, None)
    }

    /// The notes that later engagements are shown once a person approves this gate.
    pub fn lifted_by(&self, gate: &Request) -> Vec<&MemoryRecord> {
        let (now, then) = (self.trusts(), Trusts::of(self, Some(gate)));
        let open = |record: &&MemoryRecord| !self.memories.closed.contains_key(&record.id);
        let lifted = |record: &&MemoryRecord| {
            now.note(record) < Trust::Accepted && then.note(record) >= Trust::Accepted
        };
        self.memories.records.iter().filter(open).filter(lifted).collect()
    }

    /// The trust level of a note, as it is now.
    pub fn trust(&self, record: &MemoryRecord) -> Trust {
        self.trusts().note(record)
    }

    /// Gates that a person approved, as long as the approval stands.
    pub(in crate::engagement) fn approvals(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| {
            let answer = request.answer.as_ref().filter(|_| !request.superseded);
            let approves = matches!(request.kind, RequestKind::Approval { .. })
                && answer.is_some_and(|answer| {
                    matches!(answer.decision, Decision::Approve { .. })
                        && is_persons(answer, &self.started.voice)
                });
            let now = self.phases.get(&request.phase).and_then(|phase| phase.approved.as_ref());
            approves && now == Some(&request.subject)
        })
    }
}

/// What the ids of rows of an earlier engagement begin with.
pub(in crate::engagement) const CARRIED: &str = "after.";

/// Whether a person gave an answer, and not the engine for want of one.
pub fn is_persons(answer: &Answered, voice: &RunMode) -> bool {
    match answer.channel.as_str() {
        "approve-all" | "expiry" => false,
        // Only a rehearsal has a rehearsed customer, and only rehearsals see what it approved.
        "rehearsal" => voice.is_rehearsal(),
        _ => true,
    }
}
