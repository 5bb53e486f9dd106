//! A bundle of files that crews may use.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digest::hex;

/// A bundle of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// Its name.
    pub name: String,
    /// What it is, in one line.
    pub title: String,
    /// What kind of files it holds.
    pub category: String,
    /// Words under which it is found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// When to use it.
    pub description: String,
    /// The files: path and text.
    pub files: Vec<(String, String)>,
}

impl Pattern {
    /// The digest of its files, whatever their order: hex SHA-256. Name and description are not
    /// part of it.
    pub fn digest(&self) -> String {
        let mut files: Vec<&(String, String)> = self.files.iter().collect();
        files.sort();
        let mut hash = Sha256::new();
        for (path, content) in files {
            for part in [path, content] {
                hash.update(part.len().to_be_bytes());
                hash.update(part);
            }
        }
        hex(&hash.finalize())
    }
}

/// What a workflow says about patterns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct PatternRules {
    /// Percentage of phases, chosen by a hash, that are not shown a pattern.
    #[serde(default)]
    pub hold_out: u32,
    /// Lower bound of the share of successes that a promotion needs besides the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_lower_bound: Option<f64>,
}
