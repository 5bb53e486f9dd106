//! A model: its provider, its settings and its price.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::millis;
use crate::syntax::{Effort, Provider};

/// A model and its price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its provider settings; `None` if the model is rehearsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// Maximum number of tokens in one reply.
    pub max_tokens: u32,
    /// When conversations are trimmed; `None` means only when the provider rejects one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// Its price; `None` means unknown, not free.
    pub price: Option<Price>,
    /// Whether the price comes from built-in data instead of `agents.yaml`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub price_is_known: bool,
}

/// How a model is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Live {
    /// The provider.
    pub provider: Provider,
    /// Its identifier at the provider.
    pub id: String,
    /// AWS region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// URL of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Environment variable that holds the API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// Whether replies are streamed.
    pub streaming: bool,
    /// Whether the model receives images and PDFs.
    #[serde(default)]
    pub sees_images: bool,
    /// Identifier and version of a guardrail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrail: Option<(String, String)>,
    /// How much the model reasons before it replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
    /// Time without any data after which the provider counts as unavailable.
    #[serde(with = "millis")]
    #[schemars(with = "u64")]
    pub silence: Duration,
    /// Minimum number of tokens before a cache point; `None` if there is no prompt cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_minimum: Option<u64>,
}

/// How much a model reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reasoning {
    /// Maximum number of reasoning tokens.
    Tokens(u32),
    /// Reasoning effort.
    Effort(Effort),
}

/// When a conversation is trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Size of the context window in tokens, including the reply.
    pub window: u64,
    /// Fraction of the window at which trimming starts.
    pub trim_at: f64,
    /// Fraction of the window that remains in use after trimming.
    pub trim_to: f64,
}

/// A price in US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Price {
    /// Input tokens.
    pub input: f64,
    /// Output tokens.
    pub output: f64,
    /// Tokens read from a cache.
    pub cache_read: f64,
    /// Tokens written to a cache.
    pub cache_write: f64,
}
