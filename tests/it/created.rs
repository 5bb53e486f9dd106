//! `new` writes something to start from: it passes `check`, and works.

use crate::support::{Crew, crew, edited};

fn minimal() -> Crew {
    let crew = crew();
    let folder = crew.folder.path().join("minimal");
    let path = folder.to_str().expect("a path").to_owned();
    crew.run(&["init", "--minimal", &path]).exits(0);
    crate::support::copied(&folder)
}

#[test]
fn everything_new_passes_check_and_runs() {
    for crew in [edited(), minimal()] {
        crew.run(&["new", "agent", "legal"]).exits(0).says("wrote prompts/legal.md");
        crew.run(&["new", "phase", "audit"]).exits(0).says("wrote phases/audit.yaml");
        crew.run(&["new", "workflow", "quick"]).exits(0);
        crew.run(&["new", "template", "audit_report"]).exits(0);
        let checked = crew.run(&["check"]).exits(1);
        assert!(!checked.out.contains("error["), "{}", checked.out);
        crew.set("phases/audit.yaml", "swarm.agents", "[legal]");
        crew.set("phases/audit.yaml", "swarm.entry", "legal");
        let quick = crew.read("workflows/quick.yaml");
        let line = quick.lines().find(|line| line.starts_with("phases:")).expect("phases");
        crew.edit("workflows/quick.yaml", line, "phases: [audit]");
        let phase = crew.read("phases/audit.yaml");
        let owed = phase.find("deliverables").expect("a deliverable");
        let owed = &phase[owed..];
        let end = owed.find("\n  - {").expect("a list") + 1;
        let line = owed[end..].lines().next().expect("a line").to_owned();
        crew.edit(
            "phases/audit.yaml",
            &line,
            "  - { path: legal/audit.md, owner: legal, template: audit_report }",
        );
        crew.run(&["check"]).exits(0);
        let sow = crew.workspace().join("examples/sow");
        let sow = std::fs::read_dir(sow).expect("statements").flatten().next().expect("one").path();
        let sow = sow.to_str().expect("a path");
        crew.run(&["run", "quick", "--project", "demo", "--sow", sow, "--approve", "all"]).exits(0);
        crew.run(&["artifacts", "demo", "legal/audit.md"]).exits(0).says("# Audit report");
    }
}

#[test]
fn nothing_is_overwritten_and_names_are_checked() {
    let crew = edited();
    crew.run(&["new", "agent", "pm"]).exits(2).says("`pm` is already the name of another agent");
    crew.run(&["new", "phase", "9x"]).exits(2).says("not a valid name");
    crew.run(&["new", "phase", "../x"]).exits(2).says("not a valid name");
    crew.write("prompts/legal.md", "Mine.");
    crew.run(&["new", "agent", "legal"]).exits(2).says("`prompts/legal.md` already exists");
    assert_eq!(crew.read("prompts/legal.md"), "Mine.");
    assert!(!crew.read("agents.yaml").contains("legal"));
    std::fs::remove_file(crew.workspace().join("prompts/legal.md")).expect("removed");
    let agents = crew.read("agents.yaml");
    crew.write("agents.yaml", &(agents.clone() + "nonsense: 1\n"));
    crew.run(&["new", "agent", "legal"]).exits(1).says("unknown-key");
    crew.write("agents.yaml", &agents);
}

#[test]
fn what_is_new_in_an_overlay_stays_there() {
    let crew = edited();
    let folder = crew.workspace().join("overlays/ACME/phases");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("poc.yaml"), "gate: { max_revisions: 1 }\n").expect("written");
    crew.run(&["plan", "--overlay", "ACM"]).exits(2).says("did you mean `ACME`?");
    crew.run(&["new", "agent", "x", "--overlay", "../up"]).exits(2).says("no overlay named");
    let before = crew.read("agents.yaml");
    for name in ["legal", "counsel"] {
        crew.run(&["new", "agent", name, "--overlay", "ACME"]).exits(0);
    }
    assert_eq!(crew.read("agents.yaml"), before);
    crew.edit(
        "overlays/ACME/phases/poc.yaml",
        "gate:",
        "swarm:\n  agents: [dev, infra, data, security, sa, legal]\ngate:",
    );
    let checked = crew.run(&["check", "--overlay", "ACME"]);
    assert!(checked.out.contains("unused-agent"), "{}", checked.out);
    // Another customer may have an agent of the same name; its first file creates the overlay.
    crew.run(&["new", "agent", "legal", "--overlay", "Banana"])
        .exits(0)
        .says("wrote overlays/Banana/agents.yaml");
}
