//! An overlay holds what one customer has different, and means what writing it out would mean.

use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::source::Sources;
use cloudcrew_plan::checks::{load, load_overlay};
use cloudcrew_plan::compare::compare_all;
use cloudcrew_runtime::catalogue::catalogue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::support::chance::{Chance, number};
use crate::support::{Crew, edited};

/// The files of a workspace by path: YAML as a value, texts as text.
type Files = BTreeMap<String, Value>;

fn base(chance: &mut Chance) -> Files {
    let agent = |description: &str| {
        json!({ "description": description, "model": "m", "prompt": "prompts/pm.md",
            "tools": ["review_verdict", "repo_read", "repo_write"] })
    };
    let mut files = Files::new();
    let mut agents = Map::new();
    agents.insert("pm".into(), agent("Plans"));
    agents.insert("dev".into(), agent("Builds"));
    agents["pm"]["writes"] = json!(["docs/**"]);
    agents["dev"]["writes"] = json!(["app/**"]);
    let defaults = json!({ "gate": { "max_revisions": 3 }, "review": { "agent": "pm" } });
    let crew = json!({ "version": 1, "models": { "m": { "max_tokens": 10 },
        "n": { "max_tokens": 20 } }, "defaults": defaults, "agents": agents });
    files.insert("agents.yaml".into(), crew);
    files.insert("prompts/pm.md".into(), json!("You plan."));
    files.insert("prompts/task.md".into(), json!("Do it."));
    let names: Vec<String> = (0..3).map(|number| format!("p{number}")).collect();
    for name in &names {
        files.insert(format!("phases/{name}.yaml"), phase(name, chance));
    }
    let workflow = json!({ "version": 1, "workflow": "w", "phases": names });
    files.insert("workflows/w.yaml".into(), workflow);
    files
}

fn phase(name: &str, chance: &mut Chance) -> Value {
    let mut phase = json!({ "version": 1, "phase": name, "task": "prompts/task.md",
        "swarm": { "entry": "pm", "agents": ["pm", "dev"] } });
    for (part, value) in parts(chance) {
        merge(&mut phase, &json!({ part: value }));
    }
    phase
}

/// Some values of a phase.
fn parts(chance: &mut Chance) -> Vec<(&'static str, Value)> {
    let all = [
        ("swarm", json!({ "max_turns": 30 + chance.below(3) })),
        ("swarm", json!({ "max_handoffs": 8 + chance.below(3) })),
        ("review", json!({ "depth": *chance.one(&["light", "full"]) })),
        ("gate", json!({ "max_revisions": 1 + chance.below(2) })),
        ("gate", json!({ "ratings": [*chance.one(&["quality", "relevance"])] })),
        ("gate", json!({ "remind_after": *chance.one(&["1h", "2h"]) })),
        ("retry", json!({ "max_attempts": chance.below(3) })),
        ("recall", json!({ "lessons": 1 + chance.below(2) })),
        ("model", json!(*chance.one(&["m", "n"]))),
    ];
    all.into_iter().filter(|_| chance.one_in(2)).collect()
}

/// Lays one value over another, as documented: key by key, and `null` removes.
fn merge(below: &mut Value, over: &Value) {
    let (Some(_), Value::Object(above)) = (below.as_object(), over) else {
        *below = over.clone();
        return;
    };
    let below = below.as_object_mut().expect("a map");
    for (key, value) in above {
        match (below.get_mut(key), value) {
            (_, Value::Null) => drop(below.remove(key)),
            (Some(there), value) => merge(there, value),
            (None, value) => drop(below.insert(key.clone(), value.clone())),
        }
    }
}

