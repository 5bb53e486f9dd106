//! `patterns`: reusable bundles of files, with the evidence for each.

use std::collections::BTreeMap;

use cloudcrew_ports::pattern::{PatternEvent, UseOutcome};
use cloudcrew_runtime::metrics::Month;
use cloudcrew_runtime::patterns::{Evidence, Found};
use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;

/// `patterns list` and `patterns search`.
#[derive(Serialize, JsonSchema)]
pub struct PatternList {
    /// Always 1.
    pub version: u32,
    /// The patterns.
    pub patterns: Vec<PatternMetadata>,
}

/// `patterns show`: a pattern, its files and the evidence for it.
#[derive(Serialize, JsonSchema)]
pub struct PatternMetadata {
    /// Always 1.
    pub version: u32,
    /// Its name.
    pub pattern: String,
    /// Digest of its files.
    pub digest: String,
    /// What it is.
    pub title: String,
    /// What kind of files it holds.
    pub category: String,
    /// Search keywords.
    pub tags: Vec<String>,
    /// When to use it.
    pub description: String,
    /// Paths of its files.
    pub files: Vec<String>,
    /// Where it comes from: `workspace`, or who contributed it.
    pub origin: String,
    /// The evidence for it.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// Share of all engagements in which the phases that used it were approved without changes;
    /// absent where no person decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_rate: Option<f64>,
    /// By how much its share of successes is above that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift: Option<f64>,
    /// What happened to it, oldest first.
    pub events: Vec<PatternEvent>,
}

impl PatternMetadata {
    /// A pattern with its evidence.
    pub fn new(found: Found, months: &BTreeMap<String, Month>) -> PatternMetadata {
        let Found { pattern, origin, events, evidence } = found;
        let round = |share: f64| (share * 1000.0).round() / 1000.0;
        let base_rate = base_rate(&events, months).map(round);
        let share =
            (evidence.counted > 0).then(|| evidence.succeeded as f64 / evidence.counted as f64);
        PatternMetadata {
            version: VERSION,
            digest: pattern.digest(),
            pattern: pattern.name,
            title: pattern.title,
            category: pattern.category,
            tags: pattern.tags,
            description: pattern.description,
            files: pattern.files.into_iter().map(|(path, _)| path).collect(),
            origin,
            lift: share.zip(base_rate).map(|(share, base)| round(share - base)),
            evidence,
            base_rate,
            events,
        }
    }
}

/// How often the phases that used a pattern are approved without changes, with it or without.
fn base_rate(events: &[PatternEvent], months: &BTreeMap<String, Month>) -> Option<f64> {
    let used = events.iter().filter_map(|event| match event {
        PatternEvent::Used(used) if used.outcome != UseOutcome::Undecided => Some(&used.phase),
        _ => None,
    });
    let used: Vec<&String> = used.collect();
    let (mut first, mut decided) = (0, 0);
    for ((live, _, phase), total) in months.values().flat_map(|month| &month.phases) {
        if *live && used.contains(&phase) {
            first += total.first_time;
            decided += total.decided;
        }
    }
    (decided > 0).then(|| first as f64 / decided as f64)
}
