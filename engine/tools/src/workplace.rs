//! The place where an agent works: what its tools may read and do, and nothing else.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_definition::crew::Agent;
use cloudcrew_definition::path::{RepoPath, Scope};
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::repo::TreeFile;
use cloudcrew_sow::Sow;
use serde_json::Value;

use super::outcome::{Done, ToolError};
use super::tool::MAX_WRITE;

/// A failure of the world, to be handed on as it is.
#[derive(Debug)]
pub struct Broken(pub Box<dyn Error + Send + Sync>);

impl<E: Error + Send + Sync + 'static> From<E> for Broken {
    fn from(error: E) -> Self {
        Broken(Box::new(error))
    }
}

/// Who wrote a file of the crew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The agent.
    pub agent: String,
    /// The phase.
    pub phase: String,
    /// Run of that phase, from 1.
    pub run: u32,
}

/// A file of the customer's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Path, object id and size.
    pub file: TreeFile,
    /// Who wrote it; absent when the crew did not, or someone changed it since.
    pub origin: Option<Origin>,
}

/// What a tool has to work with, in one call of one agent.
#[async_trait]
pub trait Workplace: Send + Sync {
    /// The agent that calls.
    fn agent(&self) -> &Agent;

    /// The phase it works in.
    fn phase(&self) -> &str;

    /// The key under which the effects of this call happen once: `discovery.1.v2.t0.c1`.
    fn step(&self) -> &str;

    /// The statement of work.
    async fn sow(&self) -> Arc<Sow>;

    /// Files below a folder; all of them for an empty name.
    async fn files(&self, below: &str) -> Result<Vec<FileInfo>, Broken>;

    /// The bytes of a file; `None` when there is none.
    async fn file(&self, path: &str) -> Result<Option<Vec<u8>>, Broken>;

    /// Commits one file as this agent, once for this step. The inner error is a refusal.
    async fn commit(
        &self,
        path: &str,
        content: Vec<u8>,
        message: &str,
    ) -> Result<Result<(), String>, Broken>;

    /// All rows of the ledger.
    async fn ledger(&self) -> Result<Vec<LedgerRow>, Broken>;

    /// Adds rows to the ledger; a row whose id exists is not added again.
    async fn record(&self, rows: &[LedgerRow]) -> Result<(), Broken>;

    /// Whether the agent's model sees images.
    async fn sees_images(&self) -> bool;

    /// Fills in a template of the workspace with the phase's variables and `more`. The error is a
    /// refusal.
    async fn fill_in(&self, template: &str, more: Value) -> Result<String, String>;

    /// Whether the phase owes the file at `path`.
    async fn owes(&self, path: &str) -> bool;

    /// Whether the agent may give a verdict on a deliverable, or on the phase; for a deliverable, its
    /// object id. The inner error is a refusal.
    async fn may_judge(&self, path: Option<&str>)
    -> Result<Result<Option<String>, String>, Broken>;
}

impl dyn Workplace + '_ {
    /// The one place that decides whether an agent may write a path.
    pub(crate) fn admit(&self, path: &str) -> Result<RepoPath, ToolError> {
        let agent = self.agent();
        let parsed = RepoPath::parse(path)
            .map_err(|e| ToolError::Refused(format!("`{path}` cannot be written: {e}")))?;
        let scope = Scope::new(&agent.writes).map_err(|e| {
            ToolError::Refused(format!("the scope of `{}` is broken: {}", agent.name, e.why))
        })?;
        match scope.refusal(&agent.name, &parsed) {
            Some(words) => Err(ToolError::Refused(words)),
            None => Ok(parsed),
        }
    }

    /// Commits a text file as this agent.
    pub(crate) async fn write(
        &self,
        path: &str,
        content: String,
        message: &str,
    ) -> Result<(), ToolError> {
        if content.len() > MAX_WRITE {
            return Err(ToolError::Refused(format!(
                "{} bytes are too many for one file; at most {MAX_WRITE}",
                content.len()
            )));
        }
        self.commit(path, content.into_bytes(), message).await?.map_err(ToolError::Refused)
    }

    /// Adds one row to the ledger, under this step.
    pub(crate) async fn note(
        &self,
        kind: LedgerKind,
        title: &str,
        body: &str,
        source: &str,
    ) -> Result<Done, ToolError> {
        let row = LedgerRow {
            id: self.step().to_owned(),
            phase: self.phase().to_owned(),
            author: self.agent().name.clone(),
            kind,
            title: title.to_owned(),
            body: body.to_owned(),
            source: source.to_owned(),
        };
        self.record(std::slice::from_ref(&row)).await?;
        Ok(Done { ledger: vec![row.id], verdict: None })
    }
}
