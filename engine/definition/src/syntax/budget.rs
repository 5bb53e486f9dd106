//! Budgets of agents, phases, engagements and pots.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Written, defaults};

/// A budget for one engagement, including all retries, revisions and restarts. A warning is issued
/// once, at 80%. A call that could exceed the budget is not made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Budget {
    /// Maximum number of input and output tokens together. Prompt cache tokens do not count.
    /// Defaults to no limit.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64), extend("examples" = [4000000]))]
    pub tokens: Option<Written<u64>>,
    /// Maximum cost in US dollars. Requires models with a known price. Defaults to no limit.
    #[schemars(range(min = 0.01, max = 10_000_000), extend("examples" = [40]))]
    pub usd: Option<Written<f64>>,
    /// What happens when the budget is used up.
    #[schemars(extend("default" = defaults::AT_LIMIT))]
    pub at_limit: Option<Written<AtLimit>>,
}

/// An agent's budget for one engagement, its own or shared with other agents.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentBudget {
    /// Maximum number of input and output tokens together. Prompt cache tokens do not count.
    /// Defaults to no limit.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64), extend("examples" = [4000000]))]
    pub tokens: Option<Written<u64>>,
    /// Maximum cost in US dollars. Requires models with a known price. Defaults to no limit.
    #[schemars(range(min = 0.01, max = 10_000_000), extend("examples" = [40]))]
    pub usd: Option<Written<f64>>,
    /// What happens when the budget is used up.
    #[schemars(extend("default" = defaults::AT_LIMIT))]
    pub at_limit: Option<Written<AtLimit>>,
    /// Name of a budget in `budgets` that the agent shares with others. Optional.
    #[schemars(extend("x-cloudcrew-names" = "budgets", "examples" = ["builders"]))]
    pub pot: Option<Written<String>>,
}

/// What happens when a budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// The engagement ends.
    Stop,
    /// The engagement waits, and a person is asked to raise the budget.
    Ask,
}
