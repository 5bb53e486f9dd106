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

/// Reads the number in front of `text`, if any. Years and amounts do not count.
pub(super) fn number(text: &str) -> Option<Number<'_>> {
    let mut rest = text;
    let mut depth = 0;
    let mut last = 0;
    let mut closed = false;
    while depth < 6 {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 3 {
            break;
        }
        last = rest[..digits].parse().ok()?;
        depth += 1;
        rest = &rest[digits..];
        let after = rest.strip_prefix('.').or_else(|| rest.strip_prefix(')'));
        closed = after.is_some();
        rest = after.unwrap_or(rest);
        if !closed {
            break;
        }
    }
    let words = rest.trim_start();
    let set_off = words.is_empty() || words.len() < rest.len();
    // A bare number needs the tab that word processors export; "3 shops" is an amount.
    let bare = depth == 1 && !closed && !rest.starts_with('\t');
    if depth == 0 || !set_off || bare {
        return None;
    }
    let begins_a_sentence = |c: char| c.is_uppercase() || matches!(c, '"' | '`' | '*' | '“' | '[');
    let sure = closed || words.starts_with(begins_a_sentence);
    Some(Number { depth, last, sure, rest: words.trim_end() })
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
