//! Removes what word processors and web editors leave in text: entities, inline tags, escapes and
//! emphasis. Lines stay lines, so that every item keeps its place.

use std::borrow::Cow;

/// Tags without meaning for the text. Others are left as they are: `<customer>` is a placeholder.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "br", "center", "code", "del", "div", "em", "font", "hr", "i", "ins",
    "kbd", "mark", "p", "s", "small", "span", "strong", "sub", "sup", "u", "wbr",
];
/// Maximum length of a tag with its attributes.
const LONGEST_TAG: usize = 300;

/// The text without entities, inline tags and backslash escapes.
pub(super) fn without_markup(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '\\']) && !text.contains("\n-") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut lines = text.split('\n').peekable();
    let mut above = "";
    let mut first = true;
    while let Some(line) = lines.next() {
        if !std::mem::take(&mut first) {
            clean.push('\n');
        }
        let beside = |other: &str| other.trim_start().starts_with('-') && other.len() > 1;
        let indent = line.len() - line.trim_start().len();
        if is_tight(line) && (beside(above) || lines.peek().is_some_and(|below| beside(below))) {
            clean.push_str(&line[..indent]);
            clean.push_str("- ");
            clean_line(&line[indent + 1..], &mut clean);
        } else {
            clean_line(line, &mut clean);
        }
        above = line;
    }
    Cow::Owned(clean)
}

/// `-report`: a bullet without its space, if the lines beside it have one too.
fn is_tight(line: &str) -> bool {
    line.trim_start().strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_alphabetic))
}

fn clean_line(line: &str, clean: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find(['&', '<', '\\']) {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match rest.as_bytes()[0] {
            b'&' => entity(rest, clean),
            b'<' => tag(rest, clean),
            _ => escape(rest, clean),
        };
        if length == 0 {
            clean.push_str(&rest[..1]);
            rest = &rest[1..];
        } else {
            rest = &rest[length..];
        }
    }
    clean.push_str(rest);
}

/// Decodes the entity that `rest` begins with; returns its length.
fn entity(rest: &str, clean: &mut String) -> usize {
    let name = rest[1..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    if !(2..=31).contains(&name) || rest.as_bytes().get(1 + name) != Some(&b';') {
        return 0;
    }
    let written = &rest[..name + 2];
    let decoded = html_escape::decode_html_entities(written);
    if decoded == written {
        return 0;
    }
    // A line break in an entity must not move the lines below it.
    clean.extend(decoded.chars().map(|c| if c.is_control() || c == '\u{A0}' { ' ' } else { c }));
    written.len()
}

/// Removes the inline tag that `rest` begins with; returns its length.
fn tag(rest: &str, clean: &mut String) -> usize {
    let inner = rest[1..].strip_prefix('/').unwrap_or(&rest[1..]);
    let length = inner.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = inner[..length].to_ascii_lowercase();
    let ends = inner[length..].starts_with(['>', '/', ' ']);
    if !ends || !INLINE.contains(&&*name) {
        return 0;
    }
    let Some(end) = rest.bytes().take(LONGEST_TAG).position(|b| b == b'>') else { return 0 };
    if matches!(&*name, "br" | "p" | "div" | "hr") {
        clean.push(' ');
    }
    end + 1
}

/// Removes the backslash in front of a mark; returns the length of both. Tables need theirs.
fn escape(rest: &str, clean: &mut String) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'|' | b'\\') | None => 0,
        Some(mark) if mark.is_ascii_punctuation() => {
            clean.push(char::from(*mark));
            2
        }
        Some(_) => 0,
    }
}

/// The words without the marks of bold text.
pub(super) fn without_emphasis(words: &str) -> Cow<'_, str> {
    let marks = words.matches("**").count();
    if marks == 0 || marks % 2 == 1 {
        return Cow::Borrowed(words);
    }
    Cow::Owned(words.replace("**", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_tags_and_escapes_are_decoded() {
        for (written, read) in [
            (r"\(1) a\.b", "(1) a.b"),
            ("a&nbsp;b &amp; c &#8211; d", "a b & c – d"),
            ("a<br>b<br />c", "a b c"),
            ("<span style=\"x\">a</span> <b>b</b>", "a b"),
            (r"a \| b \\ c", r"a \| b \\ c"),
            (r"C:\temp", r"C:\temp"),
            ("<customer> & co", "<customer> & co"),
            ("a &copy b &unknownthing; c", "a &copy b &unknownthing; c"),
            ("1 < 2 && 3 > 2", "1 < 2 && 3 > 2"),
            ("a&#10;b", "a b"),
        ] {
            assert_eq!(without_markup(written), read);
        }
        assert_eq!(without_markup("a\n&amp;\nb").lines().count(), 3);
        assert_eq!(without_markup("x\n-a\n-b\n\n-c"), "x\n- a\n- b\n\n-c");
    }

    #[test]
    fn bold_marks_are_removed_in_pairs() {
        assert_eq!(without_emphasis("**a** b **c**"), "a b c");
        assert_eq!(without_emphasis("2 ** 3"), "2 ** 3");
    }
}
