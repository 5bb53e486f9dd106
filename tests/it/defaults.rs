//! What phases share is written once, in `defaults`, and means what writing it out would mean.

use cloudcrew_definition::crew::Phase;
use cloudcrew_definition::load;
use cloudcrew_definition::source::Sources;
use cloudcrew_runtime::catalogue::catalogue;
use serde_json::{Map, Value, json};

use crate::support::chance::{Chance, number};
use crate::support::edited;

/// Values of the parts of a phase, of which `values` picks some.
fn choices() -> Value {
    json!({
        "swarm": { "max_handoffs": [9, 12], "max_turns": [30, 40], "node_timeout": ["2m", "4m"],
            "handoff": ["immediate", "continue"],
            "retry": [{ "max_attempts": 2 }, { "initial_delay": "3s", "max_delay": "9s" }] },
        "review": { "max_reworks": [0, 2], "depth": ["light", "full"], "agent": ["pm"] },
        "gate": { "max_revisions": [1, 2], "remind_after": ["1h", "2h"], "expires_after": ["9d"],
            "ratings": [["quality"], ["relevance", "quality"]],
            "approvers": [{ "quorum": 2 }, { "groups": ["finance"], "not_own": true }] },
        "questions": { "remind_after": ["30m", "50m"], "linger": ["30s"] },
        "recall": { "lessons": [1, 3], "summaries": [2], "tokens": [500, 900] },
        "deliver": { "max_attempts": [0, 3] },
        "retry": { "max_attempts": [1, 2], "timeout_factor": [1.5, 2] },
        "restart": { "max_attempts": [4, 5] },
    })
}

/// Some parts, with some of their keys.
fn values(chance: &mut Chance) -> Map<String, Value> {
    let mut picked = Map::new();
    for (part, keys) in choices().as_object().expect("parts") {
        if chance.one_in(2) {
            continue;
        }
        let keys = keys.as_object().expect("keys");
        let of_part = keys.iter().filter_map(|(key, all)| {
            let all = all.as_array().expect("values");
            (!chance.one_in(2)).then(|| (key.clone(), chance.one(all).clone()))
        });
        picked.insert(part.clone(), Value::Object(of_part.collect()));
    }
    picked
}

/// Fills a map with the keys of another that it does not have, at any depth.
fn filled(own: &mut Map<String, Value>, from: &Map<String, Value>) {
    for (key, value) in from {
        match (own.get_mut(key), value) {
            (Some(Value::Object(own)), Value::Object(from)) => filled(own, from),
            (Some(_), _) => {}
            (None, value) => drop(own.insert(key.clone(), value.clone())),
        }
    }
}

/// The phases of a workspace with these defaults.
fn phases(defaults: &Map<String, Value>, phases: &[Map<String, Value>]) -> Option<Vec<Phase>> {
    let crew = json!({
        "version": 1,
        "models": { "m": { "max_tokens": 10 } },
        "defaults": defaults,
        "agents": { "pm": { "description": "Plans", "model": "m", "prompt": "prompts/pm.md",
            "tools": ["review_verdict", "repo_read", "repo_write"], "writes": ["docs/**"] } },
    });
    let mut sources = Sources::new();
    sources.add("agents.yaml", crew.to_string().as_bytes());
    sources.add("prompts/pm.md", b"You plan.");
    for (number, phase) in phases.iter().enumerate() {
        let name = format!("p{number}");
        let mut phase = phase.clone();
        filled(
            phase.entry("swarm").or_insert_with(|| json!({})).as_object_mut()?,
            json!({ "entry": "pm", "agents": ["pm"] }).as_object()?,
        );
        phase.insert("version".into(), json!(1));
        phase.insert("phase".into(), json!(name));
        phase.insert("task".into(), json!("prompts/pm.md"));
        let path = format!("phases/{name}.yaml");
        sources.add(path, Value::Object(phase).to_string().as_bytes());
    }
    let names: Vec<String> = (0..phases.len()).map(|number| format!("p{number}")).collect();
    let workflow = json!({ "version": 1, "workflow": "w", "phases": names });
    sources.add("workflows/w.yaml", workflow.to_string().as_bytes());
    let loaded = load(&sources, &catalogue());
    Some(loaded.definition?.phases)
}

