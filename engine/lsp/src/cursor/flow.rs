//! Brackets: lists and maps on one line, or on a few.

use super::block::Scan;
use super::{At, Step};

/// An open bracket.
struct Open {
    map: bool,
    /// Id of the map or list, as in `seen`.
    id: usize,
    /// Number of enclosing frames.
    depth: usize,
    /// In a map: whether a key was read and its value follows.
    value: bool,
}

impl Scan<'_> {
    /// Reads the bracket that begins at `at`; returns the start of the line after it. An unclosed
    /// bracket ends before the first line that cannot belong to it.
    pub fn flow(&mut self, at: usize, below: Option<usize>) -> usize {
        let base = self.stack.len();
        let mut open: Vec<Open> = Vec::new();
        let mut at = at;
        while at < self.text.len() {
            let Some(c) = self.text[at..].chars().next() else { break };
            if matches!(c, '[' | '{' | ']' | '}' | ',' | '#' | ':') || c.is_whitespace() {
                self.gap(at, &open);
            }
            match c {
                '[' | '{' => {
                    self.enter(c == '{', &mut open);
                    at += 1;
                }
                ']' | '}' => {
                    if let Some(done) = open.pop() {
                        self.stack.truncate(done.depth);
                    }
                    at += 1;
                    if open.is_empty() {
                        break;
                    }
                    self.stack.truncate(self.frames(&open));
                }
                ',' => {
                    self.next_entry(&mut open);
                    at += 1;
                }
                '\n' => {
                    if !self.goes_on(at + 1, below) {
                        self.stack.truncate(base);
                        return at + 1;
                    }
                    at += 1;
                }
                '#' if self.text[..at].ends_with([' ', '\t', '\n']) => at = self.end_of_line(at),
                c if c.is_whitespace() || c == ':' => at += c.len_utf8(),
                _ => at = self.word(at, &mut open),
            }
        }
        if !open.is_empty() {
            self.gap(at, &open);
        }
        self.stack.truncate(base);
        self.after(self.end_of_line(at.min(self.text.len())))
    }

    fn enter(&mut self, map: bool, open: &mut Vec<Open>) {
        let depth = self.stack.len();
        let id = self.top().map_or(0, |f| f.id);
        open.push(Open { map, id, depth, value: false });
        if !map {
            self.push(usize::MAX, Step::Item);
        }
    }

    /// Number of frames when an entry of the innermost bracket begins.
    fn frames(&self, open: &[Open]) -> usize {
        open.last().map_or(0, |o| o.depth + usize::from(!o.map || o.value))
    }

    fn next_entry(&mut self, open: &mut [Open]) {
        let Some(last) = open.last_mut() else { return };
        last.value = false;
        self.stack.truncate(last.depth);
        if !last.map {
            self.push(usize::MAX, Step::Item);
        }
    }

    /// Whether the line at `start` can belong to a bracket below column `below`.
    fn goes_on(&self, start: usize, below: Option<usize>) -> bool {
        let end = self.end_of_line(start);
        let first = self.skip_spaces(start, end);
        first == end
            || below.is_none_or(|column| first - start > column)
            || self.text[first..end].starts_with([']', '}'])
    }

    /// Handles the gap between two words.
    fn gap(&mut self, at: usize, open: &[Open]) {
        if at == self.offset
            && let Some(last) = open.last()
        {
            let what = if last.map && !last.value { At::Key } else { At::Value };
            self.find(what, at..at, 0, true);
        }
    }

    /// Reads a word or a quoted text; returns its end.
    fn word(&mut self, at: usize, open: &mut [Open]) -> usize {
        let quote = self.text[at..].chars().next().filter(|c| matches!(c, '"' | '\''));
        let (word, after) = match quote.map(|quote| self.close(at, quote)) {
            Some(Some(close)) => (at + 1..close, close + 1),
            Some(None) => (at + 1..self.end_of_line(at), self.end_of_line(at)),
            None => {
                // Look no further than the word: a line may contain a million words.
                let text = &self.text[at..];
                let stops = |(i, c): (usize, char)| match c {
                    ',' | '[' | ']' | '{' | '}' | '\n' => true,
                    ':' => {
                        text[i + 1..].is_empty()
                            || text[i + 1..].starts_with([' ', ',', ']', '}', '\r', '\n'])
                    }
                    '#' => text[..i].ends_with(' '),
                    _ => false,
                };
                let length =
                    text.char_indices().find(|found| stops(*found)).map_or(text.len(), |(i, _)| i);
                let word = text[..length].trim_end();
                (at..at + word.len(), at + word.len())
            }
        };
        let Some(last) = open.last_mut() else { return after.max(at + 1) };
        let key = last.map && !last.value;
        if (word.start..=word.end).contains(&self.offset) {
            self.find(if key { At::Key } else { At::Value }, word.clone(), 0, true);
        }
        let text = self.text[word.clone()].to_owned();
        if key || !last.map {
            self.seen.push((last.id, word, text.clone()));
        }
        let colon = self.skip_spaces(after, self.text.len());
        if key && self.text[colon..].starts_with(':') {
            last.value = true;
            self.push(usize::MAX, Step::Key(text));
            return colon + 1;
        }
        after.max(at + 1)
    }
}
