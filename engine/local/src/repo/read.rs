//! Reads the files of a commit, and the log.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::{Logged, TreeFile};
use git2::{ObjectType, Oid, Patch, Repository, Sort, Tree};

use super::Bound;

/// More than any repository holds; a few nested trees that repeat one another can claim any number.
const MOST_FILES: usize = 1_000_000;
/// Mode of a folder.
const FOLDER: i32 = 0o040_000;

impl Bound {
    fn tree<'r>(&self, repository: &'r Repository, commit: &str) -> Result<Tree<'r>, StoreError> {
        let id = self.oid(commit)?;
        self.sound(repository, id)?;
        let commit = repository.find_commit(id).map_err(|error| self.failed(&error))?;
        self.folder(repository, commit.tree_id())
    }

    pub(super) fn folder<'r>(
        &self,
        repository: &'r Repository,
        id: Oid,
    ) -> Result<Tree<'r>, StoreError> {
        self.sound(repository, id)?;
        repository.find_tree(id).map_err(|error| self.failed(&error))
    }

    pub(super) fn list(
        &self,
        repository: &Repository,
        commit: &str,
        below: &str,
    ) -> Result<Vec<TreeFile>, StoreError> {
        let mut folders = match below {
            "" => vec![(String::new(), self.tree(repository, commit)?)],
            _ => match self.entry(repository, commit, below)? {
                Some((id, FOLDER)) => vec![(format!("{below}/"), self.folder(repository, id)?)],
                _ => Vec::new(),
            },
        };
        let mut files = Vec::new();
        while let Some((at, folder)) = folders.pop() {
            for entry in &folder {
                let path = format!("{at}{}", String::from_utf8_lossy(entry.name_bytes()));
                if entry.filemode() == FOLDER {
                    folders.push((path + "/", self.folder(repository, entry.id())?));
                } else if is_file(entry.filemode()) {
                    let size = self.size(repository, entry.id())?;
                    files.push(TreeFile { path, oid: entry.id().to_string(), size });
                }
            }
            if files.len() + folders.len() > MOST_FILES {
                return Err(
                    self.unusable(format!("commit {commit} has more than {MOST_FILES} files"))
                );
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The file at a path of a commit.
    pub(super) fn file(
        &self,
        repository: &Repository,
        commit: &str,
        path: &str,
    ) -> Result<Option<Oid>, StoreError> {
        Ok(self
            .entry(repository, commit, path)?
            .filter(|(_, mode)| is_file(*mode))
            .map(|(id, _)| id))
    }

    /// The file at a path of a commit, with its object and size.
    pub(super) fn find(
        &self,
        repository: &Repository,
        commit: &str,
        path: &str,
    ) -> Result<Option<TreeFile>, StoreError> {
        let Some(oid) = self.file(repository, commit, path)? else { return Ok(None) };
        let size = self.size(repository, oid)?;
        Ok(Some(TreeFile { path: path.to_owned(), oid: oid.to_string(), size }))
    }

    /// The object at a path of a commit, with its mode. A name in Git never holds a NUL, and the
    /// library panics on one.
    fn entry(
        &self,
        repository: &Repository,
        commit: &str,
        path: &str,
    ) -> Result<Option<(Oid, i32)>, StoreError> {
        let mut folder = self.tree(repository, commit)?;
        if path.contains('\0') {
            return Ok(None);
        }
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let Some((id, mode)) =
                folder.get_name_bytes(name.as_bytes()).map(|entry| (entry.id(), entry.filemode()))
            else {
                return Ok(None);
            };
            match names.peek() {
                None => return Ok(Some((id, mode))),
                Some(_) if mode == FOLDER => folder = self.folder(repository, id)?,
                Some(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Reads the blob as stored: the library's cache finds an object only in the form in which it
    /// was read.
    pub(super) fn bytes(&self, repository: &Repository, file: Oid) -> Result<Vec<u8>, StoreError> {
        let failed = |error: git2::Error| self.failed(&error);
        self.sound(repository, file)?;
        let objects = repository.odb().map_err(failed)?;
        let object = objects.read(file).map_err(failed)?;
        match object.kind() {
            ObjectType::Blob => Ok(object.data().to_vec()),
            kind => Err(self.unusable(format!("object {file} is a {kind}, not a file"))),
        }
    }

    pub(super) fn log(
        &self,
        repository: &Repository,
        base: Option<&str>,
        head: &str,
    ) -> Result<Vec<Logged>, StoreError> {
        let failed = |error: git2::Error| self.failed(&error);
        let mut walk = repository.revwalk().map_err(failed)?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE).map_err(failed)?;
        walk.push(self.oid(head)?).map_err(failed)?;
        if let Some(base) = base {
            walk.hide(self.oid(base)?).map_err(failed)?;
        }
        let mut log = Vec::new();
        for id in walk {
            log.push(self.logged(repository, id.map_err(failed)?)?);
        }
        Ok(log)
    }

    pub(super) fn authors(
        &self,
        repository: &Repository,
        base: Option<&str>,
        head: &str,
        (paths, except): (&[String], &BTreeSet<String>),
    ) -> Result<Vec<String>, StoreError> {
        let mut authors = BTreeSet::new();
        for logged in self.log(repository, base, head)? {
            // Trailers do not tell: anyone can write them.
            if except.contains(&logged.id) {
                continue;
            }
            let id = self.oid(&logged.id)?;
            let commit = repository.find_commit(id).map_err(|error| self.failed(&error))?;
            // A merge changed what differs from all of its parents.
            let mut changed = false;
            for path in paths {
                let now = self.entry(repository, &logged.id, path)?;
                let mut differs = true;
                for parent in commit.parent_ids() {
                    differs &= self.entry(repository, &parent.to_string(), path)? != now;
                }
                changed |= differs && (now.is_some() || commit.parent_count() > 0);
            }
            let author = commit.author();
            let address = String::from_utf8_lossy(author.email_bytes()).to_lowercase();
            if changed && !address.is_empty() {
                authors.insert(address);
            }
        }
        Ok(authors.into_iter().collect())
    }
}

impl super::GitRepo {
    /// Lines added and removed from one blob to another.
    ///
    /// # Errors
    /// Fails when one of them cannot be read.
    pub fn lines_changed(&self, old: &str, new: &str) -> Result<(usize, usize), StoreError> {
        let bound = &self.bound;
        let repository = bound.repository.lock().unwrap_or_else(PoisonError::into_inner);
        let (old, new) = (bound.oid(old)?, bound.oid(new)?);
        bound.sound(&repository, old)?;
        bound.sound(&repository, new)?;
        let stats = || {
            let patch = Patch::from_blobs(
                &repository.find_blob(old)?,
                None,
                &repository.find_blob(new)?,
                None,
                None,
            )?;
            patch.line_stats()
        };
        stats().map(|(_, added, removed)| (added, removed)).map_err(|error| bound.failed(&error))
    }
}

/// Whether a mode is that of a file, not a symbolic link or a submodule.
fn is_file(mode: i32) -> bool {
    matches!(mode, 0o100_644 | 0o100_755 | 0o100_664)
}
