//! Which styles of a Word document are headings or lists.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{local, value};

/// What a paragraph style means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// The level of a heading, from 1.
    pub(super) heading: Option<usize>,
    /// The list it belongs to, and its level in it, from 0.
    pub(super) list: Option<(u32, usize)>,
}

/// Maximum number of styles.
const MAX_STYLES: usize = 10_000;

/// Styles by their id. Word translates ids, but names the built-in headings in English.
pub(super) fn read(xml: &[u8]) -> HashMap<String, Style> {
    let mut styles = HashMap::new();
    let mut reader = Reader::from_reader(xml);
    let mut id = String::new();
    let mut style = Style::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(e) | Event::Empty(e)) => match local(&e) {
                "style" => {
                    id = value(&e, "styleId").unwrap_or_default();
                    style = Style::default();
                }
                "name" => {
                    let name = value(&e, "val").unwrap_or_default().to_lowercase();
                    style.heading = match name.strip_prefix("heading ") {
                        Some(level) => level.parse().ok(),
                        None => (name == "title").then_some(1),
                    }
                    .or(style.heading);
                }
                "outlineLvl" => {
                    let level = value(&e, "val").and_then(|v| v.parse::<usize>().ok());
                    let level = level.filter(|level| *level < 9).map(|level| level + 1);
                    style.heading = style.heading.or(level);
                }
                "numId" => {
                    let list = value(&e, "val").and_then(|v| v.parse().ok());
                    style.list = list.map(|list| (list, style.list.map_or(0, |(_, at)| at)));
                }
                "ilvl" => {
                    let level = value(&e, "val").and_then(|v| v.parse().ok()).unwrap_or(0);
                    style.list = Some((style.list.map_or(0, |(list, _)| list), level));
                }
                _ => {}
            },
            Ok(Event::End(e)) if e.local_name().as_ref() == "style" => {
                style.heading = style.heading.filter(|level| (1..=9).contains(level));
                if styles.len() < MAX_STYLES && style != Style::default() {
                    styles.insert(std::mem::take(&mut id), style);
                }
            }
            Ok(Event::Eof) | Err(_) => return styles,
            Ok(_) => {}
        }
    }
}
