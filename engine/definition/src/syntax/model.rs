//! A model: who serves it, within which limits, for which price.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Written, defaults};

/// A model and what it costs. Without `provider` nobody serves it: the crew is rehearsed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Model {
    /// What it is good for, for people.
    #[schemars(extend("examples" = ["Judgement that is expensive to get wrong"]))]
    pub description: Option<Written<String>>,
    /// Who serves it, given together with `id`. Left out: nobody, and a run is a rehearsal.
    /// `generate` grants the crew exactly the models of `bedrock` that are named so.
    pub provider: Option<Written<Provider>>,
    /// Its identifier at the provider: of a model, or of an inference profile such as
    /// `us.anthropic.claude-opus-4-6-v1`.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,255}$"), extend("x-cloudcrew-form" = "model-id", "examples" = ["us.anthropic.claude-opus-4-6-v1"]))]
    pub id: Option<Written<String>>,
    /// AWS region, for `bedrock`. Left out: `BEDROCK_REGION`, or as the AWS tools settle it.
    #[schemars(regex(pattern = "^[a-z]{2}(-[a-z]+)+-[0-9]$"), extend("x-cloudcrew-form" = "region", "examples" = ["eu-central-1"]))]
    pub region: Option<Written<String>>,
    /// URL of the service. `openai` needs it: the base that `/chat/completions` follows. Left out
    /// for `bedrock`: the region's own.
    #[schemars(regex(pattern = "^https?://[^\\s/?#@]+(/[^\\s?#]*)?$"), extend("x-cloudcrew-form" = "url", "examples" = ["http://127.0.0.1:11434/v1"]))]
    pub endpoint: Option<Written<String>>,
    /// Name of the environment variable that holds the key, for `openai`. Left out: no key is sent.
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"), extend("x-cloudcrew-form" = "variable", "examples" = ["OPENAI_API_KEY"]))]
    pub key_env: Option<Written<String>>,
    /// Whether replies come piece by piece, for `openai`.
    #[schemars(extend("default" = defaults::STREAMING))]
    pub streaming: Option<Written<bool>>,
    /// Whether it sees images and PDFs that `repo_read` finds. Left out: on `bedrock` yes, else no.
    #[schemars(extend("examples" = [true]))]
    pub sees_images: Option<Written<bool>>,
    /// A guardrail of the account that looks at every call, for `bedrock`. Left out: none.
    #[schemars(extend("examples" = [{"id": "gr-1a2b3c", "version": "1"}]))]
    pub guardrail: Option<Written<Guardrail>>,
    /// How much it thinks before it speaks, for `bedrock`. Left out: as the model does by itself.
    #[schemars(extend("examples" = [{"effort": "medium"}]))]
    pub reasoning: Option<Written<Reasoning>>,
    /// A provider that says nothing for so long in a call is taken to be away. Without `streaming`
    /// it says nothing before its reply is complete. Left out: 1m for `bedrock`, 4m for `openai`.
    #[schemars(extend("examples" = ["90s"]))]
    pub silence_timeout: Option<Written<Duration>>,
    /// Tokens of one reply at most.
    #[schemars(range(min = 1, max = 1_000_000), extend("examples" = [16000]))]
    pub max_tokens: Written<u32>,
    /// How long conversations get before their oldest parts are left out. Left out: as the model's
    /// window is known, else never before the provider refuses one.
    #[schemars(extend("examples" = [{"window": 200000, "trim_at": 0.8, "trim_to": 0.5}]))]
    pub context: Option<Written<ContextRule>>,
    /// Whether the provider keeps the beginning of a conversation, which then costs less, for
    /// `bedrock`. Left out: for models that are known to.
    #[schemars(extend("examples" = [true]))]
    pub prompt_cache: Option<Written<bool>>,
    /// Price in US dollars per million tokens. Left out: as known for the `id`, else unknown, and
    /// shown as unknown, never as zero.
    #[schemars(extend("examples" = [{"input": 5, "output": 25, "cache_read": 0.5, "cache_write": 6.25}]))]
    pub price: Option<Written<Price>>,
}

/// Who serves a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Amazon Bedrock, with the credentials of the AWS tools.
    Bedrock,
    /// Any service that speaks OpenAI's chat completions: Ollama, llama.cpp, vLLM, a gateway.
    Openai,
}

impl Provider {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Bedrock => "bedrock",
            Provider::Openai => "openai",
        }
    }
}

/// A guardrail of the account.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Guardrail {
    /// Its identifier or ARN.
    #[schemars(extend("examples" = ["gr-1a2b3c"]))]
    pub id: Written<String>,
    /// Its version, or `DRAFT`.
    #[schemars(extend("examples" = ["1"]))]
    pub version: Written<String>,
}

/// How much a model thinks: one of the two, as the model takes it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Reasoning {
    /// Tokens at most, for Claude models of the generation 4.5; below `max_tokens`.
    #[schemars(range(min = 1024, max = 1_000_000), extend("examples" = [4000]))]
    pub tokens: Option<Written<u32>>,
    /// How hard, for Claude models since 4.6.
    #[schemars(extend("examples" = ["medium"]))]
    pub effort: Option<Written<Effort>>,
}

/// How hard a model thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Little.
    Low,
    /// As usual.
    Medium,
    /// Much.
    High,
    /// Very much; not every model takes it.
    Xhigh,
    /// As much as it can; not every model takes it.
    Max,
}

/// How long conversations get. A visit that nears the window loses its oldest tool results first,
/// then its oldest turns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ContextRule {
    /// Tokens that the model reads at most, its reply included.
    #[schemars(range(min = 1000, max = 100_000_000), extend("examples" = [200000]))]
    pub window: Written<u64>,
    /// Part of the window that may be full before something is left out.
    #[schemars(range(min = 0.05, max = 1), extend("default" = defaults::TRIM_AT))]
    pub trim_at: Option<Written<f64>>,
    /// Part of the window that is still full afterwards. The lower, the rarer it happens, and the
    /// longer a prompt cache holds.
    #[schemars(range(min = 0.01, max = 1), extend("default" = defaults::TRIM_TO))]
    pub trim_to: Option<Written<f64>>,
}

/// A price in US dollars per million tokens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub input: Written<f64>,
    /// Tokens written.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub output: Written<f64>,
    /// Tokens read from the provider's cache. Left out: as `input`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub cache_read: Option<Written<f64>>,
    /// Tokens written to the provider's cache. Left out: as `input`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub cache_write: Option<Written<f64>>,
}
