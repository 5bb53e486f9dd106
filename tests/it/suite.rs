//! Tests of a workspace: rehearsals that state an expected outcome.

use crate::support::{crew, edited};

#[test]
fn the_shipped_suite_passes_and_reads_like_documentation() {
    let done =
        crew().run(&["test"]).exits(0).says("ok   silent-customer").says("one reminder is sent");
    let last = done.out.lines().last().expect("a line");
    assert!(last.ends_with(" passed, 0 failed") && !last.starts_with("0 "), "{last}");
}

#[test]
fn an_unmet_expectation_is_reported_at_its_word() {
    let crew = edited();
    crew.edit("rehearsals/revision.yaml", "[discovery, discovery,", "[discovery,")
        .edit("rehearsals/revision.yaml", "[sa]", "[sa, dev]")
        .edit(
            "rehearsals/silent-customer.yaml",
            "reminders: 1",
            "reminders: 2\n  cost_at_most: 0.01",
        )
        .edit("rehearsals/question.yaml", "completed", "waiting");
    let report = crew.folder.path().join("report.xml");
    crew.run(&[
        "test",
        "revision",
        "rehearsals/silent-customer.yaml",
        "question.yaml",
        "--junit",
        report.to_str().expect("a path"),
    ])
    .exits(1)
    .says("FAIL revision")
    .says(
        "got [discovery, discovery, architecture, poc, production, handoff, \
        retrospective]",
    )
    .says("`dev` did not pass `docs/project-plan/plan.md`; it was passed by sa")
    .says("expected 2 reminders, got 1")
    .says("expected a cost of at most $0.01, got $")
    .says("expected waiting, got completed")
    .says("rehearsals/revision.yaml:12:11: ")
    .says("0 passed, 3 failed");
    let xml = std::fs::read_to_string(report).expect("a report");
    assert!(xml.contains("failures=\"3\"") && xml.contains("testcase name=\"revision\""), "{xml}");
}

#[test]
fn what_happened_is_accepted_where_it_is_a_plain_value() {
    let crew = edited();
    crew.edit("rehearsals/revision.yaml", "[discovery, discovery,", "[discovery,")
        .edit("rehearsals/revision.yaml", "[sa]", "[sa, dev]")
        .edit("rehearsals/silent-customer.yaml", "reminders: 1", "reminders: 2")
        .edit("rehearsals/question.yaml", "completed", "waiting");
    let right = |name: &str| crate::support::crew().read(name);
    let named = ["revision", "silent-customer", "question"];
    crew.run(&[&["test", "--accept"][..], &named].concat())
        .exits(1)
        .says("-  phases: [discovery, architecture,")
        .says("+  phases: [discovery, discovery, architecture,")
        .says("+  reminders: 1")
        .says("not accepted: 1 expectation about messages, files or costs");
    for name in ["rehearsals/silent-customer.yaml", "rehearsals/question.yaml"] {
        assert_eq!(crew.read(name), right(name));
    }
    crew.run(&[&["test"][..], &named].concat()).exits(1).says("2 passed, 1 failed");
    crew.edit("rehearsals/revision.yaml", "[sa, dev]", "[sa]");
    crew.run(&[&["test", "--accept"][..], &named].concat()).exits(0).says("3 passed, 0 failed");
}

#[test]
fn phases_in_a_block_are_accepted_as_well() {
    let crew = edited();
    let all = "[discovery, architecture, poc, production, handoff, retrospective]";
    let block = "\n    - discovery\n    - architecture";
    crew.edit("rehearsals/delivery.yaml", all, block);
    crew.run(&["test", "--accept", "delivery"]).exits(1).says(all);
    crew.run(&["check"]).exits(0);
    crew.run(&["test", "delivery"]).exits(0);
}

#[test]
fn a_rehearsal_can_let_a_gate_expire() {
    let crew = edited();
    crew.set("phases/poc.yaml", "gate.expires_after", "20h")
        .set("phases/poc.yaml", "gate.remind_after", "10h")
        .edit(
            "rehearsals/silent-customer.yaml",
            "outcome: completed",
            "outcome: expired\n  says: poc",
        );
    crew.run(&["test", "silent-customer"]).exits(0).says("1 passed, 0 failed");
}

#[test]
fn invalid_definitions_and_unknown_names_prevent_testing() {
    let crew = edited();
    crew.run(&["test", "nowhere.yaml"]).exits(2).says("no test named `nowhere.yaml`");
    crew.edit("phases/poc.yaml", "entry: dev", "entry: dve");
    crew.run(&["test"]).exits(1).says("nothing was tested").says("no agent named `dve`");
}

#[test]
fn a_rehearsal_brings_its_own_statement_of_work() {
    let crew = edited();
    crew.run(&["run", "--rehearsal", "question", "--project", "demo", "--approve", "all"])
        .exits(0)
        .says("all phases are done");
    crew.run(&["run", "--project", "other"]).exits(2).says("--sow FILE");
}

#[test]
fn a_rehearsal_with_errors_does_not_prevent_a_run() {
    let crew = crate::support::edited();
    crew.edit("rehearsals/revision.yaml", "version: 1", "version: 1\nnonsense: true");
    crew.run(&["check"]).exits(1).says("nonsense");
    crew.run(&["test"]).exits(1).says("nonsense");
    crew.run(&["plan"]).exits(0).says("ignoring files with errors: rehearsals/revision.yaml");
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["run", "--rehearsal", "revision", "--project", "other"])
        .exits(2)
        .says("no rehearsal named `revision`");
}
