//! Locates the cursor in YAML that is being typed. A parser cannot handle half a line, so this
//! reads indentation and brackets only, tolerates everything and terminates for any text. Complete
//! files are read by `definition` instead.

mod block;
mod flow;

#[cfg(test)]
mod tests;

use std::ops::Range;

/// A step on the path from the root of a file to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key.
    Key(String),
    /// An entry of a list.
    Item,
}

impl Step {
    /// The step in a schema.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Step::Key(key) => Some(key),
            Step::Item => None,
        }
    }
}

/// What may be written at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// A key of the map at the end of the path.
    Key,
    /// The value at the end of the path.
    Value,
    /// A word on its own line: a key of the map or the value, depending on the schema.
    Either,
}

/// The position of the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The path to the map or value.
    pub way: Vec<Step>,
    /// What may be written there.
    pub at: At,
    /// The word at the cursor, without quotes; may be empty.
    pub word: Range<usize>,
    /// The column of a key at this level.
    pub column: usize,
    /// Whether it is inside brackets.
    pub flow: bool,
    /// The other keys, or entries of the list.
    pub beside: Vec<String>,
}

/// Locates the cursor; `None` in comments and multi-line texts.
pub(crate) fn find(text: &str, offset: usize) -> Option<Cursor> {
    let offset = text.floor_char_boundary(offset);
    block::Scan::new(text, offset).run()
}
