//! What the engine offers, as data. The runtime fills it in, so this crate knows every tool by name
//! without depending on its code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a tool allows an agent to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Reads data of the engagement.
    Read,
    /// Reads the customer's repository.
    ReadRepo,
    /// Writes to the customer's repository, inside the agent's scope.
    WriteRepo,
    /// Writes to a fixed location in the repository.
    WriteFixed,
    /// Writes to the ledger.
    WriteLedger,
    /// Gives a verdict.
    Judge,
    /// Asks the customer.
    Ask,
    /// Runs programs of the tool's own in the sandbox.
    Run,
    /// Runs the programs that the agent's `commands` name, in the sandbox.
    Command,
    /// Calls a tool of an MCP server.
    Server,
    /// Keeps the work items of the phase.
    Board,
    /// Saves notes for later work.
    Remember,
    /// Adds to the pattern library.
    Library,
}

/// What happens when a call is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The call has no effect and can be repeated freely.
    Pure,
    /// The receiver identifies the call by its key and performs it once.
    Keyed,
    /// Moves something from a known state to another, so it happens at most once.
    CompareAndSwap,
    /// It cannot be known whether a call without a recorded result had its effect. It is not
    /// repeated, and a person is asked what happened.
    Uncertain,
}

/// A tool as definitions see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolInfo {
    /// Its name in `tools`.
    pub name: String,
    /// What it is for. Agents and editors show this text.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Value,
    /// What it allows an agent to do.
    pub capability: Capability,
    /// What happens when a call is repeated.
    pub effect: Effect,
    /// Whether the reviewer of a phase may use it.
    #[serde(default)]
    pub in_review: bool,
    /// Programs that it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<String>,
}

/// A template that a tool writes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolTemplate {
    /// The tool.
    pub tool: &'static str,
    /// Name of the template.
    pub template: &'static str,
    /// Whether the tool refuses to write without it.
    pub needed: bool,
}

/// What a variable of a prompt or template holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Text or a number.
    Scalar,
    /// A list whose items have one shape.
    List(Box<Shape>),
    /// Named attributes.
    Record(Vec<(&'static str, Shape)>),
    /// Anything; it is not checked.
    Any,
}

impl Shape {
    /// A list of records.
    pub fn records(parts: Vec<(&'static str, Shape)>) -> Shape {
        Shape::List(Box::new(Shape::Record(parts)))
    }
}

/// The kinds of texts with variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// An agent's system prompt or a phase's task.
    Prompt,
    /// A deliverable's template.
    Template,
}

/// What the engine offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    /// Tools that agents may have.
    pub tools: Vec<ToolInfo>,
    /// Variables of prompts and tasks.
    pub prompt_variables: Vec<(&'static str, Shape)>,
    /// Variables of templates.
    pub template_variables: Vec<(&'static str, Shape)>,
    /// Sources that a template slot may be filled from.
    pub slot_sources: Vec<&'static str>,
    /// Tools that write from a template of the workspace, with the template.
    pub tool_templates: Vec<ToolTemplate>,
    /// Steps that may follow the last phase.
    pub finalize_steps: Vec<&'static str>,
    /// Programs that are known to be missing on this machine, with the reason. Empty if the
    /// machine was not examined.
    pub missing: BTreeMap<String, String>,
}

impl Catalogue {
    /// Finds a tool by name.
    pub fn tool(&self, name: &str) -> Option<&ToolInfo> {
        self.tools.iter().find(|t| t.name == name)
    }

    /// The variables of a kind of text.
    pub fn variables(&self, kind: TextKind) -> &[(&'static str, Shape)] {
        match kind {
            TextKind::Prompt => &self.prompt_variables,
            TextKind::Template => &self.template_variables,
        }
    }
}
