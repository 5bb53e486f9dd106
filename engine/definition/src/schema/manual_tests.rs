//! The schemas are the reference manual: it must be complete and match the engine.

use serde_json::{Value, json};

use super::generate::plain;
use super::walk::below;
use crate::catalogue::Catalogue;
use crate::source::Sources;
use crate::syntax::{Duration, FileKind};

/// Every subschema with its path.
fn rules(kind: FileKind) -> Vec<(String, &'static Value)> {
    let mut found = Vec::new();
    let mut open = vec![(kind.name().to_owned(), plain(kind))];
    while let Some((way, rule)) = open.pop() {
        let below = rule["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, rule)| (format!("{way}.{key}"), rule));
        let inside =
            ["items", "additionalProperties"].map(|key| (format!("{way}.{key}"), &rule[key]));
        open.extend(below.chain(inside.into_iter().filter(|(_, rule)| rule.is_object())));
        found.push((way, rule));
    }
    found
}

#[test]
fn every_key_has_a_description_and_shows_its_values() {
    for (way, rule) in FileKind::ALL.into_iter().flat_map(rules) {
        if way.ends_with(".items") || way.ends_with(".additionalProperties") {
            continue;
        }
        assert!(
            rule["description"].as_str().is_some_and(|d| d.len() > 3),
            "{way} has no description"
        );
        let shown =
            ["examples", "default", "enum", "properties", "additionalProperties", "minimum"];
        assert!(shown.iter().any(|key| !rule[key].is_null()), "{way} shows no values");
        for at in 0..rule["enum"].as_array().map_or(0, Vec::len) {
            assert!(
                rule["markdownEnumDescriptions"][at].is_string(),
                "value {at} of {way} is not explained"
            );
        }
    }
}

#[test]
fn examples_and_defaults_are_valid() {
    let mut looked_at = 0;
    for (way, rule) in FileKind::ALL.into_iter().flat_map(rules) {
        let validator = jsonschema::draft7::new(rule).expect("a schema");
        for value in rule["examples"].as_array().into_iter().flatten().chain(rule.get("default")) {
            assert!(validator.is_valid(value), "{way}: {value}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 60, "{looked_at}");
}

#[test]
fn documented_defaults_match_the_engine() {
    let mut sources = Sources::new();
    let files = [
        (
            "agents.yaml",
            "version: 1\nmodels: { m: { max_tokens: 1 } }\nagents: { a: { description: x, model: \
             m, prompt: prompts/a.md, tools: [judge, look] } }\n",
        ),
        (
            "phases/p.yaml",
            "version: 1\nphase: p\nswarm: { entry: a, agents: [a] }\ntask: prompts/a.md\nreview: { \
             agent: a, depth: light }\ngate: { kind: approval }\nretry: { max_attempts: 1 }\n",
        ),
        ("workflows/w.yaml", "version: 1\nworkflow: w\nphases: [p]\n"),
        (
            "rehearsals/r.yaml",
            "version: 1\nrehearsal: r\nagents: [{ agent: a, asks: y }]\nreviews: [{ phase: p, \
             finds: z }]\n",
        ),
        ("prompts/a.md", "words"),
    ];
    for (path, text) in files {
        sources.add(path, text.as_bytes());
    }
    let tool = |name: &str, capability: &str| {
        let info = json!({ "name": name, "description": "", "schema": {}, "capability": capability,
            "effect": "pure" });
        serde_json::from_value(info).expect("a tool")
    };
    let catalogue = Catalogue {
        tool_templates: Vec::new(),
        tools: vec![tool("judge", "judge"), tool("look", "read_repo")],
        prompt_variables: Vec::new(),
        template_variables: Vec::new(),
        slot_sources: Vec::new(),
        finalize_steps: Vec::new(),
        missing: Default::default(),
    };
    let loaded = crate::load(&sources, &catalogue);
    assert!(!loaded.report.has_errors(), "{:?}", loaded.report);
    let definition = loaded.definition.expect("a definition without errors");
    let phase = serde_json::to_value(&definition.phases[0]).expect("plain data");
    let rehearsal = serde_json::to_value(&definition.rehearsals[0]).expect("plain data");
    let default = |kind, way: &str| {
        let steps = way.split('.').map(|step| (step != "[]").then_some(step));
        let value = below(plain(kind), steps)["default"].clone();
        match value.as_str().and_then(Duration::parse) {
            Some(time) => Value::from(time.0.as_millis() as u64),
            None => value,
        }
    };
    for (written, meant) in [
        ("swarm.max_handoffs", &phase["swarm"]["max_handoffs"]),
        ("swarm.max_iterations", &phase["swarm"]["max_iterations"]),
        ("swarm.max_turns", &phase["swarm"]["max_turns"]),
        ("swarm.execution_timeout", &phase["swarm"]["execution_timeout"]),
        ("swarm.node_timeout", &phase["swarm"]["node_timeout"]),
        (
            "swarm.repetitive_handoff_detection_window",
            &phase["swarm"]["repetitive_handoff_detection_window"],
        ),
        (
            "swarm.repetitive_handoff_min_unique_agents",
            &phase["swarm"]["repetitive_handoff_min_unique_agents"],
        ),
        ("swarm.handoff", &phase["swarm"]["handoff"]),
        ("swarm.retry.max_attempts", &phase["swarm"]["provider_max_attempts"]),
        ("swarm.retry.initial_delay", &phase["swarm"]["provider_initial_delay"]),
        ("swarm.retry.max_delay", &phase["swarm"]["provider_max_delay"]),
        ("review.max_reworks", &phase["review"]["max_reworks"]),
        ("gate.max_revisions", &phase["gate"]["max_revisions"]),
        ("gate.on_expiry", &phase["gate"]["on_expiry"]),
        ("retry.timeout_factor", &phase["retry"]["timeout_factor"]),
    ] {
        assert!(!meant.is_null(), "{written}");
        assert_eq!(&default(FileKind::Phase, written), meant, "{written}");
    }
    assert_eq!(default(FileKind::Rehearsal, "agents.[].times"), rehearsal["agents"][0]["times"]);
    assert_eq!(default(FileKind::Rehearsal, "reviews.[].times"), rehearsal["reviews"][0]["times"]);
}
