//! Every definition of a name in a workspace and every reference to one. Annotations in the schemas
//! mark both. A new key that refers to something therefore works here, in editors and in workspace
//! schemas without further code.

mod index;
mod read;
mod rename;
mod words;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::source::Span;

pub use index::Names;
pub use read::{in_document, of_file};
pub use rename::{fits, mentions, occurrences, renaming, standing};

/// The kinds of named things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    /// Agents, named by their keys in `agents.yaml`.
    Agents,
    /// Models, named by their keys in `agents.yaml`.
    Models,
    /// Shared budgets, named by their keys in `agents.yaml`.
    Budgets,
    /// MCP servers, named by their keys in `agents.yaml`.
    Servers,
    /// Tools, named by the engine.
    Tools,
    /// Phases, named by their files.
    Phases,
    /// Workflows, named by their files.
    Workflows,
    /// Rehearsals, named by their files.
    Rehearsals,
    /// Templates, named by their files.
    Templates,
    /// Prompts and tasks, named by their paths.
    Prompts,
    /// Deliverables, named by their paths in the customer's repository.
    Deliverables,
    /// Steps after the last phase, named by the engine.
    FinalizeSteps,
}

impl NameKind {
    /// All kinds.
    pub const ALL: [NameKind; 12] = [
        NameKind::Agents,
        NameKind::Models,
        NameKind::Budgets,
        NameKind::Servers,
        NameKind::Tools,
        NameKind::Phases,
        NameKind::Workflows,
        NameKind::Rehearsals,
        NameKind::Templates,
        NameKind::Prompts,
        NameKind::Deliverables,
        NameKind::FinalizeSteps,
    ];

    /// The kind that an annotation in a schema stands for.
    pub fn of_mark(mark: &str) -> Option<NameKind> {
        NameKind::ALL.into_iter().find(|kind| kind.mark() == mark)
    }

    /// Its annotation in a schema.
    pub fn mark(self) -> &'static str {
        match self {
            NameKind::Agents => "agents",
            NameKind::Models => "models",
            NameKind::Budgets => "budgets",
            NameKind::Servers => "servers",
            NameKind::Tools => "tools",
            NameKind::Phases => "phases",
            NameKind::Workflows => "workflows",
            NameKind::Rehearsals => "rehearsals",
            NameKind::Templates => "templates",
            NameKind::Prompts => "prompts",
            NameKind::Deliverables => "deliverables",
            NameKind::FinalizeSteps => "finalize_steps",
        }
    }

    /// The singular, for prose.
    pub fn one(self) -> &'static str {
        match self {
            NameKind::Agents => "agent",
            NameKind::Models => "model",
            NameKind::Budgets => "budget",
            NameKind::Servers => "server",
            NameKind::Tools => "tool",
            NameKind::Phases => "phase",
            NameKind::Workflows => "workflow",
            NameKind::Rehearsals => "rehearsal",
            NameKind::Templates => "template",
            NameKind::Prompts => "prompt",
            NameKind::Deliverables => "deliverable",
            NameKind::FinalizeSteps => "finalize step",
        }
    }

    /// The file of the named thing; `None` for things inside a file or defined by the engine.
    pub fn file(self, name: &str) -> Option<String> {
        match self {
            NameKind::Phases => Some(format!("phases/{name}.yaml")),
            NameKind::Workflows => Some(format!("workflows/{name}.yaml")),
            NameKind::Rehearsals => Some(format!("rehearsals/{name}.yaml")),
            NameKind::Templates => Some(format!("templates/{name}.md")),
            NameKind::Prompts => Some(name.to_owned()),
            _ => None,
        }
    }

    /// Whether the engine defines these names, so that no workspace can.
    pub fn is_the_engines(self) -> bool {
        matches!(self, NameKind::Tools | NameKind::FinalizeSteps)
    }
}

/// An occurrence of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The kind of the named thing.
    pub kind: NameKind,
    /// The name.
    pub text: String,
    /// Where it is written.
    pub span: Span,
    /// Whether this is the definition; otherwise it is a reference.
    pub defines: bool,
}
