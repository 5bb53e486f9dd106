//! The body of a Word document.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::numbering::Numbering;
use super::styles::Style;
use super::{is_on, local, value};
use crate::markdown::Markdown;
use crate::{DocumentFault, Format};

/// Maximum nesting of elements.
const DEEPEST: usize = 1_000;
/// Maximum nesting of lists that is shown.
const DEEPEST_LIST: usize = 8;

/// Elements whose content is not the text: what was deleted, instructions of fields, and the
/// older form of what is written twice.
const SKIPPED: &[&str] = &["del", "moveFrom", "instrText", "delText", "Fallback", "pict"];

struct Body<'s> {
    styles: &'s HashMap<String, Style>,
    numbering: Numbering,
    out: Markdown,
    /// The paragraph's style and list.
    style: Style,
    /// Whether the properties being read are those of the paragraph's mark or of a table.
    properties: usize,
    begun: bool,
    /// Whether the run is bold, hidden.
    bold: bool,
    bold_open: bool,
    hidden: bool,
    hidden_runs: usize,
    in_text: bool,
}

/// The body as Markdown.
pub(super) fn markdown(
    xml: &[u8],
    styles: &HashMap<String, Style>,
    numbering: Numbering,
    notes: &mut Vec<String>,
) -> Result<String, DocumentFault> {
    let mut reader = Reader::from_reader(xml);
    reader.config_mut().check_end_names = false;
    let mut body = Body {
        styles,
        numbering,
        out: Markdown::default(),
        style: Style::default(),
        properties: 0,
        begun: false,
        bold: false,
        bold_open: false,
        hidden: false,
        hidden_runs: 0,
        in_text: false,
    };
    let (mut depth, mut skipped) = (0_usize, None);
    loop {
        let damaged = |error| DocumentFault::damaged(Format::Word, error);
        let event = reader.read_event().map_err(damaged)?;
        match event {
            Event::Start(e) => {
                depth += 1;
                if depth > DEEPEST {
                    let why = "its elements are nested too deep";
                    return Err(DocumentFault::damaged(Format::Word, why));
                }
                if skipped.is_none() && SKIPPED.contains(&local(&e)) {
                    skipped = Some(depth);
                }
                if skipped.is_none() {
                    body.start(&e);
                }
            }
            Event::Empty(e) if skipped.is_none() => {
                body.start(&e);
                body.end(local(&e));
            }
            Event::End(e) => {
                if skipped.is_none() {
                    body.end(e.local_name().as_ref());
                }
                if skipped == Some(depth) {
                    skipped = None;
                }
                depth = depth.saturating_sub(1);
            }
            Event::Text(text) if skipped.is_none() && body.in_text => {
                body.text(&text);
            }
            Event::GeneralRef(name) if skipped.is_none() && body.in_text => {
                // The five entities of XML and character references; others do not exist here.
                let entity = format!("&{};", &*name);
                if let Ok(text) = quick_xml::escape::unescape(&entity) {
                    body.text(&text);
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if body.out.is_full() {
            break;
        }
    }
    if body.hidden_runs > 0 {
        notes.push(format!("hidden text in {} places was left out", body.hidden_runs));
    }
    Ok(body.out.finish()?)
}

impl Body<'_> {
    fn start(&mut self, e: &BytesStart<'_>) {
        match local(e) {
            "p" => {
                self.out.end();
                (self.style, self.begun) = (Style::default(), false);
            }
            "pPr" | "tblPr" | "sectPr" => self.properties += 1,
            "pStyle" => {
                let id = value(e, "val").unwrap_or_default();
                let own = self.style.list;
                self.style = self.styles.get(&id).copied().unwrap_or_default();
                self.style.list = own.or(self.style.list);
            }
            "outlineLvl" => {
                let level = value(e, "val").and_then(|v| v.parse::<usize>().ok());
                let level = level.filter(|level| *level < 9).map(|level| level + 1);
                self.style.heading = self.style.heading.or(level);
            }
            "ilvl" => {
                let level = value(e, "val").and_then(|v| v.parse().ok()).unwrap_or(0);
                self.style.list = Some((self.style.list.map_or(0, |(list, _)| list), level));
            }
            "numId" => {
                let list = value(e, "val").and_then(|v| v.parse().ok()).unwrap_or(0);
                let level = self.style.list.map_or(0, |(_, level)| level);
                // Zero takes the paragraph out of the list of its style.
                self.style.list = (list > 0).then_some((list, level));
            }
            "r" => (self.bold, self.hidden) = (false, false),
            "b" if self.properties == 0 => self.bold = is_on(e),
            "vanish" if self.properties == 0 => {
                self.hidden = is_on(e);
                self.hidden_runs += usize::from(self.hidden);
            }
            "t" => self.in_text = true,
            "tab" if self.properties == 0 => self.text(" "),
            "br" | "cr" => self.text(" "),
            "noBreakHyphen" => self.text("-"),
            "tbl" => self.out.begin_table(),
            "tr" => self.out.begin_row(),
            "tblHeader" if is_on(e) => self.out.head(),
            "tc" => self.out.begin_cell(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" => {
                self.close_bold();
                self.out.end();
            }
            "pPr" | "tblPr" | "sectPr" => self.properties = self.properties.saturating_sub(1),
            "t" => self.in_text = false,
            "tr" => self.out.end_row(),
            "tbl" => self.out.end_table(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden {
            return;
        }
        if !self.begun {
            self.begun = true;
            let mark = self.mark();
            self.out.begin(&mark);
        }
        // Headings are bold anyway.
        let bold = self.bold && self.style.heading.is_none() && !text.trim().is_empty();
        if bold && !self.bold_open {
            self.out.emphasis();
            self.bold_open = true;
        } else if !bold && self.bold_open && !text.trim().is_empty() {
            self.close_bold();
        }
        self.out.words(text);
    }

    fn close_bold(&mut self) {
        if std::mem::take(&mut self.bold_open) {
            self.out.emphasis();
        }
    }

    /// What is put in front of the paragraph.
    fn mark(&mut self) -> String {
        if let Some(level) = self.style.heading {
            return format!("{} ", "#".repeat(level.min(6)));
        }
        match self.style.list {
            Some((list, level)) if list > 0 => {
                let indent = "  ".repeat(level.min(DEEPEST_LIST));
                format!("{indent}{}", self.numbering.next(list, level))
            }
            _ => String::new(),
        }
    }
}
