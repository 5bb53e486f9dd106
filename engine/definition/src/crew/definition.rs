//! The whole crew with what it serves.

use serde::{Deserialize, Serialize};

use crate::digest::sha256;

use super::{Budget, Model, Phase, Pot, Rehearsal};

/// Everything that a workspace defines, complete: a run needs nothing else of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Models, in the order written.
    pub models: Vec<Model>,
    /// Budgets that agents share, in the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pots: Vec<Pot>,
    /// Agents, in the order written.
    pub agents: Vec<Agent>,
    /// Phases, by name.
    pub phases: Vec<Phase>,
    /// Workflows, by name.
    pub workflows: Vec<Workflow>,
    /// Templates, by name.
    pub templates: Vec<Template>,
    /// Rehearsal files, by name.
    pub rehearsals: Vec<Rehearsal>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// One line about what it owns.
    pub description: String,
    /// Name of its model.
    pub model: String,
    /// Text of its system prompt.
    pub prompt: String,
    /// Its tools, shared ones first, each once.
    pub tools: Vec<String>,
    /// Globs of its write scope.
    pub writes: Vec<String>,
    /// What it may use in one engagement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Name of the budget that it shares with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pot: Option<String>,
}

/// The phases in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// One line about it, or empty.
    pub description: String,
    /// Names of phases.
    pub phases: Vec<String>,
    /// What is done after the last one.
    pub finalize: Vec<String>,
    /// What an engagement may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// A template of artifacts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Its name: the file's without `.md`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Definition {
    /// A model by name.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|m| m.name == name)
    }

    /// A shared budget by name.
    pub fn pot(&self, name: &str) -> Option<&Budget> {
        self.pots.iter().find(|p| p.name == name).map(|p| &p.budget)
    }

    /// An agent by name.
    pub fn agent(&self, name: &str) -> Option<&Agent> {
        self.agents.iter().find(|a| a.name == name)
    }

    /// A phase by name.
    pub fn phase(&self, name: &str) -> Option<&Phase> {
        self.phases.iter().find(|p| p.name == name)
    }

    /// A workflow by name.
    pub fn workflow(&self, name: &str) -> Option<&Workflow> {
        self.workflows.iter().find(|w| w.name == name)
    }

    /// A template by name.
    pub fn template(&self, name: &str) -> Option<&Template> {
        self.templates.iter().find(|t| t.name == name)
    }

    /// A rehearsal file by name.
    pub fn rehearsal(&self, name: &str) -> Option<&Rehearsal> {
        self.rehearsals.iter().find(|r| r.name == name)
    }

    /// Its bytes: the same definition gives the same everywhere.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a definition is plain data with text keys")
    }

    /// Hex SHA-256 of its bytes.
    pub fn hash(&self) -> String {
        sha256(self.bytes())
    }
}
