//! Makes a commit: objects first, then the branch, both on disk before the commit is reported.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, Instant, SystemTime};

use cloudcrew_planted::Fault;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::{CommitRequest, RepoError};
use git2::{ErrorCode, Oid, ReferenceType, Repository, Signature, Time};

use super::Bound;
use super::fault::is_gone;
use super::tree::Build;

/// How long to wait for the lock of the branch.
const PATIENCE: Duration = Duration::from_secs(12);
/// A branch is locked only while it is synced. An older lock was left by a process that died.
const STALE: Duration = Duration::from_secs(10);
/// How long to try again while another program cleans up, which removes objects, packed references
/// and empty folders; and the pause in between.
const TIDIED: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

impl Bound {
    /// The commit that the branch points to.
    pub(super) fn head(&self, repository: &Repository) -> Result<Option<Oid>, StoreError> {
        match repository.find_reference(&self.reference) {
            Ok(branch) if branch.kind() == Some(ReferenceType::Direct) => Ok(branch.target()),
            Ok(_) => Err(self.unusable(format!(
                "`{}` is a symbolic reference to another branch, and commits are not written \
                 through one",
                self.reference
            ))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    pub(super) fn commit(
        &self,
        repository: &Repository,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError> {
        let parent = parent.map(|parent| self.oid(parent)).transpose()?;
        if self.is_checked_out(repository) {
            return Err(RepoError::CheckedOut(self.reference.replacen("refs/heads/", "", 1)));
        }
        let branch = self.head(repository)?;
        let base = request.base.as_deref().map(|base| self.oid(base)).transpose()?;
        let there = branch.or(base);
        if there != parent
            && !self.may_be_made(repository, there, parent)
            && !Fault::NoCompareAndSwap.is_planted()
        {
            return Err(moved(there));
        }
        let made = self.build_undisturbed(repository, parent, request)?;
        if let Some(expected) = &request.claim {
            self.take_claim(repository, expected.as_deref(), made)?;
        }
        if branch != Some(made) {
            let expected = if Fault::NoCompareAndSwap.is_planted() || branch.is_none() {
                branch
            } else {
                parent
            };
            self.swap(repository, expected, made, request)?;
        }
        self.sync_reference(repository).map_err(|error| self.not_synced(&error))?;
        Ok(made.to_string())
    }

    /// Whether the branch may already be at the requested commit: it has the same parent.
    fn may_be_made(
        &self,
        repository: &Repository,
        there: Option<Oid>,
        parent: Option<Oid>,
    ) -> bool {
        let commit = there.and_then(|there| repository.find_commit(there).ok());
        commit.is_some_and(|commit| {
            commit.parent_ids().collect::<Vec<_>>() == parent.into_iter().collect::<Vec<_>>()
        })
    }

    /// Builds the commit, again if another program pruned its objects. The commit has the same id
    /// each time.
    fn build_undisturbed(
        &self,
        repository: &Repository,
        parent: Option<Oid>,
        request: &CommitRequest,
    ) -> Result<Oid, RepoError> {
        let began = Instant::now();
        loop {
            match self.build(repository, parent, request) {
                Err(RepoError::Store(StoreError::Busy { .. } | StoreError::Damaged { .. }))
                    if began.elapsed() < TIDIED => {}
                made => return made,
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Writes and syncs blobs, trees and the commit.
    fn build(
        &self,
        repository: &Repository,
        parent: Option<Oid>,
        request: &CommitRequest,
    ) -> Result<Oid, RepoError> {
        let failed = |error: git2::Error| RepoError::Store(self.failed(&error));
        if let Some(parent) = parent {
            self.sound(repository, parent)?;
        }
        let parent =
            parent.map(|parent| repository.find_commit(parent)).transpose().map_err(failed)?;
        let below =
            parent.as_ref().map(|parent| self.folder(repository, parent.tree_id())).transpose()?;
        let mut build =
            Build { bound: self, repository, objects: Vec::new(), removed: HashSet::new() };
        let tree = build.tree(below.as_ref(), &request.writes, &request.removes)?;
        let tree = repository.find_tree(tree).map_err(failed)?;
        let (name, address) = author(&request.author);
        let author =
            Signature::new(&name, &address, &Time::new(request.date, 0)).map_err(failed)?;
        let parents: Vec<_> = parent.iter().collect();
        let made = repository
            .commit(None, &author, &author, &message(request), &tree, &parents)
            .map_err(failed)?;
        build.objects.extend([tree.id(), made]);
        self.sync_objects(repository, &build.objects).map_err(|error| self.not_synced(&error))?;
        Ok(made)
    }

    /// Moves the branch from `expected` to `made`, unless it is elsewhere.
    fn swap(
        &self,
        repository: &Repository,
        expected: Option<Oid>,
        made: Oid,
        request: &CommitRequest,
    ) -> Result<(), RepoError> {
        let words =
            format!("cloudcrew: {}", plain(request.message.lines().next().unwrap_or_default()));
        self.move_reference(repository, &self.reference, expected, made, &words)?.map_err(moved)
    }

    /// Moves a reference; the inner error says where it is instead.
    pub(super) fn move_reference(
        &self,
        repository: &Repository,
        name: &str,
        expected: Option<Oid>,
        made: Oid,
        words: &str,
    ) -> Result<Result<(), Option<Oid>>, RepoError> {
        let began = Instant::now();
        loop {
            // Compares under the lock of the reference. A missing id means that the reference must
            // not exist. Without force, libgit2 checks that before it takes the lock, so the second
            // of two creators would overwrite the first.
            match repository.reference_matching(
                name,
                made,
                true,
                expected.unwrap_or(Oid::ZERO_SHA1),
                words,
            ) {
                Ok(_) => return Ok(Ok(())),
                Err(error) if error.code() == ErrorCode::Locked && began.elapsed() < PATIENCE => {
                    unlock(repository, name);
                    std::thread::sleep(PAUSE);
                }
                // `git pack-refs` removes folders that it has emptied.
                Err(error) if is_gone(&error) && began.elapsed() < TIDIED => {
                    std::thread::sleep(PAUSE);
                }
                Err(error) => {
                    let there =
                        repository.find_reference(name).ok().and_then(|there| there.target());
                    // Someone else made the very same commit.
                    return match there {
                        Some(there) if there == made => Ok(Ok(())),
                        there if there != expected => Ok(Err(there)),
                        _ => Err(RepoError::Store(self.failed(&error))),
                    };
                }
            }
        }
    }

    /// A full object id; libgit2 would pad a short one with zeros.
    pub(super) fn oid(&self, text: &str) -> Result<Oid, StoreError> {
        let oid = if text.len() == 40 { Oid::from_str(text).ok() } else { None };
        oid.ok_or_else(|| self.unusable(format!("`{}` is not an object id", text.escape_debug())))
    }
}

/// Removes the lock of a dead process; nothing else would.
fn unlock(repository: &Repository, name: &str) {
    let mut lock = repository.commondir().join(name).into_os_string();
    lock.push(".lock");
    let taken = fs::metadata(&lock).and_then(|lock| lock.modified());
    let age = taken.ok().and_then(|taken| SystemTime::now().duration_since(taken).ok());
    if age.is_some_and(|age| age > STALE) {
        // It does not matter if the lock is already gone.
        let _ = fs::remove_file(lock);
    }
}

fn moved(there: Option<Oid>) -> RepoError {
    RepoError::Moved(there.map(|oid| oid.to_string()))
}

/// Name and address. The name is an agent's or a person's and may contain what a commit header
/// cannot.
fn author(name: &str) -> (String, String) {
    let shown = plain(name).replace(['<', '>'], "");
    let shown =
        if shown.trim().is_empty() { "cloudcrew".to_owned() } else { shown.trim().to_owned() };
    let local: String = shown
        .to_lowercase()
        .chars()
        .map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' })
        .collect();
    (shown, format!("{local}@cloudcrew.invalid"))
}

/// The message with the trailers as its last paragraph, which lines of the message itself cannot
/// imitate.
fn message(request: &CommitRequest) -> String {
    let text: String =
        request.message.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').collect();
    let mut message = text.trim().to_owned();
    message.push_str("\n\n");
    for (key, value) in &request.trailers {
        message.push_str(&format!("{}: {}\n", plain(key), plain(value)));
    }
    format!("{}\n", message.trim_end())
}

/// Reduces any text to one line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
