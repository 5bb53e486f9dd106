//! A repository that no longer exists. The engagement can still be ended; reads and writes fail
//! with the reason.

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::{CommitRequest, Logged, Published, Repo, RepoError, TreeFile};

/// The repository of an engagement that lost it.
pub struct MissingRepo {
    branch: String,
    what: String,
    why: String,
}

impl MissingRepo {
    /// Takes the place of the repository at `path`, which cannot be opened.
    pub fn new(path: &str, branch: &str, why: &StoreError) -> MissingRepo {
        MissingRepo { branch: branch.to_owned(), what: path.to_owned(), why: why.to_string() }
    }

    fn fault<T>(&self) -> Result<T, StoreError> {
        Err(StoreError::Unusable { what: self.what.clone(), why: self.why.clone() })
    }
}

#[async_trait]
impl Repo for MissingRepo {
    fn branch(&self) -> &str {
        &self.branch
    }

    async fn head(&self) -> Result<Option<String>, StoreError> {
        self.fault()
    }

    async fn commit(&self, _: Option<&str>, _: &CommitRequest) -> Result<String, RepoError> {
        Ok(self.fault()?)
    }

    async fn publish(&self) -> Result<Published, StoreError> {
        self.fault()
    }

    async fn list(&self, _: &str, _: &str) -> Result<Vec<TreeFile>, StoreError> {
        self.fault()
    }

    async fn read(&self, _: &str, _: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.fault()
    }

    async fn claim(&self) -> Result<Option<Logged>, StoreError> {
        self.fault()
    }

    async fn find(&self, _: &str, _: &str) -> Result<Option<TreeFile>, StoreError> {
        self.fault()
    }

    async fn blob(&self, _: &str) -> Result<Vec<u8>, StoreError> {
        self.fault()
    }

    async fn log(&self, _: Option<&str>, _: &str) -> Result<Vec<Logged>, StoreError> {
        self.fault()
    }

    async fn authors(
        &self,
        _: Option<&str>,
        _: &str,
        _: &[String],
        _: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.fault()
    }
}
