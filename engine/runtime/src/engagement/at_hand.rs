//! What tools and prompts have at hand of the engagement: its ledger, its files, its texts, and who
//! may judge what.

use cloudcrew_definition::crew::Agent;

use super::context::variables;
use super::drive::Driver;
use super::error::EngagementError;
use cloudcrew_ports::ledger::LedgerRow;
use cloudcrew_ports::model::Purpose;
use cloudcrew_ports::repo::TreeFile;

impl Driver {
    /// All rows of the ledger.
    pub(crate) async fn ledger_rows(&self) -> Result<Vec<LedgerRow>, EngagementError> {
        let rows = self.ports.ledger.rows(self.project()).await?;
        self.look(|e| e.has_all(&rows)).await?;
        Ok(rows)
    }

    pub(crate) async fn record_rows(&self, rows: &[LedgerRow]) -> Result<(), EngagementError> {
        Ok(self.ports.ledger.record(self.project(), rows).await?)
    }

    /// Files of the branch below a folder; all of them for an empty name.
    pub(crate) async fn files(&self, below: &str) -> Result<Vec<TreeFile>, EngagementError> {
        match self.look(|e| e.state.head.clone()).await {
            Some(head) => Ok(self.ports.repo.list(&head, below).await?),
            None => Ok(Vec::new()),
        }
    }

    /// A file of the branch.
    pub(crate) async fn file(&self, path: &str) -> Result<Option<Vec<u8>>, EngagementError> {
        match self.look(|e| e.state.head.clone()).await {
            Some(head) => Ok(self.ports.repo.read(&head, path).await?),
            None => Ok(None),
        }
    }

    /// Whether an agent's model sees images.
    pub(crate) async fn sees_images(&self, agent: &Agent) -> bool {
        self.look(|e| {
            e.model(&e.state.started.model_of(agent))
                .and_then(|m| m.live)
                .is_some_and(|live| live.sees_images)
        })
        .await
    }

    /// Text of a template.
    pub(crate) async fn template(&self, name: &str) -> Option<String> {
        self.look(|e| e.definition.template(name).map(|t| t.text.clone())).await
    }

    /// Variables of a phase's texts.
    pub(crate) async fn variables(&self, phase: &str) -> serde_json::Value {
        self.look(|e| e.definition.phase(phase).map(|p| variables(e, p)).unwrap_or_default()).await
    }

    /// Whether a phase owes the file at `path`.
    pub(crate) async fn owes(&self, phase: &str, path: &str) -> bool {
        self.look(|e| {
            e.definition.phase(phase).is_some_and(|p| p.deliverables.iter().any(|d| d.path == path))
        })
        .await
    }

    /// Whether an agent may give a verdict; for a deliverable, the object id it is about.
    pub(crate) async fn may_judge(
        &self,
        phase: &str,
        agent: &str,
        path: Option<&str>,
    ) -> Result<Option<String>, String> {
        let found = match path {
            Some(path) => self.found(path).await.map_err(|e| e.to_string())?,
            None => None,
        };
        self.look(|e| {
            let purpose = e.state.swarm.as_ref().map(|s| s.purpose);
            let Some(definition) = e.definition.phase(phase) else {
                return Err(format!(
                    "no phase \
                `{phase}`"
                ));
            };
            let Some(path) = path else {
                return if purpose == Some(Purpose::Review) {
                    Ok(None)
                } else {
                    Err("name the deliverable's `path`: the phase as a whole is judged in its \
                        review"
                        .into())
                };
            };
            let Some(deliverable) = definition.deliverables.iter().find(|d| d.path == path) else {
                return Err(format!("`{path}` is no deliverable of {phase}"));
            };
            if purpose == Some(Purpose::Work) && !deliverable.reviewers.iter().any(|r| r == agent) {
                return Err(format!("`{agent}` is no reviewer of `{path}`"));
            }
            match found {
                Some(file) => Ok(Some(file.oid)),
                None => Err(format!("`{path}` is not written yet")),
            }
        })
        .await
    }
}
