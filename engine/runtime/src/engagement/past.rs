//! Earlier versions of a file, for agents.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::Repo;
use cloudcrew_tools::{FileVersion, Origin, Revision};

use super::event::CommitRecord;
use super::load::Engagement;

/// What an engagement knows of the versions of one file.
pub(super) struct Past {
    path: String,
    base: Option<String>,
    head: Option<String>,
    /// Object id of the version that was approved last.
    approved: Option<String>,
    /// Commits of the crew that wrote the file.
    records: Vec<CommitRecord>,
}

impl Past {
    pub(super) fn of(e: &Engagement, path: &str) -> Past {
        let wrote = |record: &&CommitRecord| record.paths.iter().any(|(there, _)| there == path);
        Past {
            path: path.to_owned(),
            base: e.state.started.base.as_ref().map(|base| base.commit.clone()),
            head: e.state.head.clone(),
            approved: e.state.approved(path).map(str::to_owned),
            records: e.state.commits.values().filter(wrote).cloned().collect(),
        }
    }

    /// The versions that the crew wrote, oldest first.
    pub(super) async fn versions(self, repo: &dyn Repo) -> Result<Vec<FileVersion>, StoreError> {
        let Some(head) = self.head.filter(|_| !self.records.is_empty()) else {
            return Ok(Vec::new());
        };
        let log = repo.log(self.base.as_deref(), &head).await?;
        let version = |record: &CommitRecord| FileVersion {
            commit: record.commit.clone(),
            origin: origin(record),
            removed: record.paths.iter().any(|(path, oid)| *path == self.path && oid.is_empty()),
        };
        let of = |id: &str| self.records.iter().find(|record| record.commit == id).map(version);
        Ok(log.iter().filter_map(|commit| of(&commit.id)).collect())
    }

    /// The bytes of a version; `None` when the file does not exist in it. The inner error is a
    /// refusal.
    pub(super) async fn read(
        self,
        repo: &dyn Repo,
        revision: &Revision,
    ) -> Result<Result<Option<Vec<u8>>, String>, StoreError> {
        let commit = match revision {
            Revision::Approved => match self.approved {
                Some(oid) => return Ok(Ok(Some(repo.blob(&oid).await?))),
                None => return Ok(Err(format!("{} has no approved version", self.path))),
            },
            Revision::Base => self.base,
            Revision::Head => self.head,
            Revision::Commit(id) => {
                let mut found = self.records.iter().filter(|r| r.commit.starts_with(id.as_str()));
                match (found.next(), found.next()) {
                    (Some(record), None) => Some(record.commit.clone()),
                    _ => return Ok(Err(format!("no version `{id}` of {}", self.path))),
                }
            }
        };
        match commit {
            Some(commit) => Ok(Ok(repo.read(&commit, &self.path).await?)),
            None => Ok(Ok(None)),
        }
    }
}

/// The agent, the phase and its run, by the name of the step: `discovery.1.v2.t0.c1`.
fn origin(record: &CommitRecord) -> Origin {
    let mut parts = record.step.split('.');
    Origin {
        agent: record.author.clone(),
        phase: parts.next().unwrap_or_default().to_owned(),
        run: parts.next().and_then(|run| run.parse().ok()).unwrap_or(1),
    }
}
