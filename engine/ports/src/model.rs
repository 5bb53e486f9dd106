//! What the runtime asks of a model: one reply to one conversation.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The engine: the input of a visit, and tool results.
    User,
    /// The model.
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// The author.
    pub role: Role,
    /// The content, in order; never empty when sent.
    pub content: Vec<Block>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Text.
    Text(String),
    /// A tool call by the model.
    ToolUse(ToolUse),
    /// The engine's answer to a call.
    ToolResult(ToolResult),
    /// What a model thought before its reply. It is sent back unchanged: a provider refuses a
    /// modified one.
    Reasoning(Reasoning),
}

/// A model's thoughts, in one of the two forms that providers use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reasoning {
    /// The thoughts, or a summary; empty if hidden.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The provider's signature of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// Hidden thoughts, encrypted by the provider, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<String>,
    /// Other fields that the provider sent with a message and its calls and expects back unchanged;
    /// the adapter knows their form.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub opaque: serde_json::Map<String, Value>,
}

/// A model's tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ToolUse {
    /// The provider's id; unique only within its turn.
    pub id: String,
    /// The tool's name, as the model wrote it.
    pub name: String,
    /// The arguments. Anything other than a JSON object stays as the model wrote it, in a JSON
    /// string.
    pub input: Value,
}

/// The result of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolResult {
    /// Id of the call.
    pub id: String,
    /// Whether the tool succeeded.
    pub status: ToolStatus,
    /// Text for the model; never empty.
    pub text: String,
    /// Attachments for the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// An image or a document that a tool found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The file format.
    pub format: AttachmentFormat,
    /// Its name, for the model.
    pub name: String,
    /// Its bytes in Base64.
    pub data: String,
}

/// The format of an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentFormat {
    /// PNG image.
    Png,
    /// JPEG image.
    Jpeg,
    /// GIF image.
    Gif,
    /// WebP image.
    Webp,
    /// PDF document.
    Pdf,
}

impl AttachmentFormat {
    /// The format's name, as providers spell it.
    pub fn name(self) -> &'static str {
        match self {
            AttachmentFormat::Png => "png",
            AttachmentFormat::Jpeg => "jpeg",
            AttachmentFormat::Gif => "gif",
            AttachmentFormat::Webp => "webp",
            AttachmentFormat::Pdf => "pdf",
        }
    }

    /// The media type.
    pub fn media_type(self) -> String {
        if self == AttachmentFormat::Pdf {
            "application/pdf".to_owned()
        } else {
            format!("image/{}", self.name())
        }
    }

    /// Detects the format from the first bytes; `None` for everything else.
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

/// Whether a tool succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// It did what it was asked.
    Success,
    /// It refused, failed, or does not exist.
    Error,
}

/// Tokens of one or more calls, as reported by the provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens read, excluding those from a cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
}

impl Usage {
    /// Input plus output, without cache tokens: what a token budget limits.
    pub fn counted(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

impl Usage {
    /// All tokens read: from a cache, for a cache, or neither.
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
    /// Its purpose.
    pub description: String,
    /// JSON Schema of its arguments, an object. Shared by all visits.
    pub schema: Arc<Value>,
}

/// Where in an engagement a request is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallContext {
    /// The engagement.
    pub project: String,
    /// The phase.
    pub phase: String,
    /// Run of the phase, from 1; greater than 1 after a revision.
    pub revision: u32,
    /// Work, review or conversation.
    pub purpose: Purpose,
    /// Swarm of the phase, from 1; reworks and retries are counted too.
    pub swarm: u32,
    /// The visit, from 1.
    pub visit: u32,
    /// The turn in the visit, from 0.
    pub turn: u32,
    /// Number of calls that this agent made in this phase before this one.
    pub earlier_calls: u32,
    /// The engagement's day, `YYYY-MM-DD`.
    pub date: String,
}

impl CallContext {
    /// The first call of a project without an engagement: an evaluation, a scenario.
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

/// The purpose of a swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The work of a phase.
    Work,
    /// The review of a phase.
    Review,
    /// The answer to a message of the customer.
    Conversation,
}

/// One request for a reply.
#[derive(Debug, Clone)]
pub struct ModelRequest<'a> {
    /// Where it is made.
    pub context: &'a CallContext,
    /// The active agent.
    pub agent: &'a str,
    /// Name of the model in `agents.yaml`.
    pub model: &'a str,
    /// System prompt.
    pub system: &'a str,
    /// Length in bytes of its constant beginning, the same in other visits, which a provider may
    /// cache.
    pub steady: usize,
    /// The conversation; begins and ends with the user.
    pub messages: &'a [Message],
    /// Tools on offer, in the agent's order, `handoff_to_agent` last.
    pub tools: &'a [ToolSpec],
    /// Maximum output tokens.
    pub max_tokens: u32,
    /// Receives the reply while it is generated.
    pub listener: &'a dyn Listener,
}

/// Receives a model's text while it is generated. The text of a failed call must be discarded.
pub trait Listener: Sync {
    /// Receives the next piece of text.
    fn hears(&self, text: &str);
}

/// A listener that ignores everything.
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
    /// The reported usage; `None` if the provider reported none.
    pub usage: Option<Usage>,
    /// Findings of the provider's guardrail, one per line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guardrail: Vec<String>,
    /// How long the reply took, where the adapter knows better than a clock (a rehearsal's
    /// estimate).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Duration>,
}

impl ModelReply {
    /// The tool calls, in order.
    pub fn calls(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolUse(call) => Some(call),
            _ => None,
        })
    }
}

/// A call without a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelFault {
    /// How to react.
    pub kind: FaultKind,
    /// Class of the error, starting with a capital letter (`ThrottlingException`,
    /// `ConnectionError`).
    pub error: String,
    /// The provider's message.
    pub message: String,
    /// Usage reported before the failure.
    pub usage: Option<Usage>,
    /// Whether the call is certainly free: it was refused before the model started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpaid: bool,
    /// As in [`ModelReply::took`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<Duration>,
}

/// How to react to a failed call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The same call may work later; wait at least as long as the provider requested.
    Transient {
        /// The provider's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// The conversation is too long for the model.
    InputTooLong,
    /// The same call will fail again.
    Permanent,
    /// The provider refuses until someone changes something outside: access, credentials, a missing
    /// model. The same call then works.
    Denied,
}

/// Whether a call may be repeated after its process died during it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Billing {
    /// Free: repeated at will, and charged once.
    Free,
    /// Possibly billed: the reservation of the lost call stays charged, and the repeated call is
    /// charged again.
    Paid,
}

/// The model port.
#[async_trait]
pub trait Model: Send + Sync {
    /// Requests one reply. Does not retry.
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault>;

    /// Whether calls cost money.
    fn billing(&self) -> Billing;
}
