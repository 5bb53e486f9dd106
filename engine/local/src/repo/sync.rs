//! What must be on disk before a commit is said to be made.
//!
//! libgit2 syncs what it writes, when told to. It does not sync an object or a reference that is
//! there already, and the process that left it there may have died, or be a `git` that does not
//! sync; nor the folder above a folder that it makes.

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
    /// Syncs objects that a commit needs. One without a file of its own is in a pack, which Git has
    /// synced, or was pruned by a `git gc` beside us: then the error is
    /// [`io::ErrorKind::NotFound`]. A folder that is gone held nothing any more.
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

    /// Syncs the reference and the folders that lead to it.
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
