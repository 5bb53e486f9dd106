//! The files as written, key for key, with one module per kind of file. The JSON Schemas are
//! derived from these types, so editors show their doc comments. A value of the wrong type is
//! absent here; the schema check reports it.

mod agents;
mod allow;
mod budget;
pub mod defaults;
mod duration;
mod inherit;
mod input;
mod knowledge;
mod model;
mod pattern;
mod phase;
mod rehearsal;
mod server;
mod variant;
mod workflow;
mod written;

pub use agents::{Agent, AgentsFile};
pub use allow::Allowed;
pub use budget::{AgentBudget, AtLimit, Budget};
pub use duration::{Duration, meant, written};
pub use inherit::Inherited;
pub use input::{INPUT_PATTERN, Input, InputType, InputValue, Inputs, MAX_INPUT};
pub use knowledge::{Fact, KnowledgeFile, REGION, Service, UnitPrice};
pub use model::{ContextRule, Effort, Guardrail, Model, Price, Provider, Reasoning};
pub use pattern::{BundledFile, PatternFile};
pub use phase::{
    Approvers, Cast, Deliver, Deliverable, Depth, Gate, GateKind, HandoffMode, OnExpiry,
    PhaseDefaults, PhaseFile, ProviderRetry, Questions, Recall, Restart, Retry, Review, Swarm,
    SwarmDefaults,
};
pub use rehearsal::{
    AgentBend, Answer, Expect, ExpectedDeliverable, ExpectedOutcome, Failure, GateBend,
    RehearsalFile, Rejection, ReviewBend, Stars,
};
pub use server::{
    Grant, MAX_SERVER_NAME, SECRET, SERVER_TOOL_PATTERN, Server, is_server_tool, secret_name,
    server_tool,
};
pub use variant::{Variant, variant_name};
pub use workflow::{PatternRules, SowHeadings, WorkflowFile};
pub use written::{Entries, Written};

use std::collections::BTreeMap;

use crate::document::{Document, Reader};
use crate::overlay::within;
use crate::source::FileId;

/// The kinds of definition files, by their location in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileKind {
    /// `agents.yaml`
    Agents,
    /// `phases/NAME.yaml`
    Phase,
    /// `workflows/NAME.yaml`
    Workflow,
    /// `rehearsals/NAME.yaml`
    Rehearsal,
    /// `knowledge/NAME.yaml`
    Knowledge,
    /// `patterns/NAME.yaml`
    Pattern,
}

impl FileKind {
    /// All kinds.
    pub const ALL: [FileKind; 6] = [
        FileKind::Agents,
        FileKind::Phase,
        FileKind::Workflow,
        FileKind::Rehearsal,
        FileKind::Knowledge,
        FileKind::Pattern,
    ];

    /// The kind of the file at `path`, in the workspace or in an overlay; `None` if it is not a
    /// definition file.
    pub fn of(path: &str) -> Option<FileKind> {
        let path = within(path);
        match path.split_once('/') {
            None if path == "agents.yaml" => Some(FileKind::Agents),
            Some(("phases", name)) if yaml(name) => Some(FileKind::Phase),
            Some(("workflows", name)) if yaml(name) => Some(FileKind::Workflow),
            Some(("rehearsals", name)) if yaml(name) => Some(FileKind::Rehearsal),
            Some(("knowledge", name)) if yaml(name) => Some(FileKind::Knowledge),
            Some(("patterns", name)) if yaml(name) => Some(FileKind::Pattern),
            _ => None,
        }
    }

    /// Name of its schema.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Agents => "agents",
            FileKind::Phase => "phase",
            FileKind::Workflow => "workflow",
            FileKind::Rehearsal => "rehearsal",
            FileKind::Knowledge => "knowledge",
            FileKind::Pattern => "pattern",
        }
    }
}

/// Whether the file at `path` is a prompt, a task or a template.
pub fn is_text(path: &str) -> bool {
    let path = within(path);
    let inside = |folder: &str| {
        let name = path.strip_prefix(folder).and_then(|name| name.strip_suffix(".md"));
        name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
    };
    ["prompts/", "prompts/tasks/", "templates/"].into_iter().any(inside)
}

/// The regular expression for a name.
pub const NAME_PATTERN: &str = "^[a-z][a-z0-9_-]{0,62}$";

/// Whether a text is a name as defined by [`NAME_PATTERN`].
pub fn is_name(text: &str) -> bool {
    let rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    text.len() <= 63
        && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text.bytes().all(rest)
}

/// The names of programs, as a regular expression.
pub const PROGRAM_PATTERN: &str = "^[A-Za-z0-9_+][A-Za-z0-9._+-]{0,63}$";

