//! The home: where it is, and what is in it.

use std::path::{Path, PathBuf};

use cloudcrew_local::folder::Folder;
use cloudcrew_local::repo::is_tracked;
use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::{Engagement, open};

use crate::args::Args;
use crate::exit::Failure;
use crate::workspace;

/// Name of the home in a workspace.
const FOLDER: &str = ".cloudcrew";

/// The home of these arguments. One that nobody named must be this user's own: a home that came with a cloned workspace says what its
/// author likes, and one that is a link leads where its author likes.
pub fn path(args: &Args) -> Result<PathBuf, Failure> {
    if let Some(home) = &args.home {
        return Ok(home.clone());
    }
    let root = workspace::find(args.workspace.as_deref())?;
    let home = root.join(FOLDER);
    let Ok(there) = home.symlink_metadata() else { return Ok(home) };
    let refused = |why: &str| {
        let shown = home.display();
        Err(Failure::usage(format!("{shown} {why}; if you trust it, name it with `--home {shown}`, or choose another home")))
    };
    if there.is_symlink() {
        return refused("is a symbolic link");
    }
    if !there.is_dir() {
        return refused("is no folder");
    }
    if Folder::open(&home)?.is_foreign()? {
        return refused("belongs to another user");
    }
    if is_tracked(&root, FOLDER) {
        return refused("is in the workspace's Git repository, so others decide what is in it");
    }
    Ok(home)
}

/// The store of a home that must be there.
pub fn existing(home: &Path) -> Result<Store, Failure> {
    Store::open_existing(home)?
        .ok_or_else(|| Failure::usage(format!("{}: no engagements yet; start one with `cloudcrew run`", home.display())))
}

/// Opens an engagement to look at it.
pub async fn engagement(args: &Args, project: &str) -> Result<(Store, Engagement), Failure> {
    let store = existing(&path(args)?)?;
    let engagement = open(&store, &store, project).await?;
    Ok((store, engagement))
}

/// An id that can name a branch, a file and a command line.
pub fn valid_project(id: &str) -> Result<(), Failure> {
    let fits = (1..=63).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-');
    if fits {
        Ok(())
    } else {
        Err(Failure::usage(format!("`{id}` is no project id: lowercase letters, digits and `-`, at most 63")))
    }
}

/// Who is at the terminal.
pub fn actor() -> String {
    let name = std::env::var("CLOUDCREW_ACTOR").or_else(|_| std::env::var("USER")).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    if name.trim().is_empty() { "customer".to_owned() } else { name }
}
