//! Writing to the customer's repository: intent, commit, record. A step's commit exists once or not at all.

use cloudcrew_definition::path::RepoPath;
use cloudcrew_planted::Fault;

use super::drive::Driver;
use super::error::EngagementError;
use super::event::{CommitRecord, Event};
use crate::ports::repo::{CommitRequest, RepoError};

/// How often a branch that others keep moving is tried again.
const TRIES: usize = 20;

impl Driver {
    /// Commits files. The inner error is a refusal in words: nothing was written.
    pub(crate) async fn commit(
        &self,
        step: &str,
        author: &str,
        files: &[(String, Vec<u8>)],
        message: &str,
    ) -> Result<Result<CommitRecord, String>, EngagementError> {
        if let Some(there) = self.look(|e| e.state.commits.get(step).cloned()).await {
            return Ok(Ok(there));
        }
        let mut writes = Vec::with_capacity(files.len());
        for (path, bytes) in files {
            match RepoPath::parse(path) {
                Ok(path) => writes.push((path, bytes.clone())),
                Err(fault) => return Ok(Err(format!("`{path}` cannot be written: {fault}"))),
            }
        }
        let trailers = vec![("CloudCrew-Step".to_owned(), format!("{}/{step}", self.project()))];
        let mut request = CommitRequest { writes, message: message.to_owned(), author: author.to_owned(), date: 0, trailers };
        for _ in 0..TRIES {
            let (parent, date) = self.intend(step).await?;
            request.date = date;
            match self.ports.repo.commit(parent.as_deref(), &request).await {
                Ok(commit) => return self.committed(step, author, &commit, &request).await.map(Ok),
                Err(RepoError::Moved(to)) => {
                    let ours = self.own_commit(parent.as_deref(), to.as_deref(), &request.trailers[0].1).await?;
                    if let Some(commit) = ours {
                        return self.committed(step, author, &commit, &request).await.map(Ok);
                    }
                    let commits = match &to {
                        Some(to) => self.ports.repo.log(parent.as_deref(), to).await?.into_iter().map(|(id, _)| id).collect(),
                        None => Vec::new(),
                    };
                    let Some(to) = to else {
                        let branch = self.ports.repo.branch();
                        let was = parent.unwrap_or_default();
                        return Err(EngagementError::World(format!(
                            "branch `{branch}` was removed; bring it back with `git update-ref refs/heads/{branch} {was}` and run \
                             `cloudcrew resume {}`",
                            self.project()
                        )));
                    };
                    let date = self.now().await / 1000;
                    let intent = Event::CommitIntended { step: step.to_owned(), parent: Some(to.clone()), date };
                    self.append(vec![Event::ForeignCommits { from: parent, to, commits }, intent]).await?;
                }
                Err(RepoError::Refused(why)) => return Ok(Err(why)),
                Err(RepoError::CheckedOut(branch)) => {
                    let what = format!(
                        "branch `{branch}` is checked out; switch to another branch and run `cloudcrew resume {}`",
                        self.project()
                    );
                    return Err(EngagementError::World(what));
                }
                Err(RepoError::Store(e)) => return Err(e.into()),
            }
        }
        Err(EngagementError::World(format!("branch `{}` moved {TRIES} times while one commit was made", self.ports.repo.branch())))
    }

    /// The intent on record for this step, or a new one.
    async fn intend(&self, step: &str) -> Result<(Option<String>, i64), EngagementError> {
        if let Some((_, parent, date)) = self.look(|e| e.state.intended.clone().filter(|(s, _, _)| s == step)).await {
            return Ok((parent, date));
        }
        self.notice_foreign_commits().await?;
        let parent = self.look(|e| e.state.head.clone()).await;
        let date = self.now().await / 1000;
        if !Fault::EffectBeforeIntent.is_planted() {
            self.append(vec![Event::CommitIntended { step: step.to_owned(), parent: parent.clone(), date }]).await?;
        }
        Ok((parent, date))
    }

    /// The commit of this step among those that are new, when it was made before the process died.
    async fn own_commit(&self, from: Option<&str>, to: Option<&str>, step: &str) -> Result<Option<String>, EngagementError> {
        let Some(to) = to else { return Ok(None) };
        let log = self.ports.repo.log(from, to).await?;
        Ok(log.into_iter().find(|(_, s)| s.as_deref() == Some(step)).map(|(id, _)| id))
    }

    async fn committed(
        &self,
        step: &str,
        author: &str,
        commit: &str,
        request: &CommitRequest,
    ) -> Result<CommitRecord, EngagementError> {
        let tree = self.ports.repo.list(commit).await?;
        let oid = |path: &str| tree.iter().find(|f| f.path == path).map(|f| f.oid.clone()).unwrap_or_default();
        let paths = request.writes.iter().map(|(p, _)| (p.as_str().to_owned(), oid(p.as_str()))).collect();
        let record = CommitRecord { step: step.to_owned(), commit: commit.to_owned(), paths, author: author.to_owned() };
        self.append(vec![Event::Committed(record.clone())]).await?;
        Ok(record)
    }
}
