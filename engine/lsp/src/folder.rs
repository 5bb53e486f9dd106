//! One workspace: its files, from the editor where they are open, otherwise from disk, and their
//! findings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cloudcrew_definition::Loaded;
use cloudcrew_definition::kept::Kept;
use cloudcrew_definition::names::Names;
use cloudcrew_definition::source::Sources;
use cloudcrew_definition::syntax::is_part;
use lsp_types::Uri;

use crate::client::Client;
use crate::{World, findings, uri};

/// A document that is open in the editor.
#[derive(Debug)]
pub(crate) struct Open {
    /// Its URI, as spelled by the editor.
    pub uri: Uri,
    /// Version counted by the editor.
    pub version: i32,
    /// Its text.
    pub text: String,
}

/// All open documents, by path.
pub(crate) type Documents = BTreeMap<PathBuf, Open>;

/// One workspace.
pub(crate) struct Folder {
    /// The folder with `agents.yaml`.
    pub root: PathBuf,
    /// Its files.
    pub sources: Sources,
    /// Cached parse results.
    pub kept: Kept,
    /// The result of loading.
    pub loaded: Loaded,
    /// Files whose text may have changed.
    stale: BTreeSet<String>,
    /// Findings last sent to the editor, for files that have any.
    sent: BTreeMap<String, Vec<lsp_types::Diagnostic>>,
    /// Open files for which the editor expects an answer in any case.
    awaited: BTreeSet<String>,
    loaded_once: bool,
}

/// The path of a file in a workspace, with `/`; `None` outside.
pub(crate) fn below(root: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> =
        path.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

impl Folder {
    pub(crate) fn open(root: PathBuf, world: &World, documents: &Documents) -> Folder {
        let sources = (world.read)(&root);
        let opened =
            documents.keys().filter_map(|path| below(&root, path)).filter(|path| is_part(path));
        let stale = opened.collect();
        let mut kept = Kept::new();
        let loaded = findings::load(&mut kept, &Sources::new(), &world.catalogue);
        Folder {
            root,
            sources,
            kept,
            loaded,
            stale,
            sent: BTreeMap::new(),
            awaited: BTreeSet::new(),
            loaded_once: false,
        }
    }

    /// Marks a file as possibly changed.
    pub(crate) fn touch(&mut self, path: String) {
        self.stale.insert(path);
    }

    /// The editor expects the findings of an open file.
    pub(crate) fn awaits(&mut self, path: String) {
        self.awaited.insert(path);
    }

    /// Reads the files that may have changed.
    pub(crate) fn refresh(&mut self, world: &World, documents: &Documents) {
        if self.stale.is_empty() && self.loaded_once {
            return;
        }
        for path in std::mem::take(&mut self.stale) {
            self.take(&path, world, documents);
        }
        self.loaded = findings::load(&mut self.kept, &self.sources, &world.catalogue);
        self.loaded_once = true;
    }

    /// Updates the text of a file, or removes it.
    fn take(&mut self, path: &str, world: &World, documents: &Documents) {
        let (place, there) = (self.root.join(path), self.sources.stored(path));
        let read;
        let bytes = match documents.get(&place) {
            Some(open) => Ok(open.text.as_bytes()),
            None if !place.exists() => {
                return there.into_iter().for_each(|file| self.sources.remove(file));
            }
            None => {
                read = (world.read_file)(&self.root, path);
                read.as_deref().map_err(Clone::clone)
            }
        };
        match (there, bytes) {
            (Some(file), bytes) => self.sources.replace(file, bytes),
            (None, Ok(bytes)) => drop(self.sources.add(path, bytes)),
            (None, Err(why)) => drop(self.sources.add_unreadable(path, why)),
        }
    }

    /// Every occurrence of a name.
    pub(crate) fn names(&self) -> Names {
        Names::kept(&self.sources, &self.kept)
    }

    /// The URI of a file, as spelled by the editor if it is open.
    pub(crate) fn uri(&self, path: &str, documents: &Documents) -> Option<Uri> {
        let path = self.root.join(path);
        documents.get(&path).map(|open| open.uri.clone()).or_else(|| uri::of(&path))
    }

    /// What to send to the editor: files with changed findings, and those it waits for.
    pub(crate) fn news(
        &mut self,
        client: &Client,
        documents: &Documents,
    ) -> Vec<(String, Vec<lsp_types::Diagnostic>)> {
        let found = findings::by_file(&self.loaded, &self.sources, client, &|path| {
            self.uri(path, documents)
        });
        let mut paths: BTreeSet<&String> = found.keys().chain(self.sent.keys()).collect();
        paths.retain(|path| found.get(*path) != self.sent.get(*path));
        paths.extend(&self.awaited);
        let news = paths
            .into_iter()
            .map(|path| (path.clone(), found.get(path).cloned().unwrap_or_default()))
            .collect();
        self.awaited.clear();
        self.sent = found;
        news
    }

    /// Files with findings, to be cleared when the workspace is closed.
    pub(crate) fn sent(&self) -> impl Iterator<Item = &String> {
        self.sent.keys()
    }
}
