//! The workplace of an agent: everything that its tools may read and do.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_definition::crew::{Agent, Pattern, Server, ServerTool, Service};
use cloudcrew_definition::path::{RepoPath, Scope};
use cloudcrew_ports::knowledge::Knowledge;
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::memory::{MemoryKind, MemoryRecord, MemorySource, Trust};
use cloudcrew_ports::program::{Limits, ProgramFault, Ran};
use cloudcrew_ports::repo::TreeFile;
use cloudcrew_ports::secret::mark;
use cloudcrew_ports::server::{Served, ServerFault};
use cloudcrew_sow::Sow;
use serde_json::Value;

use super::outcome::{Done, ToolError, WorkItem};
use super::tool::MAX_WRITE;

/// An error from outside the tool, passed on unchanged.
#[derive(Debug)]
pub struct Broken(pub Box<dyn Error + Send + Sync>);

impl<E: Error + Send + Sync + 'static> From<E> for Broken {
    fn from(error: E) -> Self {
        Broken(Box::new(error))
    }
}

/// The origin of a file that the crew wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The agent.
    pub agent: String,
    /// The phase.
    pub phase: String,
    /// Run of the phase, from 1.
    pub run: u32,
}

/// A file of the customer's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Path, object id and size.
    pub file: TreeFile,
    /// Its origin; absent when the crew did not write it or someone changed it since.
    pub origin: Option<Origin>,
}

/// A version of a file that the crew wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileVersion {
    /// The commit.
    pub commit: String,
    /// Who wrote it, and when.
    pub origin: Origin,
    /// Whether this version removed the file.
    pub removed: bool,
}

/// Names a version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revision {
    /// The current one.
    Head,
    /// The customer's, before the engagement.
    Base,
    /// The one that was approved last.
    Approved,
    /// That of a commit of the crew, by its id or the start of it.
    Commit(String),
}

/// A path that a call may write. Only [`Workplace`] makes one, after it has checked the scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writable(RepoPath);

impl Writable {
    /// The path.
    pub fn path(&self) -> &RepoPath {
        &self.0
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A program to run on the files of the branch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Task {
    /// Name of the program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Folder to start in; empty for the root.
    pub folder: String,
    /// Variables for it.
    pub environment: Vec<(String, String)>,
    /// Its limits.
    pub limits: Limits,
}

/// A file that a program changed, and that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its path.
    pub path: Writable,
    /// Its new content; `None` when it was removed.
    pub content: Option<Vec<u8>>,
}

/// A pattern that an agent may use, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The pattern.
    pub pattern: Pattern,
    /// How far it may be trusted: `draft`, `candidate`, `proven`.
    pub tier: &'static str,
    /// Counted uses.
    pub counted: u64,
    /// Counted uses that succeeded.
    pub succeeded: u64,
}

/// What an agent wants to note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMemory {
    /// What it is.
    pub kind: MemoryKind,
    /// Its subject.
    pub about: String,
    /// Its words.
    pub text: String,
    /// What it was taken from, in the agent's words.
    pub sources: Vec<String>,
}

/// A note of earlier work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// The note.
    pub record: MemoryRecord,
    /// How far it may be believed.
    pub trust: Trust,
    /// Whether this engagement wrote it.
    pub own: bool,
}

/// The answer to a question about earlier work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recall {
    /// The notes, best first.
    pub notes: Vec<Recalled>,
    /// Why notes of other engagements could not be read.
    pub fault: Option<String>,
}

/// The environment of one tool call.
#[async_trait]
pub trait Workplace: Send + Sync {
    /// The calling agent.
    fn agent(&self) -> &Agent;

    /// The current phase.
    fn phase(&self) -> &str;

    /// Key of this call, under which its effects happen once: `discovery.1.v2.t0.c1`.
    fn step(&self) -> &str;

    /// The statement of work.
    async fn sow(&self) -> Arc<Sow>;

    /// Lists the files below a folder; an empty name lists all files.
    async fn files(&self, below: &str) -> Result<Vec<FileInfo>, Broken>;

