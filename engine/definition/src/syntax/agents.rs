//! `agents.yaml`: the crew.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AgentBudget, Allowed, Budget, Entries, Grant, Model, PhaseDefaults, Server, Written};

/// The crew: its models and its agents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew agents")]
pub struct AgentsFile {
    /// Version of the file format. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Models for the agents, keyed by a name of your choice.
    #[schemars(extend("x-cloudcrew-defines" = "models"))]
    pub models: Written<Entries<Model>>,
    /// Budgets that agents share within an engagement, keyed by a name of your choice. Optional.
    #[schemars(extend("x-cloudcrew-defines" = "budgets",
        "examples" = [{"builders": {"tokens": 12000000, "usd": 90, "at_limit": "ask"}}]))]
    pub budgets: Option<Written<Entries<Budget>>>,
    /// MCP servers whose tools agents may be granted, keyed by a name of your choice, of at most 20
    /// characters. Optional.
    #[schemars(extend("x-cloudcrew-defines" = "servers",
        "examples" = [{"pages": {"command": ["mcp-server-filesystem", "."],
            "reads": ["read_text_file"]}}]))]
    pub servers: Option<Written<Entries<Server>>>,
    /// Tools that every agent has, listed before its own.
    #[schemars(extend("x-cloudcrew-names" = "tools", "examples" = [["repo_read", "repo_list",
        "ledger_read", "ask_customer"]]))]
    pub shared_tools: Option<Written<Vec<Written<String>>>>,
    /// Values that phases share. A phase overrides them key by key. Optional.
    #[schemars(extend("examples" = [{"swarm": {"max_turns": 30}, "gate": {"remind_after": "24h"},
        "retry": {"max_attempts": 1}}]))]
    pub defaults: Option<Written<PhaseDefaults>>,
    /// Agents, keyed by name. Agents see each other in this order.
    #[schemars(extend("x-cloudcrew-defines" = "agents"))]
    pub agents: Written<Entries<Agent>>,
    /// Warnings of this file that are intended. Optional.
    #[schemars(extend("examples" = [[{"rule": "unused-agent", "at": "legal",
        "reason": "It joins in the next release"}]]))]
    pub allow: Option<Written<Vec<Written<Allowed>>>>,
}

/// An agent: a model with a prompt, tools and a scope.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Agent {
    /// One line about the agent's responsibility. Other agents read it to choose whom to hand off
    /// to.
    #[schemars(extend("examples" = ["Owns the data model, the schema and its migrations"]))]
    pub description: Written<String>,
    /// Name of a model in `models`.
    #[schemars(extend("x-cloudcrew-names" = "models", "examples" = ["opus"]))]
    pub model: Written<String>,
    /// Path of the system prompt, a Markdown file in `prompts/` with MiniJinja variables.
    #[schemars(extend("x-cloudcrew-names" = "prompts", "examples" = ["prompts/pm.md"]))]
    pub prompt: Written<String>,
    /// Tools in addition to `shared_tools`. A tool that writes also needs `writes`.
    #[schemars(extend("x-cloudcrew-names" = "tools", "examples" = [["ledger_write",
        "repo_write"]]))]
    pub tools: Option<Written<Vec<Written<String>>>>,
    /// The paths that the agent's tools may write, as `.gitignore` globs. `!glob` excludes paths
    /// again. The engine refuses every other path.
    #[schemars(extend("examples" = [["app/**", "!app/tests/**"]]))]
    pub writes: Option<Written<Vec<Written<String>>>>,
    /// Programs that the agent may run with `run_command`, by name. They run in a sandbox without a
    /// network, on a copy of the files.
    #[schemars(length(min = 1, max = 50),
        inner(regex(pattern = super::PROGRAM_PATTERN)),
        extend("examples" = [["python3", "ruff"]]))]
    pub commands: Option<Written<Vec<Written<String>>>>,
    /// Tools of MCP servers that the agent may call.
    #[schemars(length(min = 1, max = 50),
        extend("examples" = [[{"server": "pages", "tools": ["read_text_file"]}]]))]
    pub servers: Option<Written<Vec<Written<Grant>>>>,
    /// The agent's budget for one engagement. Defaults to no limit.
    #[schemars(extend("examples" = [{"tokens": 4000000}]))]
    pub budget: Option<Written<AgentBudget>>,
}
