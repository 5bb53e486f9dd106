//! Table rows: `| a | b |` is an item, but headers and borders are not.

use super::text::{MAX_ITEM_CHARS, OneLine};

/// A border: `|---|:--:|`, `--- | ---`, `+----+----+`.
pub(super) fn is_border(text: &str) -> bool {
    let drawn = text.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b'+' | b'=' | b' ' | b'\t'));
    drawn
        && text.contains(['-', '='])
        && (text.contains('|') || (text.starts_with('+') && text.len() > 2))
}

/// A line that can only be a row.
pub(super) fn is_row(text: &str) -> bool {
    text.len() > 1 && text.starts_with('|')
}

/// The non-empty cells, joined by ` — `.
pub(super) fn cells(row: &str) -> OneLine {
    let mut joined = OneLine::new(MAX_ITEM_CHARS);
    let mut start = 0;
    let mut escaped = false;
    for (at, byte) in row.bytes().enumerate() {
        if byte == b'|' && !escaped {
            push_cell(&mut joined, &row[start..at]);
            start = at + 1;
        }
        escaped = byte == b'\\' && !escaped;
    }
    push_cell(&mut joined, &row[start..]);
    joined
}

fn push_cell(joined: &mut OneLine, cell: &str) {
    let cell = cell.trim();
    if cell.is_empty() {
        return;
    }
    if !joined.as_str().is_empty() {
        joined.push("—");
    }
    joined.push(&cell.replace("\\|", "|"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_cells_are_omitted() {
        assert_eq!(cells("| R1 |  | a \\| b  c |").as_str(), "R1 — a | b c");
        assert_eq!(cells("é | ü").as_str(), "é — ü");
        assert_eq!(cells("|||").as_str(), "");
    }

    #[test]
    fn borders_are_not_rows() {
        for border in ["|---|:--:|", "--- | ---", "+----+====+", "| - |"] {
            assert!(is_border(border), "{border}");
        }
        for other in ["---", "| a |", "+", "|", "+-", "a | b"] {
            assert!(!is_border(other), "{other}");
        }
    }
}
