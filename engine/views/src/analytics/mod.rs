//! Metrics across engagements: by month, by cost, compared, and what to change.
//!
//! Every mean and every share comes with the number behind it. Rehearsals are shown apart: their
//! tokens are estimates, and nobody decided.

mod advise;
mod compare;
mod cost;
mod focus;
mod trend;

use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use cloudcrew_runtime::metrics::stats::wilson;

pub use advise::{Advice, AdviceDocument, CODES, MINIMUM, TooFew, advise, page};
pub use compare::{Compared, Comparison, Side, compare};
pub use cost::{CostDocument, CostOf, costs};
pub use focus::focus;
pub use trend::{Trend, TrendRow, trend};

/// A share, with the numbers behind it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, ToSchema)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// Lower bound of the share with 95% confidence.
    pub low: f64,
    /// Upper bound of the share with 95% confidence.
    pub high: f64,
}

impl Share {
    /// `count` of `of`.
    pub fn new(count: u64, of: u64) -> Share {
        let (low, high) = wilson(count, of);
        let round = |bound: f64| (bound * 1000.0).round() / 1000.0;
        Share { count, of, low: round(low), high: round(high) }
    }
}

/// A mean, with the number of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, ToSchema)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Of how many values.
    pub of: u64,
}

impl Mean {
    /// The mean of `of` values with this sum; `None` without any.
    pub fn new(sum: f64, of: u64) -> Option<Mean> {
        let round = |mean: f64| (mean * 10_000.0).round() / 10_000.0;
        (of > 0).then(|| Mean { mean: round(sum / of as f64), of })
    }
}

/// US dollars.
fn usd(micro_usd: u64) -> f64 {
    micro_usd as f64 / 1e6
}
