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
    crew.run(&["check"]).exits(1).says("does not run `production` before `poc`");
}

/// Someone else changes a file on the branch.
fn changed_by_others(crew: &Crew, file: &str) {
    let repo = crew.home().join("repos/demo.git");
    let script = format!(
        "git read-tree cloudcrew/demo; b=$(echo changed | git hash-object -w --stdin); git \
         update-index --add --cacheinfo 100644,$b,{file}; t=$(git write-tree); c=$(git \
         commit-tree $t -p cloudcrew/demo -m other); git update-ref refs/heads/cloudcrew/demo $c"
    );
    let done = std::process::Command::new("sh")
        .args(["-c", &script])
        .envs([("GIT_AUTHOR_NAME", "o"), ("GIT_AUTHOR_EMAIL", "o@example.org")])
        .envs([("GIT_COMMITTER_NAME", "o"), ("GIT_COMMITTER_EMAIL", "o@example.org")])
        .current_dir(repo)
        .status()
        .expect("sh starts");
    assert!(done.success());
}

#[test]
fn a_reopened_gate_returns_what_came_after_it_too() {
    let crew = returning();
    crew.set("phases/architecture.yaml", "gate.revise_to", "[discovery]");
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["approve", "demo"]).exits(10);
    crew.run(&["approve", "demo"]).exits(10).says("the poc gate");
    changed_by_others(&crew, "docs/architecture/architecture.md");
    crew.run(&["approve", "demo"]).exits(10).says("the architecture gate");
    crew.run(&["revise", "demo", "Begin again", "--to", "discovery"]).exits(10);
    crew.run(&["approve", "demo"]).exits(10).says("the architecture gate");
    // Its files are as they were approved, and it is asked about all the same.
    crew.run(&["approve", "demo"]).exits(10).says("the poc gate");
    crew.run(&["show", "demo"]).exits(0).says("poc, run 2");
    crew.run(&["approve", "demo"]).exits(10).says("the production gate");
}

#[test]
fn a_retry_does_not_skip_what_was_returned() {
    let crew = returning();
    crew.set("phases/discovery.yaml", "gate.expires_after", "4s");
    crew.edit("agents.yaml", "    remind_after: 24h", "    # remind_after: 24h");
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["approve", "demo"]).exits(10);
    crew.run(&["approve", "demo"]).exits(10);
    crew.run(&["revise", "demo", "Begin again", "--to", "discovery"]).exits(10);
    std::thread::sleep(std::time::Duration::from_secs(5));
    crew.run(&["resume", "demo"]).exits(12);
    crew.run(&["retry", "demo", "--from", "poc"])
        .exits(2)
        .says("is at `discovery`, to which the work was returned");
    crew.run(&["retry", "demo"]).exits(10).says("the discovery gate");
}

#[test]
fn a_variant_without_the_phase_cannot_return_to_it() {
    let crew = returning();
    let workflow = crew.read("workflows/delivery.yaml");
    let variants = "variants:\n  build: { without: [architecture] }\n";
    crew.write("workflows/delivery.yaml", &(workflow + variants));
    let rehearsal = "version: 1\nrehearsal: returned\nworkflow: delivery-build\nsow: \
                     examples/sow/retail-orders.md\ngates:\n  - { phase: poc, revises: Not so, to: \
                     architecture }\n";
    crew.write("rehearsals/returned.yaml", rehearsal);
    crew.run(&["check"]).exits(1).says("does not run `architecture` before `poc`");
    std::fs::remove_file(crew.workspace().join("rehearsals/returned.yaml")).expect("removed");
    let sow = crate::support::root().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().expect("a path");
    crew.run(&["run", "delivery-build", "--project", "demo", "--sow", sow]).exits(10);
    crew.run(&["approve", "demo"]).exits(10).says("the poc gate");
    crew.run(&["revise", "demo", "no", "--to", "architecture"])
        .exits(2)
        .says("choose one of discovery");
}

#[test]
fn phases_that_the_engagement_skipped_are_not_offered() {
    let crew = returning();
    crew.start("retail-orders.md", &["--from", "poc"]).exits(10);
    crew.run(&["revise", "demo", "no", "--to", "discovery"])
        .exits(2)
        .says("only this phase can run again");
}
