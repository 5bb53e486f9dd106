//! `agents.yaml`: the crew.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AgentBudget, Budget, Entries, Model, Written};

/// The crew: its models and its agents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew agents")]
pub struct AgentsFile {
    /// Version of this file's form. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// The models that agents use, by a name of your choice.
    #[schemars(extend("x-cloudcrew-defines" = "models"))]
    pub models: Written<Entries<Model>>,
    /// Budgets that agents share in one engagement, by a name of your choice. Left out: none.
    #[schemars(extend("x-cloudcrew-defines" = "budgets", "examples" = [{"builders": {"tokens": 12000000, "usd": 90, "at_limit": "ask"}}]))]
    pub budgets: Option<Written<Entries<Budget>>>,
    /// Tools that every agent has, before its own.
    #[schemars(extend("x-cloudcrew-names" = "tools", "examples" = [["repo_read", "repo_list", "ledger_read", "ask_customer"]]))]
    pub shared_tools: Option<Written<Vec<Written<String>>>>,
    /// The agents, by name. Their order is the order in which others see them.
    #[schemars(extend("x-cloudcrew-defines" = "agents"))]
    pub agents: Written<Entries<Agent>>,
}

/// An agent: a model with a prompt, tools and a scope.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Agent {
    /// One line about what it owns; the other agents read it to decide whom to hand to.
    #[schemars(extend("examples" = ["Owns the data model, the schema and its migrations"]))]
    pub description: Written<String>,
    /// Name of a model in `models`.
    #[schemars(extend("x-cloudcrew-names" = "models", "examples" = ["opus"]))]
    pub model: Written<String>,
    /// Path of its system prompt below `prompts/`, a Markdown file with MiniJinja variables.
    #[schemars(extend("x-cloudcrew-names" = "prompts", "examples" = ["prompts/pm.md"]))]
    pub prompt: Written<String>,
    /// Tools besides `shared_tools`. A tool that writes needs `writes` too.
    #[schemars(extend("x-cloudcrew-names" = "tools", "examples" = [["ledger_write", "repo_write"]]))]
    pub tools: Option<Written<Vec<Written<String>>>>,
    /// Where its writing tools may write: globs as in a `.gitignore`; a `!glob` takes paths out
    /// again. The engine refuses every other path.
    #[schemars(extend("examples" = [["app/**", "!app/tests/**"]]))]
    pub writes: Option<Written<Vec<Written<String>>>>,
    /// What it may use in one engagement. Left out: no limit.
    #[schemars(extend("examples" = [{"tokens": 4000000}]))]
    pub budget: Option<Written<AgentBudget>>,
}