#[test]
fn defaults_mean_what_writing_them_out_would_mean() {
    let mut chance = Chance::of(number("CLOUDCREW_SEED", 20_261_130));
    let (mut compared, mut refused) = (0, 0);
    for _ in 0..number("CLOUDCREW_DEFAULTS", 500) {
        let mut defaults = values(&mut chance);
        // What a review cannot do without.
        let review = json!({ "review": { "agent": "pm", "depth": "full" } });
        filled(&mut defaults, review.as_object().expect("a map"));
        let own: Vec<_> = (0..3).map(|_| values(&mut chance)).collect();
        let written: Vec<_> = own
            .iter()
            .cloned()
            .map(|mut phase| {
                // A phase has a review or a gate only if it says so.
                let mut from = defaults.clone();
                from.retain(|part, _| {
                    !["review", "gate"].contains(&part.as_str()) || phase.contains_key(part)
                });
                filled(&mut phase, &from);
                phase
            })
            .collect();
        let (here, there) = (phases(&defaults, &own), phases(&Map::new(), &written));
        assert_eq!(here, there, "{defaults:?} {own:?}");
        match here {
            Some(_) => compared += 1,
            None => refused += 1,
        }
    }
    assert!(compared > refused, "{compared} compared, {refused} refused by both");
}

#[test]
fn a_lead_sees_where_a_value_comes_from() {
    let crew = edited();
    crew.run(&["plan"])
        .exits(0)
        .says("defaults  5 of swarm, 3 of review, 4 of gate, questions, recall, retry");
    let plan = crew.run(&["plan", "--format", "json"]).json();
    let inherited = plan["inherited"].as_array().expect("a list");
    let of_poc: Vec<&str> = inherited
        .iter()
        .filter(|one| one["phase"] == "poc")
        .filter_map(|one| one["key"].as_str())
        .collect();
    assert!(of_poc.contains(&"gate.remind_after"), "{of_poc:?}");
    crew.edit("phases/poc.yaml", "gate: {}", "gate: { remind_after: 2h }");
    crew.run(&["plan"]).exits(0).says("3 of gate").says("reminded every 2h");
}

#[test]
fn a_change_of_the_defaults_is_one_change_where_it_was_made() {
    let crew = edited();
    crew.edit("agents.yaml", "approval\n", "approval\n    approvers: { quorum: 2 }\n");
    let plan = crew.run(&["plan", "--format", "json"]).exits(0).out.clone();
    let saved = crew.folder.path().join("plan.json");
    std::fs::write(&saved, &plan).expect("written");
    let plan: Value = serde_json::from_str(&plan).expect("a plan");
    let of_handoff: Vec<&str> = plan["inherited"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["phase"] == "handoff")
        .filter_map(|one| one["key"].as_str())
        .collect();
    let expected = [
        "swarm.max_turns",
        "swarm.node_timeout",
        "review.agent",
        "review.max_reworks",
        "gate.kind",
        "gate.ratings",
        "gate.max_revisions",
        "gate.remind_after",
        "gate.approvers",
        "questions",
        "recall",
        "retry",
    ];
    assert_eq!(of_handoff, expected);
    crew.edit("agents.yaml", "remind_after: 24h", "remind_after: 12h");
    crew.run(&["plan", "--against", saved.to_str().expect("a path")])
        .exits(0)
        .says("1 change\n")
        .says("[agents.yaml defaults.gate.remind_after]");
    // A phase that no longer overrides it changes alone.
    crew.edit("agents.yaml", "remind_after: 12h", "remind_after: 24h");
    crew.edit("phases/poc.yaml", "gate: {}", "gate: { remind_after: 4h }");
    let before = crew.run(&["plan", "--format", "json"]).exits(0).out.clone();
    std::fs::write(&saved, before).expect("written");
    crew.edit("phases/poc.yaml", "gate: { remind_after: 4h }", "gate: {}");
    crew.run(&["plan", "--against", saved.to_str().expect("a path")])
        .exits(0)
        .says("1 change\n  phase poc\n")
        .says("[agents.yaml defaults.gate.remind_after]");
    // Keys within keys are named in full.
    crew.edit("phases/handoff.yaml", "gate: {}", "gate: { approvers: { groups: [finance] } }");
    let plan = crew.run(&["plan", "--format", "json"]).exits(0).json();
    assert!(plan["inherited"].to_string().contains("gate.approvers.quorum"), "{plan}");
}

