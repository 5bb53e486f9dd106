//! YAML text as an arena tree of spanned nodes, parsed once. Everything else reads this tree.

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

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Words.
    Text(String),
    /// A list.
    List(Vec<NodeId>),
    /// Keys and values in order; keys are text nodes, each once.
    Map(Vec<(NodeId, NodeId)>),
}

/// A node: what it is and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
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
    /// The file it was read from.
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

    /// A node by its number.
    #[cfg(test)]
    pub(crate) fn nth(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The text of a node that is text.
    pub fn text(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Key and value nodes of an entry of a map.
    pub fn entry(&self, map: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        match &self.node(map).kind {
            Kind::Map(entries) => entries.iter().copied().find(|(k, _)| self.text(*k) == Some(key)),
            _ => None,
        }
    }
}
