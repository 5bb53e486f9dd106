//! The items of one part: its list items, its table rows, and the paragraphs around them.

use std::ops::Range;

use super::SectionKind;
use super::labels::{self, Label};
use super::lines::Line;
use super::markers::{self, Marked};
use super::markup::without_emphasis;
use super::tables;
use super::text::{MAX_ITEM_CHARS, OneLine, one_line};
use super::words::{Name, Words};

/// Maximum lines of a table that describes one thing.
const MAX_CARD_LINES: usize = 80;
/// Maximum length of the name of a group of rows.
const MAX_GROUP_CHARS: usize = 200;

/// A statement of the customer, and the index of its first line.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) text: OneLine,
    pub(super) at: usize,
    /// The section that its own label names: `**Out of scope:** number plates`.
    pub(super) kind: Option<SectionKind>,
    /// The section that the table around it names: a group row, a header, or a first cell.
    pub(super) cell: Option<SectionKind>,
    /// Whether it is a row of a table.
    pub(super) row: bool,
    /// The customer's number.
    pub(super) number: Option<String>,
    /// Whether the words that introduce its list oblige: "The provider will deliver:".
    pub(super) obliged: bool,
    /// Whether it is a paragraph, not an item of a list or table.
    pub(super) prose: bool,
    indent: u16,
    /// Its words are repeated in front of each item below it, so it is not an item itself.
    carried: bool,
}

impl Draft {
    /// A statement outside any list.
    pub(super) fn of(words: &str, at: usize) -> Self {
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        text.push(words);
        Self {
            text,
            at,
            kind: None,
            cell: None,
            row: false,
            number: None,
            obliged: false,
            prose: true,
            indent: 0,
            carried: false,
        }
    }
}

/// The content below one heading, in the order it was written.
#[derive(Debug)]
pub(super) struct Block {
    drafts: Vec<Draft>,
}

impl Block {
    /// Number of drafts made for it, kept or not.
    pub(super) fn made(&self) -> usize {
        self.drafts.len()
    }

    /// Whether there is a list or a table.
    pub(super) fn is_list(&self) -> bool {
        self.drafts.iter().any(|draft| !draft.prose)
    }

    /// The items and paragraphs. A paragraph that introduces a list is not one of them.
    pub(super) fn into_drafts(self) -> impl Iterator<Item = Draft> {
        self.drafts.into_iter().filter(|draft| !draft.carried)
    }
}

/// The input for reading a part.
pub(super) struct Reading<'r, 'a> {
    pub(super) words: &'r Words,
    pub(super) lines: &'r [Line<'a>],
    pub(super) body: Range<usize>,
    /// Words on the heading's line that belong to the section, and the index of that line.
    pub(super) inline: Option<(usize, &'a str)>,
    /// Words without which the items would mean something else: "Out of scope".
    pub(super) lead: Option<&'r str>,
    /// Whether the heading is a label, below which an indented line is an item of its own.
    pub(super) labelled: bool,
    /// Maximum number of drafts, which limits the work on a malicious document.
    pub(super) at_most: usize,
}

impl Reading<'_, '_> {
    /// Reads the part.
    pub(super) fn read(&self) -> Block {
        let mut reader = Reader::new(self);
        if let Some((at, words)) = self.inline {
            reader.begin_item(at, 0, Marked { words, number: None });
        }
        for at in self.body.clone() {
            if reader.drafts.len() >= self.at_most {
                break;
            }
            reader.line(at);
        }
        reader.end_paragraph();
        Block { drafts: reader.drafts }
    }
}

struct Reader<'r, 'a> {
    reading: &'r Reading<'r, 'a>,
    drafts: Vec<Draft>,
    /// The items around the current one, outermost first; further lines continue the last.
    open: Vec<usize>,
    paragraph: Option<Draft>,
    /// The line and indent of a list mark without words: they may be on the next line.
    bare_mark: Option<(usize, u16)>,
    /// The paragraph above the current list, if its words must be repeated with each item.
    lead_in: Option<String>,
    /// Whether the paragraph above the current list obliges.
    obliges: bool,
    /// The last paragraph, if it may introduce a list.
    introduces: Option<usize>,
    after_blank: bool,
    /// The row that names a group, until a row below belongs to it.
    group: Option<usize>,
    /// The line below the table that has been read whole.
    skip_to: usize,
    /// Whether each line of the current paragraph is a statement of its own.
    listed: bool,
    table: Table,
}

