//! Recognises headings in every way people write them.
//!
//! The clearer the form, the less the words matter: `## Anything` is a heading, while a bare line
//! is one only if it names a section and nothing else. Rules that need the neighbouring lines get
//! them as [`Around`]; those that need the preceding numbers are in [`super::outline`].

use super::SectionKind;
use super::lines::Line;
use super::markers;
use super::numbers::number;
use super::placeholders::placeholder;
use super::tables;
use super::words::{MAX_HEADING_BYTES, Name, Named, Words};

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
    /// Whether it is the title of the document.
    pub(super) is_title: bool,
    /// The section that a title names.
    pub(super) titled: Option<SectionKind>,
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
pub(super) struct Around<'w, 'a> {
    pub(super) words: &'w Words,
    pub(super) line: Line<'a>,
    /// The line below, if there is one.
    pub(super) below: Option<Line<'a>>,
    /// Whether a blank line, a heading or nothing is above.
    pub(super) starts: bool,
}

/// The heading at this line, unless it is a numbered one.
pub(super) fn heading<'a>(around: &Around<'_, 'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    if markers::is_rule(text) {
        return None;
    }
    if around.line.indent > 3 {
        // Labels of an indented outline; anything else so far in is text.
        let label = text.ends_with(':') && text.len() <= MAX_HEADING_BYTES;
        return label.then(|| colon(around)).flatten().filter(Heading::is_exact);
    }
    if let Some(marked) = hashed(around.words, text).or_else(|| underlined(around)) {
        return Some(marked);
    }
    if let Some(boxed) = boxed(around) {
        return Some(boxed);
    }
    if let Some(title) = article(text).filter(|title| around.starts && is_titlelike(title)) {
        return Some(titled(around.words, title, Style::Numbered));
    }
    // Anything shorter neither names a section nor has three capitals.
    if !(3..=MAX_HEADING_BYTES).contains(&text.len()) {
        return None;
    }
    if number(text).is_some() || tables::is_row(text) || markers::item(text).is_some() {
        return None;
    }
    if text.contains('\t') {
        // A row of a table that a word processor pasted.
        return None;
    }
    bold(around.words, text)
        .or_else(|| colon(around))
        .or_else(|| caps(around))
        .or_else(|| bare(around))
}

/// Whether a line is a short label and its value: `Client: ACME`.
pub(super) fn is_labelled(text: &str) -> bool {
    const LONGEST: usize = 40;
    let Some((label, value)) = text.split_once([':', '：']) else { return false };
    let label = label.trim_start_matches(['*', '_']).trim_end_matches(['*', '_', ' ']);
    let value = value.trim_start_matches(['*', '_']);
    label.len() <= LONGEST
        && label.split_whitespace().count() <= 4
        && label.starts_with(|c: char| c.is_uppercase() || !c.is_ascii())
        && !label.contains(['.', ',', ';', '/', '('])
        && (value.starts_with(char::is_whitespace) || text.contains('：'))
        && !value.trim().is_empty()
        && markers::item(text).is_none()
}

/// Whether `text` reads like a title: few words, and no end of a sentence.
pub(super) fn is_titlelike(text: &str) -> bool {
    let text = text.trim_end_matches(['*', '_']);
    text.len() <= MAX_HEADING_BYTES
        && !text.ends_with(['.', ',', ';', '!', '?', '。', '、'])
        && text.split_whitespace().count() <= 8
}

/// A heading with these words, without emphasis, colon and number.
pub(super) fn titled<'a>(known: &Words, text: &'a str, style: Style) -> Heading<'a> {
    let mut words = text.trim();
    for mark in ["**", "__", "*", "_"] {
        words = unwrapped(words, mark).unwrap_or(words).trim();
    }
    words = words.strip_suffix([':', '：']).unwrap_or(words).trim_end();
    words = chapter(words);
    let place = number(words).filter(|number| !number.rest.is_empty());
    let (words, depth) = place.map_or((words, 1), |number| (number.rest, number.depth));
    let words = unwrapped(words, "**").unwrap_or(words);
    // "3. Timeline: six weeks" says it all on one line; a marked heading has text below it.
    let label = words.split_once([':', '：']).filter(|_| !matches!(style, Style::Marked(_)));
    if let Some((label, rest)) = label
        && let Some(named) = known.name(label).filter(|named| named.exact)
        && let rest = rest.trim()
        && !rest.is_empty()
    {
        let (named, inline) = (Some(named), Some(rest));
        return Heading {
            text: label.trim(),
            style,
            depth,
            named,
            inline,
            is_title: false,
            titled: None,
            lines: 1,
        };
    }
    Heading {
        text: words,
        style,
        depth,
        named: known.name(words),
        inline: None,
        is_title: false,
        titled: None,
        lines: 1,
    }
}

/// The words after `第1章`.
fn chapter(words: &str) -> &str {
    let Some(rest) = words.strip_prefix('第') else { return words };
    let rest =
        rest.trim_start_matches(|c: char| c.is_numeric() || "一二三四五六七八九十".contains(c));
    rest.strip_prefix(['章', '節', '条', '部']).map_or(words, str::trim_start)
}

fn unwrapped<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(mark)?.strip_suffix(mark)?;
    (!inner.trim().is_empty() && !inner.contains(mark)).then_some(inner)
}

