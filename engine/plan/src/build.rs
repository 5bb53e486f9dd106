//! Builds the plan of a definition. Every valid definition has one.

use cloudcrew_definition::crew::{Definition, Phase, Workflow};
use cloudcrew_definition::syntax::OnExpiry;

use crate::plan::{Bound, Counter, Kind, Outcome, Plan, SEMANTICS, State, Transition};

/// Builds the plan of a workflow. `None` if the definition has no such workflow, or one without
/// phases.
pub fn build(definition: &Definition, workflow: &str) -> Option<Plan> {
    let workflow = definition.workflow(workflow)?;
    let phases: Vec<&Phase> =
        workflow.phases.iter().filter_map(|name| definition.phase(name)).collect();
    let mut states = Vec::new();
    for (number, phase) in phases.iter().enumerate() {
        let next = match phases.get(number + 1) {
            Some(next) => swarm_name(next),
            None => after_last(workflow).to_owned(),
        };
        PhaseStates { phase, next, before: &phases[..number] }.add_to(&mut states);
    }
    if !workflow.finalize.is_empty() {
        states.push(State {
            name: "finalize".into(),
            kind: Kind::Finalize,
            phase: None,
            on: vec![to(Outcome::Finalized, "done")],
        });
    }
    for kind in [Kind::Done, Kind::Failed, Kind::Cancelled, Kind::Expired] {
        states.push(State { name: kind.name().into(), kind, phase: None, on: Vec::new() });
    }
    let entries: Vec<(String, String)> =
        phases.iter().map(|p| (p.name.clone(), swarm_name(p))).collect();
    let start = entries.first()?.1.clone();
    Some(Plan {
        semantics: SEMANTICS,
        workflow: workflow.name.clone(),
        definition: definition.hash(),
        start,
        entries,
        states,
    })
}

fn after_last(workflow: &Workflow) -> &'static str {
    if workflow.finalize.is_empty() { "done" } else { "finalize" }
}

fn swarm_name(phase: &Phase) -> String {
    format!("{}.swarm", phase.name)
}

fn to(on: Outcome, state: impl Into<String>) -> Transition {
    Transition { on, to: state.into(), bound: None, resets: Vec::new(), again: Vec::new() }
}

/// The states of one phase.
struct PhaseStates<'a> {
    phase: &'a Phase,
    next: String,
    /// The phases before it, in order.
    before: &'a [&'a Phase],
}

