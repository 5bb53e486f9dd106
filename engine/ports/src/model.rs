//! What the runtime asks of a model: one reply to one conversation.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who said a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The engine: the input of a visit, tool results.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What it holds, in order; never empty when it is sent.
    pub content: Vec<Block>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Words.
    Text(String),
    /// A model asks for a tool.
    ToolUse(ToolUse),
    /// The engine answers a call.
    ToolResult(ToolResult),
    /// What a model thought before it spoke. It goes back as it came: a provider refuses one that
    /// was changed.
    Reasoning(Reasoning),
}

/// A model's thoughts, in one of the two forms in which a provider gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reasoning {
    /// The thoughts, or a summary; empty when they are hidden.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The provider's seal over the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Hidden thoughts, encrypted by the provider, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// What else the provider said with a message and its calls and wants to see again, as it came;
    /// the adapter knows its form.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub opaque: serde_json::Map<String, Value>,
}

/// A model's call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolUse {
    /// The provider's id; unique in its turn only.
    pub id: String,
    /// Name of the tool, as the model wrote it.
    pub name: String,
    /// The arguments. What is no JSON object stays as the model wrote it, in a JSON string.
    pub input: Value,
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolResult {
    /// Id of the call.
    pub id: String,
    /// Whether the tool did what it was asked.
    pub status: ToolStatus,
    /// What the model is told; never empty.
    pub text: String,
    /// What the model is shown besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// An image or a document that a tool found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// What it is.
    pub format: AttachmentFormat,
    /// Its name, for the model.
    pub name: String,
    /// Its bytes in Base64.
    pub data: String,
}

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentFormat {
    /// An image.
    Png,
    /// An image.
    Jpeg,
    /// An image.
    Gif,
    /// An image.
    Webp,
    /// A document.
    Pdf,
}

impl AttachmentFormat {
    /// Its name, as providers spell it.
    pub fn name(self) -> &'static str {
        match self {
            AttachmentFormat::Png => "png",
            AttachmentFormat::Jpeg => "jpeg",
            AttachmentFormat::Gif => "gif",
            AttachmentFormat::Webp => "webp",
            AttachmentFormat::Pdf => "pdf",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> String {
        if self == AttachmentFormat::Pdf {
            "application/pdf".to_owned()
        } else {
            format!("image/{}", self.name())
        }
    }

    /// What these bytes are by how they begin; `None` for everything else.
    pub fn of(bytes: &[u8]) -> Option<AttachmentFormat> {
        let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
        let begins: [(&[u8], AttachmentFormat); 5] = [
            (b"\x89PNG\r\n\x1a\n", AttachmentFormat::Png),
            (b"\xff\xd8\xff", AttachmentFormat::Jpeg),
            (b"GIF87a", AttachmentFormat::Gif),
            (b"GIF89a", AttachmentFormat::Gif),
            (b"%PDF-", AttachmentFormat::Pdf),
        ];
        let found = begins
            .into_iter()
            .find(|(magic, _)| bytes.starts_with(magic))
            .map(|(_, format)| format);
        found.or(webp.then_some(AttachmentFormat::Webp))
    }
}

/// Whether a tool did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// It did.
    Success,
    /// It refused, broke, or does not exist.
    Error,
}

/// Tokens of one or more calls, as the provider reported them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens read, without those from a cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
}

impl Usage {
    /// Input and output; cache tokens are not counted (what a token budget bounds).
    pub fn counted(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

impl Usage {
    /// Everything that was read, from a cache, for a cache, or neither.
    pub fn read(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cache_read_tokens = self.cache_read_tokens.saturating_add(other.cache_read_tokens);
        self.cache_write_tokens = self.cache_write_tokens.saturating_add(other.cache_write_tokens);
    }
}

/// A tool as a model sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// JSON Schema of its arguments, an object. All visits share it.
    pub schema: Arc<Value>,
}

/// Where in an engagement a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallContext {
    /// The engagement.
    pub project: String,
    /// The phase.
    pub phase: String,
    /// Which run of the phase, from 1; more than 1 after a revision.
    pub revision: u32,
    /// What for.
    pub purpose: Purpose,
    /// Which swarm of the phase, from 1: reworks and retries count on.
    pub swarm: u32,
    /// The visit, from 1.
    pub visit: u32,
    /// The turn in the visit, from 0.
    pub turn: u32,
    /// Calls that this agent made in this phase before this one.
    pub earlier_calls: u32,
    /// The engagement's day, `YYYY-MM-DD`.
    pub date: String,
}

