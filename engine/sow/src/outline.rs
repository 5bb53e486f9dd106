//! Splits the document at its headings.
//!
//! Numbered lines are the hard part: `3. Requirements` is a heading above a section, the third
//! entry of a table of contents, or the third milestone. The surrounding lines and numbers decide.

use std::ops::Range;

use super::headings::{self, Around, Heading, Style, heading, is_titlelike, titled};
use super::lines::Line;
use super::markers;
use super::numbers::{Number, number};
use super::words::Words;

/// A heading and the lines below it, up to the next one. Only the first part may lack a heading.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) heading: Option<Heading<'a>>,
    /// The index of the heading's line.
    pub(super) at: usize,
    /// The lines below the heading.
    pub(super) body: Range<usize>,
}

/// Splits `lines` into parts.
pub(super) fn outline<'a>(words: &Words, lines: &[Line<'a>]) -> Vec<Part<'a>> {
    let mut parts = vec![Part { heading: None, at: 0, body: 0..lines.len() }];
    let mut scan = Scan {
        words,
        lines,
        starts: true,
        labelled: false,
        bullet: None,
        item: None,
        since_item: 0,
        headings: Vec::new(),
        labels: true,
        colons: false,
    };
    let mut at = 0;
    // Whether the words of a label on one line go on: "Out of scope: video calls" ends with its
    // paragraph, or where the next label begins.
    let mut goes_on = false;
    while at < lines.len() {
        let found = scan.heading_at(at);
        let ends = goes_on && (lines[at].is_blank() || headings::is_labelled(lines[at].text));
        let begin = match &found {
            Some(heading) => at + usize::from(heading.lines),
            None if ends => at,
            None => {
                at += 1;
                continue;
            }
        };
        if let Some(part) = parts.last_mut() {
            part.body.end = at;
        }
        goes_on = found.is_some_and(|h| h.style == Style::Colon && h.inline.is_some());
        parts.push(Part { heading: found, at, body: begin..lines.len() });
        at = begin.max(at + 1);
    }
    parts
}

/// State of the scan.
struct Scan<'s, 'a> {
    words: &'s Words,
    lines: &'s [Line<'a>],
    /// Whether a blank line, a heading or nothing is above.
    starts: bool,
    /// Whether a line with a label is above, such as `Client: ACME`.
    labelled: bool,
    /// The indent of the bullet above, if the line above begins one.
    bullet: Option<u16>,
    /// The last numbered item since the heading.
    item: Option<Number<'a>>,
    /// Lines of other text since that item.
    since_item: usize,
    /// The numbered headings around this line, outermost first.
    headings: Vec<Number<'a>>,
    /// Whether `Timeline: six weeks` may still be a section: after a clearer heading has named one,
    /// such a line inside it belongs to that section.
    labels: bool,
    /// Whether sections have headings such as `Requirements:`, so that other lines of this form
    /// are headings too.
    colons: bool,
}

