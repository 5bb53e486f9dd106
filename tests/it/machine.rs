//! Executes the state machine that `generate` writes. Its tasks and functions are stand-ins that
//! follow a script.

use crate::support::rig::{Course, execute, machine};
use crate::support::{edited, root};

/// The states of a phase without problems.
fn well(phase: &str) -> Vec<String> {
    ["swarm", "swarm.next", "review", "review.next", "gate", "gate.next"]
        .map(|state| format!("{phase}.{state}"))
        .to_vec()
}

/// Compares all states of a course: single names, and `PHASE..` for a phase without problems.
#[track_caller]
fn assert_visits(course: &Course, states: &[&str]) {
    let spelled = states
        .iter()
        .flat_map(|name| name.strip_suffix("..").map_or_else(|| vec![(*name).to_owned()], well));
    let expected: Vec<String> =
        ["begin", "enter"].map(str::to_owned).into_iter().chain(spelled).collect();
    assert_eq!(course.states, expected);
}

#[track_caller]
fn one(execution: crate::support::rig::Execution) -> Course {
    execute(&[execution]).pop().expect("a course")
}

#[test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
fn all_six_phases_succeed_despite_recoverable_failures() {
    let course = one(machine(&root())
        .then(&["discovery.swarm finished", "discovery.review passed", "discovery.gate revised"])
        .well(&["discovery"])
        .then(&[
            "architecture.swarm asked",
            "architecture.question answered",
            "architecture.swarm finished",
        ])
        .then(&[
            "architecture.review faulted",
            "architecture.swarm finished",
            "architecture.review passed",
        ])
        .then(&[
            "architecture.gate approved",
            "poc.swarm silent",
            "poc.swarm failed",
            "poc.swarm parked",
            "poc.swarm finished",
        ])
        .then(&[
            "poc.review !CloudCrew.Parked",
            "poc.review !Runtime.ExitError",
            "poc.review passed",
            "poc.gate approved",
        ])
        .then(&[
            "production.swarm finished",
            "production.review faulted",
            "production.swarm limit",
            "production.swarm finished",
        ])
        .then(&["production.review faulted", "production.gate approved"])
        // Lambda itself is busy for a moment: the retry is not a visit.
        .then(&[
            "handoff.swarm finished",
            "handoff.review !Lambda.TooManyRequestsException",
            "handoff.review passed",
        ])
        .then(&["handoff.gate !Lambda.ServiceException", "handoff.gate approved"])
        .then(&["retrospective.swarm finished", "finalize !SummaryFailed"]));
    assert_eq!(course.end, "SUCCEEDED");
    let discovery =
        [&well("discovery")[..], &["discovery.revise".into()], &well("discovery")].concat();
    let mut expected: Vec<&str> = discovery.iter().map(String::as_str).collect();
    expected.extend([
        "architecture.swarm",
        "architecture.swarm.next",
        "architecture.question",
        "architecture.swarm",
    ]);
    expected.extend([
        "architecture.swarm.next",
        "architecture.review",
        "architecture.review.next",
        "architecture.rework",
    ]);
    expected.push("architecture..");
    // The first container never reports: the service starts another, in the same state.
    expected.extend([
        "poc.swarm",
        "poc.swarm",
        "poc.swarm.next",
        "poc.retry",
        "poc.swarm",
        "poc.swarm.next",
        "poc.park",
    ]);
    expected.extend([
        "poc.swarm",
        "poc.swarm.next",
        "poc.review",
        "poc.review",
        "poc.review",
        "poc.review.next",
    ]);
    expected.extend([
        "poc.gate",
        "poc.gate.next",
        "production.swarm",
        "production.swarm.next",
        "production.review",
    ]);
    expected.extend([
        "production.review.next",
        "production.rework",
        "production.swarm",
        "production.swarm.next",
        "production.retry",
    ]);
    // After the only allowed rework, remaining problems are shown at the gate.
    expected.extend([
        "production..",
        "handoff..",
        "retrospective.swarm",
        "retrospective.swarm.next",
        "finalize",
        "done",
    ]);
    assert_visits(&course, &expected);
}

