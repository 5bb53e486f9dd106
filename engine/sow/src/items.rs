//! The items of one part: its list items and table rows, or else its paragraphs.

use std::ops::Range;

use super::lines::Line;
use super::markers;
use super::tables;
use super::text::{MAX_ITEM_CHARS, OneLine};
use super::words::changes_meaning;

/// A statement of the customer, and the index of its first line.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) text: OneLine,
    pub(super) at: usize,
    indent: u16,
    /// Its words are repeated in front of each item below it, so it is not an item itself.
    carried: bool,
}

/// The content below one heading.
#[derive(Debug)]
pub(super) struct Block {
    items: Vec<Draft>,
    paragraphs: Vec<Draft>,
}

impl Block {
    /// Number of drafts made for it, kept or not.
    pub(super) fn made(&self) -> usize {
        self.items.len() + self.paragraphs.len()
    }

    /// The items: the list if there is one, otherwise one per paragraph.
    pub(super) fn into_items(self) -> Vec<Draft> {
        if self.items.is_empty() {
            self.paragraphs
        } else {
            self.items.into_iter().filter(|item| !item.carried).collect()
        }
    }

    /// The paragraphs, whether or not there is a list.
    pub(super) fn into_paragraphs(self) -> Vec<Draft> {
        self.paragraphs
    }
}

/// The input for reading a part.
pub(super) struct Reading<'r, 'a> {
    pub(super) lines: &'r [Line<'a>],
    pub(super) body: Range<usize>,
    /// Words on the heading's line that belong to the section, and the index of that line.
    pub(super) inline: Option<(usize, &'a str)>,
    /// Words without which the items would mean something else: "Out of scope".
    pub(super) lead: Option<&'r str>,
    /// Maximum number of drafts, which limits the work on a malicious document.
    pub(super) at_most: usize,
}

impl Reading<'_, '_> {
    /// Reads the part.
    pub(super) fn read(&self) -> Block {
        let mut reader = Reader::new(self);
        if let Some((at, words)) = self.inline {
            reader.begin_item(at, 0, words);
        }
        for at in self.body.clone() {
            if reader.items.len() + reader.paragraphs.len() >= self.at_most {
                break;
            }
            reader.line(at);
        }
        reader.end_paragraph();
        Block { items: reader.items, paragraphs: reader.paragraphs }
    }
}

struct Reader<'r, 'a> {
    reading: &'r Reading<'r, 'a>,
    items: Vec<Draft>,
    paragraphs: Vec<Draft>,
    /// The items around the current one, outermost first; further lines continue the last.
    open: Vec<usize>,
    paragraph: Option<Draft>,
    /// The line and indent of a list mark without words: they may be on the next line.
    bare_mark: Option<(usize, u16)>,
    /// The paragraph above the current list, if it changes the meaning of the list.
    lead_in: Option<String>,
    after_blank: bool,
    table: Table,
}

/// Position in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    Outside,
    /// Rows so far, without a border that would make them the header.
    Rows {
        first: usize,
        headed: bool,
    },
}

impl<'r, 'a> Reader<'r, 'a> {
    fn new(reading: &'r Reading<'r, 'a>) -> Self {
        Self {
            reading,
            items: Vec::new(),
            paragraphs: Vec::new(),
            open: Vec::new(),
            paragraph: None,
            bare_mark: None,
            lead_in: None,
            after_blank: false,
            table: Table::Outside,
        }
    }

