//! Loads a workspace with its overlays.

use std::collections::BTreeSet;

use cloudcrew_definition::catalogue::Catalogue;
use cloudcrew_definition::diagnostic::{Diagnostic, Severity};
use cloudcrew_definition::overlay::{OVERLAYS, misnamed, names, split};
use cloudcrew_definition::source::{FileId, Sources, Span};
use cloudcrew_definition::{self as definition, Loaded};

use super::{judge, load};

/// Maximum number of overlays: each is loaded on its own.
pub const MAX_OVERLAYS: usize = 100;

/// Loads a workspace with an overlay, and applies every rule. `None` if there is no such overlay.
///
/// Warnings about files below the overlay are left out: a phase that one customer leaves out is
/// still used by others. So are rehearsals below it that do not fit.
pub fn load_overlay(sources: &Sources, name: &str, catalogue: &Catalogue) -> Option<Loaded> {
    let load = |without: &BTreeSet<FileId>| {
        Some(judge(definition::load_overlay(sources, name, without, catalogue)?, sources))
    };
    let mut loaded = load(&BTreeSet::new())?;
    let errors = loaded.report.diagnostics().iter().filter(|f| f.severity == Severity::Error);
    let files = errors.filter_map(|found| Some(found.at.as_ref()?.span.file));
    let is_foreign = |file: &FileId| {
        let path = sources.path(*file);
        let own = format!("{OVERLAYS}{name}/{path}");
        path.starts_with("rehearsals/") && sources.stored(&own).is_none()
    };
    let unfit: BTreeSet<FileId> = files.filter(is_foreign).collect();
    if !unfit.is_empty() {
        loaded = load(&unfit)?;
    }
    let is_own = |span: &Span| split(sources.path(span.file)).is_some();
    // Tests of the process without the overlay expect its phases.
    let own_tests = format!("{OVERLAYS}{name}/rehearsals/");
    let is_of_own_test = |found: &Diagnostic| {
        let mut spans = found.at.iter().chain(&found.related).map(|label| label.span);
        spans.any(|span| sources.path(span.file).starts_with(&own_tests))
    };
    loaded.report.retain(|found| {
        let at = found.at.as_ref().map(|at| at.span);
        let concerns = found.code != "phase-out-of-order" || is_of_own_test(found);
        found.severity == Severity::Error || (concerns && at.as_ref().is_some_and(is_own))
    });
    Some(loaded)
}

/// Loads a workspace. Its report also has what is wrong with each of its overlays.
pub fn load_all(sources: &Sources, catalogue: &Catalogue) -> Loaded {
    with_overlays(load(sources, catalogue), sources, catalogue)
}

/// Adds what is wrong with each overlay to the report of a workspace.
pub fn with_overlays(mut loaded: Loaded, sources: &Sources, catalogue: &Catalogue) -> Loaded {
    let names = names(sources);
    let known: Vec<Diagnostic> = loaded.report.diagnostics().to_vec();
    let is_known = |found: &Diagnostic| {
        let place = |of: &Diagnostic| of.at.as_ref().map(|at| at.span);
        known.iter().any(|there| (there.code, place(there)) == (found.code, place(found)))
    };
    for name in names.iter().take(MAX_OVERLAYS) {
        let Some(over) = load_overlay(sources, name, catalogue) else { continue };
        let found = over.report.into_found();
        loaded.report.extend(found.into_iter().filter(|found| !is_known(found)).map(
            |mut found| {
                found.help.push(format!("with the overlay `{name}`"));
                found
            },
        ));
    }
    let mut last = None;
    for (file, name) in misnamed(sources) {
        if last.replace(name) != Some(name) {
            loaded
                .report
                .error("ignored-file", format!("`{name}` is not a name of an overlay"))
                .at(Span::new(file, 0..0), "")
                .help("use at most 63 letters, digits, `_` and `-`, starting with a letter");
        }
    }
    if names.len() > MAX_OVERLAYS {
        let message = format!("a workspace has at most {MAX_OVERLAYS} overlays");
        loaded.report.error("ignored-file", message);
    }
    loaded.report.sort(sources);
    loaded
}
