//! Month by month.

use std::collections::BTreeMap;

use cloudcrew_runtime::metrics::{Month, PhaseTotal, Rated};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Mean, Share, usd};
use crate::VERSION;

/// `metrics trend`: metrics by month.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct Trend {
    /// Always 1.
    pub version: u32,
    /// Whether these are engagements with live models, or else rehearsals and replays.
    pub live: bool,
    /// By month and workflow, oldest first.
    pub rows: Vec<TrendRow>,
}

/// A workflow in a month: the engagements that began in it and have ended.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct TrendRow {
    /// The month: `2026-11`.
    pub month: String,
    /// The workflow.
    pub workflow: String,
    /// Engagements with all phases done, of all that ended.
    pub completed: Share,
    /// Phases that a person approved without asking for changes, of all that a person decided.
    pub first_time: Share,
    /// Times that customers asked for changes, per phase.
    pub revisions: Option<Mean>,
    /// Times that reviews sent a phase back, per phase.
    pub reworks: Option<Mean>,
    /// US dollars per engagement.
    pub usd: Option<Mean>,
    /// Calls whose price is unknown and which `usd` leaves out.
    pub unpriced_calls: u64,
    /// Tokens per engagement.
    pub tokens: Option<Mean>,
    /// Hours of active work per engagement.
    pub working_hours: Option<Mean>,
    /// Hours of waiting for people per engagement.
    pub waiting_hours: Option<Mean>,
    /// Ratings at gates, 1 to 5, by name.
    pub ratings: BTreeMap<String, Mean>,
    /// Answers to the survey, 1 to 5, by question.
    pub survey: BTreeMap<String, Mean>,
    /// Engagements with an answer to the survey, of all.
    pub surveyed: Share,
}

/// Metrics by month.
pub fn trend(months: &BTreeMap<String, Month>, live: bool) -> Trend {
    let mut rows = Vec::new();
    for (name, month) in months {
        for ((realm, workflow), total) in month.workflows.iter().filter(|((r, _), _)| *r == live) {
            let phases = month.phases.iter().filter(|((r, w, _), _)| r == realm && w == workflow);
            let phases: Vec<&PhaseTotal> = phases.map(|(_, total)| total).collect();
            let sum =
                |of: fn(&PhaseTotal) -> u64| phases.iter().map(|phase| of(phase)).sum::<u64>();
            let runs = sum(|phase| phase.engagements);
            let mut ratings: BTreeMap<String, Rated> = BTreeMap::new();
            for (rating, given) in phases.iter().flat_map(|phase| &phase.ratings) {
                ratings.entry(rating.clone()).or_default().add(given);
            }
            let all = total.engagements;
            rows.push(TrendRow {
                month: name.clone(),
                workflow: workflow.clone(),
                completed: Share::new(total.completed, all),
                first_time: Share::new(sum(|p| p.first_time), sum(|p| p.decided)),
                revisions: Mean::new(sum(|p| p.revisions) as f64, runs),
                reworks: Mean::new(sum(|p| p.reworks) as f64, runs),
                usd: Mean::new(usd(total.spent.micro_usd), all),
                unpriced_calls: total.spent.unpriced_calls,
                tokens: Mean::new(total.spent.tokens() as f64, all),
                working_hours: Mean::new(hours(total.working_ms), all),
                waiting_hours: Mean::new(hours(total.waiting_ms), all),
                ratings: means(&ratings),
                survey: means(&total.survey),
                surveyed: Share::new(total.surveyed, all),
            });
        }
    }
    Trend { version: VERSION, live, rows }
}

fn hours(ms: u64) -> f64 {
    ms as f64 / 3_600_000.0
}

fn means(rated: &BTreeMap<String, Rated>) -> BTreeMap<String, Mean> {
    let mean = |(name, rated): (&String, &Rated)| {
        Some((name.clone(), Mean::new(rated.sum as f64, rated.count)?))
    };
    rated.iter().filter_map(mean).collect()
}
