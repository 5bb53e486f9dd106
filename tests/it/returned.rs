//! The customer returns the work to an earlier phase, and the engagement goes on from there.

use serde_json::Value;

use crate::support::{Crew, edited};

/// The crew with a gate after the proof of concept that may return the work.
fn returning() -> Crew {
    let crew = edited();
    crew.set("phases/poc.yaml", "gate.revise_to", "[discovery, architecture]");
    crew.set("phases/poc.yaml", "gate.max_revisions", "1");
    crew
}

/// The gates at which the engagement waited, with their revisions.
fn gates(crew: &Crew) -> Vec<String> {
    let events = crew.journal().into_iter().filter(|(_, kind, _)| kind == "request_opened");
    events
        .map(|(_, _, event)| {
            let event: Value = serde_json::from_str(&event).expect("an event");
            event["id"].as_str().expect("an id").to_owned()
        })
        .collect()
}

#[test]
fn all_phases_from_there_on_run_again_and_are_approved_again() {
    let crew = returning();
    crew.run(&["check"]).exits(0);
    crew.run(&["plan"]).exits(0).says("at most once, also from discovery or architecture on");
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["approve", "demo"]).exits(10);
    crew.run(&["revise", "demo", "no", "--to", "discovery"])
        .exits(2)
        .says("cannot return the work to `discovery`; only this phase can run again");
    crew.run(&["approve", "demo"]).exits(10).says("the poc gate");
    crew.run(&["inbox"]).exits(0).says("--to discovery|architecture");
    crew.run(&["revise", "demo", "no", "--to", "handoff"])
        .exits(2)
        .says("choose one of discovery, architecture");
    let words = "The orders must survive a regional outage";
    crew.run(&["revise", "demo", words, "--to", "architecture"])
        .exits(10)
        .says("the architecture gate");
    crew.run(&["show", "demo"]).exits(0).says("run 2");
    crew.run(&["ledger", "demo"]).exits(0).says("The customer returns poc to architecture");
    let told = |crew: &Crew| {
        let began = crew.journal().into_iter().filter(|(_, kind, _)| kind == "swarm_began");
        began.filter(|(_, _, swarm)| swarm.contains(words)).count()
    };
    let before = told(&crew);
    assert!(before > 0, "the crew of the architecture reads the customer's words");
    crew.run(&["approve", "demo"]).exits(10).says("the poc gate");
    assert!(told(&crew) > before, "and so does the crew of the proof of concept");
    // A return counts as a request for changes.
    crew.run(&["revise", "demo", "again", "--to", "architecture"])
        .exits(2)
        .says("no revisions left");
    crew.run(&["approve", "demo"]).exits(10).says("the production gate");
    let asked = gates(&crew);
    let expected = ["discovery-1", "architecture-1", "poc-1", "architecture-2", "poc-2"];
    assert_eq!(asked[..5], expected);
    // What was approved twice is compared with the first approval.
    let shown = crew.run(&["show", "demo", "--format", "json"]).json();
    assert_eq!(shown["phases"][1]["revision"], 2, "{shown:#}");
    assert_eq!(shown["phases"][0]["revision"], 1);
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
}

#[test]
fn a_rehearsed_customer_returns_the_work() {
    let crew = returning();
    crew.write(
        "rehearsals/returned.yaml",
        "version: 1\nrehearsal: returned\nworkflow: delivery\nsow: \
         examples/sow/retail-orders.md\ngates:\n  - { phase: poc, revises: Keep it in Europe, to: \
         discovery }\nexpect:\n  phases: [discovery, architecture, poc, discovery, architecture, \
         poc, production, handoff, retrospective]\n",
    );
    crew.run(&["check"]).exits(0);
    crew.run(&["test", "returned"]).exits(0);
    crew.edit("rehearsals/returned.yaml", "to: discovery", "to: production");
    crew.run(&["check"]).exits(1).says("cannot return the work to `production`");
}
