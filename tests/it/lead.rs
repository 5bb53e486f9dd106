//! The delivery lead changes the crew in YAML and sees in a rehearsal what cannot work.

use crate::support::{Crew, crew, edited};

/// Edits the crew and runs it with `--approve all`.
fn rehearsed(edit: impl Fn(&Crew)) -> crate::support::Done {
    let crew = edited();
    edit(&crew);
    assert!(!crew.run(&["check"]).out.contains("error["), "the definitions have no errors");
    crew.start("clinic-scheduling.md", &["--approve", "all"])
}

#[test]
fn a_phase_and_an_agent_are_added_in_yaml_alone() {
    let crew = edited();
    crew.edit(
        "agents.yaml",
        "\nagents:\n",
        "\nagents:\n  legal:\n    description: Reads \
        contracts\n    model: sonnet\n    prompt: prompts/legal.md\n    tools: [repo_write, \
        ledger_write]\n    writes: [legal/**]\n",
    );
    std::fs::write(
        crew.workspace().join("prompts/legal.md"),
        "You read contracts for {{ project }}.\n",
    )
    .expect("written");
    std::fs::write(
        crew.workspace().join("prompts/tasks/terms.md"),
        "Write down the terms of {{ project }}.\n",
    )
    .expect("written");
    let phase = "version: 1\nphase: terms\nswarm: { entry: legal, agents: [legal] }\ntask: \
        prompts/tasks/terms.md\ndeliverables:\n  - { path: legal/terms.md, owner: legal }\ngate: { \
        kind: approval }\n";
    std::fs::write(crew.workspace().join("phases/terms.yaml"), phase).expect("written");
    let workflow = "version: 1\nworkflow: short\nphases: [discovery, terms]\n";
    std::fs::write(crew.workspace().join("workflows/short.yaml"), workflow).expect("written");
    crew.run(&["check"]).exits(0);
    let sow = crate::support::root().join("examples/sow/clinic-scheduling.md");
    crew.run(&[
        "run",
        "short",
        "--project",
        "demo",
        "--sow",
        sow.to_str().expect("a path"),
        "--approve",
        "all",
    ])
    .exits(0)
    .says("+ legal/terms.md");
}

#[test]
fn too_few_handoffs_name_their_key() {
    rehearsed(|c| {
        c.set("phases/poc.yaml", "swarm.max_handoffs", "3").set(
            "phases/poc.yaml",
            "swarm.repetitive_handoff_detection_window",
            "0",
        );
    })
    .exits(1)
    .says("phases/poc.yaml swarm.max_handoffs");
}

#[test]
fn too_few_iterations_name_their_key() {
    rehearsed(|c| {
        c.set("phases/poc.yaml", "swarm.max_iterations", "2").set(
            "phases/poc.yaml",
            "swarm.repetitive_handoff_detection_window",
            "0",
        );
    })
    .exits(1)
    .says("phases/poc.yaml swarm.max_iterations");
}

#[test]
fn too_few_turns_name_their_key() {
    rehearsed(|c| {
        c.set("phases/discovery.yaml", "swarm.max_turns", "2");
    })
    .exits(1)
    .says("phases/discovery.yaml swarm.max_turns");
}

#[test]
fn too_little_time_names_its_key() {
    rehearsed(|c| {
        c.set("phases/architecture.yaml", "swarm.node_timeout", "2s");
    })
    .exits(1)
    .says("phases/architecture.yaml swarm.node_timeout");
}

#[test]
fn too_little_time_for_the_whole_swarm_names_its_key() {
    rehearsed(|c| {
        c.set("phases/architecture.yaml", "swarm.node_timeout", "30s").set(
            "phases/architecture.yaml",
            "swarm.execution_timeout",
            "30s",
        );
    })
    .exits(1)
    .says("phases/architecture.yaml swarm.");
}

#[test]
fn a_spent_budget_names_its_key() {
    let done = rehearsed(|c| {
        let text = std::fs::read_to_string(c.workspace().join("agents.yaml")).expect("a file");
        let at = text.find("  sa:").expect("sa");
        let budget = at + text[at..].find("budget:").expect("a budget");
        let end = budget + text[budget..].find('\n').expect("a line");
        std::fs::write(
            c.workspace().join("agents.yaml"),
            format!("{}budget: {{ tokens: 30000 }}{}", &text[..budget], &text[end..]),
        )
        .expect("written");
    });
    done.exits(11).says("agents.yaml agents.sa.budget.tokens");
}

#[test]
fn a_swarms_token_budget_names_its_key() {
    rehearsed(|c| {
        c.set("phases/discovery.yaml", "swarm.token_budget", "5000");
    })
    .exits(1)
    .says("phases/discovery.yaml swarm.token_budget");
}

#[test]
fn truncated_replies_name_their_key() {
    rehearsed(|c| {
        c.edit("agents.yaml", "max_tokens: 16000", "max_tokens: 20");
    })
    .exits(1)
    .says("max_tokens");
}

