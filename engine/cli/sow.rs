//! Reading a statement of work.

use std::fs;
use std::io::Read;
use std::path::Path;

use cloudcrew_runtime::engagement::SowFile;
use cloudcrew_runtime::sow::{self, MAX_SECTION_ITEMS, MAX_SOW_BYTES, Sow};

use crate::exit::Failure;
use crate::out::note;

/// Reads and understands it; `loud` says beside it what was not understood.
pub fn statement_of_work(path: &Path, loud: bool) -> Result<SowFile, Failure> {
    let told = |e: &dyn std::fmt::Display| Failure::usage(format!("{}: {e}", path.display()));
    let kind = fs::metadata(path).map_err(|e| told(&e))?;
    if kind.is_dir() {
        return Err(told(&"a folder; name the file of the statement of work"));
    }
    if !kind.is_file() {
        return Err(told(&"no file but a pipe or a device; name the file of the statement of work"));
    }
    let file = fs::File::open(path).map_err(|e| told(&e))?;
    let mut bytes = Vec::new();
    file.take(MAX_SOW_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|e| told(&e))?;
    let text = sow::decode(&bytes).map_err(|e| told(&e))?;
    let name = path.file_name().map_or_else(|| "statement-of-work.md".to_owned(), |n| n.to_string_lossy().into_owned());
    let parsed = sow::parse(&name, &text).map_err(|e| told(&e))?;
    if loud {
        tell(&name, &parsed);
    }
    Ok(SowFile { name, text })
}

fn tell(name: &str, parsed: &Sow) {
    if parsed.requirements.is_empty() {
        note!("{name} has nothing that reads as a requirement: list them below a heading `Requirements`");
    }
    for part in &parsed.unread {
        note!("{} is none of the parts that are read; the crew is told to look at it: {}", part.source, part.text);
    }
    for kind in &parsed.left_out {
        note!("{name} has more than {MAX_SECTION_ITEMS} items under {}; the rest is not read: split the work", kind.title());
    }
    for source in &parsed.shortened {
        note!("{source} is longer than an item may be and is shortened; the crew finds the whole in the file");
    }
    if !parsed.missing.is_empty() {
        let titles: Vec<&str> = parsed.missing.iter().map(|m| m.title()).collect();
        note!("{name} says nothing under: {}", titles.join(", "));
    }
}
