//! The machine's steps and inputs.

use std::time::Duration;

use cloudcrew_tools::AnswerForm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::Status;
use cloudcrew_ports::model::{ModelFault, ModelReply, ToolResult, ToolUse};

/// The step that the machine needs next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Open a visit: prepare the agent's prompt.
    OpenVisit {
        /// Number of the visit, from 1.
        visit: u32,
        /// Name of the agent.
        agent: String,
    },
    /// Call the model.
    CallModel(ModelCall),
    /// Wait before the call is retried.
    Wait(Duration),
    /// Call tools, in parallel.
    CallTools(ToolCalls),
    /// Nothing: the swarm rests.
    Rest(Status),
}

/// A model call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCall {
    /// Number of the visit.
    pub visit: u32,
    /// Name of the agent.
    pub agent: String,
    /// Turn of the visit, from 0.
    pub turn: u32,
    /// Attempt number for this turn, from 1.
    pub attempt: u32,
    /// Time left for it.
    pub time_left: Duration,
}

/// Tool calls to make.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCalls {
    /// Number of the visit.
    pub visit: u32,
    /// Name of the agent.
    pub agent: String,
    /// Turn of the visit, from 0.
    pub turn: u32,
    /// Calls without a result, with their position in the turn, in order.
    pub calls: Vec<(usize, ToolUse)>,
    /// Time left for them.
    pub time_left: Duration,
}

/// An extra section of a visit's input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Its heading.
    pub heading: String,
    /// Its text.
    pub body: String,
    /// Ids of the customer messages that it shows; not recorded by older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
}

/// An input of the machine. Replaying all inputs in order, with the time each took, gives the same
/// machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// The visit was opened.
    VisitOpened {
        /// Sections to insert after the task.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Note>,
    },
    /// A section arrived while the visit goes on; the model sees it with its next call.
    Noted {
        /// The section.
        note: Note,
    },
    /// The model replied.
    Reply(ModelReply),
    /// The call failed.
    Fault {
        /// The fault.
        fault: ModelFault,
        /// Fraction of the longest wait to wait, between 0 and 1.
        jitter: f64,
    },
    /// The wait is over.
    Waited,
    /// A tool finished.
    ToolResult {
        /// Position of the call in the turn.
        index: usize,
        /// The result.
        result: ToolResult,
        /// Whether the tool ran.
        started: bool,
    },
    /// A tool asked the customer a question.
    Asked {
        /// Position of the call in the turn.
        index: usize,
        /// Short name of the question.
        name: String,
        /// The question.
        question: String,
        /// How it may be answered.
        #[serde(default, skip_serializing_if = "AnswerForm::is_default")]
        form: AnswerForm,
    },
    /// The time ran out.
    TimedOut {
        /// Tool calls that had finished: position, result.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        finished: Vec<(usize, ToolResult)>,
    },
    /// Answers to open questions: `[{"interrupt": id, "answer": any}]`.
    Answers(Answers),
    /// Resume after a provider was unavailable or refused.
    Resume,
    /// A person cancelled it.
    Cancel,
}

/// Answers as they were received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answers {
    /// The list of answers.
    pub answers: Value,
}

impl From<Vec<Value>> for Answers {
    fn from(answers: Vec<Value>) -> Self {
        Answers { answers: answers.into() }
    }
}

/// An input that the machine does not expect; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the swarm cannot accept this input: {wanted}")]
pub struct Unexpected {
    /// Why the input does not fit.
    pub wanted: String,
}
