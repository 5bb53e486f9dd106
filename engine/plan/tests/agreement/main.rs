//! The exported state machine takes the same path as the plan, for any workflow that a lead can
//! write and any outcomes of its states. The plan is walked with [`Counters`], as the local engine
//! does; the machine by an interpreter of the Amazon States Language that knows nothing of plans
//! and sees only the JSON.

#![allow(clippy::panic, reason = "a test reports what is wrong by failing")]

mod machine;
mod outcomes;
mod path;
mod workspace;

use std::cell::RefCell;
use std::collections::BTreeSet;

use cloudcrew_plan::{Counter, Counters, Kind, Outcome, Plan, build, emit};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use machine::Machine;
use outcomes::{Draw, Happened, Script};
use workspace::Written;

/// Number of workflows unless `CLOUDCREW_WORKFLOWS` is set.
const WORKFLOWS: u32 = 2_000;

/// The path of the plan: each state that was entered, and its outcome.
fn by_plan(plan: &Plan, entry: Option<&str>, script: &mut Script) -> Vec<Happened> {
    let mut counters = Counters::default();
    let mut at = entry.and_then(|phase| plan.entry(phase)).unwrap_or(&plan.start).to_owned();
    let mut happened = Vec::new();
    loop {
        let state = plan.state(&at).expect("a state of the plan");
        // A customer without revisions left is not offered one.
        let leads = |on| {
            plan.next(&at, on, &counters)
                .ok()
                .map(|t| plan.state(&t.to).is_some_and(|s| !s.kind.is_final()))
        };
        let Some(on) = script.outcome(state, leads) else {
            happened.push(Happened { state: at, on: None, to: None });
            return happened;
        };
        let to = (on == Outcome::Returned).then(|| {
            let all = plan.returns(&at, &counters);
            all[script.pick() % all.len()].to_owned()
        });
        let next = match &to {
            Some(phase) => plan.back(&at, phase, &counters),
            None => plan.next(&at, on, &counters),
        };
        let next = next.expect("a way on").clone();
        let phase = state.phase.clone().unwrap_or_default();
        counters.take(&phase, &next);
        if next.to != at {
            // Deaths are counted while there is no progress; leaving a state is progress.
            counters.reset(&phase, Counter::Restarts);
        }
        happened.push(Happened { state: at, on: Some(on), to });
        at = next.to;
    }
}

/// Tests one workflow with one course of events.
fn agrees(written: &Written, draws: &[Draw], seen: &RefCell<BTreeSet<String>>) {
    let definition = written.definition();
    let plan = build(&definition, workspace::WORKFLOW).expect("a plan");
    let entry = written.entry.map(|n| plan.entries[n % plan.entries.len()].0.clone());
    let expected = by_plan(&plan, entry.as_deref(), &mut Script::new(draws));
    let machine = Machine::read(&workspace::rendered(&emit::asl::asl(&plan, &definition)));
    let mut input = json!({ "project": "retail-orders" });
    if let Some(entry) = entry {
        input["entry"] = entry.into();
    }
    let mut answers = outcomes::Answers::new(&plan, &expected, draws);
    let visited = machine.run(input, &mut |task| answers.to(task));
    let states: Vec<&str> =
        visited.iter().filter(|name| plan.state(name).is_some()).map(String::as_str).collect();
    let expected_states: Vec<&str> = expected.iter().map(|h| h.state.as_str()).collect();
    assert_eq!(states, expected_states, "the machine on the left, the plan on the right");
    let mut seen = seen.borrow_mut();
    for Happened { state, on, .. } in &expected {
        let kind = plan.state(state).map(|s| s.kind).expect("a state");
        seen.insert(format!("{} {}", kind.name(), on.map_or("", |on| on.name())).trim().to_owned());
    }
    seen.extend(
        visited.iter().filter_map(|name| name.split_once('.')).map(|(_, what)| what.to_owned()),
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the duration of the test is set from outside")]
fn the_machine_takes_the_same_path_as_the_plan() {
    let cases = std::env::var("CLOUDCREW_WORKFLOWS")
        .ok()
        .map_or(WORKFLOWS, |n| n.parse().expect("a number"));
    let seed: u64 =
        std::env::var("CLOUDCREW_SEED").ok().map_or(1, |n| n.parse().expect("a number"));
    let seen = RefCell::new(BTreeSet::new());
    // The same seed gives the same workflows and courses, so that a failure can be reproduced.
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let chance = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, ..Config::default() },
        chance,
    );
    let courses = (workspace::any(), prop::collection::vec(outcomes::any(), 0..30));
    let result = runner.run(&courses, |(written, draws)| {
        agrees(&written, &draws, &seen);
        Ok(())
    });
    if let Err(fault) = result {
        panic!("seed {seed}: {fault}");
    }
    let missed: Vec<&str> =
        WHAT_CAN_HAPPEN.into_iter().filter(|what| !seen.borrow().contains(*what)).collect();
    assert!(cases < WORKFLOWS || missed.is_empty(), "never happened: {missed:?}");
}

/// Each kind of state with each of its outcomes, each end, and each counting state.
const WHAT_CAN_HAPPEN: [&str; 38] = [
    "swarm finished",
    "swarm incomplete",
    "swarm asked",
    "swarm parked",
    "swarm limit",
    "swarm failed",
    "swarm died",
    "swarm exhausted",
    "swarm cancelled",
    "question answered",
    "question cancelled",
    "park back",
    "review passed",
    "review faulted",
    "review parked",
    "review limit",
    "review failed",
    "review died",
    "review exhausted",
    "review cancelled",
    "gate approved",
    "gate revised",
    "gate returned",
    "gate reopened",
    "gate expired",
    "gate cancelled",
    "finalize finalized",
    "done",
    "failed",
    "cancelled",
    "expired",
    "retry",
    "rework",
    "revise",
    "return.1",
    "deliver",
    "record",
    "park",
];

#[test]
fn every_outcome_of_the_plan_is_listed() {
    let written = workspace::Written::full();
    let plan = build(&written.definition(), workspace::WORKFLOW).expect("a plan");
    for state in &plan.states {
        for transition in &state.on {
            let what = format!("{} {}", state.kind.name(), transition.on.name());
            // While the machine waits for a provider, nothing runs that could notice: the resumed
            // swarm ends as cancelled.
            let unheard = state.kind == Kind::Park && what == "park cancelled";
            assert!(unheard || WHAT_CAN_HAPPEN.contains(&what.as_str()), "`{what}` is not covered");
        }
    }
}
