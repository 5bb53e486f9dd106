//! Indentation: the keys and list entries that contain a line.

use std::ops::Range;

use super::{At, Cursor, Step};

/// A key or list entry that contains the following lines.
pub(super) struct Frame {
    pub column: usize,
    pub step: Step,
    /// Distinguishes maps and lists of the same shape.
    pub id: usize,
}

/// The cursor, before the other entries of its map or list are known.
struct Found {
    cursor: Cursor,
    /// The map and the list that contain it.
    within: [usize; 2],
}

pub(super) struct Scan<'t> {
    pub text: &'t str,
    pub offset: usize,
    pub stack: Vec<Frame>,
    pub next_id: usize,
    /// Keys and list entries: id of the map or list, range, text.
    pub seen: Vec<(usize, Range<usize>, String)>,
    found: Option<Found>,
}

impl<'t> Scan<'t> {
    pub fn new(text: &'t str, offset: usize) -> Scan<'t> {
        Scan { text, offset, stack: Vec::new(), next_id: 1, seen: Vec::new(), found: None }
    }

    pub fn run(mut self) -> Option<Cursor> {
        let mut at = if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        while at < self.text.len() {
            at = self.line(at);
        }
        // The empty line after the last line break.
        self.line(self.text.len());
        let Found { mut cursor, within } = self.found?;
        let others = self
            .seen
            .into_iter()
            .filter(|(id, range, _)| within.contains(id) && *range != cursor.word);
        cursor.beside = others.map(|(_, _, text)| text).collect();
        Some(cursor)
    }

    /// Reads the line that begins at `start`, with its continuation lines; returns the start of the
    /// next.
    fn line(&mut self, start: usize) -> usize {
        let end = self.end_of_line(start);
        let mut at = self.skip_spaces(start, end);
        if at == end || self.text[at..end].starts_with('#') {
            if (start..=at).contains(&self.offset) {
                let column = self.offset - start;
                self.pop(column);
                self.find(At::Either, self.offset..self.offset, column, false);
            }
            return self.after(end);
        }
        if matches!(self.text[start..end].trim_end(), "---" | "...") {
            return self.after(end);
        }
        while self.text[at..end].starts_with("- ") || &self.text[at..end] == "-" {
            self.dash(at - start);
            let next = self.skip_spaces(at + 1, end);
            // Between the dash and its value, or where the value is missing.
            if (at + 1..next.max(at + 2)).contains(&self.offset)
                || (next == end && (at + 1..=end).contains(&self.offset))
            {
                self.find(
                    At::Either,
                    self.offset..self.offset,
                    self.offset.max(at + 2) - start,
                    false,
                );
            }
            at = next;
        }
        match self.key(at, end) {
            Some((word, colon)) => self.entry(start, word, colon, end),
            None => {
                let column = at - start;
                self.pop(column);
                self.value(at, end, At::Either, column, self.top().map(|f| f.column))
            }
        }
    }

    /// Reads a key and the rest of its line.
    fn entry(&mut self, start: usize, word: Range<usize>, colon: usize, end: usize) -> usize {
        let quoted = self.text[word.end..].starts_with(['"', '\'']);
        let column = word.start - usize::from(quoted) - start;
        self.pop(column);
        let within = self.top().map_or(0, |f| f.id);
        let key = self.text[word.clone()].to_owned();
        if (word.start..=word.end).contains(&self.offset) {
            self.find(At::Key, word.clone(), column, false);
        }
        self.seen.push((within, word, key.clone()));
        self.push(column, Step::Key(key));
        let value = self.skip_spaces(colon + 1, end);
        if (colon + 1..value).contains(&self.offset)
            || (value == end && (colon + 1..=end).contains(&self.offset))
        {
            self.find(At::Value, self.offset..self.offset, column + 2, false);
        }
        self.value(value, end, At::Value, column + 2, Some(column))
    }

    /// Reads a value that begins at `at`, below a key or dash in column `below`.
    fn value(
        &mut self,
        mut at: usize,
        end: usize,
        what: At,
        column: usize,
        below: Option<usize>,
    ) -> usize {
        // An anchor or a tag precedes the value.
        while self.text[at..end].starts_with(['&', '!']) {
            at += self.text[at..end].find(' ').unwrap_or(end - at);
            at = self.skip_spaces(at, end);
        }
        match self.text[at..end].chars().next() {
            None | Some('#') => self.after(end),
            Some('|' | '>') => self.long_text(end, below),
            Some('[' | '{') => self.flow(at, below),
            Some(quote @ ('"' | '\'')) => {
                let close = self.close(at, quote).unwrap_or(end);
                self.scalar(at + 1..close, what, column);
                self.after(self.end_of_line(close.max(at + 1)))
            }
            Some(_) => {
                let text = &self.text[at..end];
                let text = text.find(" #").map_or(text, |comment| &text[..comment]).trim_end();
                self.scalar(at..at + text.len(), what, column);
                self.after(end)
            }
        }
    }

    fn scalar(&mut self, word: Range<usize>, what: At, column: usize) {
        if (word.start..=word.end).contains(&self.offset) {
            self.find(what, word.clone(), column, false);
        }
        self.entry_of_list(word);
    }

    /// Records an entry with the id of its list.
    fn entry_of_list(&mut self, word: Range<usize>) {
        if let [.., list, Frame { step: Step::Item, .. }] = self.stack.as_slice() {
            let text = self.text[word.clone()].to_owned();
            self.seen.push((list.id, word, text));
        }
    }

    /// A multi-line text; nothing in it is a key.
    fn long_text(&mut self, end: usize, below: Option<usize>) -> usize {
        let mut at = self.after(end);
        while at < self.text.len() {
            let end = self.end_of_line(at);
            let first = self.skip_spaces(at, end);
            if first < end && below.is_none_or(|column| first - at <= column) {
                break;
            }
            at = self.after(end);
        }
        at
    }

    /// The closing quote of a text, if it is on the same line.
    pub fn close(&self, open: usize, quote: char) -> Option<usize> {
        let mut chars = self.text[open + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\n' {
                return None;
            } else if quote == '"' && c == '\\' {
                chars.next();
            } else if c == quote {
                return Some(open + 1 + at);
            }
        }
        None
    }