    /// Reads a file; `None` when it does not exist.
    async fn file(&self, path: &str) -> Result<Option<Vec<u8>>, Broken>;

    /// The versions of a file that the crew wrote, oldest first.
    async fn versions(&self, path: &str) -> Result<Vec<FileVersion>, Broken>;

    /// Reads a version of a file; `None` when the file does not exist in it. The inner error is a
    /// refusal.
    async fn version(
        &self,
        path: &str,
        revision: &Revision,
    ) -> Result<Result<Option<Vec<u8>>, String>, Broken>;

    /// Reads a file as it is on the branch now, with what others have committed meanwhile; `None`
    /// when it does not exist.
    async fn newest(&self, path: &str) -> Result<Option<Vec<u8>>, Broken>;

    /// Whether this step has committed already: a process that died made the call before.
    async fn has_committed(&self) -> bool;

    /// Commits one file as this agent, at most once for this step. With `seen`, the file must still
    /// have this content. The inner error is a refusal.
    async fn commit(
        &self,
        path: &Writable,
        seen: Option<&[u8]>,
        content: Vec<u8>,
        message: &str,
    ) -> Result<Result<(), String>, Broken>;

    /// Removes one file as this agent, at most once for this step; with `to`, its content is there
    /// afterwards. The file must still have the content `seen`. The inner error is a refusal.
    async fn remove(
        &self,
        from: &Writable,
        to: Option<&Writable>,
        seen: &[u8],
        message: &str,
    ) -> Result<Result<(), String>, Broken>;

    /// Searches files.
    fn knowledge(&self) -> &dyn Knowledge;

    /// Runs a program in the sandbox, on a copy of the files of the branch.
    async fn run(&self, task: Task) -> Result<Result<Ran, ProgramFault>, Broken>;

    /// Commits what a program changed as this agent, in one commit and at most once for this step.
    /// Each file must still be as the program found it. The inner error is a refusal.
    async fn keep(&self, changes: Vec<Kept>, message: &str) -> Result<Result<(), String>, Broken>;

    /// Calls a tool of an MCP server, with the answers that a person has given to the questions of
    /// this very call, whose arguments have this digest.
    async fn serve(
        &self,
        server: &Server,
        tool: &ServerTool,
        input: Value,
        digest: &str,
    ) -> Result<Result<Served, ServerFault>, Broken>;

    /// The work items of the phase.
    async fn items(&self) -> Vec<WorkItem>;

    /// Names of the agents who work in the phase.
    async fn colleagues(&self) -> Vec<String>;

    /// What the workspace says about services.
    async fn services(&self) -> Vec<Service>;

    /// Commits files as this agent in one commit, at most once for this step. The inner error is a
    /// refusal.
    async fn put(
        &self,
        files: Vec<(Writable, Vec<u8>)>,
        message: &str,
    ) -> Result<Result<(), String>, Broken>;

    /// A file as a source of notes; `None` when it does not exist.
    async fn source(&self, path: &str) -> Result<Option<MemorySource>, Broken>;

    /// Notes something for later work, and says its trust level now. The inner error is
    /// a refusal.
    async fn remember(
        &self,
        new: NewMemory,
    ) -> Result<Result<(MemoryRecord, Trust), String>, Broken>;

    /// Notes of earlier work that answer a question, best first.
    async fn recall(
        &self,
        question: &str,
        kind: Option<MemoryKind>,
        most: usize,
    ) -> Result<Recall, Broken>;

    /// Patterns that may be used here; with a query, those that fit it, best first.
    async fn patterns(&self, query: &str) -> Result<Vec<Offered>, Broken>;

    /// Adds a pattern to the library as this agent. The inner error is a refusal.
    async fn offer(&self, pattern: Pattern) -> Result<Result<(), String>, Broken>;

    /// The digest of a pattern that may be promoted now. The inner error says what is missing.
    async fn promotes(&self, name: &str) -> Result<Result<String, String>, Broken>;