/// What a customer has different: keys set and removed, agents and phases added and dropped, texts
/// replaced.
fn overlay(base: &Files, chance: &mut Chance) -> Files {
    let mut files = Files::new();
    for (path, there) in base.iter().filter(|(path, _)| path.starts_with("phases/")) {
        if chance.one_in(2) {
            continue;
        }
        let mut patch = json!({});
        for (part, value) in parts(chance) {
            merge(&mut patch, &json!({ part: value }));
        }
        let keys = ["gate", "review", "retry", "recall", "model"].into_iter();
        for key in keys.filter(|key| there.get(*key).is_some()) {
            if chance.one_in(5) {
                patch[key] = Value::Null;
            }
        }
        files.insert(path.clone(), patch);
    }
    if chance.one_in(3) {
        files.insert("phases/p3.yaml".into(), phase("p3", chance));
        let orders: [&[&str]; 2] = [&["p3", "p0", "p1", "p2"], &["p0", "p3", "p2"]];
        let order = *chance.one(&orders);
        files.insert("workflows/w.yaml".into(), json!({ "phases": order }));
    } else if chance.one_in(4) {
        files.insert("phases/p1.yaml".into(), Value::Null);
        files.insert("workflows/w.yaml".into(), json!({ "phases": ["p0", "p2"] }));
    }
    let mut crew = json!({});
    match chance.below(4) {
        0 => merge(&mut crew, &json!({ "defaults": { "gate": { "max_revisions": 2 } } })),
        1 => merge(&mut crew, &json!({ "agents": { "dev": { "model": "n", "writes": null } } })),
        2 => {
            let legal = json!({ "description": "Reads contracts", "model": "m",
                "prompt": "prompts/legal.md", "tools": ["repo_read"] });
            merge(&mut crew, &json!({ "agents": { "legal": legal } }));
            files.insert("prompts/legal.md".into(), json!("You read."));
            let joins = json!({ "swarm": { "agents": ["pm", "dev", "legal"] } });
            merge(files.entry("phases/p0.yaml".into()).or_insert(json!({})), &joins);
        }
        _ => {}
    }
    if crew != json!({}) {
        files.insert("agents.yaml".into(), crew);
    }
    if chance.one_in(3) {
        files.insert("prompts/task.md".into(), json!("Do it well."));
    }
    files
}

/// The workspace with the overlay written out.
fn written_out(base: &Files, overlay: &Files) -> Files {
    let mut files = base.clone();
    for (path, over) in overlay {
        match (files.get_mut(path), over) {
            (_, Value::Null) => drop(files.remove(path)),
            (Some(there), over) => merge(there, over),
            (None, over) => drop(files.insert(path.clone(), over.clone())),
        }
    }
    files
}

fn add(sources: &mut Sources, folder: &str, files: &Files, reversed: bool) {
    let mut all: Vec<_> = files.iter().collect();
    if reversed {
        all.reverse();
    }
    for (path, file) in all {
        let text = match file {
            Value::String(text) => text.clone(),
            Value::Null => "# Not for this customer.\n~\n".to_owned(),
            yaml => yaml.to_string(),
        };
        sources.add(format!("{folder}{path}"), text.as_bytes());
    }
}

fn overlaid(base: &Files, overlay: &Files, reversed: bool) -> Option<Definition> {
    let mut sources = Sources::new();
    if reversed {
        add(&mut sources, "overlays/ACME/", overlay, true);
    }
    add(&mut sources, "", base, reversed);
    if !reversed {
        add(&mut sources, "overlays/ACME/", overlay, false);
    }
    let loaded = load_overlay(&sources, "ACME", &catalogue());
    // Its name is the only difference from what is written out.
    let unnamed = |definition| Definition { overlay: None, ..definition };
    loaded.map_or_else(|| plain(base), |loaded| loaded.definition.map(unnamed))
}

fn plain(files: &Files) -> Option<Definition> {
    let mut sources = Sources::new();
    add(&mut sources, "", files, false);
    load(&sources, &catalogue()).definition
}

