//! Makes untrusted text safe to display on a terminal, in an annotation, in a prompt or in
//! Markdown.
//!
//! Invisible and control characters become visible code points, and text for one row stays on one
//! row. Text that needs no change is returned as is.

use std::borrow::Cow;

/// As one row: line breaks are shown as `⏎`.
pub fn row(text: &str) -> Cow<'_, str> {
    made_visible(text, "", |c| match c {
        '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => Some("⏎".to_owned()),
        '\r' => Some(String::new()),
        '\t' => Some(" ".to_owned()),
        _ => None,
    })
}

/// As several rows: line feeds and tabs are kept.
pub fn block(text: &str) -> Cow<'_, str> {
    made_visible(text, "\n\t", |_| None)
}

/// Like [`block`], with every row after the first indented, so that none looks like a row of our
/// own output.
pub fn inset(text: &str, by: &str) -> String {
    block(text).replace('\n', &format!("\n{by}"))
}

/// Like [`block`], for text whose only escape characters are our own colours.
pub fn coloured(text: &str) -> Cow<'_, str> {
    made_visible(text, "\n\t\u{1b}", |c| (c == '\u{1b}').then(|| c.to_string()))
}

/// Replaces credentials in URLs, the text between `://` and `@`, with asterisks. The length stays
/// the same, so spans remain valid.
pub fn without_passwords(text: &str) -> Cow<'_, str> {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>');
    let mut shown = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("://").map(|i| i + 3) {
        let authority =
            &rest[begin..begin + rest[begin..].find(ends).unwrap_or(rest.len() - begin)];
        shown.push_str(&rest[..begin]);
        let known = authority.rfind('@').unwrap_or(0);
        shown.extend(std::iter::repeat_n('*', known));
        shown.push_str(&authority[known..]);
        rest = &rest[begin + authority.len()..];
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// Number of characters that are shown as code points because a reader would not see them.
pub fn hidden(text: &str) -> usize {
    let mut before = ' ';
    let is_shown = |c: char| {
        let hides = is_hidden(c, before) && c != '\r';
        before = c;
        hides
    };
    text.chars().map(is_shown).filter(|hides| *hides).count()
}

/// `kept` are the control characters that stay as they are.
fn made_visible<'t>(
    text: &'t str,
    kept: &str,
    of_row: impl Fn(char) -> Option<String>,
) -> Cow<'t, str> {
    // The common case.
    let plain = |b: u8| matches!(b, b' '..=b'~') || kept.as_bytes().contains(&b);
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let (mut before, mut changed) = (' ', false);
    for c in text.chars() {
        let instead =
            of_row(c).or_else(|| is_hidden(c, before).then(|| format!("<U+{:04X}>", c as u32)));
        match instead {
            Some(instead) => {
                shown.push_str(&instead);
                changed = true;
            }
            None => shown.push(c),
        }
        before = c;
    }
    if changed { Cow::Owned(shown) } else { Cow::Borrowed(text) }
}

/// Whether a character controls the terminal, reorders text or is invisible: the Unicode categories
/// Cc and Cf, the fillers, and the variation selectors that no emoji needs.
fn is_hidden(c: char, before: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Allowed within emoji and in scripts that need them.
        '\u{200c}' | '\u{200d}' | '\u{fe0f}' => before.is_ascii(),
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{115f}' | '\u{1160}' | '\u{3164}'
        | '\u{ffa0}' => true,
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' => true,
        '\u{fe00}'..='\u{fe0e}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_credentials_become_asterisks_of_the_same_length() {
        for (text, shown) in [
            (
                "endpoint: \"https://me:pa@ss@host/v1\" # ü",
                "endpoint: \"https://********@host/v1\" # ü",
            ),
            ("http://host/a@b and http://ü@x", "http://host/a@b and http://**@x"),
            ("no url, me@host", "no url, me@host"),
        ] {
            assert_eq!(without_passwords(text), shown);
            assert_eq!(without_passwords(text).len(), text.len());
        }
    }

    #[test]
    fn text_stays_on_one_row_and_shows_hidden_characters() {
        for (text, shown) in [
            ("plain words", "plain words"),
            (
                "Überblick, 你好, 👩\u{200d}🚀, می\u{200c}خواهم",
                "Überblick, 你好, 👩\u{200d}🚀, می\u{200c}خواهم",
            ),
            ("a\nb\r\nc\td", "a⏎b⏎c d"),
            ("\u{1b}[2Jgone", "<U+001B>[2Jgone"),
            ("pay\u{202e}load", "pay<U+202E>load"),
            ("a\u{200b}b\u{feff}c\u{ad}d", "a<U+200B>b<U+FEFF>c<U+00AD>d"),
            ("x\u{e0041}", "x<U+E0041>"),
            ("\0\u{7f}\u{9b}", "<U+0000><U+007F><U+009B>"),
        ] {
            assert_eq!(row(text), shown);
        }
        assert_eq!(block("a\n\tb\u{1b}"), "a\n\tb<U+001B>");
        assert_eq!(inset("a\n- customer: yes", "  "), "a\n  - customer: yes");
    }
}
