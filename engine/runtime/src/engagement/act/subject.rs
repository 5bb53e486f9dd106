//! What a request is about: the deliverables as they are in the tree, and who changed them.

use cloudcrew_ports::repo::TreeFile;

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::Event;
use crate::engagement::request::Request;

impl Driver {
    pub(in crate::engagement) async fn opened_now(&self, mut request: Request) -> Request {
        request.opened = self.now().await;
        request.expires = request.expires.map(|after| request.opened.saturating_add(after));
        request
    }

    /// The deliverables of a phase as they stand in the tree, with their object ids.
    pub(in crate::engagement) async fn subject(
        &self,
        phase: &str,
    ) -> Result<Vec<(String, String)>, EngagementError> {
        let definition = self.definition().await;
        let mut subject = Vec::new();
        for deliverable in definition.phase(phase).into_iter().flat_map(|p| &p.deliverables) {
            subject.extend(self.found(&deliverable.path).await?.map(|file| (file.path, file.oid)));
        }
        subject.sort();
        Ok(subject)
    }

    /// A file of the branch.
    pub(in crate::engagement) async fn found(
        &self,
        path: &str,
    ) -> Result<Option<TreeFile>, EngagementError> {
        match self.look(|e| e.state.head.clone()).await {
            Some(head) => Ok(self.ports.repo.find(&head, path).await?),
            None => Ok(None),
        }
    }

    /// Commits by others are taken note of; what they change is looked at by whoever depends on it.
    pub(in crate::engagement) async fn notice_foreign_commits(
        &self,
    ) -> Result<(), EngagementError> {
        let known = self.look(|e| e.state.head.clone()).await;
        let intended = self.look(|e| e.state.intended.is_some()).await;
        let there = self.ports.repo.head().await?;
        let Some(to) = there.filter(|t| Some(t) != known.as_ref() && !intended) else {
            return Ok(());
        };
        let log = self.ports.repo.log(known.as_deref(), &to).await?;
        let commits = self.foreign(log).await?;
        self.append(vec![Event::ForeignCommits { from: known, to, commits }]).await
    }
}