    /// All rows of the ledger.
    async fn ledger(&self) -> Result<Vec<LedgerRow>, Broken>;

    /// Adds rows to the ledger; rows whose id exists are skipped.
    async fn record(&self, rows: &[LedgerRow]) -> Result<(), Broken>;

    /// Whether the agent's model accepts images.
    async fn sees_images(&self) -> bool;

    /// Fills in a template of the workspace with the phase's variables and `more`. The error is a
    /// refusal.
    async fn fill_in(&self, template: &str, more: Value) -> Result<String, String>;

    /// Whether the agent may add this kind of row to the ledger here.
    fn may_note(&self, _: LedgerKind) -> bool {
        true
    }

    /// Whether entries of the ledger can be settled here.
    fn may_settle(&self) -> bool {
        true
    }

    /// Whether this is an open remark on a file of the agent.
    async fn has_remark(&self, id: &str) -> bool;

    /// Whether `path` is a deliverable of any phase.
    async fn is_owed(&self, path: &str) -> bool;

    /// Whether `path` is a deliverable of the phase.
    async fn owes(&self, path: &str) -> bool;

    /// Why a file must stay where it is: a phase owes it, or a remark on it is open; `None` if it
    /// may be moved or removed.
    async fn stays(&self, path: &str) -> Option<String>;

    /// Checks that the agent may give a verdict on a deliverable, or on the phase. Returns the
    /// object id of a deliverable. The inner error is a refusal.
    async fn may_judge(&self, path: Option<&str>)
    -> Result<Result<Option<String>, String>, Broken>;
}

impl dyn Workplace + '_ {
    /// Checks that the agent may write a path. Scopes are enforced only here.
    pub(crate) fn admit(&self, path: &str) -> Result<Writable, ToolError> {
        let agent = self.agent();
        let Writable(parsed) = self.fixed(path)?;
        let scope = Scope::new(&agent.writes).map_err(|e| {
            ToolError::Refused(format!("the scope of `{}` is broken: {}", agent.name, e.why))
        })?;
        match scope.refusal(&agent.name, &parsed) {
            Some(words) => Err(ToolError::Refused(words)),
            None => Ok(Writable(parsed)),
        }
    }

    /// A path that the tool itself chooses, so that no scope needs to grant it.
    pub(crate) fn fixed(&self, path: &str) -> Result<Writable, ToolError> {
        let parsed = RepoPath::parse(path);
        parsed
            .map(Writable)
            .map_err(|e| ToolError::Refused(format!("`{path}` cannot be written: {e}")))
    }

    /// Commits a text file as this agent.
    pub(crate) async fn write(
        &self,
        path: &Writable,
        content: String,
        message: &str,
    ) -> Result<(), ToolError> {
        self.replace(path, None, content, message).await
    }

    /// Commits a text file as this agent, in place of what it has seen.
    pub(crate) async fn replace(
        &self,
        path: &Writable,
        seen: Option<&str>,
        content: String,
        message: &str,
    ) -> Result<(), ToolError> {
        unmarked(&content)?;
        if content.len() > MAX_WRITE {
            return Err(ToolError::Refused(format!(
                "{} bytes are too many for one file; at most {MAX_WRITE}",
                content.len()
            )));
        }
        let seen = seen.map(str::as_bytes);
        let made = self.commit(path, seen, content.into_bytes(), message).await?;
        made.map_err(ToolError::Refused)
    }

    /// Adds one row to the ledger, with this step as its id.
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
        Ok(Done { ledger: vec![row.id], ..Done::default() })
    }
}

/// Refuses a text in which a secret was replaced.
pub(crate) fn unmarked(content: &str) -> Result<(), ToolError> {
    match mark(content) {
        Some(mark) => Err(ToolError::Refused(format!(
            "Not written: `{mark}` stands where a secret was. Write a reference to where it is \
             kept instead, such as an environment variable"
        ))),
        None => Ok(()),
    }
}
