//! Where an engagement's branch starts: at the customer's code.

use std::sync::PoisonError;

use cloudcrew_ports::StoreError;
use git2::{BranchType, ErrorCode, Oid, Repository};

use super::{Bound, GitRepo};

/// Maximum number of commits to count on a base that has moved.
const MOST: usize = 10_000;

/// The start of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Full id of the commit.
    pub commit: String,
    /// The branch or revision that named it, as a person would write it.
    pub name: String,
}

impl GitRepo {
    /// Finds the start of the engagement's branch: `given` if set, otherwise an unclaimed branch of
    /// its name, otherwise the branch at HEAD. `None` in an empty repository.
    ///
    /// # Errors
    /// Fails when the branch belongs to another engagement, or when the name is not that of a
    /// commit.
    pub fn base(&self, given: Option<&str>) -> Result<Option<Base>, StoreError> {
        let bound = &self.bound;
        let repository = bound.repository.lock().unwrap_or_else(PoisonError::into_inner);
        let branch = bound.head(&repository)?;
        if let Some(branch) = branch {
            let claimed = bound.claim(&repository)?.is_some()
                || bound.logged(&repository, branch)?.anchor.step.is_some();
            let name = &self.branch;
            if claimed {
                let why = format!(
                    "its branch `{name}` belongs to another engagement; choose another `--project`"
                );
                return Err(bound.unusable(why));
            }
            if let Some(given) = given
                && named(&repository, given).ok() != Some(branch)
            {
                let why = format!(
                    "its branch `{name}` exists and is not at `{given}`; omit `--base`, or \
                     choose another `--project`"
                );
                return Err(bound.unusable(why));
            }
            return Ok(Some(Base { commit: branch.to_string(), name: name.clone() }));
        }
        if let Some(given) = given {
            let commit = named(&repository, given)
                .map_err(|_| bound.unusable(format!("no commit named `{given}`")))?;
            return Ok(Some(Base { commit: commit.to_string(), name: given.to_owned() }));
        }
        match repository.head() {
            Ok(head) => {
                let commit = head.peel_to_commit().map_err(|error| bound.failed(&error))?;
                let name = if repository.head_detached().unwrap_or(false) {
                    "HEAD"
                } else {
                    head.shorthand().unwrap_or("HEAD")
                };
                Ok(Some(Base { commit: commit.id().to_string(), name: name.to_owned() }))
            }
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
                bound.nothing_to_begin_at(&repository).map(|()| None)
            }
            Err(error) => Err(bound.failed(&error)),
        }
    }

    /// Number of commits on the engagement's base that the engagement lacks; 0 if the base no
    /// longer exists.
    ///
    /// # Errors
    /// Fails when the repository cannot be read.
    pub fn moved_on(&self, base: &str, commit: &str) -> Result<usize, StoreError> {
        let bound = &self.bound;
        let repository = bound.repository.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(branch) = repository.find_branch(base, BranchType::Local) else { return Ok(0) };
        let Some(now) = branch.get().target().filter(|now| now.to_string() != commit) else {
            return Ok(0);
        };
        let mut walk = repository.revwalk().map_err(|error| bound.failed(&error))?;
        let walked =
            walk.push(now).and_then(|()| walk.hide(bound.oid(commit).unwrap_or(Oid::ZERO_SHA1)));
        walked.map_err(|error| bound.failed(&error))?;
        Ok(walk.take(MOST).filter(Result::is_ok).count())
    }
}

impl Bound {
    /// Accepts a HEAD without a commit only in a repository that has no commits.
    fn nothing_to_begin_at(&self, repository: &Repository) -> Result<(), StoreError> {
        let mut branches =
            repository.branches(Some(BranchType::Local)).map_err(|error| self.failed(&error))?;
        let Some(Ok((first, _))) = branches.next() else { return Ok(()) };
        let name = String::from_utf8_lossy(first.name_bytes().unwrap_or_default()).into_owned();
        Err(self.unusable(format!(
            "its HEAD points to a branch that does not exist; choose where to start, such as \
             `--base {name}`"
        )))
    }
}

fn named(repository: &Repository, given: &str) -> Result<Oid, git2::Error> {
    repository.revparse_single(given)?.peel_to_commit().map(|commit| commit.id())
}
