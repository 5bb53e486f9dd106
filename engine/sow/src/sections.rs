//! Assigns the parts of a document to sections, and collects their items.

use std::collections::{HashMap, HashSet};

use super::doubts::contradictions;
use super::headings::{Heading, Style};
use super::items::{Draft, Reading, push_lead};
use super::labels;
use super::levels::{Level, Levels, is_label_in};
use super::lines::Line;
use super::markers::identifier;
use super::markup::without_emphasis;
use super::outline::Part;
use super::parse::{TITLE_CHARS, is_greeting};
use super::placeholders::{Placeholder, placeholder};
use super::text::{MAX_ITEM_CHARS, OneLine, one_line};
use super::words::{Name, Words, lists, plain};
use super::{Item, SectionKind, Sow};

/// Maximum items of one section. A statement of work with more is a data set, too large for any
/// crew.
pub const MAX_SECTION_ITEMS: usize = 500;

/// Maximum candidates examined in one section, including repetitions, so that a malicious document
/// cannot make us build the same item a million times.
const MAX_SECTION_DRAFTS: usize = 4 * MAX_SECTION_ITEMS;
/// Maximum candidates examined outside all sections.
const MAX_LOOSE_DRAFTS: usize = 20 * MAX_SECTION_ITEMS;

/// A heading that contains the current line.
struct Open {
    text: String,
    level: Level,
    style: Style,
    kind: Option<SectionKind>,
    lead: Option<String>,
    /// The heading inside the section, which tells apart items of the same words.
    parent: Option<String>,
    /// The customer's number in that heading, and the words after it: `REQ-12: Login`.
    numbered: Option<(String, String)>,
    /// Whether it is a subject of its own, below which "Scope" is the scope of that subject.
    subject: bool,
    /// Whether it is a subject that such documents often have: support, penalties.
    topic: bool,
    /// Whether it is inside a part that is never about the work, such as instructions to bidders.
    aside: bool,
}

#[derive(Default)]
struct Section {
    items: Vec<Item>,
    /// The place of each text among the items, and the heading it was found under.
    seen: HashMap<String, (usize, Option<String>)>,
    /// The customer's numbers of its items.
    numbers: HashSet<String>,
    drafts: usize,
    /// Whether items beyond the limit were dropped.
    full: bool,
}

/// The sections of a document that is being read.
pub(super) struct Sections<'f> {
    words: &'f Words,
    file: &'f str,
    summary: &'f str,
    /// The number of each line in the document.
    numbers: Vec<u32>,
    all: [(SectionKind, Section); 6],
    unread: Vec<Item>,
    open_points: Vec<Item>,
    loose: usize,
}

impl<'f> Sections<'f> {
    /// No items yet. `summary` holds the paragraphs that are shown anyway.
    pub(super) fn new(
        words: &'f Words,
        file: &'f str,
        summary: &'f str,
        lines: &[Line<'_>],
    ) -> Self {
        let numbers = lines.iter().map(|line| line.number).collect();
        let all = SectionKind::ALL.map(|kind| (kind, Section::default()));
        let (unread, open_points) = (Vec::new(), Vec::new());
        Self { words, file, summary, numbers, all, unread, open_points, loose: 0 }
    }

    /// Reads all parts.
    pub(super) fn fill(&mut self, parts: &[Part<'_>], lines: &[Line<'_>]) {
        let levels = Levels::of(parts);
        let mut open: Vec<Open> = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let Some(heading) = &part.heading else {
                open.clear();
                self.loose(part, lines, Some(SectionKind::Requirements), true);
                continue;
            };
            let level = levels.level(heading);
            while open.last().is_some_and(|open| open.level >= level) {
                open.pop();
            }
            let here = self.below(&levels, heading, level, &open);
            let next = parts.get(at + 1).and_then(|next| next.heading.as_ref());
            let parent = next.is_some_and(|next| levels.level(next) > level);
            if here.kind.is_some() {
                self.read(&here, part, lines, parent);
            } else {
                let excluded = heading.name() == Some(Name::Section(SectionKind::Constraints));
                let kind = match excluded {
                    true => SectionKind::Constraints,
                    false => SectionKind::Requirements,
                };
                self.loose(part, lines, (!here.aside).then_some(kind), parent);
            }
            open.push(here);
        }
    }

