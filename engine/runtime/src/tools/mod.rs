//! What agents may call. A tool is one file: what it is called, what it takes, what it does.

mod ask_customer;
mod ledger_read;
mod ledger_write;
mod parse_sow;
mod phase_summary;
mod repo_list;
mod repo_read;
mod repo_write;
mod review_verdict;
mod write_adr;

use std::sync::LazyLock;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use cloudcrew_definition::crew::Agent;
use cloudcrew_definition::path::{RepoPath, Scope};
use cloudcrew_definition::schema::Arguments;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engagement::{Driver, EngagementError, ToolDone};
use cloudcrew_ports::ledger::LedgerRow;
use cloudcrew_ports::model::{Attachment, ToolSpec};

/// Bytes of a tool's answer at most.
pub const MAX_RESULT: usize = 256 * 1024;
/// Bytes of an image or a document that is shown at most: what providers take.
pub const MAX_SHOWN: usize = 3 * 1024 * 1024;
/// Bytes of a file that a tool writes at most.
pub const MAX_WRITE: usize = 1024 * 1024;

/// What a tool has at hand.
pub(crate) struct Call<'a> {
    pub driver: &'a Driver,
    pub agent: &'a Agent,
    pub phase: &'a str,
    /// `discovery.1.v2.t0.c1`: the key under which its effects happen once.
    pub step: String,
}

/// What a tool says.
pub(crate) enum Said {
    /// It did what it was asked, and this.
    Done(String, ToolDone),
    /// It found something that is not text.
    Shows(String, Attachment),
    /// It asks the customer.
    Asks {
        /// Short name of the question.
        name: String,
        /// The question.
        question: String,
    },
}

impl Said {
    fn text(text: impl Into<String>) -> Result<Said, ToolError> {
        Ok(Said::Done(text.into(), ToolDone::default()))
    }
}

/// Why a tool did not do what it was asked.
pub(crate) enum ToolError {
    /// The agent asked for something it may not do or that is not there; it is told and goes on.
    Refused(String),
    /// The world is broken; the phase stops.
    Failed(EngagementError),
}

impl<E: Into<EngagementError>> From<E> for ToolError {
    fn from(error: E) -> Self {
        ToolError::Failed(error.into())
    }
}

/// A tool.
#[async_trait]
pub(crate) trait Tool: Send + Sync {
    fn info(&self) -> ToolInfo;

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError>;
}

const ALL: &[&dyn Tool] = &[
    &parse_sow::ParseSow,
    &repo_read::RepoRead,
    &repo_list::RepoList,
    &repo_write::RepoWrite,
    &ledger_read::LedgerRead,
    &ledger_write::LedgerWrite,
    &ask_customer::AskCustomer,
    &write_adr::WriteAdr,
    &phase_summary::PhaseSummary,
    &review_verdict::ReviewVerdict,
];

/// All tools, as definitions see them.
pub fn infos() -> Vec<ToolInfo> {
    ALL.iter().map(|t| t.info()).collect()
}

/// A tool with what follows from its declaration, made once.
pub(crate) struct Known {
    pub info: ToolInfo,
    /// As models see it.
    pub spec: ToolSpec,
    pub tool: &'static dyn Tool,
    arguments: Option<Arguments>,
}

impl Known {
    /// What of the arguments does not fit the tool's schema, in words.
    pub(crate) fn misfit(&self, input: &Value) -> Option<String> {
        self.arguments.as_ref()?.misfit(input)
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Known> {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let known = ALL.iter().map(|&tool| {
            let info = tool.info();
            let arguments = Arguments::of(&info.schema);
            let ToolInfo { name, description, .. } = info.clone();
            let spec = ToolSpec { name, description, schema: info.schema.clone().into() };
            Known { info, spec, tool, arguments }
        });
        known.collect()
    });
    KNOWN.iter().find(|known| known.info.name == name)
}

fn info(
    name: &str,
    description: &str,
    capability: Capability,
    effect: Effect,
    schema: Value,
) -> ToolInfo {
    ToolInfo {
        name: name.to_owned(),
        description: description.to_owned(),
        schema,
        capability,
        effect,
    }
}

/// The arguments, which were held against the tool's schema before.
fn arguments<T: DeserializeOwned>(input: Value) -> Result<T, ToolError> {
    serde_json::from_value(input).map_err(|e| ToolError::Refused(format!("Invalid input: {e}")))
}

impl Call<'_> {
    /// The one place that decides whether an agent may write a path.
    fn admit(&self, path: &str) -> Result<RepoPath, ToolError> {
        let parsed = RepoPath::parse(path)
            .map_err(|e| ToolError::Refused(format!("`{path}` cannot be written: {e}")))?;
        let scope = Scope::new(&self.agent.writes).map_err(|e| {
            ToolError::Refused(format!("the scope of `{}` is broken: {}", self.agent.name, e.why))
        })?;
        match scope.refusal(&self.agent.name, &parsed) {
            Some(words) => Err(ToolError::Refused(words)),
            None => Ok(parsed),
        }
    }

    /// Commits one file as this agent.
    async fn commit(
        &self,
        path: &str,
        content: String,
        message: &str,
    ) -> Result<String, ToolError> {
        if content.len() > MAX_WRITE {
            return Err(ToolError::Refused(format!(
                "{} bytes are too many for one file; at most {MAX_WRITE}",
                content.len()
            )));
        }
        let files = [(path.to_owned(), content.into_bytes())];
        match self.driver.commit(&self.step, &self.agent.name, &files, message).await? {
            Ok(record) => Ok(record.commit),
            Err(why) => Err(ToolError::Refused(why)),
        }
    }

    async fn record(&self, rows: Vec<LedgerRow>) -> Result<ToolDone, ToolError> {
        self.driver.record_rows(&rows).await?;
        Ok(ToolDone { ledger: rows.into_iter().map(|r| r.id).collect(), verdict: None })
    }

    fn row(
        &self,
        kind: cloudcrew_ports::ledger::LedgerKind,
        title: &str,
        body: &str,
        source: &str,
    ) -> LedgerRow {
        LedgerRow {
            id: self.step.clone(),
            phase: self.phase.to_owned(),
            author: self.agent.name.clone(),
            kind,
            title: title.to_owned(),
            body: body.to_owned(),
            source: source.to_owned(),
        }
    }
}
