//! `agents.yaml`: the crew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Entries, Written};

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
    /// Tools that every agent has, before its own.
    #[schemars(extend("x-cloudcrew-names" = "tools", "examples" = [["repo_read", "repo_list", "ledger_read", "ask_customer"]]))]
    pub shared_tools: Option<Written<Vec<Written<String>>>>,
    /// The agents, by name. Their order is the order in which others see them.
    #[schemars(extend("x-cloudcrew-defines" = "agents"))]
    pub agents: Written<Entries<Agent>>,
}

/// A model and what it costs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Model {
    /// What it is good for, for people.
    #[schemars(extend("examples" = ["Judgement that is expensive to get wrong"]))]
    pub description: Option<Written<String>>,
    /// Who serves it on AWS, given together with `id`. `generate` grants the crew exactly the models that are named so; a run here
    /// stays a rehearsal.
    pub provider: Option<Written<Provider>>,
    /// Its identifier at the provider: of a model, or of an inference profile such as `us.anthropic.claude-opus-4-6-v1`.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,255}$"), extend("x-cloudcrew-form" = "model-id", "examples" = ["us.anthropic.claude-opus-4-6-v1"]))]
    pub id: Option<Written<String>>,
    /// Tokens of one reply at most.
    #[schemars(range(min = 1, max = 1_000_000), extend("examples" = [16000]))]
    pub max_tokens: Written<u32>,
    /// Price in US dollars per million tokens. Left out: unknown, and shown as unknown, never as zero.
    #[schemars(extend("examples" = [{"input": 5, "output": 25, "cache_read": 0.5, "cache_write": 6.25}]))]
    pub price: Option<Written<Price>>,
}

/// Who serves a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Amazon Bedrock.
    Bedrock,
}

/// A price in US dollars per million tokens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub input: Written<f64>,
    /// Tokens written.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub output: Written<f64>,
    /// Tokens read from the provider's cache. Left out: as `input`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub cache_read: Option<Written<f64>>,
    /// Tokens written to the provider's cache. Left out: as `input`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub cache_write: Option<Written<f64>>,
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
    /// Where its writing tools may write: globs as in a `.gitignore`; a `!glob` takes paths out again. The engine refuses every other path.
    #[schemars(extend("examples" = [["app/**", "!app/tests/**"]]))]
    pub writes: Option<Written<Vec<Written<String>>>>,
    /// What it may use in one engagement. Left out: no limit.
    #[schemars(extend("examples" = [{"tokens": 4000000}]))]
    pub budget: Option<Written<AgentBudget>>,
}

/// What an agent may use in one engagement.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentBudget {
    /// Input and output tokens together, over all phases, retries and revisions.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64), extend("examples" = [4000000]))]
    pub tokens: Written<u64>,
}