    /// What `heading` contains, below the headings that are open.
    fn below(&self, levels: &Levels, heading: &Heading<'_>, level: Level, open: &[Open]) -> Open {
        let around = open.last();
        let inside = around.and_then(|around| around.kind);
        // "Scope" below "Support" is the scope of the support.
        let belongs =
            |open: &Open| open.topic || (open.subject && is_label_in(heading.style, open.style));
        // Features and deliverables of a part are the document's too; its scope is its own.
        let scoping = open.iter().any(|open| open.topic) || is_scoping(heading);
        let local =
            inside.is_none() && scoping && levels.is_deep(level) && open.iter().any(belongs);
        let aside = around.is_some_and(|around| around.aside);
        let name = heading.name();
        let kind = match name {
            Some(Name::Section(kind)) if !local => Some(kind),
            Some(Name::Section(_)) => None,
            Some(Name::Aside) => None,
            Some(Name::Topic) | None => inside,
        };
        let named = matches!(name, Some(Name::Section(_)));
        let inherited = around.filter(|around| !named || around.kind == kind);
        // A heading that states something is repeated with what is below it.
        let states = !named && self.words.oblige(heading.text);
        let own = (kind.is_some() && (states || self.words.changes_meaning(heading.text)))
            .then(|| one_line(heading.text, TITLE_CHARS));
        let parent = (kind.is_some() && !named).then(|| one_line(heading.text, TITLE_CHARS));
        let numbered = identifier(heading.text).filter(|_| parent.is_some()).map(|number| {
            let at = heading.text.find(number).unwrap_or_default() + number.len();
            let marks = [':', ')', ']', '.', '-', '–', '—', '*', ' ', '\t'];
            (number.to_owned(), one_line(heading.text[at..].trim_start_matches(marks), TITLE_CHARS))
        });
        // "Gates" below "Lot 1" and below "Lot 2" are two deliverables.
        let subject = open.iter().rev().find(|open| open.subject).map(|open| open.text.clone());
        Open {
            text: one_line(heading.text, TITLE_CHARS),
            level,
            style: heading.style,
            kind,
            lead: own.or_else(|| inherited.and_then(|around| around.lead.clone())),
            parent: parent
                .or_else(|| inherited.and_then(|around| around.parent.clone()))
                .or(subject),
            numbered: numbered.or_else(|| {
                // A subheading of `REQ-12: Login` is still about it.
                let around = inherited.filter(|around| around.kind == kind && !named);
                around.and_then(|around| around.numbered.clone())
            }),
            subject: kind.is_none() && !heading.is_title && !contains_all(heading.text),
            topic: kind.is_none()
                && matches!(name, Some(Name::Topic | Name::Aside))
                && !contains_all(heading.text),
            // Inside a section, only what obliges is taken from an aside.
            aside: aside || (name == Some(Name::Aside) && inside.is_none()),
        }
    }

