//! `check --fix` fixes unambiguous mistakes and leaves comments, layout and everything else as is.

use crate::support::edited;

#[test]
fn unambiguous_mistakes_are_fixed_and_nothing_else_changes() {
    let crew = edited();
    crew.set("phases/discovery.yaml", "review.max_reworks", "1");
    let before = crew.read("phases/discovery.yaml");
    crew.edit("phases/discovery.yaml", "max_handoffs: 10", "max_handofs: 10")
        .set("phases/discovery.yaml", "swarm.execution_timeout", "15 minutes")
        .edit("phases/discovery.yaml", "max_reworks: 1", "max_reworks: \"1\"");
    crew.run(&["check"]).exits(1).says("3 fixable with `cloudcrew check --fix`");
    crew.run(&["check", "--fix"]).exits(0).says("phases/discovery.yaml: 3 fixed");
    assert_eq!(crew.read("phases/discovery.yaml"), before);
}

#[test]
fn ambiguous_mistakes_are_left_to_the_author() {
    let crew = edited();
    crew.edit("phases/discovery.yaml", "agents: [pm, sa]", "agents: [pm, sx]").edit(
        "agents.yaml",
        "  sonnet:",
        "  sonet:",
    );
    let before = (crew.read("phases/discovery.yaml"), crew.read("agents.yaml"));
    crew.run(&["check", "--fix"]).exits(1).says("did you mean `sa`?").says("`sonet` is never used");
    assert_eq!((crew.read("phases/discovery.yaml"), crew.read("agents.yaml")), before);
}

#[test]
fn a_fix_that_would_cause_another_error_is_not_applied() {
    let crew = edited();
    // The key already exists: with the fix it would appear twice.
    crew.set("phases/discovery.yaml", "swarm.max_handofs", "5")
        .set("phases/discovery.yaml", "swarm.node_timeout", "5 minutes")
        .edit("workflows/delivery.yaml", "phases:", "phasess:");
    crew.run(&["check", "--fix"])
        .exits(1)
        .says("phases/discovery.yaml: 1 fixed")
        .says("1 not fixed")
        .says("max_handofs");
    let text = crew.read("phases/discovery.yaml");
    assert!(text.contains("  max_handofs: 5\n") && text.contains("node_timeout: 5m\n"), "{text}");
    assert!(
        crew.read("workflows/delivery.yaml").contains("\nphases: ["),
        "a finding that the fix uncovers does not prevent it"
    );
}

#[test]
fn fix_does_not_spread_a_typo_to_the_rehearsals() {
    let crew = edited();
    let tests = [
        "rehearsals/approved-with-findings.yaml",
        "rehearsals/delivery.yaml",
        "rehearsals/forgotten-deliverable.yaml",
    ];
    let before: Vec<String> = tests.iter().map(|test| crew.read(test)).collect();
    crew.edit("agents.yaml", "relevance", "relevence")
        .edit("templates/project_plan.md", "## Risks and open points", "## Risks and open pionts")
        .edit(
            "phases/production.yaml",
            "path: app/tests/test-plan.md",
            "path: app/tests/tset-plan.md",
        );
    crew.run(&["check", "--fix"]).exits(1);
    assert_eq!(tests.iter().map(|test| crew.read(test)).collect::<Vec<_>>(), before);
}

#[test]
fn fix_does_not_write_through_a_link_out_of_the_workspace() {
    let crew = edited();
    let outside = crew.folder.path().join("outside.yaml");
    let wrong = crew.read("phases/poc.yaml").replace("deliverables", "delivrables");
    std::fs::write(&outside, &wrong).expect("written");
    let inside = crew.workspace().join("phases/poc.yaml");
    std::fs::remove_file(&inside)
        .and_then(|()| std::os::unix::fs::symlink(&outside, &inside))
        .expect("a link");
    crew.run(&["check", "--fix"]).exits(1).says("leads out of the workspace");
    assert_eq!(std::fs::read_to_string(&outside).expect("a file"), wrong);
}
