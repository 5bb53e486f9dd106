//! Generated files are up to date, so that a review shows the effect of a change.

use std::collections::BTreeSet;

use crate::support::{crew, edited, root};

#[test]
fn the_committed_schemas_match_the_types() {
    for kind in ["agents", "phase", "workflow", "rehearsal", "knowledge"] {
        let there =
            std::fs::read_to_string(root().join(format!("engine/definition/schemas/{kind}.json")))
                .expect("the file");
        assert_eq!(
            crew().run(&["schema", kind]).exits(0).out,
            there,
            "run `cargo run -- schema --write`"
        );
    }
}

#[test]
fn the_reference_pages_match_the_schemas() {
    let crew = edited();
    crew.run(&["schema", "--write"]).exits(0);
    for page in [
        "agents.md",
        "phase.md",
        "workflow.md",
        "rehearsal.md",
        "knowledge.md",
        "tools.md",
        "sensitive-files.md",
        "openapi.json",
    ] {
        let page = format!("docs/reference/{page}");
        let read =
            |root: &std::path::Path| std::fs::read_to_string(root.join(&page)).expect("a page");
        assert_eq!(read(crew.workspace()), read(&root()), "run `cargo run -- schema --write`");
    }
}

#[test]
fn workspace_schemas_contain_its_names_even_if_a_file_is_broken() {
    let crew = edited();
    crew.edit("agents.yaml", "  qa:\n", "  tester:\n").edit(
        "phases/poc.yaml",
        "swarm:",
        "swarm: [",
    );
    crew.run(&["schema", "--workspace"]).exits(0);
    let read = |kind: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(
            crew.workspace().join(format!(".cloudcrew/schemas/{kind}.json")),
        )
        .expect("a schema");
        serde_json::from_str(&text).expect("JSON")
    };
    let entry = read("phase")["properties"]["swarm"]["properties"]["entry"].clone();
    let names = ["pm", "sa", "infra", "dev", "data", "security", "tester"];
    assert_eq!(entry["enum"], serde_json::json!(names));
    assert!(
        entry["markdownEnumDescriptions"][0]
            .as_str()
            .is_some_and(|words| words.contains("ask the customer"))
    );
    let phases = read("workflow")["properties"]["phases"]["items"]["enum"].clone();
    assert!(phases.as_array().is_some_and(|phases| phases.contains(&"poc".into())), "{phases}");
    let tools = read("agents")["properties"]["shared_tools"]["items"]["enum"].clone();
    assert!(tools.as_array().is_some_and(|tools| tools.contains(&"repo_write".into())), "{tools}");
    crew.edit("agents.yaml", "agents:", "agents: [");
    crew.run(&["schema", "--workspace"]).exits(0);
    let entry = read("phase")["properties"]["swarm"]["properties"]["entry"].clone();
    assert!(entry["enum"].is_null(), "without known agents, none is rejected: {entry}");
}

#[test]
fn the_graph_has_three_formats() {
    let drawn = crew().run(&["graph"]).exits(0).out;
    let (first, rest) = drawn.split_once('\n').expect("a first line");
    assert!(first.starts_with("%% delivery (plan "), "{first}");
    insta::assert_snapshot!("graph", rest);
    crew().run(&["graph", "--full"]).exits(0).says("discovery_swarm");
    crew().run(&["graph", "--format", "dot"]).exits(0).says("\"discovery\" -> \"architecture\"");
    crew().run(&["graph", "--format", "dot", "--full"]).exits(0).says("\"discovery.swarm\"");
    let plan = crew().run(&["graph", "--format", "json"]).exits(0).json();
    assert_eq!(plan["start"], "discovery.swarm");
}

