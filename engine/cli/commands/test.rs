//! `test`: run the rehearsals that state an expected outcome.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::wiring::folder;
use cloudcrew_definition::Loaded;
use cloudcrew_definition::overlay::{OVERLAYS, split};
use cloudcrew_definition::source::{FileId, Sources, Span};
use cloudcrew_definition::syntax::{RehearsalFile, Written};
use similar::TextDiff;

use super::fix;
use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{note, put, say};
use crate::suite::{Test, Verdict, junit, place, run};
use crate::words::counted;
use crate::workspace;

pub fn test(
    args: &Args,
    files: &[PathBuf],
    report: Option<&Path>,
    accept: bool,
) -> Result<Exit, Failure> {
    let root = workspace::find(args)?;
    let (sources, loaded) = workspace::loaded(&root)?;
    let Loaded { definition, report: found, workspace, .. } = loaded;
    let Some(definition) = definition else {
        return Err(workspace::wrong(
            &sources,
            &found,
            "the definitions have errors; nothing was tested",
        ));
    };
    let all: Vec<Test<'_>> =
        workspace.rehearsals.iter().filter_map(|(_, file)| as_test(file)).collect();
    // Other tests are about the process without the overlay.
    let is_own = |file: &FileId| {
        let path = sources.path(*file);
        root.overlay.as_ref().is_none_or(|name| {
            split(path).is_some() || sources.stored(&format!("{OVERLAYS}{name}/{path}")).is_some()
        })
    };
    let own = workspace.rehearsals.iter().filter(|(file, _)| is_own(file));
    let own: Vec<Test<'_>> = own.filter_map(|(_, file)| as_test(file)).collect();
    let tests = if files.is_empty() { chosen(&own, files)? } else { chosen(&all, files)? };
    let print = |verdict: &Verdict| {
        let mark = if verdict.misses.is_empty() { "ok  " } else { "FAIL" };
        say!("{mark} {} ({:.2} s)", verdict.name, verdict.took.as_secs_f64());
        if !verdict.description.is_empty() {
            say!("     {}", verdict.description);
        }
        for miss in &verdict.misses {
            say!("     {}{}", place(&sources, miss.at), miss.text);
        }
    };
    let verdicts = run(&root, &definition, &tests, print);
    if let Some(path) = report {
        let xml = junit(&sources, &verdicts)
            .map_err(|e| Failure::world(format!("{}: {e}", path.display())))?;
        folder::write(path, xml.as_bytes())?;
    }
    let failed = verdicts.iter().filter(|v| !v.misses.is_empty()).count();
    if tests.is_empty() {
        let folder = root.overlay.as_ref().map(|name| format!("{OVERLAYS}{name}/"));
        let folder = folder.unwrap_or_default();
        note!("no tests: no file in `{folder}rehearsals/` has `expect`");
    }
    say!("{} passed, {failed} failed", verdicts.len() - failed);
    if accept {
        accepted(&root, &sources, &verdicts)?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// Writes what came into the tests that expected something else.
fn accepted(root: &Path, sources: &Sources, verdicts: &[Verdict]) -> Result<(), Failure> {
    let mut changes: BTreeMap<FileId, Vec<(Span, &str)>> = BTreeMap::new();
    for miss in verdicts.iter().flat_map(|verdict| &verdict.misses) {
        if let (Some(at), Some(came)) = (miss.at, &miss.came) {
            changes.entry(at.file).or_default().push((at, came));
        }
    }
    let left: usize =
        verdicts.iter().flat_map(|v| &v.misses).filter(|miss| miss.came.is_none()).count();
    for (file, mut changes) in changes {
        // From the last to the first, so that earlier places stay where they are.
        changes.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
        let (path, before) = (sources.path(file), sources.text(file));
        let mut after = before.to_owned();
        changes.iter().for_each(|(at, came)| after.replace_range(at.start..at.end, came));
        fix::write(root, path, before, &after)
            .map_err(|why| Failure::world(format!("{path}: {why}; the file is unchanged")))?;
        let (from, to) = (format!("a/{path}"), format!("b/{path}"));
        let difference = TextDiff::from_lines(before, &after);
        put!("\n{}", difference.unified_diff().context_radius(1).header(&from, &to));
    }
    if left > 0 {
        note!(
            "not accepted: {} about messages, files or costs; change the test or the definitions",
            counted(left, "expectation")
        );
    }
    Ok(())
}

fn as_test(file: &RehearsalFile) -> Option<Test<'_>> {
    file.expect.as_ref()?;
    let description = file.description.as_ref().and_then(Written::get).map_or("", String::as_str);
    Some(Test { name: file.rehearsal.get()?, description, written: file })
}

/// The named tests without duplicates, or all tests if none is named.
fn chosen<'a>(all: &[Test<'a>], files: &[PathBuf]) -> Result<Vec<Test<'a>>, Failure> {
    if files.is_empty() {
        return Ok(all.to_vec());
    }
    let mut tests: Vec<Test<'a>> = Vec::new();
    for file in files {
        let name = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(test) = all.iter().find(|t| t.name == name) else {
            let names: Vec<&str> = all.iter().map(|t| t.name).collect();
            let there = if names.is_empty() {
                "no rehearsal has `expect`".to_owned()
            } else {
                format!("choose one of {}", names.join(", "))
            };
            return Err(Failure::usage(format!("no test named `{}`; {there}", file.display())));
        };
        if !tests.iter().any(|t| t.name == test.name) {
            tests.push(*test);
        }
    }
    Ok(tests)
}
