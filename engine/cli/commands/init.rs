//! `init`: create a workspace that passes its checks and tests, and runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::wiring::folder::Folder;

use super::schema;
use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{note, say};
use crate::wiring::repo::start_repository;

/// The files of the workspaces that `init` can create.
mod shipped {
    include!(concat!(env!("OUT_DIR"), "/workspaces.rs"));
}

/// What Git ignores: the home of engagements, and generated schemas.
const IGNORED: &str = "/.cloudcrew/";
/// Largest `.gitignore` that is extended, in bytes.
const MOST_IGNORED: u64 = 1024 * 1024;

pub fn init(args: &Args, folder: Option<&Path>, minimal: bool) -> Result<Exit, Failure> {
    let folder = folder.or(args.workspace.as_deref()).unwrap_or(Path::new("."));
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::usage(format!("{} is not a directory", folder.display())));
    }
    let files = if minimal { shipped::MINIMAL } else { shipped::FULL };
    let there: Vec<&str> = files
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| folder.join(path).symlink_metadata().is_ok())
        .collect();
    if let Some(first) = there.first() {
        let more =
            if there.len() > 1 { format!(" and {} more", there.len() - 1) } else { String::new() };
        let folder = folder.display();
        return Err(Failure::usage(format!(
            "{folder} already has {first}{more}; nothing was written; choose another directory"
        )));
    }
    fs::create_dir_all(folder).map_err(|e| Failure::world(format!("{}: {e}", folder.display())))?;
    let opened = Folder::open(folder)?;
    // First: it may not be writable, and then nothing is left behind.
    ignore(&opened)?;
    for (path, text) in files {
        opened.write(Path::new(path), text.as_bytes())?;
    }
    schema::write_for(folder)?;
    let shown = folder.display();
    note!("wrote {} files to {shown}", files.len());
    let written = files.iter().map(|(path, _)| *path).chain([".gitignore"]);
    match start_repository(folder, written, "Start a CloudCrew workspace") {
        Ok(true) => {
            note!(
                "initialized a Git repository, so that `cloudcrew plan --against HEAD` has a base"
            );
        }
        Ok(false) => {}
        Err(error) => note!("no Git repository was started: {error}"),
    }
    let sow = if minimal { "example.md" } else { "retail-orders.md" };
    let cd = if folder == Path::new(".") {
        String::new()
    } else {
        format!("cd {}\n", crate::shell::path(&within(folder)))
    };
    say!("{cd}cloudcrew check\ncloudcrew test\ncloudcrew run --sow examples/sow/{sow}");
    Ok(Exit::Done)
}

/// A folder as `cd` takes it: a name that begins with `-` is not an option.
fn within(folder: &Path) -> PathBuf {
    if folder.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(folder)
    } else {
        folder.to_owned()
    }
}

/// Adds the missing entry to `.gitignore`.
fn ignore(folder: &Folder) -> Result<(), Failure> {
    let path = Path::new(".gitignore");
    let mut text = match folder.read(path, MOST_IGNORED) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        there => String::from_utf8(there?).map_err(|_| Failure::world(".gitignore: not UTF-8"))?,
    };
    if text.lines().any(|line| line.trim() == IGNORED) {
        return Ok(());
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(folder.write(path, format!("{text}{IGNORED}\n").as_bytes())?)
}
