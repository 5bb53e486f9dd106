//! `generate`: state machines and Terraform variables, generated from the definitions.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::wiring::folder::Folder;
use cloudcrew_definition::crew::Definition;
use cloudcrew_plan::emit::{asl, tfvars};
use cloudcrew_plan::{Plan, build};
use similar::TextDiff;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{note, put};
use crate::words::counted;
use crate::workspace;

/// Where generated files are in a workspace.
const FOLDER: &str = "infra/terraform";
/// Largest generated file that is read, in bytes. Step Functions accepts machines of up to 1 MiB.
const MOST: u64 = 16 * 1024 * 1024;
/// Maximum lines of a diff to show.
const SHOWN: usize = 200;
/// Maximum characters of such a line.
const WIDEST: usize = 500;

pub fn generate(args: &Args, check: bool) -> Result<Exit, Failure> {
    let root = workspace::find(args)?;
    let files = files(&workspace::definition(&root)?);
    let stale = stale(&root, &files)?;
    if check {
        return drift(&root, &files, &stale);
    }
    let folder = Folder::open(&root)?;
    for (path, text) in &files {
        folder.write(Path::new(path), text.as_bytes())?;
    }
    for path in &stale {
        folder.remove(Path::new(path))?;
        note!("removed {path}: no workflow of that name");
    }
    note!("wrote {} files to {FOLDER}", files.len());
    Ok(Exit::Done)
}

/// The generated files, with paths relative to the workspace.
fn files(definition: &Definition) -> Vec<(String, String)> {
    let plans: Vec<_> =
        definition.workflows.iter().filter_map(|w| build(definition, &w.name)).collect();
    let machine = |plan: &Plan| {
        (format!("{FOLDER}/state_machines/{}.asl.json", plan.workflow), asl::asl(plan, definition))
    };
    let mut files: Vec<_> = plans.iter().map(machine).collect();
    files.push((format!("{FOLDER}/crew.auto.tfvars.json"), tfvars::tfvars(definition, &plans)));
    // As engagements are pinned to it: the deployed service starts them from these very bytes.
    let bytes = String::from_utf8_lossy(&definition.bytes()).into_owned();
    files.push((format!("{FOLDER}/definition.json"), bytes));
    files
}

/// Generated machines whose workflow no longer exists. Files that we did not generate stay.
fn stale(root: &Path, files: &[(String, String)]) -> Result<Vec<String>, Failure> {
    let Ok(entries) = fs::read_dir(root.join(FOLDER).join("state_machines")) else {
        return Ok(Vec::new());
    };
    let folder = Folder::open(root)?;
    let mut stale = Vec::new();
    for entry in entries {
        let path = format!("{FOLDER}/state_machines/{}", entry?.file_name().to_string_lossy());
        let ours = || text(&folder, &path).is_ok_and(|text| text.contains(asl::STAMP));
        if path.ends_with(".asl.json") && !files.iter().any(|(p, _)| *p == path) && ours() {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}

/// The text of a file in the workspace.
fn text(folder: &Folder, path: &str) -> io::Result<String> {
    let bytes = folder.read(Path::new(path), MOST)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("not UTF-8 text"))
}

fn drift(root: &Path, files: &[(String, String)], stale: &[String]) -> Result<Exit, Failure> {
    let folder = Folder::open(root)?;
    let mut differ = 0;
    for (path, wanted) in files {
        let there = match text(&folder, path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                note!("{path}: missing");
                differ += 1;
                continue;
            }
            there => there.map_err(|error| Failure::world(format!("{path}: {error}")))?,
        };
        if there == *wanted {
            continue;
        }
        differ += 1;
        let diff = TextDiff::from_lines(&there, wanted);
        let shown = diff.unified_diff().header(path, "as generated").to_string();
        let lines: Vec<String> =
            shown.lines().map(|line| line.chars().take(WIDEST).collect()).collect();
        put!("{}\n", lines[..lines.len().min(SHOWN)].join("\n"));
        if lines.len() > SHOWN {
            note!("... {} more lines", lines.len() - SHOWN);
        }
    }
    for path in stale {
        differ += 1;
        note!("{path}: no workflow of that name");
    }
    if differ == 0 {
        note!("{} generated files are up to date", files.len());
        return Ok(Exit::Done);
    }
    note!("{} out of date; run `cloudcrew generate`", counted(differ, "generated file"));
    Ok(Exit::Failed)
}
