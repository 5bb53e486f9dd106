//! Budgets.

use serde::{Deserialize, Serialize};

use crate::syntax::AtLimit;

/// What may be used in one engagement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Input and output tokens at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Millionths of a US dollar at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
    /// What happens when it is used up.
    pub at_limit: AtLimit,
}

/// A budget that agents share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pot {
    /// Its name.
    pub name: String,
    /// What may be used.
    pub budget: Budget,
}
