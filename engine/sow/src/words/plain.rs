//! Headings and sentences in a form that can be compared: case, accents and marks do not matter.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Lower case without accents, words separated by one space, parts by `|`: `R & D: Goals` becomes
/// `r|d|goals`. Numbers are omitted: they are the heading's position, not its name.
pub(crate) fn plain(heading: &str) -> String {
    let mut plain = String::with_capacity(heading.len() + 1);
    let mut word = 0;
    let mut previous = ' ';
    for c in folded(heading) {
        match c {
            '\'' | '’' | '*' | '_' | '`' | '#' => {}
            ',' | ':' | ';' | '/' | '|' | '(' | ')' | '&' | '+' | '–' | '—' | '、' | '・'
            | '「' | '」' | '【' | '】' => end_word(&mut plain, &mut word, '|'),
            // A hyphen joins words; after a space, it separates them.
            '-' if previous.is_whitespace() => end_word(&mut plain, &mut word, '|'),
            '-' | '\u{2010}' | '\u{2011}' => end_word(&mut plain, &mut word, ' '),
            c if c.is_whitespace() => end_word(&mut plain, &mut word, ' '),
            // The long vowel of Japanese is a letter of its own.
            c if c.is_alphanumeric() || c == 'ー' => plain.push(c),
            _ => {}
        }
        previous = c;
    }
    end_word(&mut plain, &mut word, '|');
    if plain.ends_with(['|', ' ']) {
        plain.pop();
    }
    plain
}

/// Lower case, without accents; full-width letters as ordinary ones.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    let accent = |c: &char| is_combining_mark(*c) && ('\u{300}'..='\u{36F}').contains(c);
    // Voiced Japanese syllables are composed again, because their mark is not an accent.
    text.nfkd().filter(move |c| !accent(c)).nfc().flat_map(char::to_lowercase)
}

/// Words that join two names. "And" in Dutch and French ("en") is a preposition elsewhere.
const AND: &[&str] = &["and", "und", "et", "y", "e", "и", "i", "oraz", "及び", "および"];

/// Ends the word that starts at `word` with a space or a bar; only one separates two words.
fn end_word(plain: &mut String, word: &mut usize, end: char) {
    let parts = AND.contains(&&plain[*word..]);
    if parts || plain[*word..].bytes().all(|byte| byte.is_ascii_digit()) {
        plain.truncate(*word);
    }
    let end = if parts { '|' } else { end };
    if end == '|' && plain.ends_with(' ') {
        plain.pop();
    }
    if !plain.is_empty() && !plain.ends_with([' ', '|']) {
        plain.push(end);
    }
    *word = plain.len();
}
