//! Finding a workspace and reading its files as text.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use cloudcrew_definition::Loaded;
use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::diagnostic::{Format, closest, render};
use cloudcrew_definition::source::{MAX_FILE_BYTES, Sources};
use cloudcrew_plan::checks::load;
use cloudcrew_runtime::catalogue::catalogue;

use crate::exit::Failure;

/// Folders of a workspace with the ending of their files; an empty one stands for any.
const FOLDERS: [(&str, &str); 7] = [
    ("phases", "yaml"),
    ("workflows", "yaml"),
    ("rehearsals", "yaml"),
    ("prompts", "md"),
    ("prompts/tasks", "md"),
    ("templates", "md"),
    ("examples/sow", ""),
];

/// Endings of files that somebody may believe to be read.
const LOOKALIKES: [&str; 8] = [".yaml", ".yml", ".md", ".markdown", ".txt", ".json", ".j2", ".jinja"];

/// The workspace: as given, or the nearest parent with `agents.yaml`.
pub fn find(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return if given.is_dir() {
            Ok(given.to_owned())
        } else {
            Err(Failure::usage(format!("{}: no such folder", given.display())))
        };
    }
    let here = std::env::current_dir()?;
    match here.ancestors().find(|d| d.join("agents.yaml").is_file()) {
        Some(found) => Ok(found.to_owned()),
        None => Err(Failure::usage(format!("no `agents.yaml` in {} or above; name a workspace with `-C`", here.display()))),
    }
}

/// Reads the definition files.
pub fn read(root: &Path) -> Sources {
    let mut sources = Sources::new();
    if root.join("agents.yaml").exists() {
        add(&mut sources, root, "agents.yaml");
    }
    if root.join("agents.yml").exists() {
        sources.add("agents.yml", b"");
    }
    for (folder, ending) in FOLDERS {
        let mut names: Vec<String> = fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
            .filter(|n| !n.starts_with('.') && !n.ends_with('~'))
            .collect();
        names.sort();
        for name in names {
            let path = format!("{folder}/{name}");
            if root.join(&path).is_dir() {
                nested(&mut sources, root, &path);
                continue;
            }
            if ending.is_empty() {
                // Only its name matters here; what it says is read by who begins an engagement.
                sources.add(path, b"");
            } else if name.strip_suffix(ending).is_some_and(|n| n.ends_with('.')) {
                add(&mut sources, root, &path);
            } else if LOOKALIKES.iter().any(|e| name.to_lowercase().ends_with(e)) {
                // Its text does not matter: `check` says that nobody reads it.
                sources.add(path, b"");
            }
        }
    }
    sources
}

/// Files in a folder that nobody looks into: `check` says so.
fn nested(sources: &mut Sources, root: &Path, folder: &str) {
    if FOLDERS.iter().any(|(known, _)| *known == folder) {
        return;
    }
    let mut names: Vec<String> = fs::read_dir(root.join(folder))
        .into_iter()
        .flatten()
        .filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| LOOKALIKES.iter().any(|ending| name.to_lowercase().ends_with(ending)))
        .collect();
    names.sort();
    for name in names {
        sources.add(format!("{folder}/{name}"), b"");
    }
}

/// Whether a file at this path is a part of a workspace.
pub fn is_part(path: &str) -> bool {
    let in_folder = |(folder, ending): &(&str, &str)| {
        let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).filter(|name| !name.contains('/'));
        name.is_some_and(|name| ending.is_empty() || name.ends_with(&format!(".{ending}")))
    };
    path == "agents.yaml" || FOLDERS.iter().any(in_folder)
}

fn add(sources: &mut Sources, root: &Path, path: &str) {
    match read_file(root, path) {
        Ok(bytes) => sources.add(path, &bytes),
        Err(why) => sources.add_unreadable(path, why),
    };
}

/// Reads one file, or says why it cannot be.
pub fn read_file(root: &Path, path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = root.join(path);
    if fs::metadata(&file).is_ok_and(|kind| !kind.is_file() && !kind.is_dir()) {
        return Err("this is no file but a pipe or a device".to_owned());
    }
    let read = fs::File::open(&file).and_then(|f| f.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| format!("the file cannot be read: {error}"))
}

/// Loads a workspace that must be right.
pub fn definition(root: &Path) -> Result<Definition, Failure> {
    let sources = read(root);
    let Loaded { definition, report, .. } = load(&sources, &catalogue());
    definition.ok_or_else(|| {
        crate::out::aside(format_args!("{}", render(&sources, report.diagnostics(), Format::Human { colour: false })));
        Failure::failed("the definitions have errors; nothing was done")
    })
}

/// The workflow that is meant.
pub fn workflow(definition: &Definition, given: Option<&str>) -> Result<String, Failure> {
    let names: Vec<&str> = definition.workflows.iter().map(|w| w.name.as_str()).collect();
    match (given, names.as_slice()) {
        (Some(given), names) if names.contains(&given) => Ok(given.to_owned()),
        (Some(given), names) => {
            let meant = closest(given, names).map_or_else(String::new, |name| format!(" did you mean `{name}`?"));
            Err(Failure::usage(format!("no workflow named `{given}`;{meant} there is {}", names.join(", "))))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, names) if names.contains(&"delivery") => Ok("delivery".to_owned()),
        (None, names) => Err(Failure::usage(format!("say which workflow: {}", names.join(", ")))),
    }
}
