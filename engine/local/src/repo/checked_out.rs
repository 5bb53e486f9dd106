//! Whether the branch is checked out: its working tree would be out of date as soon as the branch
//! moves.

use std::fs;
use std::path::Path;
use std::sync::PoisonError;

use git2::Repository;

use super::Bound;

impl Bound {
    /// Whether the branch is checked out in the repository's own working tree or in an added one,
    /// or is being rebased there. A deleted working tree counts until `git worktree prune`.
    pub(super) fn is_checked_out(&self, repository: &Repository) -> bool {
        let top = repository.commondir();
        let own = (!is_bare(repository)).then(|| top.to_owned());
        let added = fs::read_dir(top.join("worktrees"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        own.into_iter().chain(added).any(|tree| self.is_at(&tree))
    }

    fn is_at(&self, tree: &Path) -> bool {
        let says = |file: &str, prefix: &str| {
            let text = fs::read_to_string(tree.join(file)).unwrap_or_default();
            text.trim_end()
                .strip_prefix(prefix)
                .is_some_and(|name| name.trim_start() == self.reference)
        };
        says("HEAD", "ref:")
            || says("rebase-merge/head-name", "")
            || says("rebase-apply/head-name", "")
    }
}

impl super::GitRepo {
    /// Why an engagement cannot use the branch; `None` when it can.
    pub fn cannot_begin(&self) -> Option<String> {
        let repository = self.bound.repository.lock().unwrap_or_else(PoisonError::into_inner);
        if self.bound.is_checked_out(&repository) {
            return Some(format!(
                "branch `{}` is checked out; switch to another branch",
                self.branch
            ));
        }
        let folder = self.branch.split_once('/').map_or("", |(folder, _)| folder);
        let taken = repository.find_reference(&format!("refs/heads/{folder}")).is_ok();
        taken.then(|| {
            format!("a branch named `{folder}` is in the way of `{}`; rename it", self.branch)
        })
    }
}

/// A repository opened at an added working tree is not bare, even if its main repository is.
fn is_bare(repository: &Repository) -> bool {
    if repository.is_worktree() {
        return Repository::open(repository.commondir()).is_ok_and(|common| common.is_bare());
    }
    repository.is_bare()
}
