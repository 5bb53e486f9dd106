//! `plan`: what a run would be, what it would take, and what changed.

use cloudcrew_plan::Plan;
use cloudcrew_plan::compare::Change;
use cloudcrew_plan::forecast::{Forecast, Range};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// `plan`: what a run would be, what it would take, and what changed.
#[derive(Serialize, JsonSchema)]
pub struct PlanDocument {
    /// Always 1.
    pub version: u32,
    /// Hash of the definition.
    pub definition_hash: String,
    /// How often a person decides at least.
    pub gates: u32,
    /// Agents that take part.
    pub agents: Vec<PlanAgent>,
    /// What it will take.
    pub forecast: Forecast,
    /// What it took before.
    pub past: Past,
    /// What it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// What changed in behaviour.
    pub changes: Vec<Change>,
    /// Engagements under way that go on by other definitions.
    pub pinned: Vec<Pinned>,
    /// The states and ways.
    pub plan: Plan,
    /// The definition as it is meant, for `plan --against` this file.
    pub definition: Value,
}

/// An agent in a plan.
#[derive(Serialize, JsonSchema)]
pub struct PlanAgent {
    /// Its name.
    pub agent: String,
    /// Its model.
    pub model: String,
    /// The layer that chose the model: `agents.yaml`, `CLOUDCREW_MODEL` or `--model`.
    pub chosen_by: String,
    /// Who serves the model, in words; `rehearsed` when nobody does.
    pub served: String,
    /// What the model costs, in words.
    pub price: String,
    /// What it may call.
    pub tools: Vec<String>,
    /// Where it may write.
    pub writes: Vec<String>,
    /// Tokens it may use in one engagement.
    pub token_budget: Option<u64>,
    /// US dollars it may use in one engagement.
    pub usd_budget: Option<f64>,
    /// Budget that it shares with others.
    pub shares_budget: Option<String>,
}

/// What completed engagements of a workflow took.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Past {
    /// How many there are.
    pub engagements: u32,
    /// Phase by phase; the phase without a name is the whole.
    pub phases: Vec<PastPhase>,
}

/// What a phase took.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PastPhase {
    /// Its name; empty for the whole engagement.
    pub phase: String,
    /// Replies of models.
    pub turns: Range,
    /// Tokens read and written.
    pub tokens: Range,
    /// Millionths of a US dollar; absent where a price was unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<Range>,
}

/// An engagement that goes on as it began, while the workspace now says otherwise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pinned {
    /// Its id.
    pub project: String,
    /// Where it stands.
    pub state: String,
    /// Hash of the definition it began with.
    pub definition: String,
}
