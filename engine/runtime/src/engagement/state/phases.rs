//! What came of a phase so far.

use std::collections::BTreeMap;

use crate::engagement::event::{Finding, VerdictRecord};

/// What came of a phase so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhaseProgress {
    /// Runs that began.
    pub revision: u32,
    /// Swarms that began in the current run, and in all.
    pub swarms: u32,
    /// Visits in all swarms.
    pub visits: Vec<String>,
    /// Findings of the last review; empty when it passed.
    pub findings: Vec<Finding>,
    /// Whether the last review passed.
    pub reviewed: Option<bool>,
    /// The customer's words, run by run.
    pub feedback: Vec<String>,
    /// Object ids that were approved.
    pub approved: Option<Vec<(String, String)>>,
    /// Ratings of the approval.
    pub ratings: Vec<(String, u8)>,
    /// Why the swarm before the one under way came to no good end; absent in a run's first swarm.
    pub earlier: Option<String>,
    /// Verdicts of peers on deliverables: the last of each reviewer on each path.
    pub verdicts: BTreeMap<(String, String), VerdictRecord>,
}
