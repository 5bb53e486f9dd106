//! Splits the document at its headings.
//!
//! Numbered lines are the hard part: `3. Requirements` is a heading above a section, the third
//! entry of a table of contents, or the third milestone. The surrounding lines and numbers decide.

use std::ops::Range;

use super::headings::{Around, Heading, Style, heading, is_titlelike, titled};
use super::lines::Line;
use super::markers;
use super::numbers::{Number, number};

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
pub(super) fn outline<'a>(lines: &[Line<'a>]) -> Vec<Part<'a>> {
    let mut parts = vec![Part { heading: None, at: 0, body: 0..lines.len() }];
    let mut scan = Scan { lines, starts: true, item: None, headings: Vec::new(), labels: true };
    let mut at = 0;
    while at < lines.len() {
        let Some(heading) = scan.heading_at(at) else {
            at += 1;
            continue;
        };
        if let Some(part) = parts.last_mut() {
            part.body.end = at;
        }
        let body = at + usize::from(heading.lines)..lines.len();
        parts.push(Part { heading: Some(heading), at, body: body.clone() });
        at = body.start;
    }
    parts
}

/// State of the scan.
struct Scan<'s, 'a> {
    lines: &'s [Line<'a>],
    /// Whether a blank line, a heading or nothing is above.
    starts: bool,
    /// The last numbered item since the heading.
    item: Option<Number<'a>>,
    /// The numbered headings around this line, outermost first.
    headings: Vec<Number<'a>>,
    /// Whether `Timeline: six weeks` may still be a section: after a clearer heading has named one,
    /// such a line inside it belongs to that section.
    labels: bool,
}

impl<'a> Scan<'_, 'a> {
    fn heading_at(&mut self, at: usize) -> Option<Heading<'a>> {
        let line = self.lines[at];
        if line.is_blank() {
            self.starts = true;
            return None;
        }
        let around = Around { line, below: self.lines.get(at + 1).copied(), starts: self.starts };
        let found = heading(&around).filter(|found| found.inline.is_none() || self.labels);
        let found = found.or_else(|| self.numbered(at));
        self.starts = found.is_some();
        match &found {
            Some(found) => {
                self.item = None;
                self.labels &= found.style == Style::Colon || found.named.is_none();
            }
            None => self.item = number(line.text).or(self.item),
        }
        found
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
        if after_item && !after_heading {
            return None;
        }
        let next = self.lines[at + 1..].iter().find(|line| !line.is_blank());
        let next_place = next.and_then(|next| number(next.text));
        // "1. Requirements", "2. Design" without text in between is a list.
        if next_place.is_some_and(|next| place.comes_before(&next)) {
            return None;
        }
        let heading = Heading { depth: place.depth, ..titled(title, Style::Numbered) };
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
        let apart = Around { line: *next, below: None, starts: true };
        below.is_blank() && heading(&apart).is_none()
    }
}
