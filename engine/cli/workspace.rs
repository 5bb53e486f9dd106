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
    let parts = parts(root);
    let cores =
        if parts.len() < MANY_FILES { 1 } else { std::thread::available_parallelism().map_or(1, usize::from).min(MAX_CORES) };
    let read = |parts: &[Part]| parts.iter().map(|part| part.read.then(|| read_file(root, &part.path))).collect::<Vec<_>>();
    let side_by_side = || {
        std::thread::scope(|scope| {
            let chunks = parts.chunks(parts.len().div_ceil(cores).max(1));
            let threads: Vec<_> = chunks.map(|chunk| scope.spawn(move || read(chunk))).collect();
            let done = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)));
            done.flatten().collect()
        })
    };
    let texts: Vec<_> = if cores == 1 { read(&parts) } else { side_by_side() };
    let mut sources = Sources::new();
    for (Part { path, .. }, text) in parts.into_iter().zip(texts) {
        match text {
            None => sources.add(path, b""),
            Some(Ok(bytes)) => sources.add(path, &bytes),
            Some(Err(why)) => sources.add_unreadable(path, why),
        };
    }
    sources
}

/// From so many files on they are read side by side.
const MANY_FILES: usize = 64;
/// More cores are not used: reading is quick.
const MAX_CORES: usize = 8;

/// A file of a workspace.
struct Part {
    path: String,
    /// Whether its text matters, or only that it is there.
    read: bool,
}

/// The files of a workspace, in the order in which findings are told.
fn parts(root: &Path) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut put = |path: String, read: bool| parts.push(Part { path, read });
    if root.join("agents.yaml").exists() {
        put("agents.yaml".to_owned(), true);
    }
    if root.join("agents.yml").exists() {
        put("agents.yml".to_owned(), false);
    }
    let lookalike = |name: &str| LOOKALIKES.iter().any(|ending| name.to_lowercase().ends_with(ending));
    for (folder, ending) in FOLDERS {
        for (name, is_folder) in names(&root.join(folder)) {
            let path = format!("{folder}/{name}");
            if is_folder && FOLDERS.iter().any(|(known, _)| *known == path) {
                continue;
            }
            if is_folder && !name.ends_with(".yaml") && !name.ends_with(".md") {
                // Nobody looks into it: `check` says so.
                names(&root.join(&path))
                    .into_iter()
                    .filter(|(n, _)| lookalike(n))
                    .for_each(|(n, _)| put(format!("{path}/{n}"), false));
            } else if ending.is_empty() {
                // Only its name matters here; what it says is read by who begins an engagement.
                put(path, false);
            } else if name.strip_suffix(ending).is_some_and(|n| n.ends_with('.')) {
                put(path, true);
            } else if lookalike(&name) {
                put(path, false);
            }
        }
    }
    parts
}

/// The names in a folder in order, each with whether it is a folder; hidden and saved ones are left out.
fn names(folder: &Path) -> Vec<(String, bool)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.map(|e| {
        let is_folder = e.file_type().is_ok_and(|kind| kind.is_dir() || (kind.is_symlink() && e.path().is_dir()));
        (e.file_name().to_string_lossy().into_owned(), is_folder)
    });
    let mut names: Vec<_> = named.filter(|(name, _)| !name.starts_with('.') && !name.ends_with('~')).collect();
    names.sort();
    names
}

/// Whether a file at this path is a part of a workspace.
pub fn is_part(path: &str) -> bool {
    let in_folder = |(folder, ending): &(&str, &str)| {
        let name = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).filter(|name| !name.contains('/'));
        name.is_some_and(|name| ending.is_empty() || name.ends_with(&format!(".{ending}")))
    };
    path == "agents.yaml" || FOLDERS.iter().any(in_folder)
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
