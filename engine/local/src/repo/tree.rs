//! Builds the tree of a commit: its parent's, with files added and removed. Every level is checked
//! as it is written.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use cloudcrew_definition::path::{RepoPath, collision};
use cloudcrew_ports::repo::RepoError;
use git2::{FileMode, Oid, Repository, Tree, TreeEntry};

use super::Bound;

/// A file and the rest of its path.
struct Write<'a> {
    path: &'a RepoPath,
    rest: &'a str,
    /// Its content; `None` removes it.
    bytes: Option<&'a [u8]>,
    /// Whether a new file is executable.
    runs: bool,
}

/// The files to write, and the objects written so far.
pub(super) struct Build<'a> {
    pub(super) bound: &'a Bound,
    pub(super) repository: &'a Repository,
    pub(super) objects: Vec<Oid>,
    /// Paths that are removed, with which no name collides any more.
    pub(super) removed: HashSet<String>,
}

impl Build<'_> {
    /// Writes blobs and trees; returns the id of the root.
    pub(super) fn tree(
        &mut self,
        parent: Option<&Tree<'_>>,
        writes: &[(RepoPath, Vec<u8>)],
        removes: &[RepoPath],
    ) -> Result<Oid, RepoError> {
        if writes.is_empty() && removes.is_empty() {
            return Err(RepoError::Refused("nothing is written".to_owned()));
        }
        for (number, (path, _)) in writes.iter().enumerate() {
            let mut before = writes.iter().take(number).map(|(path, _)| path.as_str());
            if before.any(|other| other == path.as_str()) {
                return Err(RepoError::Refused(format!("`{path}` is written twice")));
            }
            refuse(path, writes.iter().take(number).map(|(path, _)| path.as_str()))?;
        }
        for (number, path) in removes.iter().enumerate() {
            let written = writes.iter().any(|(other, _)| other.as_str() == path.as_str());
            let again = removes.iter().take(number).any(|other| other.as_str() == path.as_str());
            if written || again {
                return Err(RepoError::Refused(format!("`{path}` is changed twice")));
            }
            let inside = format!("{path}/");
            if writes.iter().any(|(other, _)| other.as_str().starts_with(&inside)) {
                let why = format!("`{path}` is a file; nothing can be written below it");
                return Err(RepoError::Refused(why));
            }
        }
        // A script that moves stays a script.
        let moved = match (writes, removes) {
            ([_], [from]) => parent.and_then(|tree| tree.get_path(Path::new(from.as_str())).ok()),
            _ => None,
        };
        let runs = moved.is_some_and(|entry| entry.filemode() == 0o100_755);
        self.removed = removes.iter().map(|path| path.as_str().to_owned()).collect();
        let removes =
            removes.iter().map(|path| Write { path, rest: path.as_str(), bytes: None, runs });
        let writes = writes.iter().map(|(path, bytes)| Write {
            path,
            rest: path.as_str(),
            bytes: Some(bytes),
            runs,
        });
        match self.folder(parent, "", removes.chain(writes).collect())? {
            Some(root) => Ok(root),
            // The last file was removed; only the root may be an empty tree.
            None => {
                let empty = self.repository.treebuilder(None).and_then(|builder| builder.write());
                empty.map_err(|error| RepoError::Store(self.bound.failed(&error)))
            }
        }
    }

    /// Writes one folder: `at` is its path with a trailing slash, or empty. A folder in which
    /// nothing is left is not written.
    fn folder(
        &mut self,
        there: Option<&Tree<'_>>,
        at: &str,
        writes: Vec<Write<'_>>,
    ) -> Result<Option<Oid>, RepoError> {
        let mut names: BTreeMap<&str, Vec<Write<'_>>> = BTreeMap::new();
        for write in writes {
            let (name, rest) = write.rest.split_once('/').unwrap_or((write.rest, ""));
            names.entry(name).or_default().push(Write { rest, ..write });
        }
        let bound = self.bound;
        let failed = |error: git2::Error| RepoError::Store(bound.failed(&error));
        let mut builder = self.repository.treebuilder(there).map_err(failed)?;
        for (name, writes) in names {
            let Some(first) = writes.first() else { continue };
            let entry = there.and_then(|tree| tree.get_name_bytes(name.as_bytes()));
            let removed = first.rest.is_empty() && first.bytes.is_none();
            if removed && entry.is_none() {
                return Err(RepoError::Refused(format!("`{}` does not exist", first.path)));
            }
            if let Some(tree) = there.filter(|_| !removed) {
                let siblings: Vec<String> = tree.iter().map(|entry| named(at, &entry)).collect();
                let own = format!("{at}{name}");
                refuse(
                    first.path,
                    siblings
                        .iter()
                        .map(String::as_str)
                        .filter(|sibling| *sibling != own && !self.removed.contains(*sibling)),
                )?;
            }
            let is_file = first.rest.is_empty();
            if let Some(entry) = &entry {
                fits(&named(at, entry), entry, is_file)?;
            }
            let (id, mode) = if let Some(bytes) = first.bytes.filter(|_| is_file) {
                // A script that the customer made executable stays executable.
                let runs = entry.map_or(first.runs, |entry| entry.filemode() == 0o100_755);
                let mode = if runs { FileMode::BlobExecutable } else { FileMode::Blob };
                (self.repository.blob(bytes).map_err(failed)?, mode)
            } else if is_file {
                builder.remove(name).map_err(failed)?;
                continue;
            } else {
                let below =
                    entry.map(|entry| bound.folder(self.repository, entry.id())).transpose()?;
                let Some(id) = self.folder(below.as_ref(), &format!("{at}{name}/"), writes)? else {
                    if below.is_some() {
                        builder.remove(name).map_err(failed)?;
                    }
                    continue;
                };
                (id, FileMode::Tree)
            };
            self.objects.push(id);
            builder.insert(name, id, mode.into()).map_err(failed)?;
        }
        match builder.is_empty() {
            true => Ok(None),
            false => builder.write().map(Some).map_err(failed),
        }
    }
}

/// The path of an entry. A name that is not UTF-8 cannot be ours, and its lossy form collides with
/// nothing.
fn named(at: &str, entry: &TreeEntry<'_>) -> String {
    format!("{at}{}", String::from_utf8_lossy(entry.name_bytes()))
}

fn refuse<'a>(path: &RepoPath, existing: impl Iterator<Item = &'a str>) -> Result<(), RepoError> {
    match collision(path, existing) {
        Some(found) => Err(RepoError::Refused(format!("`{path}` cannot be written: {found}"))),
        None => Ok(()),
    }
}

/// Checks whether the entry can become a file, or be entered as a folder.
fn fits(at: &str, entry: &TreeEntry<'_>, is_file: bool) -> Result<(), RepoError> {
    let kind = match entry.filemode() {
        0o120_000 => "a symbolic link, which is not written to or through",
        0o160_000 => "a submodule, which is not written to or through",
        0o040_000 if is_file => "a folder",
        0o040_000 => return Ok(()),
        _ if is_file => return Ok(()),
        _ => "a file; nothing can be written below it",
    };
    Err(RepoError::Refused(format!("`{at}` is {kind}")))
}