    /// Reads a part of a section.
    fn read(&mut self, here: &Open, part: &Part<'_>, lines: &[Line<'_>], parent: bool) {
        let Some(kind) = here.kind else { return };
        let Some(section) = self.section(kind) else { return };
        let at_most = MAX_SECTION_DRAFTS.saturating_sub(section.drafts);
        if at_most == 0 {
            section.full = true;
            return;
        }
        let heading = part.heading.as_ref();
        let block = Reading {
            words: self.words,
            lines,
            body: part.body.clone(),
            inline: heading.and_then(|heading| heading.inline).map(|words| (part.at, words)),
            lead: here.lead.as_deref(),
            labelled: heading.is_some_and(|heading| heading.style == Style::Colon),
            at_most,
        }
        .read();
        let made = block.made();
        let Some(section) = self.section(kind) else { return };
        section.drafts += made.max(1);
        section.full |= made >= at_most;
        let listed = block.is_list();
        // "Phase 1: setup (2 weeks)" is a date of its own, and above its tasks.
        if let Some(own) = heading.filter(|own| own.named.is_none() && made > 0)
            && kind == SectionKind::Timeline
            && labels::is_time(own.text)
        {
            self.add(kind, Draft::of(own.text, part.at), None);
        }
        let mut any = false;
        for mut draft in block.into_drafts() {
            any = true;
            let text = draft.text.as_str();
            let introduces = draft.prose && parent && text.ends_with([':', '：']);
            if introduces && !labels::is_statement(self.words, text) {
                // It introduces the subheadings below.
                continue;
            }
            let plain = draft.prose && draft.kind.is_none() && draft.number.is_none();
            let beside = plain && listed && !self.belongs(kind, text);
            let says = placeholder(text) != Some(Placeholder::Whole);
            if says && (beside || (plain && labels::announces(self.words, text))) {
                self.note_unread(draft.at, text);
                continue;
            }
            if let Some((number, words)) = &here.numbered
                && draft.number.is_none()
            {
                draft.number = Some(number.clone());
                let mut line = OneLine::new(MAX_ITEM_CHARS);
                push_lead(&mut line, Some(words).filter(|words| !words.is_empty()).map(|w| &**w));
                line.push(text);
                draft.text = line;
            }
            let statements = matches!(kind, SectionKind::Requirements | SectionKind::Constraints);
            if plain && statements {
                for part in self.statements(draft) {
                    self.add(kind, part, here.parent.as_deref());
                }
                continue;
            }
            self.add(draft.kind.unwrap_or(kind), draft, here.parent.as_deref());
        }
        let Some(heading) = heading.filter(|_| !any && !parent) else { return };
        let words = match heading.named.is_none() || here.numbered.is_some() {
            // "PCI DSS" is an item.
            true => Some(heading.text),
            // `## Timeline: six weeks` without anything below it.
            false => heading.text.split_once([':', '：']).map(|(_, words)| words.trim()),
        };
        if let Some(words) = words {
            self.add(kind, Draft::of(words, part.at), None);
        }
    }

    /// A paragraph, or each of its statements if several oblige. What obliges to nothing belongs to
    /// the statement in front of it.
    fn statements(&self, draft: Draft) -> Vec<Draft> {
        let mut parts: Vec<Draft> = Vec::new();
        let mut obliging = 0;
        for sentence in sentences(draft.text.as_str()) {
            let obliges = self.words.oblige(sentence);
            obliging += usize::from(obliges);
            match parts.last_mut() {
                Some(part) if !obliges || obliging == 1 => part.text.push(sentence),
                _ => parts.push(Draft::of(sentence, draft.at)),
            }
        }
        match obliging {
            0 | 1 => vec![draft],
            _ => parts,
        }
    }

    /// Whether a paragraph beside a list states something for its section.
    fn belongs(&self, kind: SectionKind, text: &str) -> bool {
        labels::is_statement(self.words, text)
            || match kind {
                SectionKind::Timeline => {
                    labels::is_time(text)
                        || (text.chars().count() <= 80
                            && text.contains(|c: char| c.is_ascii_digit()))
                }
                SectionKind::Objectives => text.ends_with(['.', '。']),
                SectionKind::Constraints => self.words.changes_meaning(text),
                SectionKind::AcceptanceCriteria => text.contains(|c: char| c.is_ascii_digit()),
                _ => false,
            }
    }

    /// Reads a part that belongs to no section: with `kind`, statements that oblige are taken for
    /// that section; everything else is noted. `contains` says whether other headings are below it.
    fn loose(
        &mut self,
        part: &Part<'_>,
        lines: &[Line<'_>],
        kind: Option<SectionKind>,
        contains: bool,
    ) {
        let at_most = MAX_LOOSE_DRAFTS.saturating_sub(self.loose);
        if at_most == 0 {
            self.note_unread(part.at, "more text than is read");
            return;
        }
        let heading = part.heading.as_ref();
        let reading = Reading {
            words: self.words,
            lines,
            body: part.body.clone(),
            inline: None,
            lead: heading
                .filter(|heading| {
                    kind == Some(SectionKind::Constraints) || self.words.oblige(heading.text)
                })
                .map(|heading| heading.text),
            labelled: false,
            at_most,
        };
        let block = reading.read();
        self.loose += block.made().max(1);
        let own = heading.filter(|heading| !heading.is_title);
        if let Some(own) = own.filter(|own| own.named.is_none() && own.inline.is_none())
            && block.made() == 0
            && !contains
        {
            // A heading with nothing below it is a statement, or something to look at.
            match kind.filter(|_| self.words.oblige(own.text)) {
                Some(kind) => self.add(kind, Draft::of(own.text, part.at), None),
                None => self.note_unread(part.at, own.text),
            }
            return;
        }
        let parent = own.map(|heading| heading.text);
        let mut left: Vec<(usize, String)> = Vec::new();
        let cut = block.made() >= at_most;
        left.extend(
            heading.and_then(|heading| heading.inline).map(|words| (part.at, words.to_owned())),
        );
        for draft in block.into_drafts() {
            if self.is_shown(&draft) {
                continue;
            }
            let free = heading.is_none_or(|heading| heading.is_title) || draft.cell.is_some();
            // Below a title that names a section, lists and tables belong to it.
            let of_title = heading.and_then(|heading| heading.titled).filter(|_| !draft.prose);
            let named = draft.cell.or(draft.kind.filter(|_| free)).or(of_title);
            let text = draft.text.as_str();
            let obliges = || match kind {
                Some(_) if self.words.excludes(text) => Some(SectionKind::Constraints),
                kind => kind.filter(|_| draft.obliged || self.words.oblige(text)),
            };
            let Some(kind) = named.or_else(obliges) else {
                left.push((draft.at, draft.text.into_text()));
                continue;
            };
            if !draft.prose || named.is_some() {
                self.add(kind, draft, parent);
                continue;
            }
            let mut rest = String::new();
            for sentence in sentences(draft.text.as_str()) {
                if self.words.excludes(sentence) {
                    self.add(SectionKind::Constraints, Draft::of(sentence, draft.at), parent);
                } else if self.words.oblige(sentence) {
                    self.add(kind, Draft::of(sentence, draft.at), parent);
                } else if !self.summary.contains(sentence) {
                    rest.push_str(sentence);
                    rest.push(' ');
                }
            }
            if !rest.is_empty() {
                left.push((draft.at, rest));
            }
        }
        if cut {
            self.note_unread(part.at, "more text than is read");
        }
        let Some((first, _)) = left.first() else { return };
        let first = if heading.is_some() { part.at } else { *first };
        let words = left.iter().take(3).map(|(_, words)| words.trim()).collect::<Vec<_>>();
        let more = left.len().saturating_sub(3);
        let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        let words = format!("{}{more}", words.join(" "));
        match heading {
            Some(heading) => {
                let name = heading.text.trim_end_matches([':', '：']);
                self.note_unread(first, &format!("{name}: {words}"));
            }
            None => self.note_unread(first, &words),
        }
    }

    /// Whether a paragraph is in the summary, or greets.
    fn is_shown(&self, draft: &Draft) -> bool {
        let text = draft.text.as_str();
        let greets = text.chars().count() <= 60 && is_greeting(text);
        let obliges = self.words.oblige(text);
        draft.prose && !obliges && (greets || self.summary.contains(text))
    }

    /// Records text that belongs to none of the six sections.
    pub(super) fn note_unread(&mut self, at: usize, words: &str) {
        let line = self.line(at);
        note(self.file, &mut self.unread, 'X', line, words);
    }

    fn line(&self, at: usize) -> u32 {
        self.numbers.get(at).copied().unwrap_or(u32::MAX)
    }

    fn section(&mut self, kind: SectionKind) -> Option<&mut Section> {
        self.all.iter_mut().find(|(of, _)| *of == kind).map(|(_, section)| section)
    }

    fn add(&mut self, kind: SectionKind, draft: Draft, parent: Option<&str>) {
        let file = self.file;
        let line = self.line(draft.at);
        let text = one_line(&without_emphasis(draft.text.as_str()), MAX_ITEM_CHARS);
        let open = placeholder(&text);
        if open.is_some() {
            let words = format!("{}: {text}", kind.title());
            note(file, &mut self.open_points, 'P', line, &words);
        }
        if open == Some(Placeholder::Whole) {
            return;
        }
        let again = |section: &Section| {
            let named = |n: &&String| n.starts_with(|c: char| c.is_ascii_uppercase());
            draft.number.as_ref().filter(named).is_some_and(|n| section.numbers.contains(n))
        };
        if draft.row && self.section(kind).is_some_and(|section| again(section)) {
            // A table that sums up repeats identifiers.
            self.note_unread(draft.at, &text);
            return;
        }
        let Some(section) = self.section(kind) else { return };
        section.numbers.extend(draft.number.clone());
        section.add(kind, file, text, line, draft.number, parent);
    }

    /// The statement of work.
    pub(super) fn into_sow(self, title: Option<String>) -> Sow {
        let all = self.all.iter();
        let left_out =
            all.clone().filter(|(_, section)| section.full).map(|(kind, _)| *kind).collect();
        let shortened = all
            .clone()
            .flat_map(|(_, section)| &section.items)
            .filter(|item| item.text.chars().count() >= MAX_ITEM_CHARS)
            .map(|item| item.source.clone())
            .collect();
        let missing =
            all.filter(|(_, section)| section.items.is_empty()).map(|(kind, _)| *kind).collect();
        let mut read: Vec<&Item> =
            self.all.iter().flat_map(|(_, section)| &section.items).chain(&self.unread).collect();
        read.sort_by_key(|item| item.line);
        let contradictions = contradictions(&read);
        let [objectives, requirements, constraints, deliverables, acceptance_criteria, timeline] =
            self.all.map(|(_, section)| section.items);
        Sow {
            file: self.file.to_owned(),
            title,
            summary: self.summary.to_owned(),
            objectives,
            requirements,
            constraints,
            deliverables,
            acceptance_criteria,
            timeline,
            missing,
            unread: self.unread,
            open_points: self.open_points,
            contradictions,
            left_out,
            shortened,
        }
    }
}

