//! The home: where it is, and what is in it.

use std::path::{Path, PathBuf};

use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::{Engagement, open};

use crate::args::Args;
use crate::exit::Failure;
use crate::workspace;

/// The home of these arguments.
pub fn path(args: &Args) -> Result<PathBuf, Failure> {
    match &args.home {
        Some(home) => Ok(home.clone()),
        None => Ok(workspace::find(args.workspace.as_deref())?.join(".cloudcrew")),
    }
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
