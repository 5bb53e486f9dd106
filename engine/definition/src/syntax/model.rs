//! A model: its provider, limits and price.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Written, defaults};

/// A model, its limits and its price. Without a `provider`, the model is rehearsed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Model {
    /// What the model is good for. For people only.
    #[schemars(extend("examples" = ["Judgement that is expensive to get wrong"]))]
    pub description: Option<Written<String>>,
    /// The service that runs the model. Requires `id`. Without it, a run is a rehearsal. `generate`
    /// grants the crew access to exactly the `bedrock` models declared this way.
    pub provider: Option<Written<Provider>>,
    /// The provider's identifier of the model, or of an inference profile such as
    /// `us.anthropic.claude-opus-4-6-v1`.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9._:/-]{0,255}$"),
        extend("x-cloudcrew-form" = "model-id", "examples" = ["us.anthropic.claude-opus-4-6-v1"]))]
    pub id: Option<Written<String>>,
    /// AWS region, for `bedrock`. Defaults to `BEDROCK_REGION`, or else the region of the AWS
    /// configuration.
    #[schemars(regex(pattern = "^[a-z]{2}(-[a-z]+)+-[0-9]$"), extend("x-cloudcrew-form" = "region",
        "examples" = ["eu-central-1"]))]
    pub region: Option<Written<String>>,
    /// URL of the service. Required for `openai`, where it is the base URL before
    /// `/chat/completions`. For `bedrock`, defaults to the endpoint of the region.
    #[schemars(regex(pattern = "^https?://[^\\s/?#@]+(/[^\\s?#]*)?$"),
        extend("x-cloudcrew-form" = "url", "examples" = ["http://127.0.0.1:11434/v1"]))]
    pub endpoint: Option<Written<String>>,
    /// Name of the environment variable that holds the API key, for `openai`. By default, no key is
    /// sent.
    #[schemars(regex(pattern = "^[A-Za-z_][A-Za-z0-9_]*$"), extend("x-cloudcrew-form" = "variable",
        "examples" = ["OPENAI_API_KEY"]))]
    pub key_env: Option<Written<String>>,
    /// Whether replies are streamed, for `openai`.
    #[schemars(extend("default" = defaults::STREAMING))]
    pub streaming: Option<Written<bool>>,
    /// Whether the model receives images and PDFs that `repo_read` reads. Defaults to `true` for
    /// `bedrock` and `false` for `openai`.
    #[schemars(extend("examples" = [true]))]
    pub sees_images: Option<Written<bool>>,
    /// A guardrail that is applied to every call, for `bedrock`. Optional.
    #[schemars(extend("examples" = [{"id": "gr-1a2b3c", "version": "1"}]))]
    pub guardrail: Option<Written<Guardrail>>,
    /// How much the model reasons before it replies, for `bedrock`. Defaults to the model's own
    /// setting.
    #[schemars(extend("examples" = [{"effort": "medium"}]))]
    pub reasoning: Option<Written<Reasoning>>,
    /// Time without any data after which a call fails and the provider counts as unavailable.
    /// Without `streaming`, no data arrives until the reply is complete. Defaults to 1m for
    /// `bedrock` and 4m for `openai`.
    #[schemars(extend("examples" = ["90s"]))]
    pub silence_timeout: Option<Written<Duration>>,
    /// Maximum number of tokens in one reply.
    #[schemars(range(min = 1, max = 1_000_000), extend("examples" = [16000]))]
    pub max_tokens: Written<u32>,
    /// When a conversation is trimmed. Defaults to the known window of the model. If the window is
    /// unknown, a conversation is trimmed only when the provider rejects it.
    #[schemars(extend("examples" = [{"window": 200000, "trim_at": 0.8, "trim_to": 0.5}]))]
    pub context: Option<Written<ContextRule>>,
    /// Whether to use the provider's prompt cache, which makes long conversations cheaper, for
    /// `bedrock`. Defaults to `true` for models known to support it.
    #[schemars(extend("examples" = [true]))]
    pub prompt_cache: Option<Written<bool>>,
    /// Price in US dollars per million tokens. Defaults to the known price of the `id`. An unknown
    /// price is shown as unknown, never as zero.
    #[schemars(extend("examples" = [{"input": 5, "output": 25, "cache_read": 0.5,
        "cache_write": 6.25}]))]
    pub price: Option<Written<Price>>,
}

/// The service that runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Amazon Bedrock, with the credentials of the AWS configuration.
    Bedrock,
    /// Any service with an API compatible with OpenAI chat completions: Ollama, llama.cpp, vLLM or
    /// a gateway.
    Openai,
}

impl Provider {
    /// Its name in YAML.
    pub fn name(self) -> &'static str {
        match self {
            Provider::Bedrock => "bedrock",
            Provider::Openai => "openai",
        }
    }
}

/// A guardrail of the AWS account.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Guardrail {
    /// Identifier or ARN of the guardrail.
    #[schemars(extend("examples" = ["gr-1a2b3c"]))]
    pub id: Written<String>,
    /// Version of the guardrail, or `DRAFT`.
    #[schemars(extend("examples" = ["1"]))]
    pub version: Written<String>,
}

/// How much a model reasons. Set the one key that the model supports.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Reasoning {
    /// Maximum number of reasoning tokens, for Claude models of the 4.5 generation. Must be lower
    /// than `max_tokens`.
    #[schemars(range(min = 1024, max = 1_000_000), extend("examples" = [4000]))]
    pub tokens: Option<Written<u32>>,
    /// Reasoning effort, for Claude 4.6 and later.
    #[schemars(extend("examples" = ["medium"]))]
    pub effort: Option<Written<Effort>>,
}

/// Reasoning effort of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Little reasoning.
    Low,
    /// The usual amount.
    Medium,
    /// Much reasoning.
    High,
    /// Very much reasoning. Not supported by every model.
    Xhigh,
    /// As much reasoning as possible. Not supported by every model.
    Max,
}

/// When a conversation is trimmed. When a visit approaches the window, it loses its oldest tool
/// results first, then its oldest turns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ContextRule {
    /// Size of the model's context window in tokens, including the reply.
    #[schemars(range(min = 1000, max = 100_000_000), extend("examples" = [200000]))]
    pub window: Written<u64>,
    /// Fraction of the window at which trimming starts.
    #[schemars(range(min = 0.05, max = 1), extend("default" = defaults::TRIM_AT))]
    pub trim_at: Option<Written<f64>>,
    /// Fraction of the window that remains in use after trimming. A lower value trims less often,
    /// so a prompt cache stays valid for longer.
    #[schemars(range(min = 0.01, max = 1), extend("default" = defaults::TRIM_TO))]
    pub trim_to: Option<Written<f64>>,
}

/// A price in US dollars per million tokens.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Price {
    /// Input tokens.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub input: Written<f64>,
    /// Output tokens.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub output: Written<f64>,
    /// Tokens read from the provider's cache. Defaults to `input`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub cache_read: Option<Written<f64>>,
    /// Tokens written to the provider's cache. Defaults to `input`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub cache_write: Option<Written<f64>>,
}
