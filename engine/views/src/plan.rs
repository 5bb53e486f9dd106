//! `plan`: the steps of a run, its forecast, and what changed.

use cloudcrew_plan::Plan;
use cloudcrew_plan::compare::Change;
use cloudcrew_plan::forecast::{Estimate, Forecast, Range};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// `plan`: the steps of a run, its forecast, and what changed.
#[derive(Serialize, JsonSchema)]
pub struct PlanDocument {
    /// Always 1.
    pub version: u32,
    /// Hash of the definition.
    pub definition_hash: String,
    /// The overlay of the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
    /// Minimum number of decisions by a person.
    pub gates: u32,
    /// The agents that take part.
    pub agents: Vec<PlanAgent>,
    /// The forecast of turns, tokens and cost.
    pub forecast: Forecast,
    /// Costs on AWS besides tokens; absent when a price is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_aws: Option<OnAws>,
    /// The variants of the workflow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<PlanVariant>,
    /// What past engagements took.
    pub past: Past,
    /// The definition that it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// The forecast with that definition and with this one, each with the models it names; absent
    /// without `against`, or if one of them has no such workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// Changes in behaviour.
    pub changes: Vec<Change>,
    /// Running engagements that are pinned to other definitions.
    pub pinned: Vec<Pinned>,
    /// Values that phases take from `defaults` in `agents.yaml`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inherited: Vec<PhaseDefault>,
    /// The states and transitions.
    pub plan: Plan,
    /// The resolved definition, to compare with later by `plan --against`.
    pub definition: Value,
}

/// Forecasts of a workflow in two versions of the definitions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Expected {
    /// With the definition that this one is compared with.
    pub before: Estimate,
    /// With this definition.
    pub after: Estimate,
}

impl Expected {
    /// Whether the change of the definitions changes the forecast.
    pub fn differ(&self) -> bool {
        self.before != self.after
    }
}

/// A value that a phase takes from `defaults`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PhaseDefault {
    /// The phase.
    pub phase: String,
    /// The key in the phase, such as `gate.max_revisions`.
    pub key: String,
    /// The file that sets it.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// A variant of the workflow.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanVariant {
    /// Name of the workflow that it is started as.
    pub workflow: String,
    /// One line about it, or empty.
    pub description: String,
    /// Its phases.
    pub phases: Vec<String>,
    /// Minimum number of decisions by a person.
    pub gates: u32,
    /// The forecast of its turns, tokens and cost.
    pub forecast: Estimate,
}

/// Costs on AWS besides tokens.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OnAws {
    /// Containers, functions and stores of an engagement, in millionths of a US dollar.
    pub engagement: Range,
    /// A deployment that does nothing.
    pub idle: Vec<IdleStack>,
    /// Month of the oldest price.
    pub priced_from: String,
    /// Month of the newest price.
    pub priced_to: String,
}

/// A deployment that does nothing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IdleStack {
    /// How phases reach the world: `public_ip`, `nat` or `none`.
    pub egress: String,
    /// Millionths of a US dollar a month.
    pub micro_usd_per_month: u64,
}

/// An agent of the plan.
#[derive(Serialize, JsonSchema)]
pub struct PlanAgent {
    /// Its name.
    pub agent: String,
    /// Its model.
    pub model: String,
    /// Where the model was chosen: `agents.yaml`, `CLOUDCREW_MODEL` or `--model`.
    pub chosen_by: String,
    /// The provider of the model, for display; `rehearsed` when no live model is called.
    pub served: String,
    /// The price of the model, for display.
    pub price: String,
    /// The tools it may call.
    pub tools: Vec<String>,
    /// The paths it may write.
    pub writes: Vec<String>,
    /// Tokens it may use in one engagement.
    pub token_budget: Option<u64>,
    /// US dollars it may use in one engagement.
    pub usd_budget: Option<f64>,
    /// Name of the budget that it shares with other agents.
    pub shares_budget: Option<String>,
}

/// Usage of completed engagements of a workflow.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Past {
    /// Number of engagements.
    pub engagements: u32,
    /// Usage by phase; an empty name is the whole engagement.
    pub phases: Vec<PastPhase>,
}

/// Usage of a phase.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PastPhase {
    /// Its name; empty for the whole engagement.
    pub phase: String,
    /// Number of model replies.
    pub turns: Range,
    /// Tokens read and written.
    pub tokens: Range,
    /// Cost in millionths of a US dollar; absent when a price was unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<Range>,
}

/// A running engagement whose definition differs from the workspace's.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pinned {
    /// Its id.
    pub project: String,
    /// Its current state.
    pub state: String,
    /// Hash of the definition it is pinned to.
    pub definition: String,
}
