//! Parses text into a [`Sow`]: assigns parts to sections, and reads their items.

use std::collections::HashSet;

use super::decode::{check_not_blank, check_size};
use super::headings::{Heading, Style, is_titlelike};
use super::items::Reading;
use super::lines::{self, Line};
use super::markers;
use super::outline::{Part, outline};
use super::tables;
use super::text::{MAX_ITEM_CHARS, one_line, shorten};
use super::words::{Name, changes_meaning};
use super::{Item, SectionKind, Sow, SowFault};

/// Maximum items of one section. A statement of work with more is a data set, too large for any
/// crew.
pub const MAX_SECTION_ITEMS: usize = 500;

/// Maximum candidates examined in one section, including repetitions, so that a malicious document
/// cannot make us build the same item a million times.
const MAX_SECTION_DRAFTS: usize = 4 * MAX_SECTION_ITEMS;
const SUMMARY_CHARS: usize = 600;
const TITLE_CHARS: usize = 200;
/// Enough to find a summary after a page of lists.
const PREAMBLE_DRAFTS: usize = 200;

/// Parses a statement of work. `file` is its name, for the sources of the items.
///
/// Nothing is added to the customer's text: a section that nobody wrote stays empty and is listed
/// in `missing`.
///
/// # Errors
/// Returns a [`SowFault`] when `text` is blank or larger than [`super::MAX_SOW_BYTES`].
pub fn parse(file: &str, text: &str) -> Result<Sow, SowFault> {
    check_size(text.len())?;
    check_not_blank(text)?;
    let lines::Lines { mut lines, subject, below_signatures } = lines::read(text);
    let mut parts = outline(&lines);
    let title = take_title(&mut parts, &mut lines)
        .or(subject.map(|subject| one_line(subject, TITLE_CHARS)));
    let summary = summary(&parts, &lines);
    let all = SectionKind::ALL.map(|kind| (kind, Section::default()));
    let mut sections = Sections { file, all, unread: Vec::new() };
    sections.fill(&parts, &lines);
    for (at, words) in below_signatures {
        sections.note_unread(at, &format!("below a signature: {words}"));
    }
    let unread = sections.unread;
    let left_out =
        sections.all.iter().filter(|(_, section)| section.full).map(|(kind, _)| *kind).collect();
    let items = sections.all.iter().flat_map(|(_, section)| &section.items);
    let shortened = items
        .filter(|item| item.text.chars().count() >= MAX_ITEM_CHARS)
        .map(|item| item.source.clone())
        .collect();
    let missing = sections
        .all
        .iter()
        .filter(|(_, section)| section.items.is_empty())
        .map(|(kind, _)| *kind)
        .collect();
    let [objectives, requirements, constraints, deliverables, acceptance_criteria, timeline] =
        sections.all.map(|(_, section)| section.items);
    Ok(Sow {
        file: file.to_owned(),
        title,
        summary,
        objectives,
        requirements,
        constraints,
        deliverables,
        acceptance_criteria,
        timeline,
        missing,
        unread,
        left_out,
        shortened,
    })
}

fn section_of(part: &Part<'_>) -> Option<SectionKind> {
    match part.heading.as_ref()?.name()? {
        Name::Section(kind) => Some(kind),
        Name::Other => None,
    }
}

/// Takes the title out of the document, so that nothing else reads it.
fn take_title(parts: &mut [Part<'_>], lines: &mut [Line<'_>]) -> Option<String> {
    if let Some(heading) = title_heading(parts, lines) {
        // "# Requirements for the shop" above a whole document is its title, not a section.
        heading.named = None;
        return Some(one_line(heading.text, TITLE_CHARS));
    }
    let preamble = parts.first()?.body.clone();
    let at = preamble.clone().find(|at| !lines[*at].is_blank())?;
    let line = lines[at];
    let alone = lines.get(at + 1).is_none_or(Line::is_blank);
    let listed = markers::item(line.text).is_some()
        || tables::is_row(line.text)
        || markers::is_rule(line.text);
    if !alone
        || listed
        || !is_titlelike(line.text)
        || line.text.ends_with(':')
        || is_greeting(line.text)
    {
        return None;
    }
    lines[at].text = "";
    Some(one_line(line.text, TITLE_CHARS))
}