    fn line(&mut self, at: usize) {
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
        } else if let Some(words) = markers::item(line.text) {
            self.end_paragraph();
            self.begin_item(at, line.indent, words);
        } else if let Some((at, indent)) = bare_mark {
            self.begin_item(at, indent, line.text);
        } else {
            self.words(at);
        }
        self.after_blank = false;
    }

    fn end_list(&mut self) {
        self.end_paragraph();
        self.open.clear();
        self.table = Table::Outside;
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraph.take() else { return };
        let words = paragraph.text.as_str();
        self.lead_in = (words.ends_with(':') && changes_meaning(words)).then(|| words.to_owned());
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        push_lead(&mut text, self.reading.lead);
        text.push(words);
        self.paragraphs.push(Draft { text, ..paragraph });
    }

    fn begin_item(&mut self, at: usize, indent: u16, words: &str) {
        while self.open.last().is_some_and(|open| self.items[*open].indent >= indent) {
            self.open.pop();
        }
        self.table = Table::Outside;
        if words.is_empty() {
            self.bare_mark = Some((at, indent));
            return;
        }
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        let parent = self.open.last().copied();
        match parent.map(|parent| &mut self.items[parent]) {
            Some(parent) if parent.text.as_str().ends_with(':') => {
                parent.carried = true;
                text.push(parent.text.as_str());
            }
            Some(_) if is_sentence(words) => self.push_leads(&mut text),
            // It remains an item: it is a statement, whereas words with a colon only introduce
            // others.
            Some(parent) => {
                push_lead(&mut text, Some(parent.text.as_str().trim_end_matches(['.', ';', ','])))
            }
            None => self.push_leads(&mut text),
        }
        text.push(words);
        self.open.push(self.items.len());
        self.items.push(Draft { text, at, indent, carried: false });
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
            while self.open.last().is_some_and(|open| self.items[*open].indent >= line.indent) {
                self.open.pop();
            }
        } else if self.leads_into_a_list(at) {
            self.open.clear();
        }
        if let Some(open) = self.open.last() {
            self.items[*open].text.push(line.text);
            return;
        }
        let begin = || Draft {
            text: OneLine::new(MAX_ITEM_CHARS),
            at,
            indent: line.indent,
            carried: false,
        };
        self.paragraph.get_or_insert_with(begin).text.push(line.text);
    }

    /// `Security:` between two items of a list belongs to neither of them.
    fn leads_into_a_list(&self, at: usize) -> bool {
        let line = self.reading.lines[at];
        let Some(item) = self.open.last().map(|open| &self.items[*open]) else { return false };
        let below = self.reading.lines.get(at + 1).filter(|_| at + 1 < self.reading.body.end);
        line.text.ends_with(':')
            && line.indent <= item.indent
            && below.is_some_and(|below| {
                below.indent <= item.indent && markers::item(below.text).is_some()
            })
    }

    /// A row starts with a bar, follows another row, or is the header above a border.
    fn is_row(&self, at: usize) -> bool {
        let line = self.reading.lines[at];
        if tables::is_row(line.text) {
            return true;
        }
        let below = self.reading.lines.get(at + 1).filter(|_| at + 1 < self.reading.body.end);
        let heads = self.table == Table::Outside
            && below
                .is_some_and(|below| tables::is_border(below.text) && !below.text.starts_with('+'));
        (heads || self.table != Table::Outside) && line.text.contains('|')
    }

    fn row(&mut self, at: usize) {
        self.end_paragraph();
        self.open.clear();
        if self.table == Table::Outside {
            self.table = Table::Rows { first: self.items.len(), headed: false };
        }
        let cells = tables::cells(self.reading.lines[at].text);
        if cells.as_str().is_empty() {
            return;
        }
        let mut text = OneLine::new(MAX_ITEM_CHARS);
        self.push_leads(&mut text);
        text.push(cells.as_str());
        self.items.push(Draft { text, at, indent: 0, carried: false });
    }

    /// The first border makes the rows so far the header.
    fn border(&mut self) {
        self.end_paragraph();
        self.open.clear();
        if let Table::Rows { first, headed } = &mut self.table
            && !*headed
        {
            self.items.truncate(*first);
            *headed = true;
        }
    }
}

/// Whether the words are a statement without the item above them.
fn is_sentence(words: &str) -> bool {
    words.starts_with(|c: char| !c.is_lowercase()) && words.ends_with(['.', '!', '?'])
}

fn push_lead(text: &mut OneLine, lead: Option<&str>) {
    let Some(lead) = lead else { return };
    text.push(lead.trim_end_matches(':'));
    text.push_tight(":");
}
