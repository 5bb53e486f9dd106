//! Unicode helpers that keep names apart: which characters are invisible, and which texts are equal
//! except for case.
//!
//! The table covers only general category `Cf`, `Default_Ignorable_Code_Point`, and blanks other
//! than the space.

use unicode_normalization::UnicodeNormalization as _;

/// The first and last of each range of characters that are invisible or that reorder the text
/// around them.
const HIDDEN: &[(char, char)] = &[
    ('\u{00A0}', '\u{00A0}'), // no-break space
    ('\u{00AD}', '\u{00AD}'), // soft hyphen
    ('\u{034F}', '\u{034F}'), // grapheme joiner
    ('\u{0600}', '\u{0605}'), // Arabic number signs
    ('\u{061C}', '\u{061C}'), // Arabic letter mark
    ('\u{06DD}', '\u{06DD}'),
    ('\u{070F}', '\u{070F}'),
    ('\u{0890}', '\u{0891}'),
    ('\u{08E2}', '\u{08E2}'),
    ('\u{115F}', '\u{1160}'), // Hangul fillers
    ('\u{1680}', '\u{1680}'), // Ogham space
    ('\u{17B4}', '\u{17B5}'), // Khmer inherent vowels
    ('\u{180B}', '\u{180F}'), // Mongolian selectors
    ('\u{2000}', '\u{200F}'), // spaces, zero widths, left-to-right and right-to-left marks
    ('\u{2028}', '\u{202F}'), // separators, bidi embeddings and overrides, narrow space
    ('\u{205F}', '\u{206F}'), // joiners, bidi isolates, deprecated formats
    ('\u{2800}', '\u{2800}'), // Braille blank
    ('\u{3000}', '\u{3000}'), // ideographic space
    ('\u{3164}', '\u{3164}'), // Hangul filler
    ('\u{FE00}', '\u{FE0F}'), // variation selectors
    ('\u{FEFF}', '\u{FEFF}'), // byte order mark
    ('\u{FFA0}', '\u{FFA0}'), // half-width Hangul filler
    ('\u{FFF0}', '\u{FFFB}'), // specials
    ('\u{FFFE}', '\u{FFFF}'), // no characters at all
    ('\u{110BD}', '\u{110BD}'),
    ('\u{110CD}', '\u{110CD}'),
    ('\u{13430}', '\u{1343F}'), // Egyptian formats
    ('\u{1BCA0}', '\u{1BCA3}'), // shorthand formats
    ('\u{1D173}', '\u{1D17A}'), // musical formats
    ('\u{E0000}', '\u{E0FFF}'), // tags and selectors
];

/// Whether `c` is invisible or reorders the text around it.
pub(super) fn is_hidden(c: char) -> bool {
    HIDDEN.iter().any(|&(first, last)| (first..=last).contains(&c))
}

/// A key that is equal for two texts that differ only in case or normal form.
///
/// Converts to upper case first, then to lower case. Like full case folding, this maps `ß` to `ss`,
/// the long s, the final sigma and the Kelvin sign to their plain letters. It also maps the dotless
/// `ı` to `i`; a false collision is better than a missed one.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// `text` for display: hidden and control characters are escaped, and long texts are cut.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::new();
    for (n, c) in text.chars().enumerate() {
        if n == LONGEST {
            shown.push('…');
            break;
        }
        if c.is_control() || is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_or_form_have_one_key() {
        for (one, other) in [
            ("README.md", "readme.MD"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("οδοσ", "οδος"),
            ("caf\u{e9}", "CAFE\u{301}"),
            ("\u{212A}elvin", "kelvin"),
            ("ﬁle", "FILE"),
            ("mi\u{17F}t", "MIST"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
        assert_ne!(fold("docs"), fold("doc"));
        assert_ne!(fold("é"), fold("e"));
    }

    #[test]
    fn invisible_characters_are_escaped() {
        assert_eq!(shown("a\u{202E}b\u{7}"), r"a\u{202e}b\u{7}");
        assert_eq!(shown(&"x".repeat(80)).chars().count(), 61);
        assert!(!"Überblick 設計 ñ".chars().any(is_hidden));
    }
}
