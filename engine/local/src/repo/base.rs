//! Where an engagement's branch begins: at the customer's code.

use std::sync::PoisonError;

use cloudcrew_ports::StoreError;
use git2::{BranchType, ErrorCode, Oid, Repository};

use super::{Bound, GitRepo};

/// Commits by which a base that moved on is counted, at most.
const MOST: usize = 10_000;

/// Where a branch begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The commit.
    pub commit: String,
    /// The branch or revision that named it, as a person would write it.
    pub name: String,
}

impl GitRepo {
    /// Where the engagement's branch begins: at `given`, else where a branch of its name is that no
    /// engagement has claimed, else at the branch that HEAD names. `None` in an empty repository.
    ///
    /// # Errors
    /// When the branch is another engagement's, or nothing of that name is a commit.
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
                    "its branch `{name}` exists and is not at `{given}`; leave `--base` out, or \
                     choose another `--project`"
                );
                return Err(bound.unusable(why));
            }
            return Ok(Some(Base { commit: branch.to_string(), name: name.clone() }));
        }
        if let Some(given) = given {
            let commit = named(&repository, given)
                .map_err(|_| bound.unusable(format!("no commit is named `{given}`")))?;
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

    /// Commits that the branch has on which the engagement was based and the engagement has not; 0
    /// also when it is gone.
    ///
    /// # Errors
    /// When the repository cannot be read.
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
    /// HEAD names no commit: that is well in a repository that has none.
    fn nothing_to_begin_at(&self, repository: &Repository) -> Result<(), StoreError> {
        let mut branches =
            repository.branches(Some(BranchType::Local)).map_err(|error| self.failed(&error))?;
        let Some(Ok((first, _))) = branches.next() else { return Ok(()) };
        let name = String::from_utf8_lossy(first.name_bytes().unwrap_or_default()).into_owned();
        Err(self.unusable(format!(
            "its HEAD names no branch that exists; say where to begin, such as `--base {name}`"
        )))
    }
}

fn named(repository: &Repository, given: &str) -> Result<Oid, git2::Error> {
    repository.revparse_single(given)?.peel_to_commit().map(|commit| commit.id())
}
