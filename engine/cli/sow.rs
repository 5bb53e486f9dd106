//! Reads a statement of work.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::wiring::folder::Folder;
use cloudcrew_runtime::engagement::SowFile;
use cloudcrew_sow::{MAX_SECTION_ITEMS, MAX_SOW_BYTES, Sow};

use crate::exit::Failure;
use crate::out::note;

/// Reads and parses a statement of work. `root` is the workspace; `loud` reports what was not
/// understood.
pub fn statement_of_work(root: &Path, path: &Path, loud: bool) -> Result<SowFile, Failure> {
    let failure = |e: &dyn std::fmt::Display| Failure::usage(format!("{}: {e}", path.display()));
    let (folder, name) = place(root, path).map_err(|e| failure(&e))?;
    let bytes = folder.read(&name, MAX_SOW_BYTES as u64 + 1).map_err(|e| match e.kind() {
        ErrorKind::IsADirectory => failure(&"a directory; name a file"),
        _ => failure(&e),
    })?;
    let text = cloudcrew_sow::decode(&bytes).map_err(|e| failure(&e))?;
    let name = path
        .file_name()
        .map_or_else(|| "statement-of-work.md".to_owned(), |n| n.to_string_lossy().into_owned());
    let parsed = cloudcrew_sow::parse(&name, &text).map_err(|e| failure(&e))?;
    if loud {
        tell(&name, &parsed);
    }
    Ok(SowFile { name, text })
}

/// The directory that links must not leave, and the path in it. A file in the workspace is as
/// untrusted as the workspace; any other file was chosen by the user.
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
        note!("{name} has no requirements; list them under a `Requirements` heading");
    }
    for part in &parsed.unread {
        note!(
            "{} is not a known section; the crew is asked to read it: {}",
            part.source,
            part.text
        );
    }
    for kind in &parsed.left_out {
        note!(
            "{name} has more than {MAX_SECTION_ITEMS} items under {}; the rest is ignored, so \
             split the work",
            kind.title()
        );
    }
    for source in &parsed.shortened {
        note!("{source} is too long and was shortened; the crew can read it in the file");
    }
    if !parsed.missing.is_empty() {
        let titles: Vec<&str> = parsed.missing.iter().map(|m| m.title()).collect();
        note!("{name} has no content for: {}", titles.join(", "));
    }
}
