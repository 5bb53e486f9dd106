//! Differences of a text in lines and words.

use std::time::Duration;

use similar::{Algorithm, ChangeTag, DiffOp, TextDiff};

/// Lines that are shown around a change.
const CONTEXT: usize = 2;
/// Maximum time to compare a text; after that, the result is coarser.
const PATIENCE: Duration = Duration::from_millis(300);

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// In both versions.
    Same(String),
    /// Only in the older version.
    Gone(String),
    /// Only in the newer version.
    New(String),
}

/// Lines that differ, with a few around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// Number of its first line in the newer version, from 1.
    pub line: usize,
    /// Its pieces, with their line breaks.
    pub pieces: Vec<Piece>,
}

/// Compares two versions of a text: by lines, and by words where lines were replaced.
pub fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let diff =
        TextDiff::configure().algorithm(Algorithm::Patience).timeout(PATIENCE).diff_lines(old, new);
    let before = |op: &DiffOp| -> String {
        op.old_range().filter_map(|line| diff.old_slice(line)).collect()
    };
    let after = |op: &DiffOp| -> String {
        op.new_range().filter_map(|line| diff.new_slice(line)).collect()
    };
    let groups = diff.grouped_ops(CONTEXT);
    let hunk = |group: &Vec<DiffOp>| {
        let mut pieces = Vec::new();
        for op in group {
            match op {
                DiffOp::Equal { .. } => pieces.push(Piece::Same(after(op))),
                DiffOp::Delete { .. } => pieces.push(Piece::Gone(before(op))),
                DiffOp::Insert { .. } => pieces.push(Piece::New(after(op))),
                DiffOp::Replace { .. } => words(&before(op), &after(op), &mut pieces),
            }
        }
        Hunk { line: group.first().map_or(0, |op| op.new_range().start) + 1, pieces }
    };
    groups.iter().map(hunk).collect()
}

fn words(old: &str, new: &str, pieces: &mut Vec<Piece>) {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_words(old, new);
    for change in diff.iter_all_changes() {
        let text = change.value();
        match (change.tag(), pieces.last_mut()) {
            (ChangeTag::Equal, Some(Piece::Same(last)))
            | (ChangeTag::Delete, Some(Piece::Gone(last)))
            | (ChangeTag::Insert, Some(Piece::New(last))) => last.push_str(text),
            (ChangeTag::Equal, _) => pieces.push(Piece::Same(text.to_owned())),
            (ChangeTag::Delete, _) => pieces.push(Piece::Gone(text.to_owned())),
            (ChangeTag::Insert, _) => pieces.push(Piece::New(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_line_differs_by_words_and_far_changes_are_apart() {
        let old = "one\ntwo old words\nthree\n4\n5\n6\n7\n8\n9\nlast\n";
        let new = "one\ntwo new words\nthree\n4\n5\n6\n7\n8\n9\n";
        let found = hunks(old, new);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].line, 1);
        let same = |text: &str| Piece::Same(text.to_owned());
        let expected = [
            same("one\n"),
            same("two "),
            Piece::Gone("old".to_owned()),
            Piece::New("new".to_owned()),
            same(" words\n"),
            same("three\n4\n"),
        ];
        let mut joined: Vec<Piece> = Vec::new();
        for piece in &found[0].pieces {
            match (piece, joined.last_mut()) {
                (Piece::Same(text), Some(Piece::Same(last))) if last == "one\n" => {
                    last.push_str(text);
                }
                _ => joined.push(piece.clone()),
            }
        }
        assert_eq!(joined[1..], expected[2..]);
        assert_eq!(found[1].pieces, [same("8\n9\n"), Piece::Gone("last\n".to_owned())]);
    }
}
