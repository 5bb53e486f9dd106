//! Every place of a workspace that gives a name to something or says the name of something. The
//! marks in the schemas say which these are, so a new key that names something is known here, to
//! editors and to the workspace's schemas at once.

mod index;
mod read;
mod words;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::source::Span;

pub use index::Names;
pub use read::{in_document, of_file};

/// What has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    /// Agents, by their keys in `agents.yaml`.
    Agents,
    /// Models, by their keys in `agents.yaml`.
    Models,
    /// Budgets that agents share, by their keys in `agents.yaml`.
    Budgets,
    /// Tools, which the engine names.
    Tools,
    /// Phases, by their files.
    Phases,
    /// Workflows, by their files.
    Workflows,
    /// Rehearsals, by their files.
    Rehearsals,
    /// Templates, by their files.
    Templates,
    /// Prompts and tasks, by their paths.
    Prompts,
    /// Deliverables, by their paths in the customer's repository.
    Deliverables,
    /// What may follow the last phase, which the engine names.
    FinalizeSteps,
}

impl NameKind {
    /// All kinds.
    pub const ALL: [NameKind; 11] = [
        NameKind::Agents,
        NameKind::Models,
        NameKind::Budgets,
        NameKind::Tools,
        NameKind::Phases,
        NameKind::Workflows,
        NameKind::Rehearsals,
        NameKind::Templates,
        NameKind::Prompts,
        NameKind::Deliverables,
        NameKind::FinalizeSteps,
    ];

    /// What a mark of a schema means.
    pub fn of_mark(mark: &str) -> Option<NameKind> {
        NameKind::ALL.into_iter().find(|kind| kind.mark() == mark)
    }

    /// How a schema marks it.
    pub fn mark(self) -> &'static str {
        match self {
            NameKind::Agents => "agents",
            NameKind::Models => "models",
            NameKind::Budgets => "budgets",
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

    /// One of them, in prose.
    pub fn one(self) -> &'static str {
        match self {
            NameKind::Agents => "agent",
            NameKind::Models => "model",
            NameKind::Budgets => "budget",
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

    /// The file that is the named thing; `None` for what is a part of a file or belongs to the
    /// engine.
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

    /// Whether the engine names it, so that no workspace can.
    pub fn is_the_engines(self) -> bool {
        matches!(self, NameKind::Tools | NameKind::FinalizeSteps)
    }
}

/// A place where a name stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// What it names.
    pub kind: NameKind,
    /// The name.
    pub text: String,
    /// Where.
    pub span: Span,
    /// Whether the thing gets its name here; else it is only spoken of.
    pub defines: bool,
}
