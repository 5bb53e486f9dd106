//! The customer's repository: reads trees, makes commits and moves a branch, without a working
//! tree.

use async_trait::async_trait;
use cloudcrew_definition::path::RepoPath;

use super::StoreError;

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// The path as stored in the tree, which others may have written.
    pub path: String,
    /// Hex object id of the blob.
    pub oid: String,
    /// Size in bytes.
    pub size: u64,
}

/// The content of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitRequest {
    /// Complete files, each replacing the old one.
    pub writes: Vec<(RepoPath, Vec<u8>)>,
    /// Files to remove, which must be there. A commit writes or removes at least one file.
    pub removes: Vec<RepoPath>,
    /// Subject and body of the message, without trailers.
    pub message: String,
    /// Name of the author; the address is derived from it.
    pub author: String,
    /// Author's and committer's date, in seconds since 1970 UTC.
    pub date: i64,
    /// `(key, value)` trailers in order; the first is [`STEP`], which names the step.
    pub trailers: Vec<(String, String)>,
    /// Starting commit of a branch that does not exist yet: the customer's code.
    pub base: Option<String>,
    /// Expected position of the claim that this commit takes over; `Some(None)` for an unclaimed
    /// branch. With `None`, the commit makes no claim.
    pub claim: Option<Option<String>>,
}

/// Trailer that names the step of a commit: `PROJECT/STEP`.
pub const STEP: &str = "CloudCrew-Step";
/// Trailer with the identity of the engagement.
pub const ENGAGEMENT: &str = "CloudCrew-Engagement";
/// Trailer with the journal entry that announced the commit: `SEQ HASH`.
pub const JOURNAL: &str = "CloudCrew-Journal";

/// What a commit says about the engagement that made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchor {
    /// [`STEP`]; absent in a commit made by anyone else.
    pub step: Option<String>,
    /// [`ENGAGEMENT`]; absent in commits of older versions.
    pub engagement: Option<String>,
    /// [`JOURNAL`]; absent in commits of older versions.
    pub journal: Option<(u64, String)>,
}

/// A commit of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Hex object id.
    pub id: String,
    /// What the commit says about its engagement.
    pub anchor: Anchor,
}

/// Why a commit was not made.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The branch is not at `expected`; it is at this commit (`None`: it does not exist).
    #[error("the branch has moved")]
    Moved(Option<String>),
    /// The path conflicts with the tree: a file is where a folder must be, the name collides with
    /// another one in case or Unicode form, or a file to remove is missing. Says what and why.
    #[error("{0}")]
    Refused(String),
    /// Another engagement, or another copy of this one, has since claimed the branch; the claim is
    /// at this commit.
    #[error("the branch is claimed by another engagement")]
    Claimed(Option<String>),
    /// The branch is checked out at this place; moving it would surprise the person who works
    /// there.
    #[error("branch `{0}` is checked out")]
    CheckedOut(String),
    /// The repository failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of publishing a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The published branch is up to date.
    All,
    /// Some commits are not published.
    Not(Unpublished),
}

/// Commits that others do not see yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpublished {
    /// Number of commits, as far as we know.
    pub commits: usize,
    /// Why they could not be published, for the people who wait for them.
    pub why: String,
}

/// The repository port, bound to one repository and the branch of one engagement.
#[async_trait]
pub trait Repo: Send + Sync {
    /// Name of the branch, `cloudcrew/<project>`.
    fn branch(&self) -> &str;

    /// The branch's commit; `None` before the first.
    async fn head(&self) -> Result<Option<String>, StoreError>;

    /// Builds blobs, trees and the commit on `parent`, and moves the branch from `parent` to it by
    /// compare-and-swap. Objects and reference are on disk when it returns. The same request on the
    /// same parent yields the same commit id. The claim is taken over before the branch moves. A
    /// branch that is already at that commit counts as success.
    async fn commit(
        &self,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError>;

    /// Publishes the branch to its server, if it has one. There, it only moves forward, from the
    /// commit that the server named; commits that others added there are taken over when the branch
    /// is at an ancestor of them. A server that cannot be reached is no error: the commits stay
    /// here.
    ///
    /// # Errors
    /// When the repository on this side fails.
    async fn publish(&self) -> Result<Published, StoreError>;

    /// The last commit of the engagement that owns the branch, kept in a reference next to it. It
    /// says whose branch it is, and how far the journal of its newest copy has come. `None` before
    /// the first commit.
    async fn claim(&self) -> Result<Option<Logged>, StoreError>;

    /// The file at a path of a commit; `None` if there is none. Takes time in proportion to the
    /// folders on the path, not to the tree.
    async fn find(&self, commit: &str, path: &str) -> Result<Option<TreeFile>, StoreError>;

    /// Complete bytes of a blob by its object id; damage is an error.
    async fn blob(&self, oid: &str) -> Result<Vec<u8>, StoreError>;

    /// The files of a commit's tree below a folder, by path; all files for an empty name. A missing
    /// folder has none.
    async fn list(&self, commit: &str, below: &str) -> Result<Vec<TreeFile>, StoreError>;

    /// A file's bytes; `None` if there is none. Symlinks and submodules are not files.
    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Commits reachable from `head` and not from `base`, oldest first.
    async fn log(&self, base: Option<&str>, head: &str) -> Result<Vec<Logged>, StoreError>;

    /// E-mail addresses, in lower case, of the authors of commits reachable from `head` and not
    /// from `base` that changed one of these paths, each once. The commits in `except`
    /// do not count.
    async fn authors(
        &self,
        base: Option<&str>,
        head: &str,
        paths: &[String],
        except: &[String],
    ) -> Result<Vec<String>, StoreError>;
}
