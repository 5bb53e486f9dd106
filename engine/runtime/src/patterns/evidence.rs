//! The evidence for a pattern, and the rule by which it is promoted and demoted.
//!
//! A use counts when live models took part, a person decided about its phase, and the engagement
//! neither contributed the pattern nor has counted before. It succeeded when the person asked for no
//! changes. No agent says so about its own work.
//!
//! One success makes a draft a candidate. A candidate is promoted, when someone asks for it, with at
//! least three counted uses of which more than 80% succeeded. The same rule holds downward, at once.

use std::collections::BTreeSet;

use cloudcrew_ports::pattern::{PatternEvent, UseOutcome};
use schemars::JsonSchema;
use serde::Serialize;

use crate::metrics::stats::wilson;

/// Counted uses that a promotion needs.
const USES: u64 = 3;

/// How far a pattern may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// A person withdrew it: nobody is offered it.
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

/// What speaks for a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// How far it may be trusted.
    pub tier: Tier,
    /// All uses, counted or not.
    pub times_used: u64,
    /// Counted uses: engagements in which a person decided.
    pub counted: u64,
    /// Counted uses that succeeded.
    pub succeeded: u64,
    /// Lower bound of the share of successes, with 95% confidence.
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
    let (mut tier, mut times_used, mut counted, mut succeeded) = (Tier::Draft, 0, 0, 0);
    let mut engagements = BTreeSet::new();
    for event in events {
        match event {
            PatternEvent::Used(used) => {
                times_used += 1;
                let decided = used.outcome != UseOutcome::Undecided;
                if used.live && !used.own && decided && engagements.insert(&used.project) {
                    counted += 1;
                    succeeded += u64::from(used.outcome == UseOutcome::Success);
                }
                if tier == Tier::Draft && succeeded > 0 {
                    tier = Tier::Candidate;
                }
                if tier == Tier::Proven && !suffices(succeeded, counted, min_lower_bound) {
                    tier = Tier::Candidate;
                }
            }
            // One that the evidence does not bear is no promotion, whoever wrote it.
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
    Evidence { tier, times_used, counted, succeeded, lower_bound }
}

/// Whether a pattern may be promoted now.
///
/// # Errors
/// Says what is missing.
pub fn may_promote(found: &Evidence, min_lower_bound: Option<f64>) -> Result<(), String> {
    let Evidence { tier, counted, succeeded, lower_bound, .. } = *found;
    match tier {
        Tier::Withdrawn => return Err("it is withdrawn".to_owned()),
        Tier::Proven => return Err("it is proven already".to_owned()),
        Tier::Draft | Tier::Candidate => {}
    }
    let mut missing = Vec::new();
    if counted < USES {
        missing.push(format!(
            "it was used in {counted} engagements in which a person decided, and {USES} are needed"
        ));
    }
    if counted > 0 && 5 * succeeded <= 4 * counted {
        missing.push(format!(
            "{succeeded} of {counted} were approved without changes, and more than 80% are needed"
        ));
    }
    if let Some(least) = min_lower_bound
        && !suffices(succeeded, counted.max(USES), Some(least))
        && lower_bound < least
    {
        missing.push(format!(
            "the share of successes is at least {lower_bound} with 95% confidence, and \
             `min_lower_bound` is {least}"
        ));
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}
