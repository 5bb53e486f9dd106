//! A workspace for a scenario: the same agents, the same limits, one phase without review and gate.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// Writes the files.
pub fn write(folder: &Path, scenario: &Value) {
    let agents = scenario["agents"].as_array().expect("agents");
    let text = |value: &Value| value.as_str().unwrap_or("Works").to_owned();
    let context =
        scenario.get("context").map_or(String::new(), |context| format!(", context: {context}"));
    let mut crew = format!(
        "version: 1\nmodels:\n  m: {{ max_tokens: 4096, price: {{ input: 5, output: 25, \
         cache_read: 0.5, cache_write: 6.25 }}{context} }}\nshared_tools: [repo_read]\nagents:\n"
    );
    for agent in agents {
        let (name, description, scope) =
            (text(&agent["name"]), text(&agent["description"]), text(&agent["write_scope"]));
        writeln!(
            crew,
            "  {name}: {{ description: \"{description}\", model: m, prompt: prompts/{name}.md, \
             tools: [repo_write], writes: [\"{scope}**\"] }}"
        )
        .expect("a string takes all");
        let prompt = format!(
            "AGENT:{{{{ agent.name }}}} RUN:{{{{ project }}}}\n{}\n",
            text(&agent["system"])
        );
        file(folder, &format!("prompts/{name}.md"), &prompt);
    }
    file(folder, "agents.yaml", &crew);
    let names: Vec<String> = agents.iter().map(|agent| text(&agent["name"])).collect();
    let swarm = &scenario["swarm"];
    let number = |key: &str, default: u64| swarm[key].as_u64().unwrap_or(default);
    let phase = format!(
        "version: 1\nphase: work\nswarm:\n  entry: {entry}\n  agents: [{names}]\n  max_handoffs: \
         {}\n  max_iterations: {}\n  max_turns: 100000\n  execution_timeout: {}s\n  node_timeout: \
         {}s\n  repetitive_handoff_detection_window: {}\n  repetitive_handoff_min_unique_agents: \
         {}\ntask: prompts/tasks/work.md\n",
        number("max_handoffs", 20),
        number("max_iterations", 20),
        number("execution_timeout", 900),
        number("node_timeout", 300),
        number("repetitive_handoff_detection_window", 0),
        number("repetitive_handoff_min_unique_agents", 0),
        entry = text(&swarm["entry"]),
        names = names.join(", "),
    );
    file(folder, "phases/work.yaml", &phase);
    file(folder, "prompts/tasks/work.md", &format!("{}\n", text(&scenario["task"])));
    file(folder, "workflows/w.yaml", "version: 1\nworkflow: w\nphases: [work]\n");
}

fn file(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("written");
}