#[test]
fn models_of_phases_count_wherever_models_do() {
    let crew = edited();
    let small = "  small:\n    max_tokens: 9000\n    price: { input: 1, output: 2 }\n  sonnet:";
    crew.edit("agents.yaml", "  sonnet:", small);
    crew.edit("phases/poc.yaml", "task: ", "model: small\ntask: ");
    crew.run(&["check"]).exits(0);
    crew.run(&["plan", "--model", "rehearsal"]).exits(0).says("dev uses small");
    crew.run(&["doctor"]).says("agent dev: small (phases/poc.yaml)");
    let saved = crew.folder.path().join("plan.json");
    let plan = crew.run(&["plan", "--format", "json"]).exits(0).out.clone();
    std::fs::write(&saved, plan).expect("written");
    crew.edit("agents.yaml", "{ input: 1, output: 2 }", "{ input: 100, output: 200 }");
    crew.run(&["plan", "--against", saved.to_str().expect("a path")]).says("model small");
    // A limit in dollars needs the price of the model that is used, and of no other.
    crew.edit("agents.yaml", "    price: { input: 100, output: 200 }\n", "");
    crew.run(&["check"]).exits(0);
    crew.edit("phases/production.yaml", "task: ", "budget: { usd: 50 }\ntask: ");
    crew.run(&["check"]).exits(0);
    crew.edit("phases/poc.yaml", "task: ", "budget: { usd: 50 }\ntask: ");
    crew.run(&["check"]).exits(1).says("the price of `small` is unknown");
}

#[test]
fn a_phase_gives_an_agent_another_model() {
    let crew = edited();
    crew.edit("phases/poc.yaml", "task: ", "models: { dev: opus }\ntask: ");
    crew.edit("phases/handoff.yaml", "task: ", "model: sonnet\ntask: ");
    let plan = crew.run(&["plan"]).exits(0);
    plan.says("  models    dev uses opus ($5 in").says("pm uses sonnet ($3 in");
    crew.start("clinic-scheduling.md", &["--approve", "all"]).exits(0);
    let called: Vec<(String, String, String)> = crew
        .journal()
        .into_iter()
        .filter(|(_, kind, _)| kind == "model_called")
        .map(|(_, _, payload)| {
            let event: Value = serde_json::from_str(&payload).expect("an event");
            let word = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            let phase = word("step").split('.').next().unwrap_or_default().to_owned();
            (phase, word("agent"), word("model"))
        })
        .collect();
    let model = |phase: &str, agent: &str| {
        let mut models: Vec<&str> = called
            .iter()
            .filter(|(p, a, _)| p == phase && a == agent)
            .map(|(_, _, model)| model.as_str())
            .collect();
        models.dedup();
        models
    };
    assert_eq!((model("poc", "dev"), model("production", "dev")), (vec!["opus"], vec!["sonnet"]));
    assert_eq!((model("handoff", "pm"), model("discovery", "pm")), (vec!["sonnet"], vec!["opus"]));
}