#[test]
fn an_overlay_means_what_writing_it_out_would_mean() {
    let mut chance = Chance::of(number("CLOUDCREW_SEED", 20_261_130));
    let (mut compared, mut refused, mut changed) = (0, 0, 0);
    for case in 0..number("CLOUDCREW_OVERLAYS", 1000) {
        let base = base(&mut chance);
        let overlay = overlay(&base, &mut chance);
        let here = overlaid(&base, &overlay, false);
        assert_eq!(here, plain(&written_out(&base, &overlay)), "case {case}: {overlay:#?}");
        assert_eq!(here, overlaid(&base, &overlay, true), "case {case}: the order of files");
        match (plain(&base), here) {
            (Some(before), Some(after)) => {
                compared += 1;
                let changes = compare_all(&before, &after);
                changed += usize::from(!changes.is_empty());
                assert_eq!(
                    before == after,
                    changes.is_empty(),
                    "case {case}: {changes:#?}\n{overlay:#?}"
                );
            }
            (None, _) => panic!("case {case}: the base is wrong"),
            (Some(_), None) => refused += 1,
        }
    }
    assert!(compared > refused * 2 && changed * 2 > compared, "{compared} {changed} {refused}");
}

/// A customer whose lawyers take part, without a proof of concept.
fn customer() -> Crew {
    let crew = edited();
    let file = |path: &str, text: &str| {
        let file = crew.workspace().join("overlays/ACME").join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("written");
    };
    file("agents.yaml", LEGAL);
    file("prompts/legal.md", "You read the contracts of {{ project }}.\n");
    file(
        "phases/discovery.yaml",
        "swarm:\n  agents: [pm, sa, legal]\ngate: { max_revisions: 1 }\n",
    );
    file("phases/poc.yaml", "~\n");
    let phases = "[discovery, architecture, production, handoff, retrospective]";
    file("workflows/delivery.yaml", &format!("phases: {phases}\n"));
    file(
        "rehearsals/acme.yaml",
        &format!(
            "version: 1\nrehearsal: acme\nworkflow: delivery\nsow: \
             examples/sow/retail-orders.md\nexpect: {{ phases: {phases} }}\n"
        ),
    );
    crew
}

const LEGAL: &str = "agents:\n  legal:\n    description: Reads contracts\n    model: sonnet\n    \
                     prompt: prompts/legal.md\n    tools: [repo_write]\n    writes: [legal/**]\n";

#[test]
fn a_customers_process_is_checked_planned_tested_and_run() {
    let crew = customer();
    crew.run(&["check"]).exits(0);
    crew.run(&["plan", "--overlay", "ACME", "--against", "base"])
        .exits(0)
        .says("delivery with overlay ACME · 5 phases")
        .says("removed phases: `poc` [overlays/ACME/workflows/delivery.yaml phases]")
        .says("new members: `legal` [overlays/ACME/phases/discovery.yaml swarm.agents]")
        .says("[overlays/ACME/phases/discovery.yaml gate.max_revisions]")
        .says("[overlays/ACME/agents.yaml agents.legal]");
    crew.run(&["plan"]).exits(0).says("delivery · 6 phases");
    crew.run(&["test", "--overlay", "ACME"]).exits(0).says("ok   acme").says("1 passed");
    crew.run(&["explain", "phases/discovery.yaml", "gate.max_revisions", "--overlay", "ACME"])
        .exits(0)
        .says("gate.max_revisions: 1\n    overlays/ACME/phases/discovery.yaml:3")
        .says("instead of 3 in agents.yaml:");
    crew.run(&["explain", "phases/discovery.yaml", "gate.kind"]).exits(0).says("(defaults)");
    crew.run(&["plan", "--overlay", "acme"]).exits(2).says("did you mean `ACME`?");
    crew.run(&["plan", "--overlay", "../ACME"]).exits(2).says("no overlay named");
    crew.start("retail-orders.md", &["--overlay", "ACME"]).exits(10);
    crew.run(&["show", "demo"]).exits(0).says("overlay: ACME");
    // It keeps its overlay, whatever is chosen later; and other customers do not concern it.
    crew.edit("agents.yaml", "max_revisions: 3", "max_revisions: 4");
    crew.run(&["plan"]).exits(0);
    assert!(!crew.run(&["plan"]).out.contains("demo (at"), "an engagement of another process");
    crew.run(&["plan", "--overlay", "ACME"]).exits(0).says("demo (at discovery.gate) keeps");
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
}

