//! Full-text search over the files of an engagement, by section, block and code item.
//!
//! An adapter keeps units under the path and the object id of their file, so that an unchanged file
//! is indexed once. A search covers exactly the files that it names: what was indexed is found at
//! once, and nothing of another engagement is.

use async_trait::async_trait;

use super::StoreError;

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Its path.
    pub path: String,
    /// Its object id.
    pub oid: String,
}

/// A part of a file that is found as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// What it is called: the headings above a section, the first line of a block or an item.
    pub heading: String,
    /// Its first line in the file, from 1.
    pub line: u32,
    /// Its text.
    pub text: String,
}

/// A unit that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The path of its file.
    pub path: String,
    /// The unit.
    pub unit: Unit,
}

/// Searches files.
#[async_trait]
pub trait Knowledge: Send + Sync {
    /// Those of the files that are not indexed yet.
    async fn unknown(&self, files: &[Source]) -> Result<Vec<Source>, StoreError>;

    /// Indexes the units of a file. A file that is indexed already stays as it is.
    async fn add(&self, file: &Source, units: Vec<Unit>) -> Result<(), StoreError>;

    /// The units of these files that fit the words best, best first. Any text is a query: it is
    /// never read as an expression.
    async fn search(
        &self,
        files: &[Source],
        words: &str,
        most: usize,
    ) -> Result<Vec<Hit>, StoreError>;
}
