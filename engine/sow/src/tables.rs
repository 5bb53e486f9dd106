//! Table rows: `| a | b |` is an item, but headers and borders are not.

use super::text::{MAX_ITEM_CHARS, OneLine};
use super::words::plain;

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

/// Number of tabs inside a line, which separate the cells of a pasted table. A tab after a number
/// only sets it off.
pub(super) fn tabs(text: &str) -> usize {
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let text = match digits > 0 && text[..digits].ends_with('.') {
        true => text[digits..].trim_start(),
        false => text,
    };
    text.bytes().filter(|byte| *byte == b'\t').count()
}

/// Whether the cells of a pasted table look like its header: short names, no numbers.
pub(super) fn heads(cells: &[&str]) -> bool {
    cells.len() > 1
        && cells.iter().all(|cell| {
            !cell.is_empty()
                && cell.split_whitespace().count() <= 3
                && !cell.contains(|c: char| c.is_ascii_digit())
                && !cell.ends_with(['.', ';'])
        })
}

/// Maximum number of cells of a row; further ones are part of the last.
const MAX_CELLS: usize = 200;

/// The cells of a row, in the table's form. Tabs separate the cells of a table that a word
/// processor pasted.
pub(super) fn cells(row: &str) -> Vec<&str> {
    if !row.contains('|') {
        return row.splitn(MAX_CELLS, '\t').map(str::trim).collect();
    }
    let mut cells = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, byte) in row.bytes().enumerate() {
        if byte == b'|' && !escaped && cells.len() < MAX_CELLS {
            // The bar in front of the first cell separates nothing.
            if at > 0 {
                cells.push(row[start..at].trim());
            }
            start = at + 1;
        }
        escaped = byte == b'\\' && !escaped;
    }
    if start < row.len() {
        cells.push(row[start..].trim());
    }
    cells
}

/// The words of a row that names the rows below it, such as `| **GATES** | |`.
pub(super) fn group<'r>(cells: &[&'r str], below: Option<&str>) -> Option<&'r str> {
    let (first, rest) = cells.split_first()?;
    if rest.is_empty() || first.is_empty() || rest.iter().any(|cell| !cell.is_empty()) {
        return None;
    }
    let bold = first.starts_with("**") && first.ends_with("**");
    let capitals = first.chars().any(char::is_uppercase) && !first.chars().any(char::is_lowercase);
    // Few plain words are a group if the row below fills more cells.
    let few = first.split_whitespace().count() <= 4
        && !first.ends_with(['.', ';'])
        && below.is_some_and(|below| {
            self::cells(below).iter().filter(|cell| !cell.is_empty()).count() > 1
        });
    (bold || capitals || few).then(|| first.trim_matches(['*', '_', ':', ' ']))
}

/// Maximum rows of a card.
const MAX_CARD: usize = 40;

/// A table of two columns that describes one thing: the names of its attributes, all in bold, and
/// their values, with the places of the rows.
pub(super) fn card<'r>(
    rows: impl Iterator<Item = (usize, &'r str)>,
) -> Option<Vec<(usize, &'r str, &'r str)>> {
    let mut card = Vec::new();
    for (at, row) in rows.filter(|(_, row)| !is_border(row)) {
        let [name, value] = cells(row)[..] else { return None };
        let bold = name.len() > 4 && name.starts_with("**") && name.ends_with("**");
        if !bold || card.len() == MAX_CARD {
            return None;
        }
        card.push((at, name.trim_matches('*').trim(), value));
    }
    (card.len() >= 3).then_some(card)
}

/// The text of a card whose first row gives a number and a name: "Login: Users log in. (Priority:
/// high)". Nothing of it is left out.
pub(super) fn described(name: &str, attributes: &[(usize, &str, &str)]) -> String {
    const ABOUT: &[&str] = &[
        "description",
        "descripcion",
        "descricao",
        "descrizione",
        "beschreibung",
        "omschrijving",
        "opis",
        "описание",
        "説明",
        "内容",
        "text",
    ];
    let about = attributes.iter().position(|(_, name, _)| ABOUT.contains(&&*plain(name)));
    let mut text = name.trim_matches(['*', ' ']).to_owned();
    if let Some((_, _, value)) = about.and_then(|at| attributes.get(at)) {
        text.push_str(": ");
        text.push_str(value);
    }
    let others: Vec<String> = attributes
        .iter()
        .enumerate()
        .filter(|(at, (_, _, value))| Some(*at) != about && !value.is_empty())
        .map(|(_, (_, name, value))| format!("{name}: {value}"))
        .collect();
    if !others.is_empty() {
        text.push_str(&format!(" ({})", others.join("; ")));
    }
    text
}

/// The non-empty cells, joined by ` — `.
pub(super) fn joined(cells: &[&str]) -> OneLine {
    let mut joined = OneLine::new(MAX_ITEM_CHARS);
    for cell in cells {
        push_cell(&mut joined, cell);
    }
    joined
}

fn push_cell(joined: &mut OneLine, cell: &str) {
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
        assert_eq!(joined(&cells("| R1 |  | a \\| b  c |")).as_str(), "R1 — a | b c");
        assert_eq!(joined(&cells("é | ü")).as_str(), "é — ü");
        assert_eq!(joined(&cells("1\tGates\thigh")).as_str(), "1 — Gates — high");
        assert_eq!(joined(&cells("|||")).as_str(), "");
    }

    #[test]
    fn a_row_with_one_cell_may_name_a_group() {
        let group = |row, below| group(&cells(row), below);
        assert_eq!(group("| **GATES** | |", None), Some("GATES"));
        assert_eq!(group("| GATES | | |", None), Some("GATES"));
        assert_eq!(group("| Gates | |", Some("| open | fast |")), Some("Gates"));
        assert_eq!(group("| Gates | |", Some("| Depots | |")), None);
        assert_eq!(group("| Gates | open |", None), None);
        assert_eq!(group("| GATES |", None), None);
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
