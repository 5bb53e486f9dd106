//! A place in a file of a workspace, with everything that answers depend on.

use cloudcrew_definition::source::FileId;
use lsp_types::Uri;

use crate::World;
use crate::client::Client;
use crate::folder::{Documents, Folder};
use crate::position::Lines;

/// A byte in a file of a workspace, in its current text.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The workspace.
    pub folder: &'a Folder,
    /// The file.
    pub file: FileId,
    /// The byte offset.
    pub offset: usize,
    /// The tools on offer.
    pub world: &'a World,
    /// The client's capabilities.
    pub client: &'a Client,
    /// The open documents.
    pub documents: &'a Documents,
}

impl<'a> Place<'a> {
    /// The file's path in the workspace.
    pub(crate) fn path(&self) -> &'a str {
        self.folder.sources.path(self.file)
    }

    /// The file's text.
    pub(crate) fn text(&self) -> &'a str {
        self.folder.sources.text(self.file)
    }

    /// The lines of a file.
    pub(crate) fn lines(&self, file: FileId) -> Lines<'a> {
        Lines::new(self.folder.sources.text(file), self.client.encoding)
    }

    /// The URI of a file.
    pub(crate) fn uri(&self, file: FileId) -> Option<Uri> {
        self.folder.uri(self.folder.sources.path(file), self.documents)
    }
}
