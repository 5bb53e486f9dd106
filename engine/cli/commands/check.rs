//! `check` and `explain`.

use cloudcrew_definition::catalogue::Catalogue;
use cloudcrew_definition::diagnostic::{Format, Severity, render};
use cloudcrew_plan::checks::{self, load_all, load_overlay};
use cloudcrew_runtime::catalogue::catalogue;

use super::{fix, programs, schema};
use crate::args::{Args, CheckFormat};
use crate::exit::{Exit, Failure};
use crate::out::note;
use crate::workspace;

pub async fn check(
    args: &Args,
    format: CheckFormat,
    fix: bool,
    env: bool,
) -> Result<Exit, Failure> {
    let root = workspace::find(args)?;
    if fix {
        fix::fix(&root)?;
    }
    let sources = workspace::read(&root);
    let mut offered = catalogue();
    // Without a choice, all overlays are checked as well.
    let load = |offered: &Catalogue| match &root.overlay {
        None => Ok(load_all(&sources, offered)),
        Some(name) => load_overlay(&sources, name, offered)
            .ok_or_else(|| workspace::no_overlay(&sources, name)),
    };
    let mut loaded = load(&offered)?;
    if env {
        // A crew that cannot be read needs nothing yet.
        let needed = loaded.definition.as_ref().map(programs::needed).unwrap_or_default();
        offered.missing = programs::missing(needed.into_keys()).await;
        loaded = load(&offered)?;
    }
    let colour = crate::paint::colours();
    let how = match format {
        CheckFormat::Human => Format::Human { colour },
        CheckFormat::Json => Format::Json,
        CheckFormat::Sarif => Format::Sarif { page: checks::explain },
        CheckFormat::Github => Format::Github,
    };
    let found = loaded.report.diagnostics();
    // Printed as bytes, to keep the colours. The renderer has already escaped control sequences in
    // the files.
    crate::out::bytes(render(&sources, found, how).as_bytes());
    let allowed = match loaded.allowed {
        0 => String::new(),
        n => format!(", {n} allowed"),
    };
    match found.len() {
        0 => note!("{} files checked, no problems{allowed}", sources.all().count()),
        1 => note!("1 finding; run `cloudcrew explain {}` for details", found[0].code),
        n => note!("{n} findings; run `cloudcrew explain CODE` for details"),
    }
    if found.iter().any(|d| d.severity == Severity::Warning) {
        note!("a warning that is intended is accepted with `allow`, see docs/definitions.md");
    }
    let safe = found.iter().filter(|d| d.suggestion.as_ref().is_some_and(|s| s.safe)).count();
    if safe > 0 && !fix {
        note!("{safe} fixable with `cloudcrew check --fix`");
    }
    if schema::are_stale(&root, &sources, &loaded.workspace) {
        note!("the editor schemas are out of date; run `cloudcrew schema --workspace`");
    }
    let exit = if found.is_empty() { Exit::Done } else { Exit::Failed };
    // The process is about to exit: freeing thousands of files would only take time.
    std::mem::forget((loaded, sources));
    Ok(exit)
}
