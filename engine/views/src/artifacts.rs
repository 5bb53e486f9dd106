//! `artifacts`: the files that the crew wrote.

use cloudcrew_runtime::engagement::Artifact;
use schemars::JsonSchema;
use serde::Serialize;

/// An entry of `artifacts`, which is a list.
#[derive(Serialize, JsonSchema)]
pub struct ArtifactAt<'a> {
    /// Path in the repository.
    pub path: &'a str,
    /// The artifact.
    #[serde(flatten)]
    pub artifact: &'a Artifact,
}
