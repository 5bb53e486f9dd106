//! Reading: what a commit holds, and which commits there are.

use std::sync::PoisonError;

use cloudcrew_runtime::ports::StoreError;
use cloudcrew_runtime::ports::repo::TreeFile;
use git2::{ObjectType, Oid, Patch, Repository, Sort, Tree};

use super::Bound;

/// More than a repository holds; a few nested trees that name one another many times can claim any number.
const MOST_FILES: usize = 1_000_000;
/// The trailer that names the step of a commit.
const STEP: &str = "CloudCrew-Step: ";

impl Bound {
    fn tree<'r>(&self, repository: &'r Repository, commit: &str) -> Result<Tree<'r>, StoreError> {
        let commit = repository.find_commit(self.oid(commit)?).map_err(|error| self.failed(&error))?;
        commit.tree().map_err(|error| self.failed(&error))
    }

    pub(super) fn list(&self, repository: &Repository, commit: &str) -> Result<Vec<TreeFile>, StoreError> {
        let failed = |error: git2::Error| self.failed(&error);
        let objects = repository.odb().map_err(failed)?;
        let mut folders = vec![(String::new(), self.tree(repository, commit)?)];
        let mut files = Vec::new();
        while let Some((at, folder)) = folders.pop() {
            for entry in &folder {
                let path = format!("{at}{}", String::from_utf8_lossy(entry.name_bytes()));
                if entry.filemode() == 0o040_000 {
                    folders.push((path + "/", repository.find_tree(entry.id()).map_err(failed)?));
                } else if is_file(entry.filemode()) {
                    let (size, _) = objects.read_header(entry.id()).map_err(failed)?;
                    files.push(TreeFile { path, oid: entry.id().to_string(), size: size as u64 });
                }
            }
            if files.len() + folders.len() > MOST_FILES {
                return Err(self.unusable(format!("commit {commit} holds more than {MOST_FILES} files")));
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The file at a path of a commit. No name in Git holds a NUL, and the library panics on one.
    pub(super) fn find(&self, repository: &Repository, commit: &str, path: &str) -> Result<Option<Oid>, StoreError> {
        if path.contains('\0') {
            return Ok(None);
        }
        let mut folder = self.tree(repository, commit)?;
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            let Some((id, mode)) = folder.get_name_bytes(name.as_bytes()).map(|entry| (entry.id(), entry.filemode())) else {
                return Ok(None);
            };
            match names.peek() {
                None if is_file(mode) => return Ok(Some(id)),
                Some(_) if mode == 0o040_000 => folder = repository.find_tree(id).map_err(|error| self.failed(&error))?,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Bytes of a file, by its header.
    pub(super) fn size(&self, repository: &Repository, file: Oid) -> Result<usize, StoreError> {
        let header = repository.odb().and_then(|objects| objects.read_header(file));
        header.map(|(size, _)| size).map_err(|error| self.failed(&error))
    }

    /// Read as it is stored: the library finds what it keeps again only in the form in which it was read.
    pub(super) fn bytes(&self, repository: &Repository, file: Oid) -> Result<Vec<u8>, StoreError> {
        let failed = |error: git2::Error| self.failed(&error);
        let objects = repository.odb().map_err(failed)?;
        let object = objects.read(file).map_err(failed)?;
        match object.kind() {
            ObjectType::Blob => Ok(object.data().to_vec()),
            kind => Err(self.unusable(format!("object {file} is a {kind} where a file is named"))),
        }
    }

    pub(super) fn log(
        &self,
        repository: &Repository,
        base: Option<&str>,
        head: &str,
    ) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let failed = |error: git2::Error| self.failed(&error);
        let mut walk = repository.revwalk().map_err(failed)?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE).map_err(failed)?;
        walk.push(self.oid(head)?).map_err(failed)?;
        if let Some(base) = base {
            walk.hide(self.oid(base)?).map_err(failed)?;
        }
        let step = |id: Oid| {
            let commit = repository.find_commit(id)?;
            Ok((id.to_string(), step(&String::from_utf8_lossy(commit.message_bytes()))))
        };
        walk.map(|id| id.and_then(step)).collect::<Result<_, git2::Error>>().map_err(failed)
    }
}

impl super::GitRepo {
    /// Lines added and removed from one blob to another.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn lines_changed(&self, old: &str, new: &str) -> Result<(usize, usize), StoreError> {
        let bound = &self.bound;
        let repository = bound.repository.lock().unwrap_or_else(PoisonError::into_inner);
        let (old, new) = (bound.oid(old)?, bound.oid(new)?);
        let stats = || {
            let patch = Patch::from_blobs(&repository.find_blob(old)?, None, &repository.find_blob(new)?, None, None)?;
            patch.line_stats()
        };
        stats().map(|(_, added, removed)| (added, removed)).map_err(|error| bound.failed(&error))
    }
}

/// Whether a mode is a file's: not a symbolic link's, not a submodule's.
fn is_file(mode: i32) -> bool {
    matches!(mode, 0o100_644 | 0o100_755 | 0o100_664)
}

/// The step of a message: from its trailers, which are the last paragraph, not from what somebody wrote above them.
fn step(message: &str) -> Option<String> {
    let (_, trailers) = message.trim_end().rsplit_once("\n\n")?;
    trailers.lines().find_map(|line| line.strip_prefix(STEP)).map(|step| step.trim().to_owned())
}
