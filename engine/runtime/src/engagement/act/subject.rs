//! The subject of a request: the deliverables in the tree, and changes that others made.

use cloudcrew_ports::repo::TreeFile;

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::Event;
use crate::engagement::request::Request;

impl Driver {
    /// Sets the time at which a request is opened, and with it its deadline.
    pub(in crate::engagement) async fn opened_now(&self, mut request: Request) -> Request {
        request.opened = self.now().await;
        request.expires = request.expires.map(|after| request.opened.saturating_add(after));
        request
    }

    /// The current deliverables of a phase, with their object ids.
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

    /// Finds a file on the branch.
    pub(in crate::engagement) async fn found(
        &self,
        path: &str,
    ) -> Result<Option<TreeFile>, EngagementError> {
        match self.look(|e| e.state.head.clone()).await {
            Some(head) => Ok(self.ports.repo.find(&head, path).await?),
            None => Ok(None),
        }
    }

    /// Records commits by others. Code that depends on a file checks whether it changed.
    pub(in crate::engagement) async fn notice_foreign_commits(
        &self,
    ) -> Result<(), EngagementError> {
        let recorded = self.look(|e| e.state.head.clone()).await;
        let intended = self.look(|e| e.state.intended.is_some()).await;
        let current = self.ports.repo.head().await?;
        let Some(to) = current.filter(|t| Some(t) != recorded.as_ref() && !intended) else {
            return Ok(());
        };
        let log = self.ports.repo.log(recorded.as_deref(), &to).await?;
        let commits = self.foreign(log).await?;
        self.append(vec![Event::ForeignCommits { from: recorded, to, commits }]).await
    }
}
