//! YAML text, parsed once into an arena of nodes with spans. Everything else reads this tree.

mod fault;
mod json;
mod parse;
mod read;

use crate::source::{FileId, Span};

pub use parse::{MAX_DEPTH, MAX_NODES, parse};
pub use read::Reader;
pub(crate) use read::WRITTEN;

/// Index of a node in its [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(u32);

impl NodeId {
    pub(crate) fn shifted(self, by: u32) -> NodeId {
        NodeId(self.0 + by)
    }
}

/// The kind of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`, `~` or an empty value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<NodeId>),
    /// Keys and values in order. Keys are unique text nodes.
    Map(Vec<(NodeId, NodeId)>),
}

/// A node and its span.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its kind and value.
    pub kind: Kind,
    /// Where it is written.
    pub span: Span,
}

/// One YAML document.
#[derive(Debug, Clone)]
pub struct Document {
    file: FileId,
    nodes: Vec<Node>,
    root: NodeId,
}

impl Document {
    /// The file that it was read from.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The topmost node.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// How many nodes it has.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node by number.
    #[cfg(test)]
    pub(crate) fn nth(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The text of a text node.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Adds the nodes of another document; returns by how much their ids grow.
    pub(crate) fn append(&mut self, other: &Document) -> u32 {
        let shift = self.nodes.len() as u32;
        let shifted = other.nodes.iter().map(|node| {
            let kind = match &node.kind {
                Kind::List(items) => Kind::List(items.iter().map(|i| i.shifted(shift)).collect()),
                Kind::Map(entries) => {
                    let shifted = |(k, v): &(NodeId, NodeId)| (k.shifted(shift), v.shifted(shift));
                    Kind::Map(entries.iter().map(shifted).collect())
                }
                other => other.clone(),
            };
            Node { kind, span: node.span }
        });
        self.nodes.extend(shifted);
        shift
    }

    /// Adds a node.
    pub(crate) fn push(&mut self, kind: Kind, span: Span) -> NodeId {
        self.nodes.push(Node { kind, span });
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// The document with another topmost node.
    pub(crate) fn with_root(mut self, root: NodeId) -> Document {
        self.root = root;
        self
    }

    /// Whether a node has the same value as one of another document, wherever they are written.
    pub(crate) fn equals(&self, own: NodeId, other: &Document, its: NodeId) -> bool {
        match (&self.node(own).kind, &other.node(its).kind) {
            (Kind::List(own), Kind::List(its)) => {
                own.len() == its.len()
                    && own.iter().zip(its).all(|(own, its)| self.equals(*own, other, *its))
            }
            (Kind::Map(own), Kind::Map(its)) => {
                own.len() == its.len()
                    && own.iter().all(|(key, value)| {
                        let key = self.text(*key).unwrap_or_default();
                        let there = its.iter().find(|(k, _)| other.text(*k) == Some(key));
                        there.is_some_and(|(_, its)| self.equals(*value, other, *its))
                    })
            }
            (own, its) => own == its,
        }
    }

    /// The key and value nodes of an entry in a map.
    pub fn entry(&self, map: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        match &self.node(map).kind {
            Kind::Map(entries) => entries.iter().copied().find(|(k, _)| self.text(*k) == Some(key)),
            _ => None,
        }
    }
}