/// The heading that is the title: one of level 1 before any section, or the first line of the
/// document.
fn title_heading<'p, 'a>(
    parts: &'p mut [Part<'a>],
    lines: &[Line<'_>],
) -> Option<&'p mut Heading<'a>> {
    let top = |part: &Part<'_>| {
        part.heading.as_ref().is_some_and(|heading| heading.style == Style::Marked(1))
    };
    let first = parts.iter().position(|part| part.heading.is_some())?;
    let first_section = parts.iter().position(|part| section_of(part).is_some());
    let opens = lines[..parts[first].at].iter().all(Line::is_blank);
    let at = if first_section == Some(first) {
        let only = parts.iter().filter(|part| top(part)).count() == 1;
        let others = parts[first + 1..].iter().any(|part| section_of(part).is_some());
        (opens && top(&parts[first]) && only && others).then_some(first)
    } else {
        let before = &parts[..first_section.unwrap_or(parts.len())];
        let unnamed =
            |part: &Part<'_>| part.heading.as_ref().is_some_and(|heading| heading.named.is_none());
        let marked = before.iter().position(|part| top(part) && unnamed(part));
        marked.or((opens && unnamed(&parts[first])).then_some(first))
    };
    parts[at?].heading.as_mut()
}

fn is_greeting(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().trim_end_matches([',', '!']);
    ["hi", "hello", "dear", "hey", "greetings"]
        .iter()
        .any(|greeting| first.eq_ignore_ascii_case(greeting))
}

/// The paragraphs before the first section.
fn summary(parts: &[Part<'_>], lines: &[Line<'_>]) -> String {
    let mut summary = String::new();
    for part in parts.iter().take_while(|part| section_of(part).is_none()) {
        let inline = part.heading.as_ref().and_then(|heading| heading.inline).map(str::to_owned);
        let reading = Reading {
            lines,
            body: part.body.clone(),
            inline: None,
            lead: None,
            at_most: PREAMBLE_DRAFTS,
        };
        let paragraphs = reading
            .read()
            .into_paragraphs()
            .into_iter()
            .map(|paragraph| paragraph.text.into_text());
        for paragraph in inline.into_iter().chain(paragraphs) {
            let salutes =
                paragraph.len() <= 60 && (is_greeting(&paragraph) || paragraph.ends_with(','));
            if salutes {
                continue;
            }
            if !summary.is_empty() {
                summary.push_str("\n\n");
            }
            summary.push_str(&one_line(&paragraph, MAX_ITEM_CHARS));
        }
        if summary.len() > 4 * SUMMARY_CHARS {
            break;
        }
    }
    shorten(&summary, SUMMARY_CHARS)
}

/// The level of a heading; smaller is further out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Level(u8, u8, u8);

/// Which forms of headings are further out than others. Marked headings have an explicit level. The
/// other forms are ordered by their first use as a section; a form never used that way is
/// innermost.
struct Levels {
    order: Vec<Style>,
}

impl Levels {
    fn of(parts: &[Part<'_>]) -> Self {
        let mut order = Vec::new();
        for part in parts.iter().filter(|part| section_of(part).is_some()) {
            let style = part.heading.as_ref().map(|heading| heading.style);
            if let Some(style) = style.filter(|style| !order.contains(style)) {
                order.push(style);
            }
        }
        Self { order }
    }

    fn level(&self, heading: &Heading<'_>) -> Level {
        if let Style::Marked(level) = heading.style {
            return Level(0, level, heading.depth);
        }
        let place = self.order.iter().position(|style| *style == heading.style);
        let place = place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(u8::MAX);
        Level(place, 0, heading.depth)
    }
}

/// A heading that contains the current line.
struct Open {
    level: Level,
    kind: Option<SectionKind>,
    lead: Option<String>,
}

#[derive(Default)]
struct Section {
    items: Vec<Item>,
    seen: HashSet<String>,
    drafts: usize,
    /// Whether items beyond the limit were dropped.
    full: bool,
}

struct Sections<'f> {
    file: &'f str,
    all: [(SectionKind, Section); 6],
    unread: Vec<Item>,
}

