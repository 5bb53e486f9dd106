//! The customer's repository: trees are read, commits are made, a branch is moved; there is no
//! working tree.

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitRequest {
    /// Files written whole, each replacing what was there. Never empty.
    pub writes: Vec<(RepoPath, Vec<u8>)>,
    /// First line and body of the message, without trailers.
    pub message: String,
    /// Name of the author; the address is derived from it.
    pub author: String,
    /// Seconds since 1970 UTC: author's and committer's date.
    pub date: i64,
    /// `(key, value)` trailers in order; the first is [`STEP`], which names the step.
    pub trailers: Vec<(String, String)>,
    /// Commit at which a branch is taken to be that does not exist yet: the customer's code.
    pub base: Option<String>,
    /// Where the claim is expected that this commit takes over: `Some(None)` for a branch that
    /// nobody has claimed. Without it, no claim is made.
    pub claim: Option<Option<String>>,
}

/// Trailer that names the step of a commit: `PROJECT/STEP`.
pub const STEP: &str = "CloudCrew-Step";
/// Trailer that names the engagement by its identity.
pub const ENGAGEMENT: &str = "CloudCrew-Engagement";
/// Trailer that names the journal entry which said that the commit would be made: `SEQ HASH`.
pub const JOURNAL: &str = "CloudCrew-Journal";

/// What a commit says of the engagement that made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchor {
    /// [`STEP`]; absent in a commit that is not of an engagement.
    pub step: Option<String>,
    /// [`ENGAGEMENT`]; absent in commits of older versions.
    pub engagement: Option<String>,
    /// [`JOURNAL`]; absent in commits of older versions.
    pub journal: Option<(u64, String)>,
}

/// A commit in history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its id.
    pub id: String,
    /// What it says of its engagement.
    pub anchor: Anchor,
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
    /// Another engagement, or another copy of this one, has claimed the branch since: the claim is
    /// where this says.
    #[error("the branch is claimed by another engagement")]
    Claimed(Option<String>),
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

    /// Builds blobs, trees and the commit on `parent`, and moves the branch from `parent` to it by
    /// compare-and-swap; objects and reference are on disk when it returns. The same request on the
    /// same parent gives the same commit id. The claim is taken over before the branch moves. A
    /// branch that is already at just that commit counts as success.
    async fn commit(
        &self,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError>;

    /// The last commit of the engagement that writes the branch, kept by a reference beside it:
    /// whose branch it is, and how far the journal of its newest copy had come. `None` before the
    /// first.
    async fn claim(&self) -> Result<Option<Logged>, StoreError>;

    /// The file at a path of a commit; `None` when there is none. Takes the time of the folders on
    /// the way, not of the tree.
    async fn find(&self, commit: &str, path: &str) -> Result<Option<TreeFile>, StoreError>;

    /// Bytes of a blob by its object id, whole and as they were written: damage is an error.
    async fn blob(&self, oid: &str) -> Result<Vec<u8>, StoreError>;

    /// The files of a commit's tree below a folder, by path; all of them for an empty name. A
    /// folder that is not there has none.
    async fn list(&self, commit: &str, below: &str) -> Result<Vec<TreeFile>, StoreError>;

    /// A file's bytes; `None` when there is none. Symlinks and submodules are not files.
    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Commits reachable from `head` and not from `base`, oldest first.
    async fn log(&self, base: Option<&str>, head: &str) -> Result<Vec<Logged>, StoreError>;
}
