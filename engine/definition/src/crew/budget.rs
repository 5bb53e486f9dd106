//! Budgets.

use serde::{Deserialize, Serialize};

use crate::syntax::AtLimit;

/// A budget for one engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Maximum number of input and output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Maximum cost in millionths of a US dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
    /// What happens when the budget is used up.
    pub at_limit: AtLimit,
}

/// A budget that agents share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pot {
    /// Its name.
    pub name: String,
    /// Its limits.
    pub budget: Budget,
}
