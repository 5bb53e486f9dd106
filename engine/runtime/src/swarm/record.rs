//! Records of a swarm: its status, visits, calls and questions.

use std::time::Duration;

use cloudcrew_tools::AnswerForm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use cloudcrew_ports::model::{ToolStatus, Usage};

/// The status of a swarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is working.
    Running,
    /// It completed on its own.
    Completed,
    /// A question is open.
    Interrupted,
    /// The provider is unavailable.
    ProviderUnavailable,
    /// A limit or a failure ended it.
    Failed,
    /// A person cancelled it.
    Cancelled,
}

/// Why a swarm has not completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Name of the limit or the kind of failure.
    pub kind: String,
    /// The active agent, or the one that would have been next.
    pub agent: String,
    /// A sentence for a person.
    pub text: String,
    /// YAML key of the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The provider's class of error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The wait that the provider asked for, when it was too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// Whether the same call can succeed once someone has fixed the cause.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mendable: bool,
}

/// The status of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitStatus {
    /// It is working.
    Running,
    /// It completed on its own.
    Completed,
    /// A limit or a failure ended it.
    Failed,
    /// Its time, or the swarm's, ran out.
    TimedOut,
    /// A question is open.
    Interrupted,
    /// The provider is unavailable.
    ProviderUnavailable,
    /// A person cancelled it.
    Cancelled,
}

/// One visit, completed or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VisitRecord {
    /// Number of the visit, from 1.
    pub visit: u32,
    /// Name of the agent.
    pub agent: String,
    /// Its status.
    pub status: VisitStatus,
    /// Number of complete replies.
    pub turns: u32,
    /// Stop reason of the last reply.
    pub stop_reason: Option<String>,
    /// Text of the last reply.
    pub text: String,
    /// The handoff, if there was one.
    pub handoff: Option<Handoff>,
    /// Total usage of its calls.
    pub usage: Usage,
    /// All model calls.
    pub calls: Vec<CallRecord>,
    /// How its conversation was shortened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trims: Vec<Trim>,
}

/// One shortening of a conversation before it became too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trim {
    /// The turn before which it happened, from 0.
    pub turn: u32,
    /// Tokens before, estimated from the provider's last report.
    pub before: u64,
    /// Tokens after, estimated.
    pub after: u64,
    /// Number of tool results cut to their start and end.
    pub results: u32,
    /// Number of turns that were removed.
    pub turns: u32,
}

/// A handoff to another agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handoff {
    /// Name of the next agent.
    pub to: String,
    /// The message to it.
    pub message: String,
}

/// A model call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallRecord {
    /// Stop reason, error class, or `aborted`.
    pub result: String,
    /// Usage that the provider reported.
    pub usage: Option<Usage>,
}

/// A finished tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finished {
    /// Number of the visit.
    pub visit: u32,
    /// Name of the agent.
    pub agent: String,
    /// The provider's id of the call.
    pub id: String,
    /// Name of the tool.
    pub tool: String,
    /// Whether it succeeded.
    pub status: ToolStatus,
    /// The result as the model sees it, shortened.
    pub text: String,
    /// Whether the tool ran.
    pub started: bool,
}

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Question {
    /// Id, unique in the swarm and stable.
    pub id: String,
    /// Short name.
    pub name: String,
    /// The question.
    pub question: String,
    /// Name of the agent that asks.
    pub agent: String,
    /// How it may be answered.
    #[serde(default, skip_serializing_if = "AnswerForm::is_default")]
    pub form: AnswerForm,
}