    /// The key that begins at `at`, and its colon.
    pub fn key(&self, at: usize, end: usize) -> Option<(Range<usize>, usize)> {
        let ends = |colon: usize| {
            self.text[colon + 1..end].is_empty()
                || self.text[colon + 1..end].starts_with([' ', '\t'])
        };
        let text = &self.text[at..end];
        if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let close = self.close(at, quote)?;
            let colon = self.skip_spaces(close + 1, end);
            return (self.text[colon..end].starts_with(':') && ends(colon))
                .then_some((at + 1..close, colon));
        }
        if text.starts_with(['[', '{', '#', '|', '>', '&', '*', '!']) {
            return None;
        }
        let colon = text.match_indices(':').map(|(i, _)| at + i).find(|colon| ends(*colon))?;
        let word = self.text[at..colon].trim_end();
        (!word.is_empty() && !word.contains(" #")).then(|| (at..at + word.len(), colon))
    }

    fn dash(&mut self, column: usize) {
        self.pop_if(|f| f.column > column || (f.column == column && f.step == Step::Item));
        self.push(column, Step::Item);
    }

    /// Leaves every frame that does not contain a line in this column.
    fn pop(&mut self, column: usize) {
        self.pop_if(|f| f.column >= column);
    }

    fn pop_if(&mut self, leave: impl Fn(&Frame) -> bool) {
        while self.stack.last().is_some_and(&leave) {
            self.stack.pop();
        }
    }

    pub fn push(&mut self, column: usize, step: Step) {
        self.stack.push(Frame { column, step, id: self.next_id });
        self.next_id += 1;
    }

    pub fn top(&self) -> Option<&Frame> {
        self.stack.last()
    }

    /// Records the cursor; only the first call counts.
    pub fn find(&mut self, at: At, word: Range<usize>, column: usize, flow: bool) {
        if self.found.is_some() {
            return;
        }
        let way: Vec<Step> = self.stack.iter().map(|f| f.step.clone()).collect();
        let map = self.stack.last().map_or(0, |f| f.id);
        let within = match (self.stack.as_slice(), at) {
            // List entries belong to the list, not to each other.
            ([.., list, Frame { step: Step::Item, .. }], At::Value) => [list.id; 2],
            ([.., list, Frame { step: Step::Item, .. }], At::Either) => [map, list.id],
            _ => [map; 2],
        };
        self.found = Some(Found {
            cursor: Cursor { way, at, word, column, flow, beside: Vec::new() },
            within,
        });
    }

    pub fn end_of_line(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |i| at + i);
        if end > at && self.text[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// The start of the line after the one that ends at `end`.
    pub fn after(&self, end: usize) -> usize {
        self.text[end..].find('\n').map_or(self.text.len(), |i| end + i + 1)
    }

    pub fn skip_spaces(&self, at: usize, end: usize) -> usize {
        end - self.text[at.min(end)..end].trim_start_matches([' ', '\t']).len()
    }
}
