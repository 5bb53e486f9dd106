//! The part of the Amazon States Language that is written here, in its JSONPath form. Field names
//! and their meaning are those of its specification.

use serde::Serialize;
use serde_json::{Map, Value};

/// A state machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Machine {
    /// For people.
    pub comment: String,
    /// How paths are written.
    pub query_language: &'static str,
    /// Name of the first state.
    pub start_at: String,
    /// The states by name, in the order of the plan.
    pub states: Map<String, Value>,
}

/// Something that is done outside.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// For people.
    pub comment: String,
    /// Always `Task`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// Which service is called, and how it is waited for.
    pub resource: &'static str,
    /// What is handed over.
    pub parameters: Value,
    /// Where the result goes.
    pub result_path: String,
    /// What of the result is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_selector: Option<Value>,
    /// Ends the state when it takes longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Ends the state when the program is not heard of for so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<u64>,
    /// Errors after which it is done again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retrier>,
    /// Errors that lead elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// What follows.
    pub next: String,
}

/// Does a task again.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retrier {
    /// After which errors.
    pub error_equals: Vec<&'static str>,
    /// First wait.
    pub interval_seconds: u64,
    /// How often.
    pub max_attempts: u64,
    /// The wait grows by this.
    pub backoff_rate: f64,
    /// Longest wait.
    pub max_delay_seconds: u64,
}

/// Leads elsewhere after an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Catcher {
    /// After which errors.
    pub error_equals: Vec<&'static str>,
    /// Where the error goes.
    pub result_path: &'static str,
    /// Where it leads.
    pub next: String,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Choice {
    /// Always `Choice`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// The rules, tried in order.
    pub choices: Vec<Value>,
    /// Where it leads when none holds.
    pub default: String,
}

/// Something that only changes the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Pass {
    /// For people.
    pub comment: String,
    /// Always `Pass`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// What is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// What is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Where it goes.
    pub result_path: String,
    /// What follows.
    pub next: String,
}

/// A wait until a moment in the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Wait {
    /// For people.
    pub comment: String,
    /// Always `Wait`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// Where the moment stands.
    pub timestamp_path: &'static str,
    /// What follows.
    pub next: String,
}

/// The end, as it should be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Succeed {
    /// Always `Succeed`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
}

/// The end, otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fail {
    /// Always `Fail`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// What went wrong, in a word.
    pub error: String,
    /// What went wrong, in a sentence.
    pub cause: String,
}
