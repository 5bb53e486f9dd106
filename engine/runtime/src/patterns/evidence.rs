//! The evidence for a pattern, and the rule by which it is promoted and demoted.
//!
//! A use counts when live models took part, a person decided about its phase, and the engagement
//! neither contributed the pattern nor has counted before. It succeeded when the person requested
//! no changes. No agent says so about its own work.
//!
//! One success makes a draft a candidate. A candidate is promoted, when someone asks for it, with
//! at least three counted uses of which more than 80% succeeded. The same rule demotes it,
//! immediately.

use std::collections::{BTreeMap, BTreeSet};

use cloudcrew_ports::pattern::{PatternEvent, UseOutcome};
use schemars::JsonSchema;
use serde::Serialize;

use crate::metrics::stats::wilson;

/// Counted uses that a promotion needs.
const USES: u64 = 3;

/// The tier of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A person withdrew it: it is no longer offered to anyone.
    Withdrawn,
    /// Nothing is known about it.
    Draft,
    /// It has succeeded.
    Candidate,
    /// It has proved itself.
    Proven,
}

impl Tier {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Withdrawn => "withdrawn",
            Tier::Draft => "draft",
            Tier::Candidate => "candidate",
            Tier::Proven => "proven",
        }
    }
}

/// The evidence for a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// Its tier.
    pub tier: Tier,
    /// All uses, counted or not.
    pub times_used: u64,
    /// Counted uses: engagements in which a person decided.
    pub counted: u64,
    /// Counted uses that succeeded.
    pub succeeded: u64,
    /// Lower bound of its success rate, with 95% confidence.
    pub lower_bound: f64,
}

/// Whether the counted uses are enough.
fn suffices(succeeded: u64, counted: u64, min_lower_bound: Option<f64>) -> bool {
    counted >= USES
        && 5 * succeeded > 4 * counted
        && min_lower_bound.is_none_or(|least| wilson(succeeded, counted).0 >= least)
}

/// The evidence that events amount to.
pub fn evidence(events: &[PatternEvent], min_lower_bound: Option<f64>) -> Evidence {
    let (mut tier, mut counted, mut succeeded) = (Tier::Draft, 0, 0);
    let mut uses = BTreeSet::new();
    // The first decided use of each engagement, as it was decided last.
    let mut engagements: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for event in events {
        match event {
            PatternEvent::Used(used) => {
                uses.insert((&used.project, &used.step));
                let decided = used.outcome != UseOutcome::Undecided;
                if used.live && !used.own && decided {
                    let good = used.outcome == UseOutcome::Success;
                    let first = engagements.entry(&used.project).or_insert((&used.step, good));
                    if first.0 == used.step {
                        first.1 = good;
                    }
                    counted = engagements.len() as u64;
                    succeeded = engagements.values().filter(|(_, good)| *good).count() as u64;
                }
                if tier == Tier::Draft && succeeded > 0 {
                    tier = Tier::Candidate;
                }
                if tier == Tier::Candidate && succeeded == 0 {
                    tier = Tier::Draft;
                }
                if tier == Tier::Proven && !suffices(succeeded, counted, min_lower_bound) {
                    tier = Tier::Candidate;
                }
            }
            // A promotion that the evidence does not support is ignored, whoever wrote it.
            PatternEvent::Promoted { .. } => {
                if tier == Tier::Candidate && suffices(succeeded, counted, min_lower_bound) {
                    tier = Tier::Proven;
                }
            }
            PatternEvent::Withdrawn { .. } => tier = Tier::Withdrawn,
        }
        if tier == Tier::Withdrawn {
            break;
        }
    }
    let lower_bound = (wilson(succeeded, counted).0 * 1000.0).round() / 1000.0;
    Evidence { tier, times_used: uses.len() as u64, counted, succeeded, lower_bound }
}

/// Whether a pattern may be promoted now.
///
/// # Errors
/// Says what is missing.
pub fn may_promote(found: &Evidence, min_lower_bound: Option<f64>) -> Result<(), String> {
    let Evidence { tier, counted, succeeded, .. } = *found;
    match tier {
        Tier::Withdrawn => return Err("it has been withdrawn".to_owned()),
        Tier::Proven => return Err("it is already proven".to_owned()),
        Tier::Draft | Tier::Candidate => {}
    }
    let mut missing = Vec::new();
    if counted < USES {
        missing.push(format!(
            "it has {counted} of the {USES} required uses in which a person decided"
        ));
    }
    if counted > 0 && 5 * succeeded <= 4 * counted {
        missing.push(format!(
            "{succeeded} of {counted} uses were approved without changes; more than 80% are \
             required"
        ));
    }
    if let Some(least) = min_lower_bound
        && wilson(succeeded, counted).0 < least
    {
        let low = wilson(succeeded, counted).0;
        missing.push(format!(
            "the lower bound of its success rate is {low:.4} (95% confidence); `min_lower_bound` \
             requires {least}"
        ));
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}