impl PhaseStates<'_> {
    fn add_to(&self, states: &mut Vec<State>) {
        states.push(self.state(Kind::Swarm, self.swarm()));
        states.push(self.state(
            Kind::Question,
            vec![to(Outcome::Answered, self.name(Kind::Swarm)), cancelled()],
        ));
        states.push(
            self.state(Kind::Park, vec![to(Outcome::Back, self.name(Kind::Swarm)), cancelled()]),
        );
        if self.phase.review.is_some() {
            states.push(self.state(Kind::Review, self.review()));
        }
        if self.phase.gate.is_some() {
            states.push(self.state(Kind::Gate, self.gate()));
        }
    }

    fn state(&self, kind: Kind, on: Vec<Transition>) -> State {
        State { name: self.name(kind), kind, phase: Some(self.phase.name.clone()), on }
    }

    fn name(&self, kind: Kind) -> String {
        format!("{}.{}", self.phase.name, kind.name())
    }

    fn bounded(
        &self,
        on: Outcome,
        counter: Counter,
        max: u32,
        key: &str,
        resets: &[Counter],
    ) -> Transition {
        let key = format!("phases/{}.yaml {key}", self.phase.name);
        Transition {
            on,
            to: self.name(Kind::Swarm),
            bound: Some(Bound { counter, max, key }),
            resets: resets.to_vec(),
            again: Vec::new(),
        }
    }

    fn swarm(&self) -> Vec<Transition> {
        let retries = self.phase.retry.max_attempts;
        let mut on = vec![
            to(Outcome::Finished, self.after_swarm()),
            to(Outcome::Asked, self.name(Kind::Question)),
            to(Outcome::Parked, self.name(Kind::Park)),
        ];
        if !self.phase.deliverables.is_empty() {
            let (counter, max) = (Counter::Deliveries, self.phase.max_deliveries);
            let resets = [Counter::Retries, Counter::Restarts];
            on.push(self.bounded(
                Outcome::Incomplete,
                counter,
                max,
                "deliver.max_attempts",
                &resets,
            ));
            // Missing deliverables are shown at the gate; without a gate nobody would see them.
            on.push(to(
                Outcome::Incomplete,
                if self.phase.gate.is_some() { self.name(Kind::Gate) } else { "failed".into() },
            ));
        }
        for outcome in [Outcome::Limit, Outcome::Failed] {
            on.push(self.bounded(
                outcome,
                Counter::Retries,
                retries,
                "retry.max_attempts",
                &[Counter::Restarts],
            ));
            on.push(to(outcome, "failed"));
        }
        on.push(self.bounded(
            Outcome::Died,
            Counter::Restarts,
            self.phase.max_restarts,
            "restart.max_attempts",
            &[],
        ));
        on.push(to(Outcome::Died, "failed"));
        on.push(to(Outcome::Exhausted, "failed"));
        on.push(cancelled());
        on
    }

    fn after_swarm(&self) -> String {
        if self.phase.review.is_some() { self.name(Kind::Review) } else { self.after_review() }
    }

    fn after_review(&self) -> String {
        if self.phase.gate.is_some() { self.name(Kind::Gate) } else { self.next.clone() }
    }

    fn review(&self) -> Vec<Transition> {
        let reworks = self.phase.review.as_ref().map_or(0, |r| r.max_reworks);
        let review = self.name(Kind::Review);
        let max = self.phase.max_restarts;
        let key = format!("phases/{}.yaml restart.max_attempts", self.phase.name);
        let restart = Bound { counter: Counter::Restarts, max, key };
        vec![
            to(Outcome::Passed, self.after_review()),
            self.bounded(
                Outcome::Faulted,
                Counter::Reworks,
                reworks,
                "review.max_reworks",
                &[Counter::Retries, Counter::Restarts, Counter::Deliveries],
            ),
            // Open findings are shown at the gate; without a gate nobody would see them.
            to(
                Outcome::Faulted,
                if self.phase.gate.is_some() { self.name(Kind::Gate) } else { "failed".into() },
            ),
            to(Outcome::Parked, review.clone()),
            to(Outcome::Limit, "failed"),
            to(Outcome::Failed, "failed"),
            Transition { bound: Some(restart), ..to(Outcome::Died, review) },
            to(Outcome::Died, "failed"),
            to(Outcome::Exhausted, "failed"),
            cancelled(),
        ]
    }

    fn gate(&self) -> Vec<Transition> {
        let Some(gate) = &self.phase.gate else { return Vec::new() };
        let resets = [Counter::Restarts, Counter::Retries, Counter::Reworks, Counter::Deliveries];
        let mut on = vec![
            to(Outcome::Approved, self.next.clone()),
            self.bounded(
                Outcome::Revised,
                Counter::Revisions,
                gate.max_revisions,
                "gate.max_revisions",
                &resets,
            ),
            to(Outcome::Reopened, self.name(Kind::Gate)),
        ];
        on.extend(self.before.iter().enumerate().filter_map(|(number, earlier)| {
            let again = self.before[number..].iter().chain([&self.phase]);
            let again = again.map(|phase| phase.name.clone()).collect();
            let back = self.bounded(
                Outcome::Returned,
                Counter::Revisions,
                gate.max_revisions,
                "gate.max_revisions",
                &[],
            );
            let listed = gate.revise_to.contains(&earlier.name);
            listed.then(|| Transition { to: swarm_name(earlier), again, ..back })
        }));
        if gate.expires_after.is_some() {
            on.push(match gate.on_expiry {
                // The journal escalates; a state machine sees only the second expiry.
                OnExpiry::Stop | OnExpiry::Escalate => to(Outcome::Expired, "expired"),
                OnExpiry::Approve => to(Outcome::Expired, self.next.clone()),
            });
        }
        on.push(cancelled());
        on
    }
}

fn cancelled() -> Transition {
    to(Outcome::Cancelled, "cancelled")
}
