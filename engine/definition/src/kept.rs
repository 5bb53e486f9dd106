//! A cache of parsed files between loads. An editor typically changes one file of many.

use std::sync::Arc;

use crate::catalogue::{Catalogue, TextKind};
use crate::diagnostic::{Diagnostic, Report};
use crate::document::{self, Document};
use crate::names::{self, Name};
use crate::overlay::within;
use crate::source::{File, FileId, Sources};
use crate::syntax::{FileKind, Form};
use crate::{Loaded, judge, schema, text};

/// The result of reading one file on its own.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// The findings in the file.
    pub found: Vec<Diagnostic>,
    /// The definition file as written; `None` if it cannot be read, and for texts.
    pub form: Option<Form>,
    document: Option<Arc<Document>>,
}

impl Read {
    pub(crate) fn of(sources: &Sources, file: FileId, catalogue: &Catalogue) -> Read {
        let (path, mut report) = (within(sources.path(file)), Report::new());
        let (mut form, mut parsed) = (None, None);
        if let Some(kind) = FileKind::of(path) {
            if let Some(document) = document::parse(sources, file, &mut report) {
                schema::check(kind, sources, &document, &mut report);
                form = Form::of(kind, &document);
                parsed = Some(Arc::new(document));
            }
        } else if path.starts_with("prompts/") {
            text::check(sources, file, TextKind::Prompt, catalogue, &mut report);
        } else if path.starts_with("templates/") {
            text::check(sources, file, TextKind::Template, catalogue, &mut report);
        }
        Read { found: report.into_found(), form, document: parsed }
    }
}

impl Read {
    pub(crate) fn new(report: Report, form: Option<Form>) -> Read {
        Read { found: report.into_found(), form, document: None }
    }

    /// Drops the tree, which only an editor needs later.
    pub(crate) fn without_tree(mut self) -> Read {
        self.document = None;
        self
    }
}

#[derive(Debug)]
struct Entry {
    file: Arc<File>,
    read: Read,
    /// The names in the last text that could be parsed, so names stay known while the author is
    /// typing.
    names: Vec<Name>,
}

/// Cached files, read with one catalogue.
#[derive(Debug, Default)]
pub struct Kept {
    entries: Vec<Entry>,
}

impl Kept {
    /// An empty cache.
    pub fn new() -> Kept {
        Kept::default()
    }

    /// Like [`crate::load`], but reads only the files whose text has changed.
    pub fn load(&mut self, sources: &Sources, catalogue: &Catalogue) -> Loaded {
        for (at, (file, path)) in sources.all().enumerate() {
            let same = self
                .entries
                .get(at)
                .is_some_and(|kept| Arc::ptr_eq(&kept.file, sources.file(file)));
            if same {
                continue;
            }
            let read = Read::of(sources, file, catalogue);
            let before = self.entries.get(at).filter(|kept| kept.file.path() == path);
            let names = match (&read.document, FileKind::of(path)) {
                (Some(document), Some(kind)) => names::in_document(kind, path, document),
                _ => before.map(|kept| kept.names.clone()).unwrap_or_default(),
            };
            let entry = Entry { file: sources.file(file).clone(), read, names };
            match self.entries.get_mut(at) {
                Some(place) => *place = entry,
                None => self.entries.push(entry),
            }
        }
        self.entries.truncate(sources.all().count());
        let kept = |file: FileId| Some((file, self.entries.get(file.raw() as usize)?.read.clone()));
        judge(sources, catalogue, sources.iter().filter_map(|(file, _)| kept(file)))
    }

    /// The tree of a definition file from the last load; `None` if it could not be parsed.
    pub fn document(&self, file: FileId) -> Option<&Arc<Document>> {
        self.entries.get(file.raw() as usize)?.read.document.as_ref()
    }

    /// The names in a loaded file. If the file cannot be parsed now, these are the previous names,
    /// whose spans may be outdated.
    pub fn names(&self, file: FileId) -> &[Name] {
        self.entries.get(file.raw() as usize).map(|kept| kept.names.as_slice()).unwrap_or_default()
    }
}
