//! Reading a statement of work.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::wiring::folder::Folder;
use cloudcrew_runtime::engagement::SowFile;
use cloudcrew_sow::{MAX_SECTION_ITEMS, MAX_SOW_BYTES, Sow};

use crate::exit::Failure;
use crate::out::note;

/// Reads and understands one; `root` is the workspace. `loud` says beside it what was not
/// understood.
pub fn statement_of_work(root: &Path, path: &Path, loud: bool) -> Result<SowFile, Failure> {
    let told = |e: &dyn std::fmt::Display| Failure::usage(format!("{}: {e}", path.display()));
    let (folder, name) = place(root, path).map_err(|e| told(&e))?;
    let bytes = folder.read(&name, MAX_SOW_BYTES as u64 + 1).map_err(|e| match e.kind() {
        ErrorKind::IsADirectory => told(&"a folder; name the file of the statement of work"),
        _ => told(&e),
    })?;
    let text = cloudcrew_sow::decode(&bytes).map_err(|e| told(&e))?;
    let name = path
        .file_name()
        .map_or_else(|| "statement-of-work.md".to_owned(), |n| n.to_string_lossy().into_owned());
    let parsed = cloudcrew_sow::parse(&name, &text).map_err(|e| told(&e))?;
    if loud {
        tell(&name, &parsed);
    }
    Ok(SowFile { name, text })
}

/// The folder out of which no link may lead, and the path in it: a statement of work of the
/// workspace may come from whoever wrote the workspace; any other was chosen by a person.
fn place(root: &Path, path: &Path) -> std::io::Result<(Folder, PathBuf)> {
    let of_workspace = std::path::absolute(root)?;
    let absolute = std::path::absolute(path)?;
    if let Ok(inside) = absolute.strip_prefix(&of_workspace) {
        return Ok((Folder::open(root)?, inside.to_owned()));
    }
    let file = std::fs::canonicalize(path)?;
    let name = file.file_name().map(PathBuf::from).unwrap_or_default();
    Ok((Folder::open(file.parent().unwrap_or(&file))?, name))
}

fn tell(name: &str, parsed: &Sow) {
    if parsed.requirements.is_empty() {
        note!(
            "{name} has nothing that reads as a requirement: list them below a heading \
             `Requirements`"
        );
    }
    for part in &parsed.unread {
        note!(
            "{} is none of the parts that are read; the crew is told to look at it: {}",
            part.source,
            part.text
        );
    }
    for kind in &parsed.left_out {
        note!(
            "{name} has more than {MAX_SECTION_ITEMS} items under {}; the rest is not read: split \
             the work",
            kind.title()
        );
    }
    for source in &parsed.shortened {
        note!(
            "{source} is longer than an item may be and is shortened; the crew finds the whole in \
             the file"
        );
    }
    if !parsed.missing.is_empty() {
        let titles: Vec<&str> = parsed.missing.iter().map(|m| m.title()).collect();
        note!("{name} says nothing under: {}", titles.join(", "));
    }
}
