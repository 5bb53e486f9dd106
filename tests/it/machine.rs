//! The state machine that `generate` writes, executed: its tasks and functions are stand-ins that
//! do what a script says.

use crate::support::rig::{Course, execute, machine};
use crate::support::{edited, root};

/// The states of a phase in which nothing is wrong.
fn well(phase: &str) -> Vec<String> {
    ["swarm", "swarm.next", "review", "review.next", "gate", "gate.next"]
        .map(|state| format!("{phase}.{state}"))
        .to_vec()
}

/// All states of a course: single names, and `PHASE..` for a phase in which nothing is wrong.
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
fn all_six_phases_with_everything_on_the_way_that_does_not_end_them() {
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
        // Lambda itself is busy for a moment: that is tried again and is no visit.
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
    // The first container is never heard of: the service starts another, in the same state.
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
    // Reworked once, as often as it may: what is still wrong is shown at the gate.
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
fn it_can_be_entered_at_any_phase_and_cancelled_where_a_person_is_asked() {
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
fn a_gate_at_which_nobody_decides_ends_as_the_workspace_says() {
    let (stops, goes_on) = (edited(), edited());
    stops.edit("phases/handoff.yaml", "  kind: approval", "  kind: approval\n  expires_after: 72h");
    goes_on.edit(
        "phases/handoff.yaml",
        "  kind: approval",
        "  kind: approval\n  expires_after: 72h\n  on_expiry: approve",
    );
    for workspace in [&stops, &goes_on] {
        workspace.run(&["generate"]).exits(0);
    }
    let silent = ["handoff.swarm finished", "handoff.review passed", "handoff.gate silent"];
    let courses = execute(&[
        machine(stops.workspace()).entry("handoff").then(&silent).then(&["expired.record"]),
        machine(goes_on.workspace())
            .entry("handoff")
            .then(&silent)
            .then(&["retrospective.swarm finished", "finalize"]),
    ]);
    let handoff = [
        "handoff.swarm",
        "handoff.swarm.next",
        "handoff.review",
        "handoff.review.next",
        "handoff.gate",
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
fn a_phase_that_fails_for_good_is_noted_and_ends_the_engagement() {
    let crew = edited();
    crew.edit("phases/poc.yaml", "\nretry:", "\nrestart: { max_attempts: 1 }\nretry:");
    crew.run(&["generate"]).exits(0);
    let courses = execute(&[
        // One new swarm may be tried, and a second failure is one too many.
        machine(&root()).entry("poc").then(&[
            "poc.swarm failed",
            "poc.swarm limit",
            "failed.record",
        ]),
        // A budget is used up; that it cannot be noted holds nothing up.
        machine(&root())
            .entry("poc")
            .then(&["poc.swarm exhausted", "failed.record !Runtime.ExitError"]),
        // Deaths are counted anew each time that the state is entered.
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