impl Sections<'_> {
    fn fill(&mut self, parts: &[Part<'_>], lines: &[Line<'_>]) {
        let levels = Levels::of(parts);
        let mut open: Vec<Open> = Vec::new();
        let first = parts.iter().position(|part| section_of(part).is_some()).unwrap_or(parts.len());
        for (at, part) in parts.iter().enumerate() {
            let Some(heading) = &part.heading else { continue };
            let level = levels.level(heading);
            while open.last().is_some_and(|open| open.level >= level) {
                open.pop();
            }
            let here = below(heading, level, open.last());
            if let Some(kind) = here.kind {
                let deeper = parts
                    .get(at + 1)
                    .and_then(|next| next.heading.as_ref())
                    .map(|next| levels.level(next));
                self.read(
                    kind,
                    part,
                    lines,
                    here.lead.as_deref(),
                    deeper.is_some_and(|next| next > level),
                );
            } else if at > first {
                self.leave(part, lines);
            }
            open.push(here);
        }
    }

    /// Records a part that belongs to none of the six sections, if it has content.
    fn leave(&mut self, part: &Part<'_>, lines: &[Line<'_>]) {
        let Some(heading) = &part.heading else { return };
        let body: Vec<&str> = part
            .body
            .clone()
            .map(|at| lines[at].text.trim())
            .filter(|text| !text.is_empty())
            .take(3)
            .collect();
        if body.is_empty() && heading.inline.is_none() {
            return;
        }
        let words = format!(
            "{}: {}",
            heading.text.trim_end_matches(':'),
            heading.inline.into_iter().chain(body).collect::<Vec<_>>().join(" ")
        );
        self.note_unread(part.at, &words);
    }

    fn note_unread(&mut self, at: usize, words: &str) {
        if self.unread.len() == MAX_SECTION_ITEMS {
            return;
        }
        let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let id = format!("X{}", self.unread.len() + 1);
        self.unread.push(Item {
            id,
            text: one_line(words, TITLE_CHARS),
            source: format!("{}:{line}", self.file),
            line,
        });
    }

    fn read(
        &mut self,
        kind: SectionKind,
        part: &Part<'_>,
        lines: &[Line<'_>],
        lead: Option<&str>,
        parent: bool,
    ) {
        let Some((_, section)) = self.all.iter_mut().find(|(of, _)| *of == kind) else { return };
        let at_most = MAX_SECTION_DRAFTS.saturating_sub(section.drafts);
        if at_most == 0 {
            section.full = true;
            return;
        }
        let inline =
            part.heading.as_ref().and_then(|heading| heading.inline).map(|words| (part.at, words));
        let reading = Reading { lines, body: part.body.clone(), inline, lead, at_most };
        let block = reading.read();
        section.drafts += block.made().max(1);
        section.full |= block.made() >= at_most;
        let drafts = block.into_items();
        if let Some(heading) = part
            .heading
            .as_ref()
            .filter(|heading| drafts.is_empty() && !parent && may_be_item(heading))
        {
            section.add(kind, self.file, one_line(heading.text, MAX_ITEM_CHARS), part.at);
        }
        for draft in drafts {
            section.add(kind, self.file, draft.text.into_text(), draft.at);
        }
    }
}

/// A heading recognised only by its form, with nothing below it, was an item: "PCI DSS".
fn may_be_item(heading: &Heading<'_>) -> bool {
    heading.named.is_none() && matches!(heading.style, Style::Caps | Style::Numbered)
}

/// The section below `heading`, if it is inside `around`.
fn below(heading: &Heading<'_>, level: Level, around: Option<&Open>) -> Open {
    let (kind, inherited) = match heading.name() {
        Some(Name::Section(kind)) => {
            (Some(kind), around.filter(|around| around.kind == Some(kind)))
        }
        _ => (around.and_then(|around| around.kind), around),
    };
    let own = (kind.is_some() && changes_meaning(heading.text)).then(|| heading.text.to_owned());
    Open { level, kind, lead: own.or_else(|| inherited.and_then(|around| around.lead.clone())) }
}

impl Section {
    fn add(&mut self, kind: SectionKind, file: &str, text: String, at: usize) {
        if text.is_empty() || !self.seen.insert(text.clone()) {
            return;
        }
        if self.items.len() == MAX_SECTION_ITEMS {
            self.full = true;
            return;
        }
        let line = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let id = format!("{}{}", kind.letter(), self.items.len() + 1);
        self.items.push(Item { id, text, source: format!("{file}:{line}"), line });
    }
}