/// Whether a text is the name of a program as defined by [`PROGRAM_PATTERN`].
pub fn is_program(text: &str) -> bool {
    let first = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'+';
    text.len() <= 64
        && text.bytes().next().is_some_and(first)
        && text.bytes().all(|b| first(b) || b == b'.' || b == b'-')
}

/// The folder of the statements of work for rehearsals.
pub const SOWS: &str = "examples/sow/";

/// Whether the file at `path` has a location and extension that the workspace uses.
pub fn is_part(path: &str) -> bool {
    let statement =
        path.strip_prefix(SOWS).is_some_and(|name| !name.is_empty() && !name.contains('/'));
    FileKind::of(path).is_some() || is_text(path) || statement
}

fn yaml(name: &str) -> bool {
    name.ends_with(".yaml") && !name.contains('/')
}

/// All definition files of a workspace as written, with their file ids.
#[derive(Debug, Default)]
pub struct Workspace {
    /// `agents.yaml`.
    pub agents: Option<(FileId, AgentsFile)>,
    /// `phases/*.yaml`.
    pub phases: Vec<(FileId, PhaseFile)>,
    /// `workflows/*.yaml`.
    pub workflows: Vec<(FileId, WorkflowFile)>,
    /// `rehearsals/*.yaml`.
    pub rehearsals: Vec<(FileId, RehearsalFile)>,
    /// `knowledge/*.yaml`.
    pub knowledge: Vec<(FileId, KnowledgeFile)>,
    /// `patterns/*.yaml`.
    pub patterns: Vec<(FileId, PatternFile)>,
    /// What each phase took from `defaults`.
    pub inherited: BTreeMap<FileId, Vec<Inherited>>,
}

impl Workspace {
    /// The warnings that files allow, each with the file that allows it.
    pub fn allowed(&self) -> impl Iterator<Item = (FileId, &Allowed)> {
        let agents = self.agents.iter().map(|(file, f)| (*file, &f.allow));
        let phases = self.phases.iter().map(|(file, f)| (*file, &f.allow));
        let workflows = self.workflows.iter().map(|(file, f)| (*file, &f.allow));
        let rehearsals = self.rehearsals.iter().map(|(file, f)| (*file, &f.allow));
        agents.chain(phases).chain(workflows).chain(rehearsals).flat_map(|(file, allow)| {
            let entries = allow.as_ref().and_then(Written::get).into_iter().flatten();
            entries.filter_map(move |entry| Some((file, entry.get()?)))
        })
    }

    /// Gives every phase what `defaults` has for it. Called once, after all files are added.
    pub(crate) fn inherit(&mut self) {
        let defaults = self.agents.as_ref().and_then(|(_, file)| file.defaults.as_ref()?.get());
        let Some(defaults) = defaults else { return };
        for (file, phase) in &mut self.phases {
            self.inherited.insert(*file, phase.inherit(defaults));
        }
    }

    /// Adds a file.
    pub(crate) fn put(&mut self, file: FileId, form: Form) {
        match form {
            Form::Agents(f) => self.agents = Some((file, *f)),
            Form::Phase(f) => self.phases.push((file, *f)),
            Form::Workflow(f) => self.workflows.push((file, *f)),
            Form::Rehearsal(f) => self.rehearsals.push((file, *f)),
            Form::Knowledge(f) => self.knowledge.push((file, *f)),
            Form::Pattern(f) => self.patterns.push((file, *f)),
        }
    }
}

/// A definition file as written, as far as it can be read.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    Agents(Box<AgentsFile>),
    Phase(Box<PhaseFile>),
    Workflow(Box<WorkflowFile>),
    Rehearsal(Box<RehearsalFile>),
    Knowledge(Box<KnowledgeFile>),
    Pattern(Box<PatternFile>),
}

impl Form {
    pub(crate) fn of(kind: FileKind, document: &Document) -> Option<Form> {
        match kind {
            FileKind::Agents => read(document).map(Box::new).map(Form::Agents),
            FileKind::Phase => read(document).map(Box::new).map(Form::Phase),
            FileKind::Workflow => read(document).map(Box::new).map(Form::Workflow),
            FileKind::Rehearsal => read(document).map(Box::new).map(Form::Rehearsal),
            FileKind::Knowledge => read(document).map(Box::new).map(Form::Knowledge),
            FileKind::Pattern => read(document).map(Box::new).map(Form::Pattern),
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(document: &Document) -> Option<T> {
    T::deserialize(Reader::new(document, document.root())).ok()
}
