//! Live models over the wire: a scripted server replays a rehearsal, with faults. These tests need
//! `python3` and are not run by default: `cargo test --features aws --test it live -- --ignored`.

mod faults;
mod lifecycles;
mod proxy;
pub(crate) mod server;
mod servers;
mod settings;
mod wire;

use serde_json::{Value, json};

use crate::support::{Crew, Done, edited};
use server::Server;

/// The statement of work of these tests.
pub(crate) const SOW: &str = "clinic-scheduling.md";

/// The provider of the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Through {
    OpenAi,
    /// Only if the binary was built with it.
    Bedrock,
}

/// The providers of this binary.
fn ways() -> Vec<Through> {
    if cfg!(feature = "aws") {
        vec![Through::OpenAi, Through::Bedrock]
    } else {
        vec![Through::OpenAi]
    }
}

/// The replies of a rehearsal by agent, as a script for the server.
fn rehearsed() -> Value {
    let done = edited().start(SOW, &["--approve", "all", "--format", "json"]).exits(0);
    script(&done)
}

/// The same up to the first gate.
fn rehearsed_to_the_gate() -> Value {
    let done = edited().start(SOW, &["--format", "json"]).exits(10);
    script(&done)
}

pub(crate) fn script(done: &Done) -> Value {
    let mut agents = serde_json::Map::new();
    let mut agent = String::new();
    for line in done.out.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON Lines");
        match event["event"].as_str() {
            Some("visit_opened") => agent = event["agent"].as_str().expect("a name").to_owned(),
            Some("swarm_input") if event["input"]["input"] == "reply" => {
                let turns = agents.entry(agent.clone()).or_insert_with(|| json!({ "turns": [] }));
                turns["turns"].as_array_mut().expect("a list").push(turn(&event["input"]));
            }
            _ => {}
        }
    }
    json!({ "model": { "agents": agents } })
}

fn turn(reply: &Value) -> Value {
    let blocks = reply["content"].as_array().expect("blocks");
    let text: String = blocks.iter().filter_map(|b| b["text"].as_str()).collect();
    let tools: Vec<&Value> =
        blocks.iter().map(|b| &b["tool_use"]).filter(|call| !call.is_null()).collect();
    let tools: Vec<Value> =
        tools.iter().map(|call| json!({ "name": call["name"], "input": call["input"] })).collect();
    let usage = json!({ "input": reply["usage"]["input_tokens"],
        "output": reply["usage"]["output_tokens"] });
    json!({ "text": text, "tools": tools, "usage": usage })
}

/// A crew whose models are served at a URL. The server tells agents apart by the first line of
/// their prompts.
pub(crate) fn crew_at(url: &str, through: Through) -> Crew {
    let crew = edited();
    let endpoint = match through {
        Through::OpenAi => format!("provider: openai\n    endpoint: {url}/v1"),
        Through::Bedrock => {
            format!("provider: bedrock\n    endpoint: {url}\n    region: us-east-1")
        }
    };
    for price in ["price: { input: 5", "price: { input: 3"] {
        let model = format!(
            "{endpoint}\n    id: us.anthropic.claude-fake-v1:0\n    silence_timeout: 2s\n    \
             {price}"
        );
        crew.edit("agents.yaml", price, &model);
    }
    for agent in ["pm", "sa", "infra", "dev", "data", "security", "qa"] {
        let path = crew.workspace().join(format!("prompts/{agent}.md"));
        let prompt = std::fs::read_to_string(&path).expect("a prompt");
        std::fs::write(&path, format!("AGENT:{agent} RUN:r1\n\n{prompt}")).expect("written");
    }
    for phase in ["discovery", "architecture", "poc", "production", "handoff", "retrospective"] {
        let retry = "swarm:\n  retry: { max_attempts: 6, initial_delay: 1s, max_delay: 1s }";
        crew.edit(&format!("phases/{phase}.yaml"), "swarm:", retry);
    }
    crew
}

/// A crew and its model server.
fn served(script: &Value, through: Through) -> (Server, Crew) {
    let server = Server::start(script);
    let crew = crew_at(&server.url(), through);
    (server, crew)
}
