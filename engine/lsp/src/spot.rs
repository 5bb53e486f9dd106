//! What is at a place of a definition file: from the tree if the file is valid, otherwise from
//! `cursor`.

use std::ops::Range;

use cloudcrew_definition::document::{Document, Kind, NodeId};

use crate::cursor::{self, At, Step};

/// What is at a place.
pub(crate) struct Spot {
    /// The path to the value, or to the value of the key.
    pub way: Vec<Step>,
    /// Whether it is the key rather than the value.
    pub on_key: bool,
    /// The word.
    pub span: Range<usize>,
}

/// What is at a byte; `None` between elements.
pub(crate) fn at(document: Option<&Document>, text: &str, offset: usize) -> Option<Spot> {
    match document {
        Some(document) => in_tree(document, offset),
        None => {
            let found = cursor::find(text, offset).filter(|c| !c.word.is_empty())?;
            let mut way = found.way;
            let on_key = found.at == At::Key;
            if on_key {
                way.push(Step::Key(text[found.word.clone()].to_owned()));
            }
            Some(Spot { way, on_key, span: found.word })
        }
    }
}

fn in_tree(document: &Document, offset: usize) -> Option<Spot> {
    let (mut way, mut node) = (Vec::new(), document.root());
    let covers =
        |id: NodeId| (document.node(id).span.start..=document.node(id).span.end).contains(&offset);
    loop {
        match &document.node(node).kind {
            Kind::Map(entries) => {
                let (key, value) =
                    entries.iter().find(|(key, value)| covers(*key) || covers(*value))?;
                way.push(Step::Key(document.text(*key).unwrap_or_default().to_owned()));
                if covers(*key) {
                    let span = document.node(*key).span;
                    return Some(Spot { way, on_key: true, span: span.start..span.end });
                }
                node = *value;
            }
            Kind::List(items) => {
                node = *items.iter().find(|item| covers(**item))?;
                way.push(Step::Item);
            }
            _ => {
                let span = document.node(node).span;
                return covers(node).then_some(Spot {
                    way,
                    on_key: false,
                    span: span.start..span.end,
                });
            }
        }
    }
}

/// The node at the end of a path of keys.
pub(crate) fn node(document: &Document, way: &[&str]) -> Option<NodeId> {
    way.iter()
        .try_fold(document.root(), |node, key| document.entry(node, key).map(|(_, value)| value))
}
