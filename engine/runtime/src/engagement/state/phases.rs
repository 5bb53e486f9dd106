//! The progress of a phase.

use std::collections::{BTreeMap, BTreeSet};

use crate::engagement::event::{Finding, VerdictRecord};

/// The progress of a phase.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhaseProgress {
    /// The current run, from 1; 0 before the first.
    pub revision: u32,
    /// Whether it runs again when it is entered, because the customer returned the work.
    pub(super) again: bool,
    /// Number of swarms started for this phase.
    pub swarms: u32,
    /// Agents of all visits in all swarms, in order.
    pub visits: Vec<String>,
    /// Number of visits before each of the swarms that had one.
    pub(super) starts: Vec<usize>,
    /// Findings of the last review or check; empty when it passed.
    pub findings: Vec<Finding>,
    /// Whether the last review passed.
    pub reviewed: Option<bool>,
    /// The customer's feedback, run by run.
    pub feedback: Vec<String>,
    /// Approved files: path and object id.
    pub approved: Option<Vec<(String, String)>>,
    /// Ratings of the approval.
    pub ratings: Vec<(String, u8)>,
    /// Why the previous swarm failed; absent in a run's first swarm.
    pub earlier: Option<String>,
    /// Steps of the change to the next phase that were done: what ended, name of the step.
    pub transitions: BTreeSet<(String, String)>,
    /// The last verdict of each reviewer on each deliverable, by path and reviewer.
    pub verdicts: BTreeMap<(String, String), VerdictRecord>,
}

impl PhaseProgress {
    /// The way of the work, swarm by swarm: `pm → sa; again: pm`. Empty before the first visit.
    pub fn route(&self) -> String {
        let ends = self.starts.iter().copied().skip(1).chain([self.visits.len()]);
        let swarms = self.starts.iter().zip(ends).map(|(start, end)| {
            self.visits.get(*start..end).map(|visits| visits.join(" → ")).unwrap_or_default()
        });
        swarms.collect::<Vec<_>>().join("; again: ")
    }
}
