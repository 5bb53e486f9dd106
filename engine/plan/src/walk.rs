//! Walking from state to state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::{Bound, Counter, Outcome, Plan, Transition};

/// The counters so far, by phase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters(BTreeMap<String, BTreeMap<Counter, u32>>);

impl Counters {
    /// A counter of a phase.
    pub fn get(&self, phase: &str, counter: Counter) -> u32 {
        self.0.get(phase).and_then(|c| c.get(&counter)).copied().unwrap_or(0)
    }

    /// Counts a transition of a phase.
    pub fn take(&mut self, phase: &str, transition: &Transition) {
        for phase in &transition.again {
            if let Some(counters) = self.0.get_mut(phase) {
                counters.retain(|counter, _| *counter == Counter::Revisions);
            }
        }
        let counters = self.0.entry(phase.to_owned()).or_default();
        for counter in &transition.resets {
            counters.remove(counter);
        }
        if let Some(bound) = &transition.bound {
            *counters.entry(bound.counter).or_default() += 1;
        }
    }

    /// Resets all counters of a phase: a person requested another attempt.
    pub fn forget(&mut self, phase: &str) {
        self.0.remove(phase);
    }

    /// Resets one counter: there was progress.
    pub fn reset(&mut self, phase: &str, counter: Counter) {
        if let Some(counters) = self.0.get_mut(phase) {
            counters.remove(&counter);
        }
    }
}

/// A state has no transition for an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoWay {
    /// The state.
    pub state: String,
    /// The outcome.
    pub on: Outcome,
    /// The exhausted bound, if there was a transition.
    pub bound: Option<Bound>,
}

impl Plan {
    /// The transition to take: the first for this outcome whose bound is not exhausted.
    ///
    /// # Errors
    /// Fails if there is none, naming the exhausted bound.
    pub fn next(
        &self,
        state: &str,
        on: Outcome,
        counters: &Counters,
    ) -> Result<&Transition, NoWay> {
        let mut used_up = None;
        let found = self.state(state);
        let phase = found.and_then(|s| s.phase.as_deref()).unwrap_or_default();
        for transition in found.into_iter().flat_map(|s| &s.on).filter(|t| t.on == on) {
            match &transition.bound {
                Some(bound) if counters.get(phase, bound.counter) >= bound.max => {
                    used_up = Some(bound.clone())
                }
                _ => return Ok(transition),
            }
        }
        Err(NoWay { state: state.to_owned(), on, bound: used_up })
    }

    /// The transition that returns the work to an earlier phase.
    ///
    /// # Errors
    /// Fails if the gate `state` cannot return it there, or its bound is exhausted.
    pub fn back(
        &self,
        state: &str,
        phase: &str,
        counters: &Counters,
    ) -> Result<&Transition, NoWay> {
        let on = Outcome::Returned;
        // All ways back share one bound.
        self.next(state, on, counters)?;
        let ways = self.state(state).into_iter().flat_map(|s| &s.on).filter(|t| t.on == on);
        let entry = self.entry(phase);
        let mut back = ways.filter(|t| Some(t.to.as_str()) == entry);
        back.next().ok_or_else(|| NoWay { state: state.to_owned(), on, bound: None })
    }

    /// The phases to which a gate can return the work now, in the order of the plan.
    pub fn returns(&self, state: &str, counters: &Counters) -> Vec<&str> {
        let phases = self.entries.iter().map(|(phase, _)| phase.as_str());
        phases.filter(|phase| self.back(state, phase, counters).is_ok()).collect()
    }

    /// The bound that was exhausted when a fallback transition is taken: the reason for taking it.
    pub fn used_up(&self, state: &str, on: Outcome, counters: &Counters) -> Option<&Bound> {
        let state = self.state(state)?;
        let phase = state.phase.as_deref().unwrap_or_default();
        let bounds = state.on.iter().filter(|t| t.on == on).filter_map(|t| t.bound.as_ref());
        bounds.into_iter().find(|b| counters.get(phase, b.counter) >= b.max)
    }
}
