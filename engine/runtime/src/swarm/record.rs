//! What a swarm leaves behind.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use cloudcrew_ports::model::{ToolStatus, Usage};

/// Where a swarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It works.
    Running,
    /// It ended by itself.
    Completed,
    /// A question is open.
    Interrupted,
    /// The provider is away.
    ProviderUnavailable,
    /// A limit or a failure ended it.
    Failed,
    /// A person ended it.
    Cancelled,
}

/// Why a swarm is not completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Name of the limit, or of what happened.
    pub kind: String,
    /// Who has the floor, or would have had it next.
    pub agent: String,
    /// A sentence for a person.
    pub text: String,
    /// The YAML key to raise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The provider's class of error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The provider asked for so long a wait that it was not waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// Whether the same call works once somebody has changed something outside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mendable: bool,
}

/// How a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitStatus {
    /// Under way.
    Running,
    /// Ended by itself.
    Completed,
    /// A limit or a fault ended it.
    Failed,
    /// Its time, or the swarm's, was over.
    TimedOut,
    /// A question is open.
    Interrupted,
    /// The provider is away.
    ProviderUnavailable,
    /// A person ended it.
    Cancelled,
}

/// One visit, also of one that did not complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisitRecord {
    /// From 1.
    pub visit: u32,
    /// Who.
    pub agent: String,
    /// How it stands.
    pub status: VisitStatus,
    /// Complete replies.
    pub turns: u32,
    /// The last one's stop reason.
    pub stop_reason: Option<String>,
    /// The last one's text.
    pub text: String,
    /// Where control went.
    pub handoff: Option<Handoff>,
    /// Sum of its calls.
    pub usage: Usage,
    /// Every call.
    pub calls: Vec<CallRecord>,
    /// What was left out of its conversation before it became too long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trims: Vec<Trim>,
}

/// What was left out of a conversation before it became too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trim {
    /// Before which turn of the visit, from 0.
    pub turn: u32,
    /// Tokens before, estimated from what the provider reported last.
    pub before: u64,
    /// Tokens after, estimated.
    pub after: u64,
    /// Tool results that were cut to their beginning and end.
    pub results: u32,
    /// Turns that were left out whole.
    pub turns: u32,
}

/// Where control goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handoff {
    /// To whom.
    pub to: String,
    /// With these words.
    pub message: String,
}

/// A call of the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallRecord {
    /// Stop reason, class of the error, or `aborted`.
    pub result: String,
    /// What the provider reported.
    pub usage: Option<Usage>,
}

/// A finished tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finished {
    /// In which visit.
    pub visit: u32,
    /// Who called.
    pub agent: String,
    /// The provider's id.
    pub id: String,
    /// Name of the tool.
    pub tool: String,
    /// Whether it did what it was asked.
    pub status: ToolStatus,
    /// What the model is told.
    pub text: String,
    /// Whether the tool's body ran.
    pub started: bool,
}

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Unique in the swarm, the same for ever.
    pub id: String,
    /// Short name.
    pub name: String,
    /// What is asked.
    pub question: String,
    /// Who asks.
    pub agent: String,
}
