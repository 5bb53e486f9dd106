//! The files that the crew wrote.

use cloudcrew_runtime::engagement::Engagement;
use serde::Serialize;
use utoipa::ToSchema;

/// The files of an engagement.
#[derive(Debug, Serialize, ToSchema)]
pub struct Artifacts {
    /// The files, by path.
    pub artifacts: Vec<ArtifactEntry>,
    /// Last commit of the branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// A file that the crew wrote.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtifactEntry {
    /// Its path in the repository.
    pub path: String,
    /// Phase that last wrote it.
    pub phase: String,
    /// Agent that last wrote it.
    pub owner: String,
    /// Run of that phase.
    pub revision: u32,
    /// Its object id.
    pub oid: String,
    /// The commit that wrote it.
    pub commit: String,
}

impl Artifacts {
    /// The files of an engagement.
    pub fn new(e: &Engagement) -> Artifacts {
        let entry =
            |(path, artifact): (&String, &cloudcrew_runtime::engagement::Artifact)| ArtifactEntry {
                path: path.clone(),
                phase: artifact.phase.clone(),
                owner: artifact.owner.clone(),
                revision: artifact.revision,
                oid: artifact.oid.clone(),
                commit: artifact.commit.clone(),
            };
        Artifacts {
            artifacts: e.state.artifacts.iter().map(entry).collect(),
            head: e.state.head.clone(),
            as_of: e.head.seq,
        }
    }
}