fn note(file: &str, notes: &mut Vec<Item>, letter: char, line: u32, words: &str) {
    if notes.len() == MAX_SECTION_ITEMS {
        return;
    }
    let last = notes.len() + 1 == MAX_SECTION_ITEMS;
    let text = match last {
        true => format!("and more from line {line} on"),
        false => one_line(&without_emphasis(words), TITLE_CHARS),
    };
    let id = format!("{letter}{}", notes.len() + 1);
    notes.push(Item { id, number: None, text, source: format!("{file}:{line}"), line });
}

/// Whether a heading contains the document's own sections instead of being a subject beside them:
/// "Project description", "Introduction".
pub(super) fn contains_all(heading: &str) -> bool {
    let plain = plain(heading);
    plain.split([' ', '|']).any(|word| lists::CONTAINERS.contains(&word))
        || ["概要", "はじめに", "背景", "プロジェクト"].iter().any(|word| heading.contains(word))
}

/// Whether a heading is about the extent, time or purpose of what it is in.
fn is_scoping(heading: &Heading<'_>) -> bool {
    let timed = matches!(
        heading.name(),
        Some(Name::Section(SectionKind::Timeline | SectionKind::Objectives))
    );
    let plain = plain(heading.text);
    timed || plain.split([' ', '|']).any(|word| lists::SCOPE.contains(&word))
}

