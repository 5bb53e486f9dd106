//! Budgets: what an agent, a phase, an engagement or a pot may use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Written, defaults};

/// What may be used in one engagement, over all retries, revisions and restarts. Nearing 80% is
/// told once; a call that might go beyond is not made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Budget {
    /// Input and output tokens together; tokens of a prompt cache are not counted. Left out: no
    /// limit.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64), extend("examples" = [4000000]))]
    pub tokens: Option<Written<u64>>,
    /// US dollars; needs models whose price is known. Left out: no limit.
    #[schemars(range(min = 0.01, max = 10_000_000), extend("examples" = [40]))]
    pub usd: Option<Written<f64>>,
    /// What happens when it is used up.
    #[schemars(extend("default" = defaults::AT_LIMIT))]
    pub at_limit: Option<Written<AtLimit>>,
}

/// What an agent may use in one engagement, alone or with others.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentBudget {
    /// Input and output tokens together; tokens of a prompt cache are not counted. Left out: no
    /// limit.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64), extend("examples" = [4000000]))]
    pub tokens: Option<Written<u64>>,
    /// US dollars; needs models whose price is known. Left out: no limit.
    #[schemars(range(min = 0.01, max = 10_000_000), extend("examples" = [40]))]
    pub usd: Option<Written<f64>>,
    /// What happens when it is used up.
    #[schemars(extend("default" = defaults::AT_LIMIT))]
    pub at_limit: Option<Written<AtLimit>>,
    /// Name of a budget in `budgets` that it shares with others. Left out: none.
    #[schemars(extend("x-cloudcrew-names" = "budgets", "examples" = ["builders"]))]
    pub pot: Option<Written<String>>,
}

/// What happens when a budget is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// The engagement ends.
    Stop,
    /// A person is asked to raise it, and the engagement waits.
    Ask,
}
