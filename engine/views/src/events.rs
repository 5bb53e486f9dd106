//! `run`, `resume` and `watch`: the journal, entry by entry.

use cloudcrew_runtime::engagement::Event;
use schemars::JsonSchema;
use serde::Serialize;

/// `run`, `resume` and `watch`: one JSON line per journal entry.
#[derive(Serialize, JsonSchema)]
pub struct Line<'a> {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: &'a str,
    /// Entry number, from 1.
    pub seq: u64,
    /// When it was written by the engagement's clock, milliseconds since 1970 UTC.
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: &'a Event,
}

/// `run` and `resume`: part of a live model's reply while it is streamed, between journal entries.
/// It is not recorded.
#[derive(Serialize, JsonSchema)]
pub struct LiveLine<'a> {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: &'a str,
    /// Always `live`. In journal entries, this field is the event's kind.
    pub event: &'static str,
    /// Name of the agent.
    pub agent: &'a str,
    /// Id of the message that it answers, outside of a phase's work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    /// The next piece of the reply. Absent when the call did not complete: discard what was
    /// streamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

/// `run`, `resume` and `watch`: a JSON line of either kind.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Printed<'a> {
    /// A journal entry.
    Entry(Line<'a>),
    /// Part of a live model's reply.
    Live(LiveLine<'a>),
}