#[test]
fn a_mistake_in_an_overlay_is_found_without_choosing_it() {
    let crew = customer();
    crew.edit("overlays/ACME/phases/discovery.yaml", "max_revisions", "max_revision");
    crew.run(&["check"])
        .exits(1)
        .says("overlays/ACME/phases/discovery.yaml:3:9")
        .says("did you mean `max_revisions`?")
        .says("with the overlay `ACME`");
    crew.run(&["check", "--fix"]).exits(0);
    assert!(crew.read("overlays/ACME/phases/discovery.yaml").contains("max_revisions: 1"));
    // A change of the base that breaks a customer's process.
    // A change of the base that breaks only a customer's process.
    let scope = "writes: [docs/architecture/**";
    crew.edit("agents.yaml", scope, &format!("{scope}, legal/**"));
    crew.run(&["check"]).exits(1).says("overlays/ACME/agents.yaml").says("the overlay `ACME`");
    crew.run(&["test"]).exits(0);
    crew.run(&["plan", "--overlay", "ACME"]).exits(1).says("overlapping-scopes");
}

#[test]
fn a_broken_base_is_reported_and_runs_nothing() {
    let crew = customer();
    let phase = crew.read("phases/discovery.yaml");
    crew.write("phases/discovery.yaml", &(phase.clone() + "gate: [\n"));
    for words in [&["check", "--overlay", "ACME"][..], &["plan", "--overlay", "ACME"]] {
        crew.run(words).exits(1).says("yaml-syntax").says("phases/discovery.yaml");
    }
    crew.write("phases/discovery.yaml", &phase);
    // A customer's own rehearsal is never left out.
    let own = crew.workspace().join("overlays/ACME/rehearsals/revision.yaml");
    std::fs::write(own, "description: Adjusted\n").expect("written");
    crew.run(&["check"]).exits(1).says("no phase named `poc`").says("the overlay `ACME`");
}

#[test]
fn a_warning_in_an_overlay_can_be_allowed_there() {
    let crew = customer();
    let file = "overlays/ACME/agents.yaml";
    let unused = "  audit:\n    description: Audits\n    model: sonnet\n    prompt: \
                  prompts/legal.md\n    tools: [repo_write]\n    writes: [audit/**]\n";
    crew.write(file, &(crew.read(file) + unused));
    crew.run(&["check"]).exits(1).says("unused-agent");
    let allow = "allow:\n  - { rule: unused-agent, at: audit, reason: It joins next year }\n";
    crew.write(file, &(crew.read(file) + allow));
    crew.run(&["check"]).exits(0);
    // A wrong return is found in an overlay too.
    let phase = "overlays/ACME/phases/discovery.yaml";
    crew.write(phase, &crew.read(phase).replace("max_revisions: 1", "revise_to: [production]"));
    crew.run(&["check"]).exits(1).says("`production` does not run before `discovery`");
}

#[test]
fn a_rename_reaches_overlays() {
    let crew = customer();
    crew.run(&["rename", "phase", "discovery", "inquiry"])
        .exits(0)
        .says("overlays/ACME/phases/discovery.yaml -> overlays/ACME/phases/inquiry.yaml");
    crew.run(&["rename", "agent", "sa", "architect"]).exits(0);
    assert!(crew.read("overlays/ACME/phases/inquiry.yaml").contains("[pm, architect, legal]"));
    crew.run(&["check"]).exits(0);
    crew.run(&["test", "--overlay", "ACME"]).exits(0);
}