/// Position in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Table {
    Outside,
    /// Rows so far, without a border that would make them the header.
    Rows {
        first: usize,
        headed: bool,
        /// Words of the last row that names a group.
        group: Option<String>,
        /// The section that this row or the header names.
        named: Option<SectionKind>,
    },
}

impl<'r, 'a> Reader<'r, 'a> {
    fn new(reading: &'r Reading<'r, 'a>) -> Self {
        Self {
            reading,
            drafts: Vec::new(),
            open: Vec::new(),
            paragraph: None,
            bare_mark: None,
            lead_in: None,
            obliges: false,
            introduces: None,
            after_blank: false,
            group: None,
            skip_to: 0,
            listed: false,
            table: Table::Outside,
        }
    }

    fn line(&mut self, at: usize) {
        if at < self.skip_to {
            return;
        }
        let line = self.reading.lines[at];
        let bare_mark = self.bare_mark.take();
        if line.is_blank() {
            self.end_paragraph();
            self.table = Table::Outside;
            self.after_blank = true;
            return;
        }
        if tables::is_border(line.text) {
            self.border();
        } else if self.is_row(at) {
            self.row(at);
        } else if markers::is_rule(line.text) {
            self.end_list();
        } else if let Some(marked) = markers::marked(line.text) {
            self.end_paragraph();
            self.begin_item(at, line.indent, marked);
        } else if let Some(marked) = self.deeper_item(at) {
            self.begin_item(at, line.indent, marked);
        } else if let Some((at, indent)) = bare_mark {
            self.begin_item(at, indent, Marked { words: line.text, number: None });
        } else {
            self.words(at);
        }
        self.after_blank = false;
    }

