//! Syncs to disk what a commit needs, before the commit is reported.
//!
//! libgit2 syncs what it writes, if configured to. It does not sync an existing object or
//! reference, although the process that wrote it may have died or may be a `git` that does not
//! sync. Nor does it sync the parent of a folder that it creates.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use git2::{Oid, Repository};

use super::Bound;

/// Syncs a new repository: each file and folder.
pub(super) fn whole(path: &Path) -> io::Result<()> {
    for entry in path.read_dir()? {
        let entry = entry?.path();
        if entry.is_dir() { whole(&entry)? } else { sync(&entry)? }
    }
    sync(path)?;
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync)
}

impl Bound {
    /// Syncs the objects of a commit. One without a file of its own is in a pack, which Git has
    /// synced, or was pruned by a concurrent `git gc`: then the error is
    /// [`io::ErrorKind::NotFound`]. A folder that no longer exists was empty.
    pub(super) fn sync_objects(&self, repository: &Repository, objects: &[Oid]) -> io::Result<()> {
        let top = repository.commondir().join("objects");
        let mut folders = BTreeSet::new();
        for object in objects {
            let name = object.to_string();
            let (folder, file) = name.split_at(2);
            let folder = top.join(folder);
            if found(sync(&folder.join(file)))? {
                folders.insert(folder);
            } else if !repository.odb().is_ok_and(|odb| odb.exists(*object)) {
                return Err(io::Error::new(
                    io::ErrorKind::NotFound,
                    format!("object {name} was pruned"),
                ));
            }
        }
        for folder in &folders {
            found(sync(folder))?;
        }
        sync(&top)
    }

    /// Syncs the reference and its folders.
    pub(super) fn sync_reference(&self, repository: &Repository) -> io::Result<()> {
        let top = repository.commondir();
        let reference = top.join(&self.reference);
        found(sync(&reference))?;
        for folder in reference.ancestors().skip(1).take_while(|folder| folder.starts_with(top)) {
            found(sync(folder))?;
        }
        Ok(())
    }
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn found(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
