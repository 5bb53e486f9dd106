//! Writes to the customer's repository: intent, commit, record. Each step commits at most once.

use std::collections::BTreeMap;

use cloudcrew_definition::path::RepoPath;
use cloudcrew_planted::Fault;

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{CommitRecord, Event};
use crate::engagement::refusal::Refusal;
use cloudcrew_ports::repo::{CommitRequest, ENGAGEMENT, JOURNAL, Logged, RepoError, STEP};

/// Maximum number of attempts when others keep moving the branch.
const TRIES: usize = 20;
/// Maximum number of commits by others to list in one event.
const MOST_FOREIGN: usize = 1_000;

/// A change of the repository.
#[derive(Default)]
pub(crate) struct Change<'a> {
    /// Files to write.
    pub(crate) writes: Vec<(RepoPath, Vec<u8>)>,
    /// Files to remove.
    pub(crate) removes: Vec<RepoPath>,
    /// What files must still contain when others have committed meanwhile; `None` for a path at
    /// which nothing must be.
    pub(crate) seen: Vec<(&'a str, Option<&'a [u8]>)>,
}

impl Driver {
    /// Commits files. The inner error is a refusal: nothing was written.
    pub(crate) async fn commit(
        &self,
        step: &str,
        author: &str,
        writes: Vec<(RepoPath, Vec<u8>)>,
        message: &str,
    ) -> Result<Result<CommitRecord, String>, EngagementError> {
        self.change(step, author, Change { writes, ..Change::default() }, message).await
    }

    /// Commits a change. The inner error is a refusal: nothing was changed.
    pub(crate) async fn change(
        &self,
        step: &str,
        author: &str,
        Change { writes, removes, seen }: Change<'_>,
        message: &str,
    ) -> Result<Result<CommitRecord, String>, EngagementError> {
        if let Some(there) = self.look(|e| e.state.commits.get(step).cloned()).await {
            return Ok(Ok(there));
        }
        let (identity, base) =
            self.look(|e| (e.state.started.identity.clone(), e.state.started.base.clone())).await;
        let base = base.map(|base| base.commit);
        let own = format!("{}/{step}", self.project());
        // A process that died may have committed this step already, with other content: a program
        // may write something else each time.
        let intended = self.look(|e| e.state.intended.clone().filter(|(s, _, _)| s == step)).await;
        if let Some((_, parent, _)) = intended
            && let Some(head) = self.ports.repo.head().await?
        {
            let log = self.ports.repo.log(parent.as_deref(), &head).await?;
            let is_own = |commit: &&Logged| {
                let of = commit.anchor.engagement.as_ref().is_none_or(|of| *of == identity);
                of && commit.anchor.step.as_ref() == Some(&own)
            };
            if let Some(commit) = log.iter().find(is_own)
                && !self.holds(&commit.id, &writes, &removes).await?
            {
                let paths = self.changed(parent.as_deref(), &commit.id).await?;
                return self.noted(step, author, &commit.id, paths).await.map(Ok);
            }
        }
        let mut request = CommitRequest {
            writes,
            removes,
            message: message.to_owned(),
            author: author.to_owned(),
            base,
            ..CommitRequest::default()
        };
        for _ in 0..TRIES {
            if !identity.is_empty() {
                request.claim = Some(self.claim().await?);
            }
            let (parent, date) = self.intend(step).await?;
            request.date = date;
            request.trailers = self.trailers(&own).await;
            match self.ports.repo.commit(parent.as_deref(), &request).await {
                Ok(commit) => return self.committed(step, author, &commit, &request).await.map(Ok),
                Err(RepoError::Moved(to)) => {
                    let log = match &to {
                        Some(to) => self.ports.repo.log(parent.as_deref(), to).await?,
                        None => Vec::new(),
                    };
                    let is_own = |commit: &&Logged| {
                        let of = commit.anchor.engagement.as_ref().is_none_or(|of| *of == identity);
                        of && commit.anchor.step.as_ref() == Some(&own)
                    };
                    if let Some(commit) = log.iter().find(is_own) {
                        return self.committed(step, author, &commit.id, &request).await.map(Ok);
                    }
                    let commits = self.foreign(log).await?;
                    let Some(to) = to else {
                        let branch = self.ports.repo.branch().to_owned();
                        let was = parent.unwrap_or_default();
                        let project = self.project().to_owned();
                        return Err(Refusal::BranchRemoved { project, branch, was }.into());
                    };
                    for (path, seen) in &seen {
                        let there = self.ports.repo.read(&to, path).await?;
                        // A link, or a submodule, is in the way too.
                        let is_free = there.is_none()
                            && (seen.is_some() || self.ports.repo.find(&to, path).await?.is_none());
                        let why = match (there.as_deref(), seen) {
                            (Some(there), Some(seen)) if there == *seen => continue,
                            (None, None) if is_free => continue,
                            (_, Some(_)) => format!("{path} has changed; read it again"),
                            (_, None) => format!("{path} exists already"),
                        };
                        self.append(vec![Event::ForeignCommits { from: parent, to, commits }])
                            .await?;
                        return Ok(Err(why));
                    }
                    let date = self.ports.clock.wall() / 1000;
                    let intent = Event::CommitIntended {
                        step: step.to_owned(),
                        parent: Some(to.clone()),
                        date,
                    };
                    self.append(vec![Event::ForeignCommits { from: parent, to, commits }, intent])
                        .await?;
                }
                // The claim has moved since it was read; the next attempt reads it again.
                Err(RepoError::Claimed(_)) => {}
                Err(RepoError::Refused(why)) => return Ok(Err(why)),
                Err(RepoError::CheckedOut(branch)) => {
                    let project = self.project().to_owned();
                    return Err(Refusal::CheckedOut { project, branch }.into());
                }
                Err(RepoError::Store(e)) => return Err(e.into()),
            }
        }
        Err(EngagementError::World(format!(
            "branch `{}` moved {TRIES} times while one commit was made",
            self.ports.repo.branch()
        )))
    }

