//! The files that the crew wrote, and the head of the branch.

use schemars::JsonSchema;

use super::State;
use crate::engagement::event::CommitRecord;

/// A file that the crew wrote.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct Artifact {
    /// Phase that last wrote it.
    pub phase: String,
    /// Agent that last wrote it.
    pub owner: String,
    /// Run of that phase.
    pub revision: u32,
    /// Object id of its blob.
    pub oid: String,
    /// Commit that holds it.
    pub commit: String,
}

impl State {
    /// Applies a commit of the crew.
    pub(super) fn committed(&mut self, record: &CommitRecord) {
        self.head = Some(record.commit.clone());
        self.intended = None;
        let phase = self.phase().unwrap_or_default().to_owned();
        let revision = self.revision(&phase);
        for (path, oid) in &record.paths {
            if oid.is_empty() {
                self.artifacts.remove(path);
                continue;
            }
            let artifact = Artifact {
                phase: phase.clone(),
                owner: record.author.clone(),
                revision,
                oid: oid.clone(),
                commit: record.commit.clone(),
            };
            self.artifacts.insert(path.clone(), artifact);
        }
        self.commits.insert(record.step.clone(), record.clone());
    }
}
