//! Numbers in front of headings and items: `3.`, `3)`, `3.1`, `3.1.2.`

/// A number in front of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number<'a> {
    /// How many numbers there are: 1 for `3.`, 2 for `3.1`.
    pub(super) depth: u8,
    /// The last number, which increases from one line to the next.
    pub(super) last: u32,
    /// Whether it can only be a position in a sequence. `3.5 million` is ambiguous, `3.5 Orders`
    /// and `3.` are not.
    pub(super) sure: bool,
    /// The words after it.
    pub(super) rest: &'a str,
}

impl Number<'_> {
    /// Whether `other` is the next number on the same level.
    pub(super) fn comes_before(&self, other: &Number<'_>) -> bool {
        self.depth == other.depth && self.last + 1 == other.last
    }
}

/// Reads the number in front of `text`, if any. Years and amounts do not count. Japanese documents
/// write digits and marks in full width.
pub(super) fn number(text: &str) -> Option<Number<'_>> {
    let mut rest = text;
    let mut depth = 0;
    let mut last = 0;
    let mut closed = false;
    let mut wide = false;
    while depth < 6 {
        let (value, after) = digits(rest)?;
        let Some(value) = value else { break };
        last = value;
        depth += 1;
        rest = after;
        let after = rest.strip_prefix(['.', ')', '．', '）', '、']);
        closed = after.is_some();
        wide |= rest.starts_with(['．', '）', '、']);
        rest = after.unwrap_or(rest);
        if !closed {
            break;
        }
    }
    let words = rest.trim_start();
    let set_off = words.is_empty() || words.len() < rest.len() || wide;
    // A bare number needs the tab that word processors export; "3 shops" is an amount.
    let bare = depth == 1 && !closed && !rest.starts_with(['\t', '\u{3000}']);
    if depth == 0 || !set_off || bare {
        return None;
    }
    let begins_a_sentence = |c: char| c.is_uppercase() || matches!(c, '"' | '`' | '*' | '“' | '[');
    let sure = closed || words.starts_with(begins_a_sentence);
    Some(Number { depth, last, sure, rest: words.trim_end() })
}

/// The number that `text` begins with and the text after it. Fails when it has more than three
/// digits.
fn digits(text: &str) -> Option<(Option<u32>, &str)> {
    let mut value = None;
    let mut count = 0;
    for (at, c) in text.char_indices() {
        let digit = match c {
            '0'..='9' => u32::from(c) - u32::from('0'),
            '０'..='９' => u32::from(c) - u32::from('０'),
            _ => return Some((value, &text[at..])),
        };
        count += 1;
        if count > 3 {
            return None;
        }
        value = Some(value.unwrap_or(0) * 10 + digit);
    }
    Some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_sequence_are_numbers() {
        let read = |text| number(text).map(|n| (n.depth, n.last, n.sure, n.rest));
        assert_eq!(read("3. Orders"), Some((1, 3, true, "Orders")));
        assert_eq!(read("12) Orders"), Some((1, 12, true, "Orders")));
        assert_eq!(read("3.1 Orders"), Some((2, 1, true, "Orders")));
        assert_eq!(read("3.1.22. orders"), Some((3, 22, true, "orders")));
        assert_eq!(read("3.5 million"), Some((2, 5, false, "million")));
        assert_eq!(read("4\tTimeline"), Some((1, 4, true, "Timeline")));
        assert_eq!(read("3."), Some((1, 3, true, "")));
        assert_eq!(read("１．目的"), Some((1, 1, true, "目的")));
    }

    #[test]
    fn amounts_years_and_times_are_not() {
        for text in [
            "3 shops",
            "2026. A year",
            "12:30 Lunch",
            "3.x",
            "1.5h",
            "",
            ".",
            "1..",
            "٣. a",
            "99999999999999",
        ] {
            assert_eq!(number(text).filter(|n| !n.rest.is_empty()), None, "{text}");
        }
    }
}
