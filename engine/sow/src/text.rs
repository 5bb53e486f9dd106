//! Text on one line: whitespace collapsed, length limited, cut at a sensible place.

/// Maximum length of an item in characters; the rest is replaced by `…`.
pub const MAX_ITEM_CHARS: usize = 2_000;

/// A line of text that grows up to a limit and ignores the rest.
#[derive(Debug, Clone)]
pub(super) struct OneLine {
    text: String,
    chars: usize,
    limit: usize,
    cut: bool,
}

impl OneLine {
    pub(super) fn new(limit: usize) -> Self {
        Self { text: String::new(), chars: 0, limit, cut: false }
    }

    /// Adds words, separated by one space. Control characters count as whitespace.
    pub(super) fn push(&mut self, words: &str) {
        let mut gap = !self.text.is_empty();
        for c in words.chars() {
            if self.cut {
                return;
            }
            if c.is_whitespace() || c.is_control() {
                gap = !self.text.is_empty();
                continue;
            }
            if std::mem::take(&mut gap) {
                self.push_char(' ');
            }
            self.push_char(c);
        }
    }

    /// Adds a mark directly after the last word.
    pub(super) fn push_tight(&mut self, mark: &str) {
        mark.chars().for_each(|c| self.push_char(c));
    }

    fn push_char(&mut self, c: char) {
        if self.chars == self.limit {
            self.cut = true;
            // The limit includes the mark, so the last character makes room for it.
            self.text.pop();
            self.text.truncate(self.text.trim_end().len());
            self.text.push('…');
        } else if !self.cut {
            self.text.push(c);
            self.chars += 1;
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// `words` on one line of at most `limit` characters.
pub(super) fn one_line(words: &str, limit: usize) -> String {
    let mut line = OneLine::new(limit);
    line.push(words);
    line.into_text()
}

/// Cuts `text` to about `limit` characters at the end of a word.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(limit) else {
        return text.to_owned();
    };
    let head = &text[..end];
    let head = head.rsplit_once(char::is_whitespace).map_or(head, |(words, _)| words);
    format!(
        "{}…",
        head.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '.'))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_is_collapsed() {
        assert_eq!(one_line("  a \t b\u{a0}\u{7}c\n", 99), "a b c");
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        assert_eq!(one_line("abcdef", 6), "abcdef");
        assert_eq!(one_line("abcdefg", 6), "abcde…");
        assert_eq!(one_line("éééé éé", 5), "éééé…");
    }

    #[test]
    fn a_summary_ends_with_a_word() {
        assert_eq!(shorten("one two, three", 11), "one two…");
        assert_eq!(shorten("ééééé", 3), "ééé…");
        assert_eq!(shorten("short", 600), "short");
    }
}
