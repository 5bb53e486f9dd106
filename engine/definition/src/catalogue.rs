//! What the engine offers, as data: filled in by the runtime, so that the lowest floor knows every
//! tool by name and none by code.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an agent may do with a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Reads what it was given.
    Read,
    /// Reads the customer's repository.
    ReadRepo,
    /// Writes to the customer's repository, inside the agent's scope.
    WriteRepo,
    /// Writes to a fixed place of the repository.
    WriteFixed,
    /// Writes to the ledger.
    WriteLedger,
    /// Gives a verdict.
    Judge,
    /// Asks the customer.
    Ask,
}

/// How a repeated call of a tool is to be thought of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Repeat freely.
    Pure,
    /// The receiver knows the call by its key and does it once.
    Keyed,
    /// Moves something from a known state to another; done once or not at all.
    CompareAndSwap,
}

/// A tool, as definitions see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolInfo {
    /// Its name in `tools`.
    pub name: String,
    /// What it is for, as agents and editors read it.
    pub description: String,
    /// JSON Schema of its arguments.
    pub schema: Value,
    /// What it lets an agent do.
    pub capability: Capability,
    /// How a repeated call is to be thought of.
    pub effect: Effect,
    /// Whether the reviewer of a phase may use it.
    #[serde(default)]
    pub in_review: bool,
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
    /// A list of one shape.
    List(Box<Shape>),
    /// Named parts.
    Record(Vec<(&'static str, Shape)>),
    /// Anything: not looked into.
    Any,
}

impl Shape {
    /// A list of records.
    pub fn records(parts: Vec<(&'static str, Shape)>) -> Shape {
        Shape::List(Box::new(Shape::Record(parts)))
    }
}

/// The texts that have variables.
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
    /// What a template's slot may be filled from.
    pub slot_sources: Vec<&'static str>,
    /// Tools that write from a template of the workspace, and which.
    pub tool_templates: Vec<ToolTemplate>,
    /// What may follow the last phase.
    pub finalize_steps: Vec<&'static str>,
}

impl Catalogue {
    /// A tool by its name.
    pub fn tool(&self, name: &str) -> Option<&ToolInfo> {
        self.tools.iter().find(|t| t.name == name)
    }

    /// The variables of a kind of texts.
    pub fn variables(&self, kind: TextKind) -> &[(&'static str, Shape)] {
        match kind {
            TextKind::Prompt => &self.prompt_variables,
            TextKind::Template => &self.template_variables,
        }
    }
}
