//! What comes of a call.

use cloudcrew_ports::model::Attachment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workplace::Broken;

/// What a tool returns.
#[derive(Debug)]
pub enum Outcome {
    /// It did what it was asked; the text is for the agent.
    Done(String, Done),
    /// It found something that is not text.
    Shows(String, Attachment),
    /// It asks the customer.
    Asks {
        /// Short name of the question.
        name: String,
        /// The question.
        question: String,
    },
}

impl Outcome {
    /// Text for the agent, without effects on record.
    pub fn text(text: impl Into<String>) -> Result<Outcome, ToolError> {
        Ok(Outcome::Done(text.into(), Done::default()))
    }
}

/// Why a tool did not do what it was asked.
#[derive(Debug)]
pub enum ToolError {
    /// The agent asked for something that it may not do or that does not exist; it is told why and
    /// continues.
    Refused(String),
    /// The world is broken; the phase stops.
    Failed(Broken),
}

impl From<Broken> for ToolError {
    fn from(broken: Broken) -> Self {
        ToolError::Failed(broken)
    }
}

/// Effects of a call that go on record with its result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Ids of the ledger rows it wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<String>,
    /// The verdict it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

/// A verdict on a deliverable, or on a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The agent that gave it.
    pub reviewer: String,
    /// Path of the deliverable; absent when the verdict is on the phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Object id of the deliverable as it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// Whether it passes.
    pub passed: bool,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with a deliverable or a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Path, when it is about one file.
    pub path: String,
    /// A sentence.
    pub text: String,
    /// The YAML key behind it, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}