impl<'a> Scan<'_, 'a> {
    fn heading_at(&mut self, at: usize) -> Option<Heading<'a>> {
        let line = self.lines[at];
        if line.is_blank() {
            (self.starts, self.labelled, self.bullet) = (true, false, None);
            return None;
        }
        let below = self.lines.get(at + 1).copied();
        // Labels follow each other, and one below a bullet of the same indent is not part of it.
        let beside = self.labelled || self.bullet.is_some_and(|indent| line.indent <= indent);
        let starts = self.starts;
        let around = Around { words: self.words, line, below, starts };
        let listed =
            below.is_none_or(|below| below.is_blank() || markers::item(below.text).is_some());
        let label = || {
            let found = heading(&Around { starts: true, ..around })?;
            let meant = match found.style {
                Style::Colon => beside && found.inline.is_some(),
                // A page that was printed has no blank line above "Timeline" and its list.
                Style::Bare | Style::Caps => self.bullet.is_some() && listed && found.is_exact(),
                _ => false,
            };
            meant.then_some(found)
        };
        let found = heading(&around).or_else(label);
        let found = found.filter(|found| found.inline.is_none() || self.labels || beside);
        let found = found.or_else(|| self.unknown_label(at)).or_else(|| self.numbered(at));
        self.labelled = headings::is_labelled(line.text) && (starts || self.labelled);
        self.bullet = match &found {
            Some(_) => None,
            None => markers::item(line.text).map(|_| line.indent).or(self.bullet),
        };
        self.starts = found.is_some();
        match &found {
            Some(found) => {
                self.item = None;
                self.labels &= found.style == Style::Colon || found.named.is_none();
                self.colons |= found.style == Style::Colon && found.is_exact();
            }
            None => match number(line.text) {
                Some(number) => (self.item, self.since_item) = (Some(number), 0),
                None => self.since_item += 1,
            },
        }
        found
    }

    /// `Activities:` on a line of its own, in a document whose sections are headed like that.
    fn unknown_label(&self, at: usize) -> Option<Heading<'a>> {
        let line = self.lines[at];
        let words = line.text.strip_suffix([':', '：'])?;
        let below = self.lines.get(at + 1)?;
        let short = words.split_whitespace().count() <= 3 && is_titlelike(words);
        let name = words.starts_with(char::is_uppercase) && !self.words.oblige(words);
        let apart = self.starts && line.indent == 0 && below.is_blank();
        let turns = self.words.changes_meaning(words);
        (self.colons && apart && short && name && !turns && markers::item(line.text).is_none())
            .then(|| titled(self.words, line.text, Style::Colon))
    }

    fn numbered(&mut self, at: usize) -> Option<Heading<'a>> {
        let line = self.lines[at];
        let place = number(line.text).filter(|_| line.indent <= 3)?;
        let title = place.rest;
        if title.is_empty() || !is_titlelike(title) {
            return None;
        }
        let after_item = self.item.is_some_and(|last| last.comes_before(&place));
        let after_heading = self.headings.iter().any(|last| last.comes_before(&place));
        let heading = Heading { depth: place.depth, ..titled(self.words, title, Style::Numbered) };
        // Numbers with other text between them are headings if one of them names a section.
        let next = self.lines[at + 1..].iter().find(|line| !line.is_blank());
        // With nothing below it, it is the only item of a list.
        let content = next.is_some_and(|next| {
            let apart = Around { words: self.words, line: *next, below: None, starts: true };
            headings::heading(&apart).is_none()
        });
        if heading.is_exact() && !content && !after_heading && heading.inline.is_none() {
            return None;
        }
        let between = heading.is_exact() && self.since_item > 0;
        if after_item && !after_heading && !between {
            return None;
        }
        let next_place = next.and_then(|next| number(next.text));
        // "1. Requirements", "2. Design" without text in between is a list.
        if next_place.is_some_and(|next| place.comes_before(&next)) {
            return None;
        }
        let next_section = after_heading && !after_item && self.starts;
        let subsection = place.depth > 1 && !after_item && self.opens(at, &place);
        (heading.is_exact() || next_section || subsection).then(|| {
            self.headings.retain(|around| around.depth < place.depth);
            self.headings.push(place);
            heading
        })
    }

    /// Whether something belongs to `3.1 Security`: bullets, deeper numbers, or a separate
    /// paragraph.
    fn opens(&self, at: usize, place: &Number<'_>) -> bool {
        let Some(below) = self.lines.get(at + 1) else { return false };
        let Some(next) = self.lines[at + 1..].iter().find(|line| !line.is_blank()) else {
            return false;
        };
        if let Some(next) = number(next.text) {
            return next.depth > place.depth || (next.depth == 1 && next.last == 1);
        }
        if markers::item(next.text).is_some() {
            return true;
        }
        let apart = Around { words: self.words, line: *next, below: None, starts: true };
        below.is_blank() && heading(&apart).is_none()
    }
}
