//! List item marks, and lines that consist only of marks.

use super::numbers::number;

/// The words of a list item, if `text` begins one. Marks and checkboxes are removed; an identifier
/// such as `REQ-7:` is kept, because the customer will use it to refer to the item.
pub(super) fn item(text: &str) -> Option<&str> {
    if is_rule(text) {
        return None;
    }
    let words = bullet(text)
        .or_else(|| number(text).filter(|number| number.sure).map(|number| number.rest))
        .or_else(|| letter(text));
    match words {
        Some(words) => Some(checkbox(words).unwrap_or(words)),
        None => checkbox(text).or_else(|| has_identifier(text).then_some(text)),
    }
}

/// A line that draws a rule or contains only heading marks: `---`, `* * *`, `====`, `##`.
pub(super) fn is_rule(text: &str) -> bool {
    let Some(first) =
        text.chars().next().filter(|c| matches!(c, '-' | '*' | '_' | '=' | '~' | '#'))
    else {
        return false;
    };
    let mut marks = 0_usize;
    for c in text.chars() {
        if c == first {
            marks += 1;
        } else if !c.is_whitespace() {
            return false;
        }
    }
    marks >= 3 || matches!(first, '#' | '=')
}

fn bullet(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    let mark = chars.next()?;
    let rest = chars.as_str();
    match mark {
        '•' | '‣' | '◦' | '▪' | '▫' | '●' | '○' | '■' | '□' | '·' | '☐' | '☑' | '☒' | '✓' | '✔'
        | '\u{F0B7}' => Some(rest.trim_start()),
        '-' | '*' | '+' | '–' | '—' => set_off(rest),
        _ => None,
    }
}

/// `a) words`, `(a) words`, `(1) words`, `iv) words`.
fn letter(text: &str) -> Option<&str> {
    let (open, inner) = match text.strip_prefix('(') {
        Some(inner) => (true, inner),
        None => (false, text),
    };
    let len = inner.bytes().take_while(u8::is_ascii_alphanumeric).take(5).count();
    let place = inner.get(..len).filter(|place| is_place(place, open))?;
    set_off(inner[place.len()..].strip_prefix(')')?)
}

fn is_place(place: &str, digits_too: bool) -> bool {
    let all = |test: fn(u8) -> bool| place.bytes().all(test);
    match place.len() {
        1 => all(|b| b.is_ascii_alphabetic()) || (digits_too && all(|b| b.is_ascii_digit())),
        2..=4 => {
            all(|b| matches!(b, b'i' | b'v' | b'x')) || (digits_too && all(|b| b.is_ascii_digit()))
        }
        _ => false,
    }
}

fn checkbox(text: &str) -> Option<&str> {
    ["[ ]", "[x]", "[X]", "[]"].iter().find_map(|mark| set_off(text.strip_prefix(mark)?))
}

fn set_off(rest: &str) -> Option<&str> {
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim_start())
}

/// `REQ-7: words`, `[NFR-2] words`, `**F1** - words`. The identifier must be delimited, or a
/// wrapped line that starts with `ISO-9001` would become an item.
fn has_identifier(text: &str) -> bool {
    let bare = text.trim_start_matches(['*', '_', '`', '[']);
    let is_part =
        |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    let len = bare.bytes().take(24).take_while(is_part).count();
    let name = bare[..len].trim_end_matches('.');
    let letters = name.bytes().take_while(u8::is_ascii_uppercase).count();
    if !(1..=8).contains(&letters) || !name.ends_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let after = &bare[name.len()..];
    let plain = after.trim_start_matches(['*', '_', '`', ']']);
    let boxed = text.contains('[') && after.starts_with(']');
    let dashed = plain.trim_start();
    boxed
        || plain.starts_with([':', ')', '\t'])
        || plain.starts_with(". ")
        || (dashed.len() < plain.len()
            && ["- ", "– ", "— "].iter().any(|dash| dashed.starts_with(dash)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_mark_begins_an_item() {
        for text in [
            "- a b",
            "* a b",
            "+ a b",
            "• a b",
            "•a b",
            "– a b",
            "1. a b",
            "1) a b",
            "a) a b",
            "(1) a b",
            "(a) a b",
            "iv) a b",
            "[ ] a b",
            "- [x] a b",
            "☐ a b",
            "1. [ ] a b",
            "2.\ta b",
        ] {
            assert_eq!(item(text), Some("a b"), "{text}");
        }
        assert_eq!(item("3.2 Orders are kept"), Some("Orders are kept"));
        assert_eq!(item("-"), Some(""));
    }

    #[test]
    fn identifiers_are_kept() {
        for text in
            ["REQ-7: a", "[NFR-2] a", "**F1** - a", "**REQ-7:** a", "R1. a", "REQ_12.3) a", "Q3: a"]
        {
            assert_eq!(item(text), Some(text));
        }
        assert_eq!(item("- REQ-7: a"), Some("REQ-7: a"));
    }

    #[test]
    fn ordinary_words_begin_no_item() {
        for text in [
            "-a",
            "3.5 million orders",
            "ISO-9001 hosting",
            "A sentence.",
            "(see below)",
            "10 shops",
            "---",
            "* * *",
            "**bold** text",
            "é",
            "[link](x)",
            "REQ-7 a",
            "",
        ] {
            assert_eq!(item(text), None, "{text}");
        }
    }
}
