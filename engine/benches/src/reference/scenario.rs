//! The work for both sides, in the form of the swarm kit's scenarios
//! (`tests/cases/swarm/scenarios`).

use cloudcrew_benches::root;
use serde_json::{Value, json};

/// The file that agents read: the place of the statement of work on our side.
pub const FILE: &str = "docs/sow/sow.md";

/// The side that runs a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Strands Agents. A handoff is an ordinary tool: the agent is called once more after it.
    Reference,
    /// This engine. A handoff ends the visit.
    Ours,
}

/// One agent that answers at once.
pub fn start() -> Value {
    alone(1, 200)
}

/// Two agents that hand off to each other after ten turns.
pub fn swarm(turns: usize, side: Side) -> Value {
    let visits = turns / 10;
    let to = |name: &str| {
        json!({ "tools": [{ "name": "handoff_to_agent",
        "input": { "agent_name": name, "message": "your turn" } }] })
    };
    let visit = |other: &str| match side {
        Side::Reference => {
            [vec![read(); 8], vec![to(other), json!({ "text": "Handed over." })]].concat()
        }
        Side::Ours => [vec![read(); 9], vec![to(other)]].concat(),
    };
    let last = [vec![read(); 9], vec![json!({ "text": "Done." })]].concat();
    let a = vec![visit("b"); visits.div_ceil(2)].concat();
    let b = [vec![visit("a"); (visits / 2).saturating_sub(1)].concat(), last].concat();
    scenario(&[("a", a), ("b", b)], 200)
}

/// One agent in one visit, reading a file of `bytes` bytes in every turn except the last.
pub fn alone(turns: usize, bytes: usize) -> Value {
    let mut said = Vec::new();
    if turns > 1 {
        let mut all = read();
        all["repeat"] = (turns - 1).into();
        said.push(all);
    }
    said.push(json!({ "text": "Done." }));
    scenario(&[("a", said)], bytes)
}

/// Concurrent runs of ten turns each, with a model that takes 50 ms.
pub fn at_once(runs: usize) -> Value {
    let mut scenario = alone(10, 200);
    scenario["runs"] = json!({ "count": runs, "mode": "parallel" });
    scenario["model"]["delayMs"] = 50.into();
    scenario
}

/// Design, infrastructure, review, fix, second review.
pub fn review_cycle(side: Side) -> Value {
    let name = if side == Side::Ours { "review-cycle-immediate" } else { "review-cycle" };
    let text =
        std::fs::read_to_string(root().join(format!("tests/cases/swarm/scenarios/{name}.json")))
            .expect("a scenario");
    let mut scenario: Value = serde_json::from_str(&text).expect("JSON");
    scenario["files"] = json!({ FILE: text_of(200) });
    scenario
}

/// The scenario with our names for its tools.
pub fn in_our_words(scenario: &Value) -> Value {
    let mut ours = scenario.clone();
    for (_, script) in ours["model"]["agents"].as_object_mut().expect("agents") {
        for turn in script["turns"].as_array_mut().expect("turns") {
            for call in turn.get_mut("tools").and_then(Value::as_array_mut).into_iter().flatten() {
                match call["name"].as_str() {
                    Some("read_file") => call["name"] = "repo_read".into(),
                    Some("write_file") => call["name"] = "repo_write".into(),
                    _ => {}
                }
            }
        }
    }
    ours
}

/// Input and output tokens of all scripted answers that were sent.
pub fn scripted(scenario: &Value, stats: &Value) -> (u64, u64) {
    let (mut input, mut output) = (0, 0);
    for (_, agents) in stats["by_run"].as_object().expect("runs") {
        for (agent, calls) in agents.as_object().expect("agents") {
            let turns = scenario["model"]["agents"][agent]["turns"].as_array().expect("a script");
            let each = turns.iter().flat_map(|turn| {
                std::iter::repeat_n(turn, turn["repeat"].as_u64().unwrap_or(1) as usize)
            });
            for turn in each.take(calls.as_u64().expect("a number") as usize) {
                input += turn["usage"]["input"].as_u64().unwrap_or(100);
                output += turn["usage"]["output"].as_u64().unwrap_or(20);
            }
        }
    }
    (input, output)
}

fn read() -> Value {
    let text = "I read the statement of work again before I go on, to be sure that what I write \
        next is what was asked for.";
    json!({ "text": text, "tools": [{ "name": "read_file", "input": { "path": FILE } }] })
}

fn scenario(scripts: &[(&str, Vec<Value>)], bytes: usize) -> Value {
    let agents = scripts.iter().map(|(name, _)| {
        json!({ "name": name, "description": format!("Owns part {name}"), "system": "You \
            work.", "write_scope": format!("{name}/") })
    });
    let turns = scripts.iter().map(|(name, turns)| ((*name).to_owned(), json!({ "turns": turns })));
    json!({
        "task": "Do the work.",
        "swarm": { "entry": scripts[0].0, "max_handoffs": 1000, "max_iterations": 1000,
            "execution_timeout": 7200, "node_timeout": 7200 },
        "agents": agents.collect::<Vec<_>>(),
        "model": { "agents": turns.collect::<serde_json::Map<_, _>>() },
        "files": { FILE: text_of(bytes) },
    })
}

fn text_of(bytes: usize) -> String {
    let line = "The service stores orders and shows them to whoever placed them.\n";
    format!("# Orders\n\n{}", line.repeat(bytes / line.len() + 1)).chars().take(bytes).collect()
}