    /// The recorded intent of this step, or a new one.
    async fn intend(&self, step: &str) -> Result<(Option<String>, i64), EngagementError> {
        if let Some((_, parent, date)) =
            self.look(|e| e.state.intended.clone().filter(|(s, _, _)| s == step)).await
        {
            return Ok((parent, date));
        }
        self.notice_foreign_commits().await?;
        let parent = self.look(|e| e.state.head.clone()).await;
        let date = self.ports.clock.wall() / 1000;
        if !Fault::EffectBeforeIntent.is_planted() {
            self.append(vec![Event::CommitIntended {
                step: step.to_owned(),
                parent: parent.clone(),
                date,
            }])
            .await?;
        }
        Ok((parent, date))
    }

    /// The trailers of a commit: its step, its engagement, and the journal entry that announced it.
    async fn trailers(&self, own: &str) -> Vec<(String, String)> {
        let mut trailers = vec![(STEP.to_owned(), own.to_owned())];
        self.look(|e| {
            if !e.state.started.identity.is_empty() {
                trailers.push((ENGAGEMENT.to_owned(), e.state.started.identity.clone()));
            }
            if let (Some((seq, hash)), true) =
                (e.intents.last_key_value(), e.state.intended.is_some())
            {
                trailers.push((JOURNAL.to_owned(), format!("{seq} {hash}")));
            }
        })
        .await;
        trailers
    }

    /// The commit of the claim on the branch. Checks that the claim is this engagement's and not
    /// ahead of its journal.
    async fn claim(&self) -> Result<Option<String>, EngagementError> {
        let Some(claim) = self.ports.repo.claim().await? else { return Ok(None) };
        let branch = self.ports.repo.branch();
        self.look(|e| e.knows(&claim, branch)).await?;
        Ok(Some(claim.id))
    }

    /// Ids of commits that others made. A commit of this engagement that its journal does not know
    /// is an error.
    pub(in crate::engagement) async fn foreign(
        &self,
        log: Vec<Logged>,
    ) -> Result<Vec<String>, EngagementError> {
        let branch = self.ports.repo.branch();
        self.look(|e| {
            let own = |commit: &&Logged| {
                let of = commit
                    .anchor
                    .engagement
                    .as_ref()
                    .is_some_and(|of| *of == e.state.started.identity);
                of && commit.anchor.journal.is_some()
            };
            log.iter().filter(own).try_for_each(|commit| e.knows(commit, branch))?;
            Ok(log.into_iter().take(MOST_FOREIGN).map(|commit| commit.id).collect())
        })
        .await
    }

    async fn committed(
        &self,
        step: &str,
        author: &str,
        commit: &str,
        request: &CommitRequest,
    ) -> Result<CommitRecord, EngagementError> {
        let mut paths = Vec::with_capacity(request.writes.len());
        for (path, _) in &request.writes {
            let found = self.ports.repo.find(commit, path.as_str()).await?;
            let oid = found.map(|file| file.oid).ok_or_else(|| {
                EngagementError::World(format!("commit {commit} lacks {path}, which it wrote"))
            })?;
            paths.push((path.as_str().to_owned(), oid));
        }
        paths.extend(request.removes.iter().map(|path| (path.as_str().to_owned(), String::new())));
        self.noted(step, author, commit, paths).await
    }

    /// Whether a commit has exactly this change.
    async fn holds(
        &self,
        commit: &str,
        writes: &[(RepoPath, Vec<u8>)],
        removes: &[RepoPath],
    ) -> Result<bool, EngagementError> {
        let repo = &self.ports.repo;
        for (path, content) in writes {
            if repo.read(commit, path.as_str()).await?.as_ref() != Some(content) {
                return Ok(false);
            }
        }
        for path in removes {
            if repo.find(commit, path.as_str()).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The files that a commit changed, with their object ids; empty for a file that is gone.
    async fn changed(
        &self,
        parent: Option<&str>,
        commit: &str,
    ) -> Result<Vec<(String, String)>, EngagementError> {
        let repo = &self.ports.repo;
        let before = match parent {
            Some(parent) => repo.list(parent, "").await?,
            None => Vec::new(),
        };
        let before: BTreeMap<String, String> =
            before.into_iter().map(|file| (file.path, file.oid)).collect();
        let after: BTreeMap<String, String> =
            repo.list(commit, "").await?.into_iter().map(|file| (file.path, file.oid)).collect();
        let gone = before.keys().filter(|path| !after.contains_key(*path));
        let gone: Vec<_> = gone.map(|path| (path.clone(), String::new())).collect();
        let new = after.into_iter().filter(|(path, oid)| before.get(path) != Some(oid));
        Ok(new.chain(gone).collect())
    }

    /// Records a commit.
    async fn noted(
        &self,
        step: &str,
        author: &str,
        commit: &str,
        paths: Vec<(String, String)>,
    ) -> Result<CommitRecord, EngagementError> {
        let record = CommitRecord {
            step: step.to_owned(),
            commit: commit.to_owned(),
            paths,
            author: author.to_owned(),
        };
        self.append(vec![Event::Committed(record.clone())]).await?;
        Ok(record)
    }
}