/// The sentences of a paragraph.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = |(at, mark): (usize, &str)| {
            let end = at + mark.len();
            let after = &rest[end..];
            let begins = after.strip_prefix(' ').and_then(|after| after.chars().next());
            let meant = mark == "。" || begins.is_some_and(|c| !c.is_lowercase());
            meant.then_some(end)
        };
        let marks = ['.', '!', '?', '。'];
        let end = rest.match_indices(marks).find_map(ends).unwrap_or(rest.len());
        let sentence = rest[..end].trim();
        rest = rest[end..].trim_start();
        Some(sentence)
    })
    .filter(|sentence| !sentence.is_empty())
}

impl Section {
    fn add(
        &mut self,
        kind: SectionKind,
        file: &str,
        text: String,
        line: u32,
        number: Option<String>,
        parent: Option<&str>,
    ) {
        if text.is_empty() {
            return;
        }
        let mut text = text;
        if let Some((at, before)) = self.seen.get_mut(&text) {
            if before.as_deref() == parent {
                return;
            }
            // The same words below two headings are two items, each with its heading.
            if let Some(before) = before.take() {
                let item = &mut self.items[*at];
                item.text = one_line(&format!("{before}: {}", item.text), MAX_ITEM_CHARS);
                let renamed = item.text.clone();
                let at = *at;
                self.seen.insert(renamed, (at, None));
            }
            let Some(parent) = parent else { return };
            text = one_line(&format!("{parent}: {text}"), MAX_ITEM_CHARS);
            if self.seen.contains_key(&text) {
                return;
            }
        }
        if self.items.len() == MAX_SECTION_ITEMS {
            self.full = true;
            return;
        }
        self.seen.insert(text.clone(), (self.items.len(), parent.map(str::to_owned)));
        let id = format!("{}{}", kind.letter(), self.items.len() + 1);
        let source = format!("{file}:{line}");
        self.items.push(Item { id, number, text, source, line });
    }
}
