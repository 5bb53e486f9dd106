//! A warning that is intended is allowed in place, with a reason.

use crate::support::edited;

#[test]
fn an_allowed_warning_is_counted_and_one_that_is_gone_is_reported() {
    let crew = edited();
    let agents = crew.read("agents.yaml");
    let legal = "  legal:\n    description: Reads contracts\n    model: opus\n    prompt: \
                 prompts/pm.md\nallow:\n  - { rule: unused-agent, at: legal, reason: It joins \
                 later }\n";
    crew.write("agents.yaml", &(agents.clone() + legal));
    crew.run(&["check"]).exits(0).says("no problems, 1 allowed");
    // It follows a new name, and only where it is about the thing that is renamed.
    crew.run(&["rename", "model", "opus", "legal"]).exits(0);
    crew.run(&["check"]).exits(0).says("1 allowed");
    crew.run(&["rename", "agent", "legal", "lawyer"]).exits(0);
    crew.run(&["check"]).exits(0).says("1 allowed");
    assert!(crew.read("agents.yaml").contains("at: lawyer"));
    crew.run(&["rename", "agent", "lawyer", "legal"]).exits(0);
    // Only what is named is allowed.
    crew.edit("agents.yaml", "at: legal", "at: qa");
    crew.run(&["check"]).exits(1).says("unused-agent").says("no `unused-agent` warning at `qa`");
    crew.write("agents.yaml", &(agents.clone() + "allow: [{ rule: unused-agent }]\n"));
    crew.run(&["check"]).exits(1).says("is missing `reason`");
    // A template cannot hold the entry itself.
    crew.write("templates/contract.md", "# Contract\n\nTerms\n");
    let entry = "allow: [{ rule: unused-template, file: templates/contract.md, reason: Soon }]\n";
    crew.write("agents.yaml", &(agents + entry));
    crew.run(&["check"]).exits(0).says("1 allowed");
    crew.run(&["plan"]).exits(0);
}
