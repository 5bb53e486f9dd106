//! Facts and prices that agents may look up.

use serde::{Deserialize, Serialize};

use crate::syntax::REGION;

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Other names of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What it is for, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// Where its figures come from.
    pub source: String,
    /// Its prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<UnitPrice>,
    /// Its limits and other facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
}

/// A price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitPrice {
    /// What is paid for.
    pub item: String,
    /// The unit that the price is for.
    pub unit: String,
    /// US dollars for one unit.
    pub usd: f64,
    /// Region that it holds in.
    #[serde(default = "region")]
    pub region: String,
    /// When it was read.
    pub date: String,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The fact.
    pub text: String,
    /// When it was read.
    pub date: String,
}

fn region() -> String {
    REGION.to_owned()
}
