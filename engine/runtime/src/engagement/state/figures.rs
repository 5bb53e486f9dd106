//! What the work took, besides tokens: time, turns, detours.

use std::collections::BTreeMap;

use cloudcrew_plan::{Kind, Outcome};

use super::State;
use crate::swarm::Input;

/// What the work took, by phase and agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// By phase and agent.
    pub work: BTreeMap<(String, String), Worked>,
    /// By phase.
    pub phases: BTreeMap<String, Course>,
}

/// The work of an agent in a phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Visits.
    pub visits: u32,
    /// Model replies.
    pub turns: u32,
    /// Tool results.
    pub tools: u32,
    /// Active time, in milliseconds.
    pub active_ms: u64,
}

/// The course of a phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Course {
    /// How often its review sent it back.
    pub reworks: u32,
    /// How often it started again after a limit or a failure.
    pub retries: u32,
    /// How often it was sent back because something was missing.
    pub returns: u32,
}

impl State {
    /// Counts how a state was entered. The state is the new one.
    pub(super) fn counted_entry(&mut self, on: Option<Outcome>) {
        let Some(phase) = self.phase().map(str::to_owned) else { return };
        let swarm = self.kind() == Some(Kind::Swarm);
        let course = self.figures.phases.entry(phase).or_default();
        match on {
            Some(Outcome::Faulted) if swarm => course.reworks += 1,
            Some(Outcome::Limit | Outcome::Failed) if swarm => course.retries += 1,
            Some(Outcome::Incomplete) if swarm => course.returns += 1,
            _ => {}
        }
    }

    /// Counts a step of the current visit.
    pub(super) fn counted_step(&mut self, input: &Input, elapsed_ms: u64) {
        let Some(phase) = self.phase().map(str::to_owned) else { return };
        let Some(agent) = self.swarm.as_ref().and_then(|run| run.visits.last().cloned()) else {
            return;
        };
        let worked = self.figures.work.entry((phase, agent)).or_default();
        worked.active_ms = worked.active_ms.saturating_add(elapsed_ms);
        match input {
            Input::VisitOpened { .. } => worked.visits += 1,
            Input::Reply(_) => worked.turns += 1,
            Input::ToolResult { .. } => worked.tools += 1,
            _ => {}
        }
    }
}
