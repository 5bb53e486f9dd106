//! Starts engagements in a home.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use cloudcrew_ports::lease::Leases;
use cloudcrew_ports::receipt::Receipts;
use cloudcrew_runtime::engagement::{Engagement, Record};

use super::folder::Folder;
use super::git_server;
use super::holder::identity;
use super::repo::GitRepo;
use super::store::Store;
use crate::exit::Failure;
use crate::home::{REPOS, repo_path};
use crate::start::{Found, Ground, NewClone, Source};

#[async_trait]
impl Ground for Store {
    fn record(&self) -> Record<'_> {
        Record::of(self)
    }

    fn leases(&self) -> &dyn Leases {
        self
    }

    fn receipts(&self) -> &dyn Receipts {
        self
    }

    fn place(&self, engagement: &Engagement) -> PathBuf {
        repo_path(self, engagement)
    }

    async fn repo(
        &self,
        project: &str,
        source: Option<&Source>,
        base: Option<&str>,
    ) -> Result<Found, Failure> {
        if let Some(Source::Path(path)) = source {
            let repo = GitRepo::open(path, project).map_err(|e| {
                Failure::usage(format!(
                    "{e}; create one with `git init`, or omit `--repo` to use a new one in the home"
                ))
            })?;
            let path = std::fs::canonicalize(path)?;
            // In the home, it moves with the home.
            let home = std::fs::canonicalize(self.home())?;
            let path = path.strip_prefix(&home).map_or(path.clone(), Path::to_owned);
            return Ok(Found { repo, path, clone: None });
        }
        Folder::open(self.home())?.below(Path::new(REPOS), true)?;
        let Some(Source::Server(url)) = source else {
            let path = Path::new(REPOS).join(format!("{project}.git"));
            let repo = GitRepo::create(&self.home().join(&path), project)?;
            return Ok(Found { repo, path, clone: None });
        };
        // Each start has its own clone: another process may be starting the same id.
        let own = identity().chars().take(12).collect::<String>();
        let path = Path::new(REPOS).join(format!("{project}.{own}.git"));
        let there = self.home().join(&path);
        let repo = GitRepo::create(&there, project)?.at(git_server(url.clone(), None));
        let clone = Some(NewClone::to_keep(there));
        repo.bring(base).await.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Found { repo, path, clone })
    }
}
