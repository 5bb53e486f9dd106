//! Converts a scenario to a swarm's specification, and a swarm to the outcome that the kit prints.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudcrew_ports::model::Usage;
use cloudcrew_runtime::swarm::{HandoffMode, Limits, Member, RetryPolicy, Swarm, SwarmSpec};
use serde_json::{Map, Value, json};

/// Replaces `id:NAME` by the id of the open question with that name.
pub fn named(value: &Value, id_of: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("id:").and_then(id_of) {
            Some(id) => Value::String(id),
            None => value.clone(),
        },
        Value::Array(list) => list.iter().map(|v| named(v, id_of)).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), named(v, id_of))).collect(),
        other => other.clone(),
    }
}

/// The swarm that a scenario describes. Keys are the same as in YAML; times are in seconds.
pub fn spec(scenario: &Value) -> SwarmSpec {
    let swarm = &scenario["swarm"];
    let agents = scenario["agents"].as_array().unwrap();
    let members = agents.iter().map(|agent| Member {
        name: agent["name"].as_str().unwrap().to_owned(),
        description: agent["description"].as_str().map(str::to_owned),
        tools: serde_json::from_value(agent["tools"].clone()).unwrap(),
        max_tokens: agent["max_tokens"].as_u64().unwrap_or(4096) as u32,
        context: agent.get("context").map(|rule| serde_json::from_value(rule.clone()).unwrap()),
    });
    let members: Vec<_> = members.collect();
    SwarmSpec {
        task: scenario["task"].as_str().unwrap().to_owned(),
        entry: swarm["entry"].as_str().unwrap_or(&members[0].name).to_owned(),
        members,
        limits: limits(swarm),
        handoff: swarm
            .get("handoff")
            .map(|mode| serde_json::from_value(mode.clone()).unwrap())
            .unwrap_or(HandoffMode::Immediate),
        retry: retry(&scenario["retry"]),
        handoffs: true,
        entry_hands_off: false,
        asks_again: 0,
    }
}

fn secs(v: &Value, d: f64) -> Duration {
    Duration::from_secs_f64(v.as_f64().unwrap_or(d))
}
fn num(v: &Value, d: u32) -> u32 {
    v.as_u64().map_or(d, |n| n as u32)
}
fn limits(s: &Value) -> Limits {
    Limits {
        max_handoffs: num(&s["max_handoffs"], 20),
        max_iterations: num(&s["max_iterations"], 20),
        max_turns: num(&s["max_turns"], 100),
        execution_timeout: secs(&s["execution_timeout"], 900.0),
        node_timeout: secs(&s["node_timeout"], 300.0),
        repetitive_handoff_detection_window: num(&s["repetitive_handoff_detection_window"], 0),
        repetitive_handoff_min_unique_agents: num(&s["repetitive_handoff_min_unique_agents"], 0),
        token_budget: s["token_budget"].as_u64(),
    }
}
fn retry(s: &Value) -> RetryPolicy {
    RetryPolicy {
        max_attempts: num(&s["max_attempts"], 6),
        initial_delay: secs(&s["initial_delay"], 2.0),
        max_delay: secs(&s["max_delay"], 60.0),
    }
}
/// The outcome, except for what only the driver knows.
pub fn outcome_of(s: &Swarm) -> Value {
    let mut agents = BTreeMap::<String, Usage>::new();
    s.visits().iter().for_each(|v| *agents.entry(v.agent.clone()).or_default() += v.usage);
    let calls: Vec<_> = s
        .tool_results()
        .iter()
        .filter(|f| f.started)
        .map(|f| json!({"agent": f.agent, "tool": f.tool, "id": f.id}))
        .collect();
    let results: Vec<_> = s
        .tool_results()
        .iter()
        .map(|f| {
            json!({"visit": f.visit, "agent": f.agent, "id": f.id, "tool": f.tool,
            "status": f.status, "text": f.text})
        })
        .collect();
    let shared: Map<String, Value> =
        s.shared_context().iter().map(|(k, v)| (k.clone(), Value::Object(v.clone()))).collect();
    let handoffs: Vec<_> = s
        .handoffs()
        .iter()
        .map(|(f, h)| json!({"from": f, "to": h.to, "message": h.message}))
        .collect();
    json!({"status": s.status(), "reason": s.reason(), "resumable": s.resumable(),
        "interrupts": s.questions(), "node_order": s.node_order(),
        "visits": s.visits(), "handoffs": handoffs, "tool_results": results, "tool_calls": calls,
            "shared_context": shared,
        "usage": {"total": s.usage(), "agents": agents}})
}
