//! The part of the Amazon States Language that we emit, in its JSONPath form. Field names and
//! meanings are those of its specification.

use serde::Serialize;
use serde_json::{Map, Value};

/// A state machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Machine {
    /// Comment for readers.
    pub comment: String,
    /// Language of paths.
    pub query_language: &'static str,
    /// Name of the first state.
    pub start_at: String,
    /// The states by name, in the order of the plan.
    pub states: Map<String, Value>,
}

/// Work done outside the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// Comment for readers.
    pub comment: String,
    /// Always `Task`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// The service to call, and how to wait for it.
    pub resource: &'static str,
    /// Input of the service.
    pub parameters: Value,
    /// Where the result goes.
    pub result_path: String,
    /// Which part of the result to keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_selector: Option<Value>,
    /// Ends the state when it takes longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Ends the state when no heartbeat arrives for this long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<u64>,
    /// Errors to retry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retrier>,
    /// Errors that lead to another state.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catcher>,
    /// Next state.
    pub next: String,
}

/// Retries a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retrier {
    /// Errors to retry.
    pub error_equals: Vec<&'static str>,
    /// First delay.
    pub interval_seconds: u64,
    /// Maximum retries.
    pub max_attempts: u64,
    /// Factor by which the delay grows.
    pub backoff_rate: f64,
    /// Maximum delay.
    pub max_delay_seconds: u64,
}

/// Leads to another state after an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Catcher {
    /// Errors to catch.
    pub error_equals: Vec<&'static str>,
    /// Where the error goes.
    pub result_path: &'static str,
    /// Next state.
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
    /// Next state if no rule matches.
    pub default: String,
}

/// A state that only changes the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Pass {
    /// Comment for readers.
    pub comment: String,
    /// Always `Pass`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// Fixed result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Computed result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Where the result goes.
    pub result_path: String,
    /// Next state.
    pub next: String,
}

/// A wait until a time given in the data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Wait {
    /// Comment for readers.
    pub comment: String,
    /// Always `Wait`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// Path of the time.
    pub timestamp_path: &'static str,
    /// Next state.
    pub next: String,
}

/// A successful end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Succeed {
    /// Always `Succeed`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
}

/// An unsuccessful end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fail {
    /// Always `Fail`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    /// Error name.
    pub error: String,
    /// Explanation.
    pub cause: String,
}
