//! Where a cursor stands in YAML that is being typed. A parser has nothing to say about half a
//! line, so this reads by indentation and brackets alone, forgives everything and ends for any
//! text. What is whole is read by `definition` instead.

mod block;
mod flow;

#[cfg(test)]
mod tests;

use std::ops::Range;

/// A step on the way from the top of a file to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key.
    Key(String),
    /// An entry of a list.
    Item,
}

impl Step {
    /// As the rules of a schema are walked.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Step::Key(key) => Some(key),
            Step::Item => None,
        }
    }
}

/// What may stand at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// A key of the map at the end of the way.
    Key,
    /// The value at the end of the way.
    Value,
    /// A word on its line: a key of the map, or the value, as the schema has it.
    Either,
}

/// Where the cursor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The way to the map or value.
    pub way: Vec<Step>,
    /// What may stand there.
    pub at: At,
    /// The word at the cursor, without quotes; may be empty.
    pub word: Range<usize>,
    /// The column at which a key would stand.
    pub column: usize,
    /// Whether between brackets.
    pub flow: bool,
    /// Keys, or entries of the list, that are there besides the word.
    pub beside: Vec<String>,
}

/// Where the cursor stands; `None` in comments and long texts.
pub(crate) fn find(text: &str, offset: usize) -> Option<Cursor> {
    let offset = text.floor_char_boundary(offset);
    block::Scan::new(text, offset).run()
}