/// `## Words ##`; also `##Requirements`, if the words name a section.
fn hashed<'a>(known: &Words, text: &'a str) -> Option<Heading<'a>> {
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    let marked = u8::try_from(level).ok().filter(|level| (1..=6).contains(level))?;
    let rest = &text[level..];
    let words = rest.trim_start();
    let attached = words.len() == rest.len();
    let open = words.trim_end_matches('#');
    let words = if open.is_empty() || open.ends_with(char::is_whitespace) { open } else { words };
    let heading = titled(known, words, Style::Marked(marked));
    (!heading.text.is_empty() && (!attached || heading.is_exact())).then_some(heading)
}

/// `【目的】`, `■ Scope`: marks that are headings in Japanese documents. Without brackets, they are
/// bullets if the next line has one too.
fn boxed<'a>(around: &Around<'_, 'a>) -> Option<Heading<'a>> {
    const MARKS: [char; 9] = ['■', '□', '◆', '◇', '●', '▼', '▶', '○', '§'];
    let text = around.line.text;
    if let Some(inner) = text.strip_prefix('【') {
        let heading = titled(around.words, inner.strip_suffix('】')?, Style::Bold);
        let meant = heading.text.len() <= MAX_HEADING_BYTES && placeholder(text).is_none();
        return Some(heading).filter(|_| meant);
    }
    let mark = text.chars().next().filter(|mark| MARKS.contains(mark))?;
    let inner = text.trim_start_matches(MARKS).trim_start();
    if inner.is_empty() || inner.len() > MAX_HEADING_BYTES {
        return None;
    }
    let heading = titled(around.words, inner, Style::Bold);
    let alone = around.below.is_some_and(|below| {
        !below.is_blank() && !below.text.starts_with(mark) && markers::item(below.text).is_some()
    });
    let title = mark == '■' && around.starts && alone && is_titlelike(inner);
    (heading.is_exact() || title).then_some(heading)
}

/// The title in `Art. 2 - Requisiti` and `Section 3: Scope`.
fn article(text: &str) -> Option<&str> {
    const WORDS: &[&str] = &[
        "art.",
        "article",
        "articolo",
        "artículo",
        "artigo",
        "section",
        "sezione",
        "sección",
        "abschnitt",
        "kapitel",
        "chapter",
        "chapitre",
        "rozdział",
        "раздел",
        "глава",
        "§",
    ];
    let (word, rest) = text.split_once(' ')?;
    if !WORDS.contains(&&*word.to_lowercase()) {
        return None;
    }
    let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let title = rest[digits..].trim_start_matches([' ', '-', '–', '—', ':', ')']);
    (digits > 0 && digits <= 8 && !title.is_empty() && title.len() < rest.len() - digits)
        .then_some(title)
}

/// Words underlined with `=` or `-`.
fn underlined<'a>(around: &Around<'_, 'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    let below = around.below.filter(|below| below.indent <= 3)?;
    let level = underline(below.text)?;
    let listed = markers::item(text).is_some() && number(text).is_none();
    if text.len() > MAX_HEADING_BYTES || listed || tables::is_row(text) {
        return None;
    }
    let heading = Heading { lines: 2, ..titled(around.words, text, Style::Marked(level)) };
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
fn bold<'a>(known: &Words, text: &'a str) -> Option<Heading<'a>> {
    let bare = text.strip_suffix(':').unwrap_or(text).trim_end();
    let inner =
        ["**", "__", "*", "_"].iter().find_map(|mark| Some((unwrapped(bare, mark)?, mark.len())));
    let (inner, width) = inner.filter(|(inner, _)| is_titlelike(inner))?;
    let heading = titled(known, inner, Style::Bold);
    (width == 2 || heading.is_exact()).then_some(heading)
}

/// `Requirements:` alone, or `Timeline: six weeks`. Other lines that end in a colon introduce a
/// list.
fn colon<'a>(around: &Around<'_, 'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    if text.ends_with([':', '：']) {
        let heading = titled(around.words, text, Style::Colon);
        let meant =
            heading.is_exact() || (around.starts && heading.named.is_some_and(|named| named.leads));
        return (meant && is_titlelike(text)).then_some(heading);
    }
    let (label, rest) = text.split_once([':', '：'])?;
    let label_length = label.len();
    let label = label.trim_start_matches(['*', '_']).trim_end_matches(['*', '_']);
    let rest = rest.trim_start_matches(['*', '_']);
    let wide = text[label_length..].starts_with('：');
    if !around.starts || !(wide || rest.starts_with(char::is_whitespace)) {
        return None;
    }
    let heading = titled(around.words, label, Style::Colon);
    heading.is_exact().then(|| Heading { inline: Some(rest.trim()), ..heading })
}

/// `REQUIREMENTS`. Inside a paragraph only if it names a section: a wrapped line may be `AWS EU`.
fn caps<'a>(around: &Around<'_, 'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    if capitals < 3 || text.chars().any(char::is_lowercase) || !is_titlelike(text) {
        return None;
    }
    let heading = titled(around.words, text, Style::Caps);
    (around.starts || heading.is_exact()).then_some(heading)
}

/// `Requirements`, above a blank line or a list. Capitalised, it may also be directly above its
/// text: no paragraph wraps after so few words.
fn bare<'a>(around: &Around<'_, 'a>) -> Option<Heading<'a>> {
    let text = around.line.text;
    let apart =
        || around.below.is_none_or(|below| below.is_blank() || markers::item(below.text).is_some());
    let capital = || text.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
    if !around.starts || !is_titlelike(text) || !(capital() || apart()) {
        return None;
    }
    Some(titled(around.words, text, Style::Bare)).filter(Heading::is_exact)
}
