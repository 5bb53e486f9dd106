//! The customer's repository: trees are read, commits are made, a branch is moved; there is no working tree.

use async_trait::async_trait;
use cloudcrew_definition::path::RepoPath;

use super::StoreError;

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Where it is; as it stands in the tree, which others may have written.
    pub path: String,
    /// Hex object id of the blob.
    pub oid: String,
    /// Bytes.
    pub size: u64,
}

/// What a commit changes and says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRequest {
    /// Files written whole, each replacing what was there. Never empty.
    pub writes: Vec<(RepoPath, Vec<u8>)>,
    /// First line and body of the message, without trailers.
    pub message: String,
    /// Name of the author; the address is derived from it.
    pub author: String,
    /// Seconds since 1970 UTC: author's and committer's date.
    pub date: i64,
    /// `(key, value)` trailers in order; the first is `CloudCrew-Step`, which names the step.
    pub trailers: Vec<(String, String)>,
}

/// Why a commit was not made.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The branch is not at `expected`; it is where this says (`None`: it does not exist).
    #[error("the branch has moved")]
    Moved(Option<String>),
    /// The path cannot be written beside what the tree holds: a file is where a folder must be, or
    /// its name collides with another's in case or Unicode form. Says what and why.
    #[error("{0}")]
    Refused(String),
    /// The branch is checked out somewhere: moving it would surprise whoever works there.
    #[error("branch `{0}` is checked out")]
    CheckedOut(String),
    /// The repository failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The repository port, bound to one repository and the branch of one engagement.
#[async_trait]
pub trait Repo: Send + Sync {
    /// Name of the branch, `cloudcrew/<project>`.
    fn branch(&self) -> &str;

    /// Where the branch is; `None` before the first commit.
    async fn head(&self) -> Result<Option<String>, StoreError>;

    /// Builds blobs, trees and the commit on `parent`, and moves the branch from `parent` to it by compare-and-swap; objects and
    /// reference are on disk when it returns. The same request on the same parent gives the same commit id.
    /// A branch that is already at just that commit counts as success.
    async fn commit(&self, parent: Option<&str>, request: &CommitRequest) -> Result<String, RepoError>;

    /// All files of a commit's tree, by path.
    async fn list(&self, commit: &str) -> Result<Vec<TreeFile>, StoreError>;

    /// A file's bytes; `None` when there is none. Symlinks and submodules are not files.
    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Commits reachable from `head` and not from `base`, oldest first, each with the `CloudCrew-Step` trailer's value when it has one.
    async fn log(&self, base: Option<&str>, head: &str) -> Result<Vec<(String, Option<String>)>, StoreError>;
}
