//! `memory`: what crews remember, and where it was shown.

use cloudcrew_ports::memory::{Kept, MemoryRecord, Trust};
use cloudcrew_runtime::engagement::memory::kept;
use cloudcrew_runtime::engagement::{Engagement, Reach};
use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;

/// `memory list` and `memory export`: notes, oldest first.
#[derive(Serialize, JsonSchema)]
pub struct MemoryList {
    /// Always 1.
    pub version: u32,
    /// The owner.
    pub owner: String,
    /// Whether these are notes of rehearsals.
    pub rehearsal: bool,
    /// The notes.
    pub notes: Vec<Kept>,
}

/// `memory show`: a note and where it was shown.
#[derive(Serialize, JsonSchema)]
pub struct MemoryNote {
    /// Always 1.
    pub version: u32,
    /// The note.
    pub note: Kept,
    /// The engagements that were shown it.
    pub reached: Vec<Reached>,
}

/// Where a note was shown in an engagement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reached {
    /// The engagement.
    pub project: String,
    /// Whether it goes on.
    pub goes_on: bool,
    /// The visits that were shown it.
    pub prompts: Vec<Prompt>,
    /// What these visits wrote afterwards.
    pub files: Vec<ReachedFile>,
    /// Notes that were made from it.
    pub notes: Vec<String>,
}

/// A visit that was shown a note.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Prompt {
    /// Id of the swarm, or `message.ID`.
    pub swarm: String,
    /// Number of the visit, from 1.
    pub visit: u32,
    /// The agent.
    pub agent: String,
}

/// A file that was written after a note was shown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReachedFile {
    /// Its path.
    pub path: String,
    /// Object id of the version.
    pub oid: String,
    /// Key of the step that wrote it.
    pub step: String,
}

impl Reached {
    /// Where a note was shown in an engagement; `None` when it was not.
    pub fn new(engagement: &Engagement, id: &str) -> Option<Reached> {
        let Reach { prompts, files, records } = engagement.state.memories.reach(id);
        if prompts.is_empty() && records.is_empty() {
            return None;
        }
        let prompt = |(swarm, visit, agent)| Prompt { swarm, visit, agent };
        let file = |(path, oid, step)| ReachedFile { path, oid, step };
        Some(Reached {
            project: engagement.project.clone(),
            goes_on: engagement.state.end.is_none(),
            prompts: prompts.into_iter().map(prompt).collect(),
            files: files.into_iter().map(file).collect(),
            notes: records.into_iter().collect(),
        })
    }
}

/// `memory why`: the notes that were shown before files were written.
#[derive(Serialize, JsonSchema)]
pub struct MemoryWhy {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: String,
    /// The files, by path.
    pub files: Vec<WhyFile>,
}

/// A file, with the notes that were shown before it was written.
#[derive(Serialize, JsonSchema)]
pub struct WhyFile {
    /// Its path.
    pub path: String,
    /// Object id of the version.
    pub oid: String,
    /// Whether this is the current version.
    pub current: bool,
    /// Key of the step that wrote it.
    pub step: String,
    /// The notes.
    pub notes: Vec<WhyNote>,
}

/// A note that was shown.
#[derive(Serialize, JsonSchema)]
pub struct WhyNote {
    /// Its id.
    pub id: String,
    /// Its words, if this engagement wrote it or the store has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How far it could be believed when it was shown.
    pub trust: Option<Trust>,
}

impl MemoryWhy {
    /// The notes behind the files of an engagement, or one of them. `known` are notes of others.
    pub fn new(engagement: &Engagement, path: Option<&str>, known: &[Kept]) -> MemoryWhy {
        let memories = &engagement.state.memories;
        let kept = kept(engagement);
        let trust = |id: &str| {
            let own = kept.iter().find(|kept| kept.record.id == id);
            own.map(|kept| kept.trust).or_else(|| memories.foreign(id))
        };
        let mut files: Vec<WhyFile> = Vec::new();
        for id in memories.shown() {
            for (at, oid, step) in memories.reach(id).files {
                if path.is_some_and(|path| path != at) {
                    continue;
                }
                let note = WhyNote {
                    id: id.to_owned(),
                    text: words(engagement, known, id),
                    trust: trust(id),
                };
                match files.iter_mut().find(|file| file.step == step && file.path == at) {
                    Some(file) => file.notes.push(note),
                    None => {
                        let artifact = engagement.state.artifacts.get(&at);
                        let current = artifact.is_some_and(|artifact| artifact.oid == oid);
                        files.push(WhyFile { path: at, oid, current, step, notes: vec![note] });
                    }
                }
            }
        }
        files.sort_by(|a, b| (&a.path, &a.step).cmp(&(&b.path, &b.step)));
        MemoryWhy { version: VERSION, project: engagement.project.clone(), files }
    }
}

fn words(engagement: &Engagement, known: &[Kept], id: &str) -> Option<String> {
    let own = engagement.state.memories.record(id);
    let of_others = || known.iter().map(|kept| &kept.record).find(|record| record.id == id);
    own.or_else(of_others).map(|record: &MemoryRecord| record.text.clone())
}