#[test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
fn the_machine_can_start_at_any_phase_and_be_cancelled_at_a_wait() {
    let courses = execute(&[
        machine(&root()).entry("handoff").then(&[
            "handoff.swarm finished",
            "handoff.review passed",
            "handoff.gate !CloudCrew.Cancelled",
        ]),
        machine(&root())
            .entry("poc")
            .then(&["poc.swarm asked", "poc.question !CloudCrew.Cancelled"]),
        machine(&root()).entry("retrospective").then(&["retrospective.swarm cancelled"]),
    ]);
    let ends: Vec<&str> = courses.iter().map(|c| c.end.as_str()).collect();
    assert_eq!(ends, ["CloudCrew.Cancelled"; 3]);
    let handoff = [
        "handoff.swarm",
        "handoff.swarm.next",
        "handoff.review",
        "handoff.review.next",
        "handoff.gate",
        "cancelled",
    ];
    assert_visits(&courses[0], &handoff);
    assert_visits(&courses[1], &["poc.swarm", "poc.swarm.next", "poc.question", "cancelled"]);
    assert_visits(&courses[2], &["retrospective.swarm", "retrospective.swarm.next", "cancelled"]);
}

#[test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
fn an_undecided_gate_ends_as_the_workspace_says() {
    let (stops, goes_on) = (edited(), edited());
    stops.set("phases/handoff.yaml", "gate.expires_after", "72h");
    goes_on.set("phases/handoff.yaml", "gate.expires_after", "72h").set(
        "phases/handoff.yaml",
        "gate.on_expiry",
        "approve",
    );
    for workspace in [&stops, &goes_on] {
        workspace.run(&["generate"]).exits(0);
    }
    let undecided = ["handoff.swarm finished", "handoff.review passed", "handoff.gate expired"];
    let courses = execute(&[
        machine(stops.workspace()).entry("handoff").then(&undecided).then(&["expired.record"]),
        machine(goes_on.workspace())
            .entry("handoff")
            .then(&undecided)
            .then(&["retrospective.swarm finished", "finalize"]),
    ]);
    let handoff = [
        "handoff.swarm",
        "handoff.swarm.next",
        "handoff.review",
        "handoff.review.next",
        "handoff.gate",
        "handoff.gate.next",
    ];
    assert_eq!(
        (courses[0].end.as_str(), courses[1].end.as_str()),
        ("CloudCrew.Expired", "SUCCEEDED")
    );
    assert_visits(&courses[0], &[&handoff[..], &["expired.record", "expired"]].concat());
    let on = ["retrospective.swarm", "retrospective.swarm.next", "finalize", "done"];
    assert_visits(&courses[1], &[&handoff[..], &on].concat());
}

#[test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
fn a_phase_that_fails_permanently_ends_the_engagement() {
    let crew = edited();
    crew.edit("phases/poc.yaml", "\ntask:", "\nrestart: { max_attempts: 1 }\ntask:");
    crew.run(&["generate"]).exits(0);
    let courses = execute(&[
        // One retry is allowed; the second failure is final.
        machine(&root()).entry("poc").then(&[
            "poc.swarm failed",
            "poc.swarm limit",
            "failed.record",
        ]),
        // A budget is used up. Failing to record it does not block the end.
        machine(&root()).entry("poc").then(&["poc.swarm exhausted", "failed.record !NotRecorded"]),
        // The count of deaths restarts each time the state is entered.
        machine(crew.workspace())
            .entry("poc")
            .then(&["poc.swarm silent", "poc.swarm parked"])
            .then(&["poc.swarm silent", "poc.swarm silent", "failed.record"]),
    ]);
    let ends: Vec<&str> = courses.iter().map(|c| c.end.as_str()).collect();
    assert_eq!(ends, ["CloudCrew.Failed"; 3]);
    let twice = [
        "poc.swarm",
        "poc.swarm.next",
        "poc.retry",
        "poc.swarm",
        "poc.swarm.next",
        "failed.record",
        "failed",
    ];
    assert_visits(&courses[0], &twice);
    assert_visits(&courses[1], &["poc.swarm", "poc.swarm.next", "failed.record", "failed"]);
    let deaths = [
        "poc.swarm",
        "poc.swarm",
        "poc.swarm.next",
        "poc.park",
        "poc.swarm",
        "poc.swarm",
        "failed.record",
        "failed",
    ];
    assert_visits(&courses[2], &deaths);
}
