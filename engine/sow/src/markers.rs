//! List item marks, and lines that consist only of marks.

use super::numbers::number;

/// A list item: its words, and the number or identifier that the customer gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marked<'a> {
    pub(super) words: &'a str,
    /// `5`, `1.1.1` or `REQ-17`.
    pub(super) number: Option<&'a str>,
}

/// The words of a list item, if `text` begins one. Marks and checkboxes are removed; an identifier
/// such as `REQ-7:` is kept, because the customer will use it to refer to the item.
pub(super) fn item(text: &str) -> Option<&str> {
    marked(text).map(|marked| marked.words)
}

/// The list item that `text` begins, if any.
pub(super) fn marked(text: &str) -> Option<Marked<'_>> {
    if is_rule(text) {
        return None;
    }
    let numbered = || {
        let number = number(text).filter(|number| number.sure)?;
        let written = text[..text.len() - number.rest.len()].trim_end();
        Some((number.rest, Some(written.trim_end_matches(['.', ')']))))
    };
    let plain = |words| (words, None);
    let found = bullet(text).map(plain).or_else(numbered).or_else(|| letter(text).map(plain));
    let (words, number) = match found {
        Some((words, number)) => (checkbox(words).unwrap_or(words), number),
        None => (checkbox(text).or_else(|| identifier(text).map(|_| text))?, None),
    };
    let number = identifier(words).or_else(|| code(words)).or(number);
    Some(Marked { words, number })
}

/// A mark that counts only further in than the item above: `1.1 works offline`, `a. short`.
pub(super) fn deeper(text: &str) -> Option<Marked<'_>> {
    if let Some(number) = number(text).filter(|number| number.depth > 1) {
        let written = text[..text.len() - number.rest.len()].trim_end();
        let written = written.trim_end_matches(['.', ')']);
        return Some(Marked { words: number.rest, number: Some(written) });
    }
    let (mark, words) = text.split_once(". ")?;
    let lettered = mark.len() == 1 && mark.bytes().all(|b| b.is_ascii_lowercase());
    lettered.then(|| Marked { words: words.trim_start(), number: None })
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
        '•' | '‣' | '◦' | '▪' | '▫' | '●' | '○' | '■' | '□' | '·' | '・' | '･' | '☐' | '☑'
        | '☒' | '✓' | '✔' | '\u{F0B7}' => Some(rest.trim_start()),
        '✅' | '➤' | '►' | '➢' | '❖' | '➔' | '→' | '⇒' | '☛' | '➜' | '‒' | '①'..='⑳' => {
            Some(rest.trim_start_matches(['\u{FE0F}', ' ', '\t']))
        }
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

/// `RF-05` in front of the words of an item, where nothing needs to separate them.
fn code(words: &str) -> Option<&str> {
    let first = words.split_whitespace().next()?;
    let joined = first.contains(['-', '_']) && first.len() <= 16;
    let plain = first
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    let letters = first.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = first.bytes().rev().take_while(u8::is_ascii_digit).count();
    // "ISO-9001 hosting" is about a standard.
    let standard = ["ISO", "IEC", "EN", "DIN", "IEEE", "RFC", "PCI", "NIST", "WCAG", "SOC"];
    let meant = joined && plain && (1..=6).contains(&letters) && (1..=4).contains(&digits);
    (meant && !standard.contains(&&first[..letters])).then_some(first)
}

/// Whether `text` is only a number or an identifier: `5`, `1.1.1`, `REQ-17`.
pub(super) fn is_number(text: &str) -> bool {
    let place = !text.is_empty()
        && text.len() <= 12
        && text.split('.').all(|part| (1..=3).contains(&part.len()) && all_digits(part));
    let named = text.len() <= 24
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| {
            b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b' ')
        });
    place || named
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `REQ-7: words`, `[NFR-2] words`, `**F1** - words`. The identifier must be delimited, or a
/// wrapped line that starts with `ISO-9001` would become an item.
pub(super) fn identifier(text: &str) -> Option<&str> {
    let bare = text.trim_start_matches(['*', '_', '`', '[']);
    let is_part =
        |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    let len = bare.bytes().take(24).take_while(is_part).count();
    let name = bare[..len].trim_end_matches('.');
    let letters = name.bytes().take_while(u8::is_ascii_uppercase).count();
    if !(1..=8).contains(&letters) || !name.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let after = &bare[name.len()..];
    let plain = after.trim_start_matches(['*', '_', '`', ']']);
    let boxed = text.contains('[') && after.starts_with(']');
    let dashed = plain.trim_start();
    // `**RF06** sync`
    let bold = text.starts_with("**") && after.starts_with("**");
    let delimited = boxed
        || bold
        || plain.starts_with([':', ')', '\t'])
        || plain.starts_with(". ")
        || (dashed.len() < plain.len()
            && ["- ", "– ", "— "].iter().any(|dash| dashed.starts_with(dash)));
    delimited.then_some(name)
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
    fn the_customers_numbers_are_found() {
        for (text, number) in [
            ("5. a", Some("5")),
            ("1.1.1 Orders", Some("1.1.1")),
            ("- REQ-17: a", Some("REQ-17")),
            ("2. **R4** - a", Some("R4")),
            ("- a", None),
            ("a) b", None),
        ] {
            assert_eq!(marked(text).expect("an item").number, number, "{text}");
        }
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
