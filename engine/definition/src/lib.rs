//! CloudCrew's definitions: text in, a typed [`crew::Definition`] and findings out. No files, no clock, no network.
//!
//! ```text
//! Sources ─▶ document ─▶ syntax ─▶ checks ─▶ crew
//!            (spans)     (shape)   (findings) (meaning)
//! ```

pub mod catalogue;
pub mod checks;
pub mod crew;
pub mod diagnostic;
pub mod document;
pub mod path;
mod resolve;
pub mod schema;
pub mod source;
pub mod syntax;
pub mod text;

use catalogue::{Catalogue, TextKind};
use crew::Definition;
use diagnostic::Report;
use source::Sources;
use syntax::{FileKind, Workspace};

/// What came of loading a workspace.
#[derive(Debug)]
pub struct Loaded {
    /// The definition; `None` when there are errors.
    pub definition: Option<Definition>,
    /// Everything found, in the order of files and places.
    pub report: Report,
    /// The files as written, with their places, also where there are errors.
    pub workspace: Workspace,
}

/// Loads a workspace: every finding of every file in one pass.
pub fn load(sources: &Sources, catalogue: &Catalogue) -> Loaded {
    let mut report = Report::new();
    let mut workspace = Workspace::default();
    for (file, path) in sources.iter() {
        if let Some(kind) = FileKind::of(path) {
            if let Some(document) = document::parse(sources, file, &mut report) {
                schema::check(kind, sources.text(file), &document, &mut report);
                workspace.take(kind, &document);
            }
        } else if path.starts_with("prompts/") {
            text::check(sources, file, TextKind::Prompt, catalogue, &mut report);
        } else if path.starts_with("templates/") {
            text::check(sources, file, TextKind::Template, catalogue, &mut report);
        }
    }
    checks::run(&checks::Context { sources, workspace: &workspace, catalogue }, &mut report);
    report.sort(sources);
    let definition = if report.has_errors() { None } else { resolve::resolve(sources, &workspace) };
    Loaded { definition, report, workspace }
}
