//! `retry` continues on the same branch with earlier approvals, and tells the crew what failed.

use crate::support::{Crew, edited};

/// A crew whose architecture phase fails at a limit, after a person approved discovery.
fn failed() -> Crew {
    let crew = edited();
    crew.set("phases/architecture.yaml", "swarm.max_turns", "2");
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["approve", "demo", "--rating", "quality=4"])
        .exits(1)
        .says("phases/architecture.yaml swarm.max_turns");
    crew
}

fn kinds(crew: &Crew, kind: &str) -> usize {
    crew.journal().iter().filter(|(_, of, _)| of == kind).count()
}

#[test]
fn retry_uses_the_current_limit() {
    let crew = failed();
    let before = crew.git(&["rev-list", "--count", "cloudcrew/demo"]);
    crew.set("phases/architecture.yaml", "swarm.max_turns", "100");
    crew.run(&["retry", "demo"])
        .exits(10)
        .says(
            "with the current definitions, because it ended at phases/architecture.yaml \
            swarm.max_turns",
        )
        .says("is waiting at the architecture gate");
    let show = crew.run(&["show", "demo", "--format", "json"]).json();
    assert_eq!(show["phases"][0]["ratings"][0][0], "quality", "discovery stays approved: {show}");
    let commits = |crew: &Crew| {
        crew.git(&["rev-list", "--count", "cloudcrew/demo"]).parse::<usize>().expect("a number")
    };
    assert!(commits(&crew) > before.parse().expect("a number"), "it continued on the same branch");
    let informed = crew
        .prompts()
        .iter()
        .any(|prompt| prompt.contains("What happened before") && prompt.contains("max_turns"));
    assert!(informed, "the new swarm knows why the last one ended");
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
    assert_eq!(kinds(&crew, "repinned"), 1);
}

#[test]
fn retry_with_pinned_definitions_fails_again() {
    let crew = failed();
    crew.set("phases/architecture.yaml", "swarm.max_turns", "100");
    crew.run(&["retry", "demo", "--definitions", "pinned"]).exits(1).says("swarm.max_turns");
    assert_eq!(kinds(&crew, "repinned"), 0);
    crew.run(&["retry", "demo", "--approve", "all"]).exits(0).says("docs/engagement-summary.md");
    assert_eq!((kinds(&crew, "ended"), kinds(&crew, "retried")), (3, 2));
}

#[test]
fn retry_from_an_earlier_phase_voids_its_approval() {
    let crew = failed();
    crew.set("phases/architecture.yaml", "swarm.max_turns", "100");
    crew.run(&["retry", "demo", "--from", "poc"]).exits(2).says("never reached a phase `poc`");
    crew.run(&["retry", "demo", "--from", "discovery"])
        .exits(10)
        .says("is waiting at the discovery gate");
    let show = crew.run(&["show", "demo", "--format", "json"]).json();
    assert_eq!(show["phases"][0]["ratings"].as_array().map(Vec::len), Some(0));
    crew.run(&["inbox"]).says("discovery-1-2");
}

#[test]
fn retry_refuses_definitions_that_contradict_approvals() {
    let crew = failed();
    crew.edit("workflows/delivery.yaml", "discovery, ", "");
    let done = crew.run(&["retry", "demo", "--definitions", "current"]);
    assert_eq!(done.exit, 1, "{}", done.err);
    assert!(done.err.contains("it went through [discovery]"), "{}", done.err);
    crew.edit("agents.yaml", "agents:", "agents: [");
    crew.run(&["retry", "demo"]).exits(1).says("the definitions have errors");
    assert_eq!(kinds(&crew, "retried"), 0);
    crew.run(&["show", "demo"]).exits(0);
}

#[test]
fn only_failed_or_expired_engagements_can_be_retried() {
    let crew = crate::support::crew();
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["retry", "demo"]).exits(2).says("has not ended");
    crew.run(&["cancel", "demo"]).exits(0);
    crew.run(&["retry", "demo"]).exits(14).says("was cancelled");
    let crew = crate::support::crew();
    crew.start("retail-orders.md", &["--approve", "all"]).exits(0);
    crew.run(&["retry", "demo"]).exits(14).says("has completed");
}

#[test]
fn retry_reopens_an_expired_gate_with_a_new_deadline() {
    let crew = edited();
    crew.set("phases/discovery.yaml", "gate.expires_after", "72h");
    std::fs::write(
        crew.workspace().join("rehearsals/silent.yaml"),
        "version: 1\nrehearsal: silent\ngates: [{ phase: discovery, silent_for: 100h }]\n",
    )
    .expect("written");
    crew.start("retail-orders.md", &["--rehearsal", "silent"]).exits(12);
    let gate = |crew: &Crew| {
        let show = crew.run(&["show", "demo", "--format", "json"]).json();
        show["requests"].as_array().and_then(|all| all.last().cloned()).expect("a request")
    };
    let first = gate(&crew);
    // The rehearsed customer is silent again, and its clock passes the new deadline at once.
    crew.run(&["retry", "demo", "--definitions", "pinned"]).exits(12);
    let second = gate(&crew);
    assert_eq!(
        (first["id"].as_str(), second["id"].as_str()),
        (Some("discovery-1"), Some("discovery-1-2"))
    );
    assert!(second["expires"].as_i64() > first["expires"].as_i64());
}

#[test]
fn an_engagement_that_starts_later_still_records_the_statement_of_work() {
    let crew = crate::support::crew();
    crew.start("retail-orders.md", &["--from", "architecture"]).exits(10);
    let rows = crew.run(&["ledger", "demo", "--format", "json"]).json();
    let seeded = rows["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["author"] == "engine")
        .count();
    assert!(seeded > 5, "{rows}");
}

#[test]
fn a_decision_is_a_row_of_feedback_with_its_ratings() {
    let crew = crate::support::crew();
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["revise", "demo", "name the owner", "--rating", "quality=2"]).exits(10);
    crew.run(&["revise", "demo", "more", "--rating", "beauty=2"])
        .exits(2)
        .says("this gate has no rating named `beauty`");
    crew.run(&["approve", "demo", "--rating", "quality=5"]).exits(10);
    let rows = crew.run(&["ledger", "demo", "--format", "json"]).json();
    let feedback: Vec<&serde_json::Value> = rows["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["kind"] == "feedback")
        .collect();
    assert_eq!(feedback.len(), 2, "{feedback:?}");
    assert_eq!(feedback[0]["body"], "name the owner\n\nRated: quality 2 of 5");
    assert_eq!(feedback[1]["body"], "quality 5 of 5");
}

#[test]
fn a_prompt_that_cannot_be_rendered_fails_with_its_place_and_can_be_fixed() {
    let crew = edited();
    crew.edit(
        "prompts/pm.md",
        "## What good looks like",
        "{{ [][revision].text }}\n\n## What good looks like",
    );
    let done = crew.start("retail-orders.md", &["--approve", "all"]);
    assert_eq!(done.exit, 1, "{}", done.err);
    assert!(
        done.err.contains("the prompt of `pm` cannot be rendered") && done.err.contains("line 7"),
        "{}",
        done.err
    );
    assert!(!format!("{}{}", done.out, done.err).contains("budget is used up"), "{}", done.out);
    crew.edit("prompts/pm.md", "{{ [][revision].text }}", "");
    crew.run(&["retry", "demo", "--approve", "all"]).exits(0);
}
