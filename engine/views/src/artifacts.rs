//! `artifacts`: the files that the crew wrote.

use cloudcrew_runtime::engagement::Artifact;
use schemars::JsonSchema;
use serde::Serialize;

/// `artifacts`: a list of these.
#[derive(Serialize, JsonSchema)]
pub struct ArtifactAt<'a> {
    /// Path in the repository.
    pub path: &'a str,
    /// What is known of it.
    #[serde(flatten)]
    pub artifact: &'a Artifact,
}