impl CallContext {
    /// The first call of a project that has no engagement around it: a try, a scenario.
    pub fn alone(project: &str) -> CallContext {
        CallContext {
            project: project.to_owned(),
            phase: project.to_owned(),
            revision: 1,
            purpose: Purpose::Work,
            swarm: 1,
            visit: 1,
            turn: 0,
            earlier_calls: 0,
            date: "2000-01-01".to_owned(),
        }
    }
}

/// What a swarm is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A phase's work.
    Work,
    /// A phase's review.
    Review,
}

/// One request for a reply.
#[derive(Debug, Clone)]
pub struct ModelRequest<'a> {
    /// Where it comes from.
    pub context: &'a CallContext,
    /// The agent that speaks.
    pub agent: &'a str,
    /// Name of the model in `agents.yaml`.
    pub model: &'a str,
    /// System prompt.
    pub system: &'a str,
    /// Bytes at its beginning that are the same in other visits: worth to be kept by a provider.
    pub steady: usize,
    /// The conversation; begins and ends with the user.
    pub messages: &'a [Message],
    /// Tools on offer, in the agent's order, `handoff_to_agent` last.
    pub tools: &'a [ToolSpec],
    /// Output tokens at most.
    pub max_tokens: u32,
    /// Who hears what the model says while it says it.
    pub listener: &'a dyn Listener,
}

/// Who hears a model while it speaks. What a call that failed had said is to be forgotten.
pub trait Listener: Sync {
    /// The next words.
    fn hears(&self, text: &str);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Listener for Nobody {
    fn hears(&self, _: &str) {}
}

impl std::fmt::Debug for dyn Listener + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a listener")
    }
}

/// A complete reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelReply {
    /// Text and tool calls, in order; may be empty.
    pub content: Vec<Block>,
    /// The provider's stop reason: `end_turn`, `tool_use`, `max_tokens`, ...
    pub stop_reason: String,
    /// What the provider reported; `None` when it reported nothing.
    pub usage: Option<Usage>,
    /// What a guardrail of the provider found, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guardrail: Vec<String>,
    /// How long the reply took, where the adapter knows better than a clock (a rehearsal's
    /// estimate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Duration>,
}

impl ModelReply {
    /// Its tool calls, in order.
    pub fn calls(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolUse(call) => Some(call),
            _ => None,
        })
    }
}

/// A call that gave no reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelFault {
    /// What may follow from it.
    pub kind: FaultKind,
    /// Class of the error, first letter upper case (`ThrottlingException`, `ConnectionError`).
    pub error: String,
    /// The provider's message.
    pub message: String,
    /// What the provider reported before it failed.
    pub usage: Option<Usage>,
    /// Whether it is certain that nothing is paid for the call: it was refused before the model
    /// began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpaid: bool,
    /// As in [`ModelReply::took`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Duration>,
}

/// What may follow from a failed call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The same call may work later; wait at least so long when the provider said so.
    Transient {
        /// The provider's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The conversation is too long for the model.
    InputTooLong,
    /// The same call will fail again.
    Permanent,
    /// The provider refuses until somebody changes something outside: access, credentials, a model
    /// that is not there. Then the same call works.
    Denied,
}

/// Whether a call may be made again after its process died in the middle of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// Costs nothing: repeated freely, and charged once.
    Free,
    /// Was perhaps paid: the reservation of the lost call stays charged, and the call is paid
    /// again.
    Paid,
}

/// The model port.
#[async_trait]
pub trait Model: Send + Sync {
    /// Asks for one reply. Nothing is retried here.
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault>;

    /// Whether calls cost money.
    fn billing(&self) -> Billing;
}
