//! Steps out, results in.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::Status;
use cloudcrew_ports::model::{ModelFault, ModelReply, ToolResult, ToolUse};

/// What the machine needs next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// An agent gets the floor: its prompt is to be made.
    OpenVisit {
        /// From 1.
        visit: u32,
        /// Who.
        agent: String,
    },
    /// A reply to the conversation.
    CallModel(ModelCall),
    /// A wait before the call is tried again.
    Wait(Duration),
    /// Tools, all at the same time.
    CallTools(ToolCalls),
    /// Nothing: it is at rest.
    Rest(Status),
}

/// A call to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCall {
    /// In which visit.
    pub visit: u32,
    /// Who speaks.
    pub agent: String,
    /// Which turn of the visit, from 0.
    pub turn: u32,
    /// The how manieth call for this turn, from 1.
    pub attempt: u32,
    /// Time that is left for it.
    pub time_left: Duration,
}

/// Tools to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCalls {
    /// In which visit.
    pub visit: u32,
    /// Who calls.
    pub agent: String,
    /// Which turn of the visit, from 0.
    pub turn: u32,
    /// Those that have no result yet, with their place in the turn, in order.
    pub calls: Vec<(usize, ToolUse)>,
    /// Time that is left for them.
    pub time_left: Duration,
}

/// An extra section of a visit's input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Its heading.
    pub heading: String,
    /// Its text.
    pub body: String,
    /// Ids of the customer's messages that it shows. Older versions did not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
}

/// What the machine takes in. The inputs in order, with the time each took, give the same machine
/// again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// The visit's prompt is made.
    VisitOpened {
        /// Sections right after the task.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Note>,
    },
    /// The model replied.
    Reply(ModelReply),
    /// The call gave no reply.
    Fault {
        /// Why.
        fault: ModelFault,
        /// Between 0 and 1: how much of the longest wait is waited.
        jitter: f64,
    },
    /// The wait is over.
    Waited,
    /// A tool finished.
    ToolResult {
        /// Its place in the turn.
        index: usize,
        /// What the model is told.
        result: ToolResult,
        /// Whether the tool's body ran.
        started: bool,
    },
    /// A tool asks.
    Asked {
        /// Its place in the turn.
        index: usize,
        /// Short name.
        name: String,
        /// The question.
        question: String,
    },
    /// The time that was left is over.
    TimedOut {
        /// Tools that had finished: place, result.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        finished: Vec<(usize, ToolResult)>,
    },
    /// Answers to open questions: `[{"interrupt": id, "answer": any}]`.
    Answers(Answers),
    /// Goes on after a provider was away or a model refused.
    Resume,
    /// A person ends it.
    Cancel,
}

/// Answers as they came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answers {
    /// The list.
    pub answers: Value,
}

impl From<Vec<Value>> for Answers {
    fn from(answers: Vec<Value>) -> Self {
        Answers { answers: answers.into() }
    }
}

/// An input that does not fit the step the machine is at; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the swarm takes {wanted}, not this input")]
pub struct Unexpected {
    /// What it takes.
    pub wanted: String,
}
