//! A commit: objects first, then the branch, both on disk when it is said to be made.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use cloudcrew_planted::Fault;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::{CommitRequest, RepoError};
use git2::{ErrorCode, Oid, ReferenceType, Repository, Signature, Time};

use super::Bound;
use super::tree::Build;

/// How long the lock of the branch is waited for.
const PATIENCE: Duration = Duration::from_secs(12);
/// A branch is locked for as long as a sync takes. A lock of this age was left by a process that
/// died.
const STALE: Duration = Duration::from_secs(10);
/// How often a commit is built while another program prunes its objects, and the pause in between.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(50);

impl Bound {
    /// Where the branch is.
    pub(super) fn head(&self, repository: &Repository) -> Result<Option<Oid>, StoreError> {
        match repository.find_reference(&self.reference) {
            Ok(branch) if branch.kind() == Some(ReferenceType::Direct) => Ok(branch.target()),
            Ok(_) => Err(self.unusable(format!(
                "`{}` stands for another branch; nothing is written through it",
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

    /// Whether the branch may be at the very commit that is asked for: it stands on the same
    /// parent.
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

    /// Builds the commit; once more when another program pruned what was already written. The
    /// commit is the same each time.
    fn build_undisturbed(
        &self,
        repository: &Repository,
        parent: Option<Oid>,
        request: &CommitRequest,
    ) -> Result<Oid, RepoError> {
        for _ in 1..ATTEMPTS {
            match self.build(repository, parent, request) {
                Err(RepoError::Store(StoreError::Busy { .. } | StoreError::Damaged { .. })) => {
                    std::thread::sleep(PAUSE)
                }
                made => return made,
            }
        }
        self.build(repository, parent, request)
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
        let mut build = Build { bound: self, repository, objects: Vec::new() };
        let tree = build.tree(below.as_ref(), &request.writes)?;
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
            // Compared under the lock of the reference. No id means that there must be none;
            // without forcing, libgit2 asks for that before it takes the lock, and the second of
            // two who make it would overwrite the first.
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
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => {
                    let there =
                        repository.find_reference(name).ok().and_then(|there| there.target());
                    // Someone else made the very same commit, which is the one that was asked for.
                    return match there {
                        Some(there) if there == made => Ok(Ok(())),
                        there if there != expected => Ok(Err(there)),
                        _ => Err(RepoError::Store(self.failed(&error))),
                    };
                }
            }
        }
    }

    /// An object id in full; libgit2 would fill up a short one with zeros.
    pub(super) fn oid(&self, text: &str) -> Result<Oid, StoreError> {
        let oid = if text.len() == 40 { Oid::from_str(text).ok() } else { None };
        oid.ok_or_else(|| self.unusable(format!("`{}` is no object id", text.escape_debug())))
    }
}

/// Takes away the lock that a dead process left: no one else ever would.
fn unlock(repository: &Repository, name: &str) {
    let mut lock = repository.commondir().join(name).into_os_string();
    lock.push(".lock");
    let taken = fs::metadata(&lock).and_then(|lock| lock.modified());
    let age = taken.ok().and_then(|taken| SystemTime::now().duration_since(taken).ok());
    if age.is_some_and(|age| age > STALE) {
        // Gone already is as good.
        let _ = fs::remove_file(lock);
    }
}

fn moved(there: Option<Oid>) -> RepoError {
    RepoError::Moved(there.map(|oid| oid.to_string()))
}

/// Name and address. The name is an agent's or a person's and may hold what a commit's header
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

/// The message, and the trailers as its last paragraph: lines of the message that look like some
/// are not among them.
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

/// One line, whatever it was.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
