//! The numbers of lists in a Word document. Word does not store them, it counts.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{local, value};

/// Maximum levels of a list.
const LEVELS: usize = 9;
/// Maximum number of lists.
const MAX_LISTS: usize = 10_000;

/// How one level of a list is written.
#[derive(Debug, Clone, Default)]
struct Level {
    bullet: bool,
    /// The pattern of its numbers: `%1.%2`.
    text: String,
    start: u32,
}

/// All lists, with how far each has counted.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// Patterns by abstract list and level.
    kinds: HashMap<u32, Vec<Level>>,
    /// The abstract list of each list.
    lists: HashMap<u32, u32>,
    counts: HashMap<u32, [u32; LEVELS]>,
}

impl Numbering {
    /// The mark of the next item of a list: `- `, `3. ` or `1.2 `.
    pub(super) fn next(&mut self, list: u32, level: usize) -> String {
        let level = level.min(LEVELS - 1);
        let Some(kind) = self.lists.get(&list) else { return "- ".to_owned() };
        let Some(levels) = self.kinds.get(kind) else { return "- ".to_owned() };
        let start = |at: usize| levels.get(at).map_or(1, |level| level.start);
        // Lists of one kind go on counting where another left off.
        let counts = self.counts.entry(*kind).or_default();
        counts[level] = match counts[level] {
            0 => start(level),
            count => count.saturating_add(1),
        };
        for (at, count) in counts.iter_mut().enumerate() {
            if at > level {
                *count = 0;
            } else if *count == 0 {
                *count = start(at).max(1);
            }
        }
        let Some(written) = levels.get(level).filter(|level| !level.bullet) else {
            return "- ".to_owned();
        };
        let mut text = written.text.clone();
        for (at, count) in counts.iter().enumerate() {
            text = text.replace(&format!("%{}", at + 1), &count.to_string());
        }
        match text.trim() {
            "" => "- ".to_owned(),
            text if text.ends_with(|c: char| c.is_ascii_digit()) && !text.contains('.') => {
                format!("{text}. ")
            }
            text => format!("{text} "),
        }
    }
}

/// The lists of a document.
pub(super) fn read(xml: &[u8]) -> Numbering {
    let mut numbering = Numbering::default();
    let mut reader = Reader::from_reader(xml);
    let (mut kind, mut list, mut level) = (None, None, None);
    loop {
        match reader.read_event() {
            Ok(Event::Start(e) | Event::Empty(e)) => {
                let number = |name| value(&e, name).and_then(|v| v.parse::<u32>().ok());
                match local(&e) {
                    "abstractNum" => (kind, level) = (number("abstractNumId"), None),
                    "num" => list = number("numId"),
                    "lvl" => level = number("ilvl").map(|level| level as usize),
                    "abstractNumId" => {
                        if let (Some(list), Some(kind)) = (list, number("val"))
                            && numbering.lists.len() < MAX_LISTS
                        {
                            numbering.lists.insert(list, kind);
                        }
                    }
                    name => {
                        let Some((kind, level)) = kind.zip(level.filter(|at| *at < LEVELS)) else {
                            continue;
                        };
                        if numbering.kinds.len() >= MAX_LISTS {
                            continue;
                        }
                        let levels = numbering.kinds.entry(kind).or_insert_with(|| {
                            vec![Level { bullet: false, text: String::new(), start: 1 }; LEVELS]
                        });
                        let level = &mut levels[level];
                        match name {
                            "start" => level.start = number("val").unwrap_or(1),
                            "numFmt" => {
                                // Letters and Roman numbers are marks, not the customer's numbers.
                                level.bullet = value(&e, "val").is_none_or(|v| v != "decimal");
                            }
                            "lvlText" => {
                                let text = value(&e, "val").unwrap_or_default();
                                level.text = text.chars().take(40).collect();
                            }
                            _ => {}
                        }
                    }
                }
            }
            Ok(Event::End(e)) if e.local_name().as_ref() == "abstractNum" => kind = None,
            Ok(Event::Eof) | Err(_) => return numbering,
            Ok(_) => {}
        }
    }
}