#[test]
fn a_template_that_cannot_be_filled_names_its_key() {
    rehearsed(|c| {
        let path = c.workspace().join("templates/project_plan.md");
        let text = std::fs::read_to_string(&path).expect("a file");
        std::fs::write(
            &path,
            text + "\n## Open blockers\n\n<!-- fill(blockers): What stands in the way. -->\n",
        )
        .expect("written");
    })
    .exits(10)
    .says("phases/discovery.yaml deliverables[0].template");
}

#[test]
fn an_entry_agent_without_parse_sow_leaves_its_template_unfilled() {
    rehearsed(|c| {
        c.edit("agents.yaml", "parse_sow, ", "");
    })
    .exits(10)
    .says("deliverables[0].template");
}

#[test]
fn repetitive_handoffs_name_their_key() {
    rehearsed(|c| {
        c.set("phases/poc.yaml", "swarm.repetitive_handoff_detection_window", "4");
        c.set("phases/poc.yaml", "swarm.repetitive_handoff_min_unique_agents", "4");
        std::fs::write(c.workspace().join("rehearsals/loop.yaml"), "version: 1\nrehearsal: loop\n")
            .expect("written");
    })
    .exits(0);
    let crew = edited();
    std::fs::write(
        crew.workspace().join("rehearsals/loop.yaml"),
        "version: 1\nrehearsal: \
        loop\nagents:\n  - { agent: dev, phase: poc, loops_with: sa }\n  - { agent: sa, phase: \
        poc, loops_with: dev }\n",
    )
    .expect("written");
    crew.start("clinic-scheduling.md", &["--approve", "all", "--rehearsal", "loop"])
        .exits(1)
        .says("phases/poc.yaml swarm.repetitive_handoff_detection_window");
}

#[test]
fn a_forgotten_deliverable_names_its_key() {
    let crew = edited();
    std::fs::write(
        crew.workspace().join("rehearsals/forgets.yaml"),
        "version: 1\nrehearsal: \
        forgets\nagents:\n  - { agent: sa, phase: architecture, forgets: \
        docs/architecture/cost-estimate.md }\n",
    )
    .expect("written");
    crew.start("clinic-scheduling.md", &["--approve", "all", "--rehearsal", "forgets"])
        .exits(10)
        .says("phases/architecture.yaml deliverables[1].owner");
}

#[test]
fn every_shipped_rehearsal_completes() {
    for name in
        ["question", "revision", "rework", "provider-away", "silent-customer", "out-of-scope"]
    {
        let crew = crate::support::crew();
        crew.start("clinic-scheduling.md", &["--approve", "all", "--rehearsal", name]).exits(0);
    }
}

#[test]
fn a_rehearsed_customer_who_cannot_revise_leaves_the_gate_open() {
    let crew = edited();
    crew.set("phases/discovery.yaml", "gate.max_revisions", "0");
    crew.start("clinic-scheduling.md", &["--rehearsal", "revision"])
        .exits(10)
        .says("is waiting at the discovery gate");
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
}

#[test]
fn a_lead_asks_what_an_agent_can_do() {
    let crew = crew();
    let done = crew.run(&["explain", "agent", "qa"]).exits(0);
    insta::assert_snapshot!(done.out);
    crew.run(&["explain", "agent", "dve"]).exits(2).says("did you mean `dev`?");
    crew.run(&["explain", "agent"]).exits(2).says("name an agent: pm, sa,");
}

/// The crew of docs/coming-from.md, whose agents can read files and not list them.
#[test]
fn the_small_crew_of_the_page_is_rehearsed_to_its_end() {
    let crew = edited();
    let folder = crew.workspace();
    for part in ["phases", "workflows", "rehearsals", "prompts", "patterns", "templates"] {
        std::fs::remove_dir_all(folder.join(part)).expect("it was there");
    }
    for part in ["phases", "workflows", "prompts/tasks"] {
        std::fs::create_dir_all(folder.join(part)).expect("a folder");
    }
    let page = std::fs::read_to_string(crate::support::root().join("docs/coming-from.md"));
    let page = page.expect("the page");
    for file in ["agents.yaml", "phases/plan.yaml"] {
        let example = page.split(&format!("```yaml\n# {file}\n")).nth(1).expect("an example");
        crew.write(file, example.split("```").next().expect("its text"));
    }
    crew.write("prompts/writer.md", "You write.\n").write("prompts/checker.md", "You check.\n");
    crew.write("prompts/tasks/plan.md", "Plan {{ project }}.\n");
    crew.write("workflows/small.yaml", "version: 1\nworkflow: small\nphases: [plan]\n");
    crew.run(&["check"]).exits(0);
    crew.start("retail-orders.md", &["--approve", "all"])
        .exits(0)
        .says("plan: writer → checker (1 handoff");
}
