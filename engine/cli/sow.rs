//! Reads a statement of work.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::wiring::folder::Folder;
use cloudcrew_documents::MAX_BYTES;
use cloudcrew_ports::secret;
use cloudcrew_runtime::engagement::SowFile;
use cloudcrew_sow::{MAX_SECTION_ITEMS, SectionKind, Sow};

use crate::document::document;
use crate::exit::Failure;
use crate::out::note;
use crate::shell::{pasted, quoted};
use crate::words::counted;

/// Reads a statement of work in any format. `root` is the workspace. How it was read is noted.
pub fn statement_of_work(root: &Path, path: &Path) -> Result<SowFile, Failure> {
    let failure = |e: &dyn std::fmt::Display| Failure::usage(format!("{}: {e}", path.display()));
    let (folder, name) = place(root, path).map_err(|e| failure(&e))?;
    let bytes = folder.read(&name, MAX_BYTES as u64 + 1).map_err(|e| match e.kind() {
        ErrorKind::IsADirectory => failure(&"a directory; name a file"),
        _ => failure(&e),
    })?;
    let name = path
        .file_name()
        .map_or_else(|| "statement-of-work.md".to_owned(), |n| n.to_string_lossy().into_owned());
    // It is cited as the source of every item.
    let name: String = name.chars().map(|c| if c.is_control() { '-' } else { c }).collect();
    let read = document(&name, &bytes).map_err(|e| failure(&e))?;
    for note in read.notes.iter().take(MOST_NOTICES) {
        note!("{name}: {note}");
    }
    for (at, kind) in secret::find(&read.text).into_iter().take(MOST_NOTICES) {
        let line = read.text[..at.start].lines().count().max(1);
        note!(
            "{name}: line {line} has what looks like a {kind}; it is left out. Replace the secret"
        );
    }
    Ok(SowFile { name: read.name, text: secret::redacted(&read.text).into_owned() })
}

/// Maximum notices about one statement of work.
const MOST_NOTICES: usize = 10;

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

/// Notes what was not understood: the first notices, and how many more there are.
pub fn tell(path: &Path, sow: &Sow) {
    let notices = notices(sow);
    for notice in notices.iter().take(MOST_NOTICES) {
        note!("{notice}");
    }
    let more = notices.len().saturating_sub(MOST_NOTICES);
    if more > 0 {
        let command = pasted(&format!("sow {}", quoted(&path.to_string_lossy())));
        note!("{} about {}; see all with {command}", counted(more, "more notice"), sow.file);
    }
}

fn notices(sow: &Sow) -> Vec<String> {
    let name = &sow.file;
    let mut notices = Vec::new();
    if sow.requirements.is_empty() {
        notices.push(format!(
            "{name}: no requirements were recognised; list them under a `Requirements` heading"
        ));
    }
    let missing: Vec<&str> = sow
        .missing
        .iter()
        .filter(|kind| **kind != SectionKind::Requirements)
        .map(|kind| kind.title())
        .collect();
    if !missing.is_empty() {
        notices.push(format!("{name}: nothing was recognised for {}", missing.join(", ")));
    }
    for kind in &sow.left_out {
        notices.push(format!(
            "{name} has more than {MAX_SECTION_ITEMS} items under {}; the rest is ignored, so \
             split the work",
            kind.title()
        ));
    }
    for point in &sow.open_points {
        notices.push(format!("{} is left open: {}", point.source, point.text));
    }
    for doubt in &sow.contradictions {
        notices.push(format!("{} contradicts another statement: {}", doubt.source, doubt.text));
    }
    for part in &sow.unread {
        notices.push(format!(
            "{} belongs to no section; the crew is asked to read it: {}",
            part.source, part.text
        ));
    }
    for source in &sow.shortened {
        notices.push(format!(
            "{source} is too long and was shortened; the crew can read it in the file"
        ));
    }
    notices
}
