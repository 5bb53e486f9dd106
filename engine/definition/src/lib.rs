//! CloudCrew's definitions: text goes in; a typed [`crew::Definition`] and findings come out. This
//! crate uses no files, no clock and no network.
//!
//! ```text
//! Sources ─▶ document ─▶ syntax ─▶ checks ─▶ crew
//!            (spans)     (shape)   (findings) (meaning)
//! ```

pub mod catalogue;
pub mod checks;
pub mod crew;
pub mod diagnostic;
pub mod digest;
pub mod document;
pub mod kept;
pub mod known;
pub mod layers;
pub mod names;
pub mod overlay;
pub mod path;
mod resolve;
pub mod schema;
pub mod shown;
pub mod side_by_side;
pub mod source;
pub mod syntax;
pub mod text;

use std::collections::BTreeSet;

use catalogue::Catalogue;
use crew::Definition;
use diagnostic::Report;
use kept::Read;
use side_by_side::{cores, side_by_side};
use source::{FileId, Sources};
use syntax::Workspace;

/// The result of loading a workspace.
#[derive(Debug)]
pub struct Loaded {
    /// The definition; `None` if there are errors.
    pub definition: Option<Definition>,
    /// All findings, ordered by file and position.
    pub report: Report,
    /// Number of warnings that the files allow and the report no longer has.
    pub allowed: usize,
    /// The files as written, with spans. Available even if there are errors.
    pub workspace: Workspace,
}

/// Loads a workspace and collects every finding of every file in one pass.
pub fn load(sources: &Sources, catalogue: &Catalogue) -> Loaded {
    let files: Vec<FileId> = sources.iter().map(|(file, _)| file).collect();
    let read = |file: &FileId| (*file, Read::of(sources, *file, catalogue).without_tree());
    judge(sources, catalogue, side_by_side(&files, cores(files.len()), read).into_iter())
}

/// Loads a workspace with one of its overlays, as if it did not have the files `without`. `None` if
/// it has no such overlay.
pub fn load_overlay(
    sources: &Sources,
    name: &str,
    without: &BTreeSet<FileId>,
    catalogue: &Catalogue,
) -> Option<Loaded> {
    let view = overlay::view(sources, name, without)?;
    let files: Vec<FileId> = view.iter().map(|(file, _)| file).collect();
    let read = |file: &FileId| (*file, overlay::read(&view, *file, catalogue));
    let read = side_by_side(&files, cores(files.len()), read);
    Some(judge(&view, catalogue, read.into_iter()))
}

/// Runs the checks that compare files, after each file has been read on its own.
fn judge(
    sources: &Sources,
    catalogue: &Catalogue,
    files: impl Iterator<Item = (FileId, Read)>,
) -> Loaded {
    let mut report = Report::new();
    let mut workspace = Workspace::default();
    for (file, read) in files {
        report.extend(read.found);
        if let Some(form) = read.form {
            workspace.put(file, form);
        }
    }
    workspace.inherit();
    workspace.vary();
    checks::run(
        &checks::Context::new(sources, &workspace, catalogue),
        cores(sources.iter().count()),
        &mut report,
    );
    report.close();
    report.sort(sources);
    let definition = if report.has_errors() { None } else { resolve::resolve(sources, &workspace) };
    Loaded { definition, report, allowed: 0, workspace }
}