#[test]
fn json_output_matches_its_schema() {
    let crew = crew();
    let lines = crew.start("retail-orders.md", &["--format", "json"]).exits(10).out;
    let holds = |verb: &str, documents: Vec<serde_json::Value>| {
        let schema = crew.run(&["schema", verb]).exits(0).json();
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        assert!(!documents.is_empty());
        for document in documents {
            let faults: Vec<String> = validator
                .iter_errors(&document)
                .map(|e| format!("{e} at {}", e.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{verb}: {faults:?} in {document:#}");
        }
    };
    holds(
        "run",
        lines.lines().map(|line| serde_json::from_str(line).expect("a document")).collect(),
    );
    for words in [
        &["list"][..],
        &["show", "demo"],
        &["inbox"],
        &["ledger", "demo"],
        &["artifacts", "demo"],
        &["cost", "demo"],
        &["graph"],
        &["plan"],
    ] {
        holds(words[0], vec![crew.run(&[words, &["--format", "json"]].concat()).exits(0).json()]);
    }
    let wrong = edited();
    wrong.edit("agents.yaml", "sonnet:", "sonet:").edit(
        "phases/discovery.yaml",
        "max_handoffs",
        "max_handofs",
    );
    holds("check", vec![wrong.run(&["check", "--format", "json"]).exits(1).json()]);
}

#[test]
fn the_manual_page_lists_the_commands() {
    let page = crew().run(&["completions", "man"]).exits(0).out;
    for verb in ["CHECK", "RUN", "APPROVE", "COMPLETIONS"] {
        assert!(page.contains(&format!("CLOUDCREW {verb}")), "{verb}");
    }
}

#[test]
fn generated_files_follow_the_definitions() {
    let crew = edited();
    crew.run(&["generate", "--check"]).exits(1);
    crew.run(&["generate"]).exits(0);
    crew.run(&["generate", "--check"]).exits(0);
    let machines = crew.workspace().join("infra/terraform/state_machines");
    std::fs::copy(machines.join("delivery.asl.json"), machines.join("gone.asl.json"))
        .expect("copied");
    std::fs::write(machines.join("by-hand.asl.json"), "{}").expect("written");
    crew.run(&["generate", "--check"]).exits(1).says("gone.asl.json: no workflow of that name");
    crew.run(&["generate"]).exits(0).says("removed");
    assert!(machines.join("by-hand.asl.json").exists() && !machines.join("gone.asl.json").exists());
    crew.set("phases/discovery.yaml", "gate.max_revisions", "2");
    crew.run(&["generate", "--check"])
        .exits(1)
        .says("At most 2: phases/discovery.yaml gate.max_revisions");
}

#[test]
fn every_state_of_the_machine_exists_and_is_reachable() {
    let text =
        std::fs::read_to_string(root().join("infra/terraform/state_machines/delivery.asl.json"))
            .expect("the file");
    let machine: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let states = machine["States"].as_object().expect("states");
    let mut to_see = vec![machine["StartAt"].as_str().expect("a start")];
    let mut seen = BTreeSet::new();
    while let Some(name) = to_see.pop() {
        if seen.insert(name) {
            let state = states.get(name).unwrap_or_else(|| panic!("no state `{name}`"));
            let branches =
                ["Choices", "Catch"].into_iter().filter_map(|key| state[key].as_array()).flatten();
            to_see.extend(
                branches
                    .chain([state])
                    .flat_map(|way| [&way["Next"], &way["Default"]])
                    .filter_map(|to| to.as_str()),
            );
        }
    }
    assert_eq!(seen, states.keys().map(String::as_str).collect(), "unreachable states");
}

#[test]
fn the_crew_may_call_exactly_the_models_it_uses() {
    let crew = edited();
    crew.edit(
        "agents.yaml",
        "  opus:\n",
        "  opus:\n    provider: bedrock\n    id: us.anthropic.claude-opus-4-6-v1\n",
    );
    crew.edit("phases/poc.yaml", "description: ", "description: ${cluster_arn} %{if} - ");
    crew.run(&["generate"]).exits(0);
    let read = |path: &str| {
        std::fs::read_to_string(crew.workspace().join("infra/terraform").join(path))
            .expect("a file")
    };
    let variables: serde_json::Value =
        serde_json::from_str(&read("crew.auto.tfvars.json")).expect("JSON");
    let granted = [
        "arn:aws:bedrock:*:*:inference-profile/us.anthropic.claude-opus-4-6-v1",
        "arn:aws:bedrock:*::foundation-model/anthropic.claude-opus-4-6-v1",
    ];
    assert_eq!(variables["model_arns"], serde_json::json!(granted));
    assert!(read("state_machines/delivery.asl.json").contains("$${cluster_arn} %%{if} - "));
}

#[test]
fn terraform_declares_every_generated_variable_and_key() {
    let read = |path: &str| {
        std::fs::read_to_string(root().join("infra/terraform").join(path)).expect("a file")
    };
    let declared = read("generated_variables.tf");
    let variables: serde_json::Value =
        serde_json::from_str(&read("crew.auto.tfvars.json")).expect("JSON");
    for (name, value) in variables.as_object().expect("variables") {
        let block = declared
            .split("\nvariable ")
            .find(|block| block.starts_with(&format!("\"{name}\"")))
            .unwrap_or_else(|| panic!("`{name}`"));
        let words: BTreeSet<&str> =
            block.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        // In a map, the keys are below the names of the crew; in an object, at the top.
        let keys: Vec<&str> = match value {
            serde_json::Value::Object(of) if block.contains("map(object(") => of
                .values()
                .filter_map(|v| v.as_object())
                .flat_map(|o| o.keys())
                .map(String::as_str)
                .collect(),
            serde_json::Value::Object(of) => of.keys().map(String::as_str).collect(),
            serde_json::Value::Array(of) => of
                .iter()
                .filter_map(|v| v.as_object())
                .flat_map(|o| o.keys())
                .map(String::as_str)
                .collect(),
            _ => Vec::new(),
        };
        let unknown: BTreeSet<&str> = keys.into_iter().filter(|key| !words.contains(key)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}
