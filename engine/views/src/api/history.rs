//! Versions of files.

use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

use super::time::Time;

/// Unchanged lines around a change.
const AROUND: usize = 3;

/// A version of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// Number of the journal entry that recorded it.
    pub seq: u64,
    /// When it was recorded.
    pub at: Time,
    /// The commit.
    pub commit: String,
    /// The agent that wrote it.
    pub author: String,
    /// Object id of its content; absent if this version removed the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
}

/// What changed in a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileDiff {
    /// Path of the file.
    pub path: String,
    /// Number of added lines.
    pub added: usize,
    /// Number of removed lines.
    pub removed: usize,
    /// The changes, with a few lines around them.
    pub hunks: Vec<Hunk>,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// Changes that are close to each other.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hunk {
    /// Its lines, in order.
    pub lines: Vec<DiffLine>,
}

/// A line of a comparison.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiffLine {
    /// What happened to it.
    pub change: LineChange,
    /// Its number in the older version, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<usize>,
    /// Its number in the newer version, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<usize>,
    /// Its text, without the line break.
    pub text: String,
}

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineChange {
    /// It is in both versions.
    Same,
    /// It is in the newer version only.
    Added,
    /// It is in the older version only.
    Removed,
}

impl FileDiff {
    /// Compares two versions.
    pub fn new(path: String, old: &str, new: &str, as_of: u64) -> FileDiff {
        let diff = TextDiff::from_lines(old, new);
        let (mut added, mut removed) = (0, 0);
        let mut hunks = Vec::new();
        for group in diff.grouped_ops(AROUND) {
            let changes = group.iter().flat_map(|op| diff.iter_changes(op));
            let lines = changes.map(|change| DiffLine {
                change: match change.tag() {
                    ChangeTag::Equal => LineChange::Same,
                    ChangeTag::Insert => {
                        added += 1;
                        LineChange::Added
                    }
                    ChangeTag::Delete => {
                        removed += 1;
                        LineChange::Removed
                    }
                },
                old: change.old_index().map(|line| line + 1),
                new: change.new_index().map(|line| line + 1),
                text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
            });
            hunks.push(Hunk { lines: lines.collect() });
        }
        FileDiff { path, added, removed, hunks, as_of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_shows_changes_with_lines_around_them() {
        let old: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 4\n", "line four\n").replace("line 18\n", "");
        let diff = FileDiff::new("a".into(), &old, &new, 7);
        assert_eq!((diff.added, diff.removed, diff.hunks.len()), (1, 2, 2));
        let first: Vec<_> = diff.hunks[0].lines.iter().map(|l| (l.change, l.old, l.new)).collect();
        assert_eq!(first[3], (LineChange::Removed, Some(4), None));
        assert_eq!(first[4], (LineChange::Added, None, Some(4)));
        assert_eq!(FileDiff::new("a".into(), &old, &old, 7).hunks.len(), 0);
    }
}
