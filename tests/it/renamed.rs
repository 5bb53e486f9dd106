//! A name is changed in one step, wherever it is written.

use crate::support::edited;

#[test]
fn every_kind_of_name_is_renamed_and_the_crew_still_works() {
    let crew = edited();
    crew.set("phases/poc.yaml", "review.agent", "pm");
    crew.edit("phases/poc.yaml", "task: ", "models: { data: opus }\ntask: ");
    for words in [
        ["agent", "data", "datum"],
        ["model", "opus", "thinker"],
        ["phase", "poc", "proof"],
        ["workflow", "delivery", "full-delivery"],
        ["template", "runbook", "operations"],
        ["prompt", "prompts/pm.md", "prompts/lead.md"],
        ["deliverable", "docs/project-plan/plan.md", "docs/project-plan/the-plan.md"],
        ["rehearsal", "revision", "sent-back"],
    ] {
        crew.run(&[&["rename"][..], &words].concat()).exits(0).says("is now");
        crew.run(&["check"]).exits(0);
    }
    let phase = crew.read("phases/proof.yaml");
    assert!(
        phase.contains("phase: proof") && phase.contains("models: { datum: thinker }"),
        "{phase}"
    );
    assert!(!crew.workspace().join("phases/poc.yaml").exists());
    crew.run(&["test", "sent-back"]).exits(0);
}

#[test]
fn a_name_that_cannot_be_is_refused_and_prose_is_listed() {
    let crew = edited();
    let before = crew.read("phases/poc.yaml");
    for (words, says) in [
        (["agent", "dat", "datum"], "did you mean `data`?"),
        (["agent", "data", "dev"], "already the name of another agent"),
        (["agent", "data", "Data"], "is not a valid name"),
        (["phase", "poc", "no"], "YAML does not read"),
        (["prompt", "prompts/pm.md", "../pm.md"], "is not a path below `prompts/`"),
        (["deliverable", "app/poc/main.py", "infra/poc/main.py"], "nothing was changed"),
    ] {
        let done = crew.run(&[&["rename"][..], &words].concat());
        assert!([1, 2].contains(&done.exit), "{words:?}: {}", done.err);
        done.says(says);
    }
    assert_eq!(crew.read("phases/poc.yaml"), before);
    crew.run(&["rename", "phase", "handoff", "handover"])
        .exits(0)
        .says("phases/handoff.yaml -> phases/handover.yaml")
        .says("prose that still mentions `handoff`");
}
