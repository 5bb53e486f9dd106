//! `run`, `resume` and `watch`: the journal, entry by entry.

use cloudcrew_runtime::engagement::Event;
use schemars::JsonSchema;
use serde::Serialize;

/// `run`, `resume` and `watch`: JSON Lines, one for each entry of the journal.
#[derive(Serialize, JsonSchema)]
pub struct Line<'a> {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: &'a str,
    /// Number of the entry, from 1.
    pub seq: u64,
    /// When it was written, milliseconds since 1970 UTC by the engagement's clock.
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: &'a Event,
}

/// `run` and `resume`, between entries of the journal: what a live model says while it says it. It
/// is not on record.
#[derive(Serialize, JsonSchema)]
pub struct LiveLine<'a> {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: &'a str,
    /// Always `live`, where entries of the journal have their kind.
    pub event: &'static str,
    /// Who speaks.
    pub agent: &'a str,
    /// The next words; absent: the call did not come to its end, and what was heard of it is to be
    /// forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

/// `run`, `resume` and `watch`: JSON Lines of either kind.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Printed<'a> {
    /// An entry of the journal.
    Entry(Line<'a>),
    /// Words of a live model.
    Live(LiveLine<'a>),
}
