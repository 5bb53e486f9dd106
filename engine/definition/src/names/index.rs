//! The names of a whole workspace.

use super::{Name, NameKind, of_file, words};
use crate::catalogue::Catalogue;
use crate::diagnostic::Report;
use crate::document;
use crate::kept::Kept;
use crate::source::Sources;
use crate::syntax::{FileKind, Workspace};

/// Every occurrence of a name, file by file.
#[derive(Debug, Default)]
pub struct Names {
    all: Vec<Name>,
}

impl Names {
    /// The names in all files that can be parsed, even if they have other errors.
    pub fn read(sources: &Sources) -> Names {
        Names::gather(sources, |file, path| {
            let parsed = FileKind::of(path).zip(document::parse(sources, file, &mut Report::new()));
            parsed
                .map(|(kind, document)| super::in_document(kind, path, &document))
                .unwrap_or_default()
        })
    }

    /// The names in cached files.
    pub fn kept(sources: &Sources, kept: &Kept) -> Names {
        Names::gather(sources, |file, _| kept.names(file).to_vec())
    }

    fn gather(
        sources: &Sources,
        within: impl Fn(crate::source::FileId, &str) -> Vec<Name>,
    ) -> Names {
        let mut all = Vec::new();
        for (file, path) in sources.all() {
            let inside = within(file, path);
            let own = of_file(file, path)
                .filter(|own| !inside.iter().any(|n| n.defines && n.kind == own.kind));
            all.extend(own.into_iter().chain(inside));
        }
        Names { all }
    }

    /// All names.
    pub fn iter(&self) -> impl Iterator<Item = &Name> {
        self.all.iter()
    }

    /// The definitions of a name.
    pub fn definitions(&self, kind: NameKind, text: &str) -> impl Iterator<Item = &Name> {
        self.all.iter().filter(move |n| n.defines && n.kind == kind && n.text == text)
    }

    /// The references to a name.
    pub fn references(&self, kind: NameKind, text: &str) -> impl Iterator<Item = &Name> {
        self.all.iter().filter(move |n| !n.defines && n.kind == kind && n.text == text)
    }

    /// All known names of a kind, each with a description in Markdown.
    pub fn known(
        &self,
        kind: NameKind,
        workspace: &Workspace,
        sources: &Sources,
        catalogue: &Catalogue,
    ) -> Vec<(String, String)> {
        let mut names: Vec<&str> = match kind {
            NameKind::Tools => catalogue.tools.iter().map(|t| t.name.as_str()).collect(),
            NameKind::FinalizeSteps => catalogue.finalize_steps.clone(),
            _ => self
                .all
                .iter()
                .filter(|n| n.defines && n.kind == kind)
                .map(|n| n.text.as_str())
                .collect(),
        };
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(*name));
        let about = words::About::new(workspace, sources, catalogue);
        names.into_iter().map(|name| (name.to_owned(), about.words(kind, name))).collect()
    }

    /// A description of one named thing, in Markdown.
    pub fn about(
        kind: NameKind,
        text: &str,
        workspace: &Workspace,
        sources: &Sources,
        catalogue: &Catalogue,
    ) -> String {
        words::About::new(workspace, sources, catalogue).words(kind, text)
    }
}