    /// `1.1 works offline` or `a. short`, further in than the item above.
    fn deeper_item(&self, at: usize) -> Option<Marked<'a>> {
        let line = self.reading.lines[at];
        let around = &self.drafts[*self.open.last()?];
        (line.indent >= around.indent + 2 || (line.indent > 0 && line.indent == around.indent))
            .then(|| markers::deeper(line.text))
            .flatten()
    }

    fn end_list(&mut self) {
        self.end_paragraph();
        self.open.clear();
        self.table = Table::Outside;
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraph.take() else { return };
        let words = paragraph.text.as_str();
        let introduces = words.ends_with([':', '：']);
        let known = self.reading.words;
        let repeated = known.changes_meaning(words) || labels::is_statement(known, words);
        self.lead_in = (introduces && repeated).then(|| words.to_owned());
        self.introduces = introduces.then_some(self.drafts.len());
        self.obliges = introduces && known.oblige(words);
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        push_lead(&mut text, self.reading.lead);
        text.push(&without_emphasis(words));
        self.drafts.push(Draft { text, ..paragraph });
    }

    fn begin_item(&mut self, at: usize, indent: u16, marked: Marked<'_>) {
        self.pop(indent, marked.number.is_none());
        self.table = Table::Outside;
        if marked.words.is_empty() {
            self.bare_mark = Some((at, indent));
            return;
        }
        self.take_lead_in();
        let label = labels::label(self.reading.words, marked.words);
        let words = label.map_or(marked.words, |label| label.words);
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        let parent = self.open.last().copied();
        let kind = label
            .map(|label| label.kind)
            .or_else(|| parent.and_then(|parent| self.drafts[parent].kind));
        match parent.map(|parent| &mut self.drafts[parent]) {
            Some(parent) if labels::is_group(self.reading.words, parent.text.as_str()) => {
                parent.carried = true;
                push_lead(&mut text, Some(&without_emphasis(parent.text.as_str())));
            }
            Some(_) if is_sentence(self.reading.words, words) => self.push_leads(&mut text),
            // It remains an item: it is a statement, whereas words with a colon only introduce
            // others.
            Some(parent) => {
                push_lead(&mut text, Some(parent.text.as_str().trim_end_matches(['.', ';', ','])))
            }
            None => self.push_leads(&mut text),
        }
        push_label(&mut text, label);
        // A bold item may be the group of those below it, which its marks tell.
        let bold = words.starts_with("**") && words.trim_end_matches(':').ends_with("**");
        match bold {
            true => text.push(words),
            false => text.push(&without_emphasis(words)),
        }
        self.open.push(self.drafts.len());
        let number = marked.number.map(str::to_owned);
        self.drafts.push(Draft {
            text,
            at,
            kind,
            cell: None,
            row: false,
            number,
            obliged: self.obliges,
            prose: false,
            indent,
            carried: false,
        });
    }

    /// Leaves the items that are not around one with this indent. A mark further in than the item
    /// above by one column is a slip, not a level.
    fn pop(&mut self, indent: u16, bullet: bool) {
        while let Some(open) = self.open.last() {
            let around = &self.drafts[*open];
            // "1. Tests:" has the bullets below it, indented or not.
            let label = around.number.is_some() && around.text.as_str().ends_with(':');
            if bullet && label && indent >= around.indent {
                break;
            }
            let deeper = indent.saturating_sub(around.indent);
            let slip = self.open.len() == 1 && !around.text.as_str().ends_with(':');
            if deeper > 1 || (deeper == 1 && !slip) {
                break;
            }
            self.open.pop();
        }
    }

    /// The paragraph above has introduced the list that begins here.
    fn take_lead_in(&mut self) {
        let Some(at) = self.introduces.take() else { return };
        // Words that are not repeated are kept where they say something of their own.
        let says =
            |draft: &Draft| self.lead_in.is_none() && labels::is_specific(draft.text.as_str());
        if let Some(paragraph) = self.drafts.get_mut(at).filter(|draft| draft.prose && !says(draft))
        {
            paragraph.carried = true;
        }
    }

    fn push_leads(&self, text: &mut OneLine) {
        push_lead(text, self.reading.lead);
        push_lead(text, self.lead_in.as_deref());
    }

    /// A line without a mark: it continues an item, continues a paragraph, or begins one.
    fn words(&mut self, at: usize) {
        let line = self.reading.lines[at];
        self.table = Table::Outside;
        if self.after_blank {
            while self.open.last().is_some_and(|open| self.drafts[*open].indent >= line.indent) {
                self.open.pop();
            }
        } else if self.leads_into_a_list(at) {
            self.open.clear();
        }
        if let Some(open) = self.open.last() {
            self.drafts[*open].text.push(&without_emphasis(line.text));
            return;
        }
        if self.paragraph.as_ref().is_some_and(|paragraph| self.begins_another(paragraph, at)) {
            self.end_paragraph();
        }
        if let Some(paragraph) = &mut self.paragraph {
            paragraph.text.push(line.text);
            return;
        }
        if at.checked_sub(1).is_none_or(|above| self.reading.lines[above].is_blank())
            || at == self.reading.body.start
        {
            self.listed = self.is_listed(at);
        }
        self.introduces = None;
        let label = labels::label(self.reading.words, line.text);
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        push_label(&mut text, label);
        text.push(label.map_or(line.text, |label| label.words));
        let kind = label.map(|label| label.kind);
        let indent = line.indent;
        let number = markers::identifier(line.text).map(str::to_owned);
        self.paragraph = Some(Draft {
            text,
            at,
            kind,
            cell: None,
            row: false,
            number,
            obliged: false,
            prose: true,
            indent,
            carried: false,
        });
    }

    /// Below a label, indented lines that each begin like a sentence are items of their own; a
    /// line that goes on with small letters is the rest of the one above.
    fn begins_another(&self, paragraph: &Draft, at: usize) -> bool {
        let line = self.reading.lines[at];
        let begins = |c: char| c.is_uppercase() || c.is_numeric() || super::words::is_unspaced(c);
        line.text.starts_with(begins)
            && line.indent == paragraph.indent
            && !paragraph.text.as_str().ends_with([',', '(', '-', '–', '、'])
            && ((self.reading.labelled && line.indent >= 2) || self.listed)
    }

    /// Whether the lines from `at` to the next blank one are statements without marks: each short,
    /// beginning with a capital, and without the end of a sentence.
    fn is_listed(&self, at: usize) -> bool {
        const LONGEST: usize = 60;
        let below = at..self.reading.body.end;
        let lines = below.map(|at| self.reading.lines[at].text).take_while(|text| !text.is_empty());
        let begins = |c: char| c.is_uppercase() || c.is_numeric();
        let mut count = 0;
        for text in lines.take(LONGEST) {
            let statement = text.chars().count() <= LONGEST
                && text.starts_with(begins)
                && !text.ends_with(['.', ',', ';', ':', '-'])
                && markers::item(text).is_none();
            if !statement {
                return false;
            }
            count += 1;
        }
        count >= 2
    }

    /// `Security:` between two items of a list belongs to neither of them.
    fn leads_into_a_list(&self, at: usize) -> bool {
        let line = self.reading.lines[at];
        let Some(item) = self.open.last().map(|open| &self.drafts[*open]) else { return false };
        let below = self.reading.lines.get(at + 1).filter(|_| at + 1 < self.reading.body.end);
        line.text.ends_with(':')
            && line.indent <= item.indent
            && below.is_some_and(|below| {
                below.indent <= item.indent && markers::item(below.text).is_some()
            })
    }

    /// A row starts with a bar, follows another row, or is the header above a border. Rows that a
    /// word processor pasted have as many tabs as the line above or below.
    fn is_row(&self, at: usize) -> bool {
        let line = self.reading.lines[at];
        if tables::is_row(line.text) {
            return true;
        }
        let inside = |at: &usize| self.reading.body.contains(at);
        let near = |at: Option<usize>| Some(self.reading.lines[at.filter(inside)?]);
        let below = near(at.checked_add(1));
        let tabs = tables::tabs(line.text);
        if tabs > 0 {
            let same =
                |near: Option<Line<'_>>| near.is_some_and(|near| tables::tabs(near.text) == tabs);
            return same(below) || same(near(at.checked_sub(1)));
        }
        let heads = self.table == Table::Outside
            && below
                .is_some_and(|below| tables::is_border(below.text) && !below.text.starts_with('+'));
        (heads || self.table != Table::Outside) && line.text.contains('|')
    }

    fn row(&mut self, at: usize) {
        self.end_paragraph();
        self.take_lead_in();
        self.open.clear();
        let line = self.reading.lines[at].text;
        let cells = tables::cells(line);
        let below = self.reading.lines.get(at + 1).filter(|_| at + 1 < self.reading.body.end);
        if self.table == Table::Outside && self.card(at) {
            return;
        }
        if self.table == Table::Outside {
            let first = self.drafts.len();
            // Pasted tables have no border below their header, which is words without statements.
            let pasted = tables::tabs(line) > 0 && !line.contains('|');
            let headed = pasted && tables::heads(&cells) && !self.reading.words.oblige(line);
            let named = self.one_section(&cells);
            self.table = Table::Rows { first, headed, group: None, named };
            if headed {
                return;
            }
        }
        let grouped = tables::group(&cells, below.map(|below| below.text));
        let section = self.section(grouped.unwrap_or_else(|| cells.first().unwrap_or(&"")));
        let Table::Rows { group, named, headed, .. } = &mut self.table else { return };
        if let Some(words) = grouped {
            // A group that is a section needs no repeating.
            *group = section.is_none().then(|| one_line(words, MAX_GROUP_CHARS));
            *named = section;
            // It is an item, unless a row below belongs to it.
            if section.is_none() {
                self.drafts.push(Draft { prose: false, ..Draft::of(words, at) });
                self.group = Some(self.drafts.len() - 1);
            }
            return;
        }
        if let Some(at) = self.group.take()
            && let Some(group) = self.drafts.get_mut(at)
        {
            group.carried = true;
        }
        let named = section.or(named.filter(|_| *headed || group.is_none()));
        let joined = tables::joined(&cells);
        if joined.as_str().is_empty() {
            return;
        }
        let number = cells.first().filter(|_| cells.len() > 1).and_then(|cell| {
            let bare = cell.trim_matches(['*', '`']).trim_end_matches('.');
            let first = bare.split_whitespace().next().unwrap_or_default();
            let boxed = first.starts_with('(') && first.ends_with(')');
            let boxed = boxed.then(|| first.trim_matches(['(', ')', '*']));
            let number = [Some(bare), boxed].into_iter().flatten().find(|b| markers::is_number(b));
            number.map(str::to_owned)
        });
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        let group = group.clone();
        self.push_leads(&mut text);
        push_lead(&mut text, group.as_deref());
        text.push(&without_emphasis(joined.as_str()));
        self.drafts.push(Draft {
            text,
            at,
            kind: None,
            cell: named,
            row: true,
            number,
            obliged: self.obliges,
            prose: false,
            indent: 0,
            carried: false,
        });
    }

    /// Reads a table that describes one requirement, or one thing with its attributes.
    fn card(&mut self, at: usize) -> bool {
        let below = at..self.reading.body.end;
        let rows = below.map(|at| (at, self.reading.lines[at].text));
        let rows = rows.take_while(|(_, row)| tables::is_row(row) || tables::is_border(row));
        let count = rows.clone().take(MAX_CARD_LINES).count();
        let Some(card) = tables::card(rows.take(MAX_CARD_LINES)) else { return false };
        self.skip_to = at + count;
        if let Some(((_, number, name), attributes)) = card.split_first()
            && markers::is_number(number)
        {
            let text = tables::described(name, attributes);
            let number = Some((*number).to_owned());
            let text = without_emphasis(&text);
            self.drafts.push(Draft { number, prose: false, ..Draft::of(&text, at) });
            return true;
        }
        // Attributes that name a section are statements of it; the others describe one thing.
        let (named, plain): (Vec<_>, Vec<_>) =
            card.into_iter().partition(|(_, name, _)| self.section(name).is_some());
        if let Some(((first, _, value), attributes)) = plain.split_first() {
            let text = tables::described(value, attributes);
            let text = without_emphasis(&text);
            self.drafts.push(Draft { prose: false, ..Draft::of(&text, *first) });
        }
        for (at, name, value) in named {
            let section = self.section(name);
            let text = without_emphasis(value);
            let draft = Draft { prose: false, cell: section, ..Draft::of(&text, at) };
            self.drafts.push(Draft { kind: section, ..draft });
        }
        true
    }

    /// The section that words name, and nothing else.
    fn section(&self, words: &str) -> Option<SectionKind> {
        let named = self.reading.words.name(words).filter(|named| named.exact)?;
        match named.name {
            Name::Section(kind) => Some(kind),
            Name::Aside | Name::Topic => None,
        }
    }

    /// The section of a header in which only one column names any.
    fn one_section(&self, cells: &[&str]) -> Option<SectionKind> {
        let mut named = cells.iter().filter_map(|cell| self.section(cell));
        named.next().filter(|_| named.next().is_none())
    }

    /// The first border makes the rows so far the header.
    fn border(&mut self) {
        self.end_paragraph();
        self.open.clear();
        if let Table::Rows { first, headed, group, .. } = &mut self.table
            && !*headed
        {
            // A row that states something or has a number is not a header.
            let states = self.drafts[*first..].iter().any(|draft| {
                draft.number.is_some() || self.reading.words.oblige(draft.text.as_str())
            });
            if !states {
                self.drafts.truncate(*first);
                *group = None;
            }
            *headed = true;
        }
    }
}

/// Whether the words are a statement without the item above them.
fn is_sentence(known: &Words, words: &str) -> bool {
    if words.starts_with(|c: char| !c.is_lowercase()) && words.ends_with(['.', '!', '?', '。']) {
        return true;
    }
    // "must open" is about the item above; "gates must open" is not.
    let subject = words.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    known.oblige(words) && !known.oblige(&subject)
}

/// Puts words in front of an item.
pub(super) fn push_lead(text: &mut OneLine, lead: Option<&str>) {
    let Some(lead) = lead else { return };
    text.push(lead.trim_end_matches([':', '：']));
    text.push_tight(":");
}

/// A label is repeated only if the words mean something else without it.
fn push_label(text: &mut OneLine, label: Option<Label<'_>>) {
    push_lead(text, label.and_then(|label| label.turns.then_some(label.name)));
}
