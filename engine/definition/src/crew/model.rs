//! A model: who serves it, how it is called, what it costs.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::millis;
use crate::syntax::{Effort, Provider};

/// A model and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Who serves it; `None`: nobody, it is rehearsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// Tokens of one reply at most.
    pub max_tokens: u32,
    /// How long conversations get; `None`: until the provider refuses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// Its price; `None` is unknown, not free.
    pub price: Option<Price>,
    /// Whether the price was not written, but is as this cloudcrew knows it of the provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub price_is_known: bool,
}

/// How a model is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Live {
    /// Who serves it.
    pub provider: Provider,
    /// Its identifier there.
    pub id: String,
    /// AWS region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// URL of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Environment variable that holds the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Whether replies come piece by piece.
    pub streaming: bool,
    /// Whether it sees images and PDFs.
    #[serde(default)]
    pub sees_images: bool,
    /// Identifier and version of a guardrail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<(String, String)>,
    /// How much it thinks before it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
    /// A provider that says nothing for so long is away.
    #[serde(with = "millis")]
    #[schemars(with = "u64")]
    pub silence: Duration,
    /// Tokens that must stand before a cache point; `None`: the provider keeps nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_minimum: Option<u64>,
}

/// How much a model thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reasoning {
    /// So many tokens at most.
    Tokens(u32),
    /// So hard.
    Effort(Effort),
}

/// How long conversations get.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Tokens that the model reads at most, its reply included.
    pub window: u64,
    /// Part of the window that may be full before something is left out.
    pub trim_at: f64,
    /// Part of the window that is still full afterwards.
    pub trim_to: f64,
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Price {
    /// Tokens read.
    pub input: f64,
    /// Tokens written.
    pub output: f64,
    /// Tokens read from a cache.
    pub cache_read: f64,
    /// Tokens written to a cache.
    pub cache_write: f64,
}
