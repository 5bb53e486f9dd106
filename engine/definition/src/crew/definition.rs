//! The complete definition of a workspace.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::sha256;

use super::{
    Budget, Grant, Input, Model, Pattern, PatternRules, Phase, Pot, Rehearsal, Server, Service,
};

/// Everything that a workspace defines. A run needs nothing else from the workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The overlay that it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
    /// Models, in the order written.
    pub models: Vec<Model>,
    /// Budgets that agents share, in the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pots: Vec<Pot>,
    /// MCP servers, in the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
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
    /// Facts and prices of services, by file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knowledge: Vec<Service>,
    /// Bundles of files that crews may use, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Pattern>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// One line about its responsibility.
    pub description: String,
    /// Name of its model.
    pub model: String,
    /// Text of its system prompt.
    pub prompt: String,
    /// Its tools, shared ones first, each once; those of MCP servers are not among them.
    pub tools: Vec<String>,
    /// The globs of its write scope.
    pub writes: Vec<String>,
    /// Names of the programs that it may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Tools of MCP servers that it may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
    /// Its budget for one engagement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Name of the budget that it shares with other agents.
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
    /// The workflow that it is a variant of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<String>,
    /// Workflows, one of which an earlier engagement must have completed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// What is chosen at the start, in the order written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// The agent that answers messages of the customer, if the workflow names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Further headings of statements of work, by the name of their section. Sections without
    /// any are absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sow_headings: BTreeMap<String, Vec<String>>,
    /// Steps that run after the last phase.
    pub finalize: Vec<String>,
    /// The budget of an engagement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// What it says about patterns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patterns: Option<PatternRules>,
}

/// A template of artifacts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Its name: the file name without `.md`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Definition {
    /// Finds a model by name.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|m| m.name == name)
    }

    /// The models that agents use, in the order written.
    pub fn models_used(&self) -> impl Iterator<Item = &Model> {
        let of_agents = |name: &str| self.agents.iter().any(|agent| agent.model == name);
        let of_phases = |name: &str| {
            self.phases.iter().any(|phase| phase.models.values().any(|model| model == name))
        };
        self.models.iter().filter(move |model| of_agents(&model.name) || of_phases(&model.name))
    }

    /// Finds a shared budget by name.
    pub fn pot(&self, name: &str) -> Option<&Budget> {
        self.pots.iter().find(|p| p.name == name).map(|p| &p.budget)
    }

    /// Name of the agent that answers messages of the customer in a workflow: the one it names,
    /// else the reviewer of its first phase with a review, else the entry agent of its first phase.
    pub fn contact(&self, workflow: &str) -> Option<&str> {
        let workflow = self.workflow(workflow)?;
        if let Some(contact) = &workflow.contact {
            return Some(contact);
        }
        let phases = || workflow.phases.iter().filter_map(|name| self.phase(name));
        let reviewer = phases().find_map(|phase| phase.review.as_ref());
        let entry = || phases().next().map(|phase| phase.swarm.entry.as_str());
        reviewer.map(|review| review.agent.as_str()).or_else(entry)
    }

    /// Finds an MCP server by name.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// Finds an agent by name.
    pub fn agent(&self, name: &str) -> Option<&Agent> {
        self.agents.iter().find(|a| a.name == name)
    }

    /// Finds a phase by name.
    pub fn phase(&self, name: &str) -> Option<&Phase> {
        self.phases.iter().find(|p| p.name == name)
    }

    /// Finds a workflow by name.
    pub fn workflow(&self, name: &str) -> Option<&Workflow> {
        self.workflows.iter().find(|w| w.name == name)
    }

    /// The workflows without some phases of another one.
    pub fn variants<'a>(&'a self, of: &'a str) -> impl Iterator<Item = &'a Workflow> {
        self.workflows.iter().filter(move |workflow| workflow.variant_of.as_deref() == Some(of))
    }

    /// Finds a template by name.
    pub fn template(&self, name: &str) -> Option<&Template> {
        self.templates.iter().find(|t| t.name == name)
    }

    /// Finds a rehearsal by name.
    pub fn rehearsal(&self, name: &str) -> Option<&Rehearsal> {
        self.rehearsals.iter().find(|r| r.name == name)
    }

    /// Its serialized bytes. Equal definitions have equal bytes on every system.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a definition is plain data with text keys")
    }

    /// The SHA-256 of its bytes in hex.
    pub fn hash(&self) -> String {
        sha256(self.bytes())
    }
}
