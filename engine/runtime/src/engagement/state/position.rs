//! The position in the plan: entering states, starting and restarting phases.

use cloudcrew_plan::{Counter, Kind, Outcome, Plan};

use super::State;
use crate::engagement::event::{End, Why};
use crate::engagement::request::RequestKind;

impl State {
    /// Enters a state that [`legal`](super::legal) has checked.
    pub(super) fn enter(&mut self, to: &str, on: Option<Outcome>, resume: Option<String>) {
        let Some(target) = self.plan.state(to).cloned() else { return };
        if let (Some(on), false) = (on, self.at.is_empty()) {
            let phase = self.phase().unwrap_or_default().to_owned();
            let way = match (on, &target.phase) {
                (Outcome::Returned, Some(to)) => self.plan.back(&self.at, to, &self.counters),
                _ => self.plan.next(&self.at, on, &self.counters),
            };
            if let Ok(way) = way.cloned() {
                self.counters.take(&phase, &way);
            }
            if let (Outcome::Returned, Some(to)) = (on, &target.phase) {
                for name in self.again(to, &phase) {
                    self.phases.entry(name).or_default().again = true;
                }
            }
        }
        self.resume = resume;
        // A swarm that only rests continues later.
        let rests = matches!(target.kind, Kind::Question | Kind::Park)
            || matches!(on, Some(Outcome::Answered | Outcome::Back));
        if !rests {
            self.swarm = None;
        }
        if let (Kind::Swarm, Some(phase)) = (target.kind, &target.phase) {
            let progress = self.phases.entry(phase.clone()).or_default();
            let again = std::mem::take(&mut progress.again);
            if progress.revision == 0 || again || on == Some(Outcome::Revised) {
                progress.revision += 1;
                progress.reviewed = None;
                progress.findings.clear();
            }
        }
        if target.kind != Kind::Park {
            self.parked = None;
        }
        self.first.get_or_insert_with(|| to.to_owned());
        if target.phase.is_some() {
            self.last_phase = target.phase;
        }
        let was = std::mem::replace(&mut self.at, to.to_owned());
        self.before = on.map(|on| (was, on));
    }

    /// Keeps the reason why a swarm restarts, for its agents' prompts.
    pub(super) fn restarts(&mut self, on: Option<Outcome>, why: Option<&Why>) {
        let (Some(Kind::Swarm), Some(phase)) = (self.kind(), self.phase().map(str::to_owned))
        else {
            return;
        };
        let earlier = match on {
            // The same swarm continues.
            Some(Outcome::Answered | Outcome::Back | Outcome::Died) => return,
            Some(
                on @ (Outcome::Limit | Outcome::Failed | Outcome::Incomplete | Outcome::Faulted),
            ) => Some(why.map_or_else(|| on.name().to_owned(), |why| why.text.clone())),
            // A retry has already set the reason.
            None if self.phases.get(&phase).is_some_and(|p| p.earlier.is_some()) => return,
            _ => None,
        };
        self.phases.entry(phase).or_default().earlier = earlier;
    }

    /// The phases that run again when the gate of `phase` returns the work to `first`, in the order
    /// of the plan: all that have begun, also later ones if the gate was reopened. Only `phase`
    /// itself if `first` does not come before it.
    pub(super) fn again(&self, first: &str, phase: &str) -> Vec<String> {
        let names = || self.plan.entries.iter().map(|(name, _)| name.as_str());
        let at = |phase: &str| names().position(|name| name == phase);
        match at(first).zip(at(phase)) {
            Some((start, end)) if start < end => {
                let begun = |name: &&str| self.phases.get(*name).is_some_and(|p| p.revision > 0);
                let all = names().enumerate().skip(start);
                let again = all.filter(|(number, name)| *number <= end || begun(name));
                again.map(|(_, name)| name.to_owned()).collect()
            }
            _ => vec![phase.to_owned()],
        }
    }

    /// Voids the approvals of `phase` and later phases; written files stay.
    pub(super) fn retried(&mut self, phase: &str, end: End) {
        let at = self.plan.entries.iter().position(|(name, _)| name == phase).unwrap_or(0);
        let again: Vec<String> =
            self.plan.entries[at..].iter().map(|(name, _)| name.clone()).collect();
        for name in &again {
            if let Some(progress) = self.phases.get_mut(name) {
                progress.approved = None;
                progress.ratings.clear();
                progress.reviewed = None;
            }
            self.counters.forget(name);
        }
        for request in self.requests.iter_mut().filter(|r| again.contains(&r.phase)) {
            // Ask again about gates, open requests and budgets; answered questions stay.
            request.superseded |=
                request.answer.is_none() || !matches!(request.kind, RequestKind::Question { .. });
        }
        self.phases.entry(phase.to_owned()).or_default().earlier = Some(end.text);
        (self.swarm, self.parked, self.resume, self.reason) = (None, None, None, None);
        self.finalized.clear();
        self.at = String::new();
    }

    /// Resets the restart counter when a new step is reached.
    pub(super) fn progressed(&mut self, step: &str) {
        if self.last_step.as_deref() != Some(step) {
            self.last_step = Some(step.to_owned());
            let phase = self.phase().unwrap_or_default().to_owned();
            self.counters.reset(&phase, Counter::Restarts);
        }
    }

    /// Counts the death of a process as a restart of the phase.
    pub(super) fn died(&mut self) {
        let phase = self.phase().unwrap_or_default().to_owned();
        if let Ok(way) = self.plan.next(&self.at, Outcome::Died, &self.counters).cloned() {
            self.counters.take(&phase, &way);
        }
    }

    /// Replaces the plan.
    pub(in crate::engagement) fn repin(&mut self, plan: Plan) {
        self.plan = plan;
    }
}
