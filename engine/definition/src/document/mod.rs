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

    /// The key and value nodes of an entry in a map.
    pub fn entry(&self, map: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        match &self.node(map).kind {
            Kind::Map(entries) => entries.iter().copied().find(|(k, _)| self.text(*k) == Some(key)),
            _ => None,
        }
    }
}
