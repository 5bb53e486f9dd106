//! `init`: writes a workspace that checks clean, passes its tests and runs.

use std::fs;
use std::path::Path;

use super::schema;
use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{note, say};

/// The workspaces that can be written, file by file.
mod shipped {
    include!(concat!(env!("OUT_DIR"), "/workspaces.rs"));
}

/// What Git is to leave alone: the home of engagements, and schemas that follow from the files.
const IGNORED: &str = "/.cloudcrew/";

pub fn init(args: &Args, folder: Option<&Path>, minimal: bool) -> Result<Exit, Failure> {
    let folder = folder.or(args.workspace.as_deref()).unwrap_or(Path::new("."));
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::usage(format!("{} is a file; name a folder", folder.display())));
    }
    let files = if minimal { shipped::MINIMAL } else { shipped::FULL };
    let there: Vec<&str> =
        files.iter().map(|(path, _)| *path).filter(|path| folder.join(path).symlink_metadata().is_ok()).collect();
    if let Some(first) = there.first() {
        let more = if there.len() > 1 { format!(" and {} more", there.len() - 1) } else { String::new() };
        let folder = folder.display();
        return Err(Failure::usage(format!("{folder} has {first}{more} already; nothing was written: choose another folder")));
    }
    for (path, text) in files {
        write(&folder.join(path), text)?;
    }
    ignore(folder)?;
    schema::write_for(folder)?;
    let shown = folder.display();
    note!("wrote {} files to {shown}", files.len());
    let sow = if minimal { "example.md" } else { "retail-orders.md" };
    let cd = if folder == Path::new(".") { String::new() } else { format!("cd {shown}\n") };
    say!("{cd}cloudcrew check\ncloudcrew test\ncloudcrew run --sow examples/sow/{sow}");
    Ok(Exit::Done)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let told = |e: std::io::Error| Failure::world(format!("{}: {e}", path.display()));
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(told)?;
    fs::write(path, text).map_err(told)
}

/// Adds to `.gitignore` what it lacks.
fn ignore(folder: &Path) -> Result<(), Failure> {
    let path = folder.join(".gitignore");
    let mut text = match fs::read_to_string(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::world(format!("{}: {error}", path.display())));
        }
        there => there.unwrap_or_default(),
    };
    if text.lines().any(|line| line.trim() == IGNORED) {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    write(&path, &format!("{text}{IGNORED}\n"))
}
