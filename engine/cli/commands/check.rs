//! `check` and `explain`.

use cloudcrew_definition::diagnostic::{Format, closest, render};
use cloudcrew_plan::checks::{self, load};
use cloudcrew_runtime::catalogue::catalogue;

use super::{fix, schema};
use crate::args::{Args, CheckFormat};
use crate::exit::{Exit, Failure};
use crate::out::{note, put, say};
use crate::workspace;

pub fn check(args: &Args, format: CheckFormat, mend: bool) -> Result<Exit, Failure> {
    let root = workspace::find(args.workspace.as_deref())?;
    if mend {
        fix::fix(&root)?;
    }
    let sources = workspace::read(&root);
    let loaded = load(&sources, &catalogue());
    let colour = crate::paint::colours();
    let how = match format {
        CheckFormat::Human => Format::Human { colour },
        CheckFormat::Json => Format::Json,
        CheckFormat::Sarif => Format::Sarif { page: checks::explain },
        CheckFormat::Github => Format::Github,
    };
    let found = loaded.report.diagnostics();
    // Colours are sequences that steer a terminal; the files' own are shown as text by the
    // renderer.
    crate::out::bytes(render(&sources, found, how).as_bytes());
    match found.len() {
        0 => note!("{} files checked, no problems", sources.iter().count()),
        1 => note!("1 finding; `cloudcrew explain {}` says more", found[0].code),
        n => note!("{n} findings; `cloudcrew explain CODE` says more"),
    }
    let safe = found.iter().filter(|d| d.suggestion.as_ref().is_some_and(|s| s.safe)).count();
    if safe > 0 && !mend {
        note!("`cloudcrew check --fix` corrects {safe} of them");
    }
    if schema::are_stale(&root, &sources, &loaded.workspace) {
        note!("the schemas that editors read are out of date; run `cloudcrew schema --workspace`");
    }
    let exit = if found.is_empty() { Exit::Done } else { Exit::Failed };
    // The process ends: there is no use in taking thousands of files apart.
    std::mem::forget((loaded, sources));
    Ok(exit)
}

pub fn explain(code: Option<&str>) -> Result<Exit, Failure> {
    let codes = checks::codes();
    let Some(code) = code else {
        for code in codes {
            let page = checks::explain(code).unwrap_or_default();
            say!("{code:26} {}", page.lines().next().unwrap_or_default());
        }
        return Ok(Exit::Done);
    };
    match checks::explain(code) {
        Some(page) => {
            put!("# {code}\n\n{page}");
            Ok(Exit::Done)
        }
        None => {
            let meant = closest(code, &codes)
                .map(|c| format!("; did you mean `{c}`?"))
                .unwrap_or_else(|| ";".to_owned());
            Err(Failure::usage(format!(
                "no rule named `{code}`{meant} `cloudcrew explain` lists them"
            )))
        }
    }
}
