//! Recognises headings in every way people write them.
//!
//! The clearer the form, the less the words matter: `## Anything` is a heading, while a bare line
//! is one only if it names a section and nothing else. Rules that need the neighbouring lines get
//! them as [`Around`]; those that need the preceding numbers are in [`super::outline`].

use super::lines::Line;
use super::markers;
use super::numbers::number;
use super::tables;
use super::words::{MAX_HEADING_BYTES, Name, Named, name};

/// The form of a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `## Requirements`, or underlined; the level is 1 to 6.
    Marked(u8),
    /// `REQUIREMENTS`
    Caps,
    /// `3. Requirements`
    Numbered,
    /// `**Requirements**`
    Bold,
    /// `Requirements:`, alone or followed by the first words of the section.
    Colon,
    /// `Requirements`
    Bare,
}

/// A heading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heading<'a> {
    /// The words, without marks and numbers.
    pub(super) text: &'a str,
    pub(super) style: Style,
    /// How many numbers precede it: 2 for `3.1`, and 1 if there are none.
    pub(super) depth: u8,
    /// The section that the words name, if any.
    pub(super) named: Option<Named>,
    /// The words after the colon in `Timeline: six weeks`.
    pub(super) inline: Option<&'a str>,
    /// Number of lines: 2 if underlined.
    pub(super) lines: u8,
}

impl Heading<'_> {
    /// The name of the section, if any.
    pub(super) fn name(&self) -> Option<Name> {
        self.named.map(|named| named.name)
    }

    /// Whether it names a section and contains nothing else.
    pub(super) fn is_exact(&self) -> bool {
        self.named.is_some_and(|named| named.exact)
    }
}

/// A line and its neighbours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) line: Line<'a>,
    /// The line below, if there is one.
    pub(super) below: Option<Line<'a>>,
    /// Whether a blank line, a heading or nothing is above.
    pub(super) starts: bool,
}

/// The heading at this line, unless it is a numbered one.
pub(super) fn heading<'a>(around: &Around<'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    if around.line.indent > 3 || markers::is_rule(text) {
        return None;
    }
    if let Some(marked) = hashed(text).or_else(|| underlined(around)) {
        return Some(marked);
    }
    // Anything shorter neither names a section nor has three capitals.
    if !(3..=MAX_HEADING_BYTES).contains(&text.len()) {
        return None;
    }
    if number(text).is_some() || tables::is_row(text) || markers::item(text).is_some() {
        return None;
    }
    bold(text).or_else(|| colon(around)).or_else(|| caps(around)).or_else(|| bare(around))
}

/// Whether `text` reads like a title: few words, and no end of a sentence.
pub(super) fn is_titlelike(text: &str) -> bool {
    let text = text.trim_end_matches(['*', '_']);
    text.len() <= MAX_HEADING_BYTES
        && !text.ends_with(['.', ',', ';', '!', '?'])
        && text.split_whitespace().count() <= 8
}

/// A heading with these words, without emphasis, colon and number.
pub(super) fn titled(text: &str, style: Style) -> Heading<'_> {
    let mut words = text.trim();
    for mark in ["**", "__", "*", "_"] {
        words = unwrapped(words, mark).unwrap_or(words).trim();
    }
    words = words.strip_suffix(':').unwrap_or(words).trim_end();
    let place = number(words).filter(|number| !number.rest.is_empty());
    let (words, depth) = place.map_or((words, 1), |number| (number.rest, number.depth));
    let words = unwrapped(words, "**").unwrap_or(words);
    Heading { text: words, style, depth, named: name(words), inline: None, lines: 1 }
}

fn unwrapped<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(mark)?.strip_suffix(mark)?;
    (!inner.trim().is_empty() && !inner.contains(mark)).then_some(inner)
}

/// `## Words ##`; also `##Requirements`, if the words name a section.
fn hashed(text: &str) -> Option<Heading<'_>> {
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    let marked = u8::try_from(level).ok().filter(|level| (1..=6).contains(level))?;
    let rest = &text[level..];
    let words = rest.trim_start();
    let attached = words.len() == rest.len();
    let open = words.trim_end_matches('#');
    let words = if open.is_empty() || open.ends_with(char::is_whitespace) { open } else { words };
    let heading = titled(words, Style::Marked(marked));
    (!heading.text.is_empty() && (!attached || heading.is_exact())).then_some(heading)
}

/// Words underlined with `=` or `-`.
fn underlined<'a>(around: &Around<'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    let below = around.below.filter(|below| below.indent <= 3)?;
    let level = underline(below.text)?;
    let listed = markers::item(text).is_some() && number(text).is_none();
    if text.len() > MAX_HEADING_BYTES || listed || tables::is_row(text) {
        return None;
    }
    let heading = Heading { lines: 2, ..titled(text, Style::Marked(level)) };
    // Below a sentence, the line is a rule between paragraphs.
    let meant = (around.starts && is_titlelike(text)) || heading.is_exact();
    meant.then_some(heading)
}

fn underline(text: &str) -> Option<u8> {
    let mark = *text.as_bytes().first()?;
    let (least, level) = match mark {
        b'=' => (2, 1),
        b'-' => (2, 2),
        b'~' | b'_' | b'*' | b'^' => (3, 2),
        _ => return None,
    };
    (text.len() >= least && text.bytes().all(|byte| byte == mark)).then_some(level)
}

/// `**Words**`, `**Words:**`, `**Words**:`; with single marks only if the words name a section.
fn bold(text: &str) -> Option<Heading<'_>> {
    let bare = text.strip_suffix(':').unwrap_or(text).trim_end();
    let inner =
        ["**", "__", "*", "_"].iter().find_map(|mark| Some((unwrapped(bare, mark)?, mark.len())));
    let (inner, width) = inner.filter(|(inner, _)| is_titlelike(inner))?;
    let heading = titled(inner, Style::Bold);
    (width == 2 || heading.is_exact()).then_some(heading)
}

/// `Requirements:` alone, or `Timeline: six weeks`. Other lines that end in a colon introduce a
/// list.
fn colon<'a>(around: &Around<'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    if text.ends_with(':') {
        let heading = titled(text, Style::Colon);
        let meant =
            heading.is_exact() || (around.starts && heading.named.is_some_and(|named| named.leads));
        return (meant && is_titlelike(text)).then_some(heading);
    }
    let (label, rest) = text.split_once(':')?;
    let label = label.trim_start_matches(['*', '_']).trim_end_matches(['*', '_']);
    let rest = rest.trim_start_matches(['*', '_']);
    if !around.starts || !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let heading = titled(label, Style::Colon);
    heading.is_exact().then(|| Heading { inline: Some(rest.trim()), ..heading })
}

/// `REQUIREMENTS`. Inside a paragraph only if it names a section: a wrapped line may be `AWS EU`.
fn caps<'a>(around: &Around<'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    if capitals < 3 || text.chars().any(char::is_lowercase) || !is_titlelike(text) {
        return None;
    }
    let heading = titled(text, Style::Caps);
    (around.starts || heading.is_exact()).then_some(heading)
}

/// `Requirements`, above a blank line or a list. Capitalised, it may also be directly above its
/// text: no paragraph wraps after so few words.
fn bare<'a>(around: &Around<'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    let apart =
        || around.below.is_none_or(|below| below.is_blank() || markers::item(below.text).is_some());
    let capital = || text.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
    if !around.starts || !is_titlelike(text) || !(capital() || apart()) {
        return None;
    }
    Some(titled(text, Style::Bare)).filter(Heading::is_exact)
}
