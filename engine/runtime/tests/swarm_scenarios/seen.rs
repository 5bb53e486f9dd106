//! Summarizes a run in the format of an expected file.

use cloudcrew_ports::model::{Block, Message, ToolResult};
use serde_json::{Map, Value, json};

use crate::run::{Request, Run};

/// The summary to compare.
pub fn summary(run: &Run) -> Value {
    let o = &run.outcome;
    let mut tool_calls = o["tool_calls"].as_array().unwrap().clone();
    tool_calls.sort_by_key(|call| call["id"].as_str().unwrap().to_owned());
    let mut agents = o["usage"]["agents"].as_object().unwrap().clone();
    agents.retain(|_, usage| usage.as_object().unwrap().values().any(|n| n.as_u64() != Some(0)));
    json!({
        "status": o["status"], "reason": bare_reason(&o["reason"]), "resumable": o["resumable"],
        "rounds": o["rounds"].as_array().unwrap().iter().map(round).collect::<Vec<_>>(),
        "interrupts": questions(&o["interrupts"]), "node_order": o["node_order"],
        "visits": o["visits"].as_array().unwrap().iter().map(visit).collect::<Vec<_>>(),
        "handoffs": o["handoffs"], "tool_results": o["tool_results"], "tool_calls": tool_calls,
        "shared_context": o["shared_context"], "files": o["files"],
        "usage": {"total": o["usage"]["total"], "agents": agents},
        "inputs": inputs(run), "requests": run.requests.iter().map(request).collect::<Vec<_>>(),
    })
}

fn picked(value: &Value, keys: &[&str]) -> Value {
    let picked: Map<_, _> =
        keys.iter().filter_map(|key| Some(((*key).to_owned(), value.get(key)?.clone()))).collect();
    Value::Object(picked)
}

fn bare_reason(reason: &Value) -> Value {
    if reason.is_null() {
        Value::Null
    } else {
        picked(reason, &["kind", "agent", "key", "value", "error"])
    }
}

fn questions(questions: &Value) -> Value {
    questions
        .as_array()
        .unwrap()
        .iter()
        .map(|q| picked(q, &["name", "question", "agent"]))
        .collect()
}

fn round(round: &Value) -> Value {
    json!({
        "status": round["status"], "reason": round["reason"]["kind"],
            "refused": round["refused"]["kind"],
        "interrupts": questions(&round["interrupts"]), "ms": round["elapsed_ms"],
    })
}

fn visit(visit: &Value) -> Value {
    let mut picked = picked(
        visit,
        &["visit", "agent", "status", "turns", "stop_reason", "text", "handoff", "usage"],
    );
    picked["calls"] =
        visit["calls"].as_array().unwrap().iter().map(|call| call["result"].clone()).collect();
    picked
}

fn request(request: &Request) -> Value {
    let last = request.messages.last().unwrap();
    let sent: Vec<_> = results(last).map(|result| result.id.clone()).collect();
    let mut entry = json!({"agent": request.agent, "answer": request.answer,
        "messages": request.messages.len(), "sent": sent});
    let all = request.messages.iter().flat_map(results);
    let cut: Vec<_> =
        all.filter(|result| is_cut(&result.text)).map(|result| result.id.clone()).collect();
    if !cut.is_empty() {
        entry["cut"] = json!(cut);
    }
    if request.messages.len() > 1 && sent.is_empty() {
        entry["note"] = json!(text_of(last));
    }
    if request.gone {
        entry["gone"] = json!(true);
    }
    entry
}

pub fn results(message: &Message) -> impl Iterator<Item = &ToolResult> {
    message
        .content
        .iter()
        .filter_map(|block| if let Block::ToolResult(result) = block { Some(result) } else { None })
}

pub fn text_of(message: &Message) -> String {
    message
        .content
        .iter()
        .filter_map(|block| if let Block::Text(text) = block { Some(text.as_str()) } else { None })
        .collect()
}

fn is_cut(text: &str) -> bool {
    let number =
        text.split_once("\n[").and_then(|(_, rest)| rest.split_once(" characters left out]\n"));
    number.is_some_and(|(number, _)| number.parse::<u64>().is_ok())
}

/// The opening message of each visit, located by the number of calls per visit.
fn inputs(run: &Run) -> Value {
    let mut at = 0;
    let mut inputs = Vec::new();
    for visit in run.outcome["visits"].as_array().unwrap() {
        let calls = visit["calls"].as_array().unwrap().len();
        if let Some(request) = run.requests.get(at).filter(|_| calls > 0) {
            inputs.push(sections(&text_of(&request.messages[0])));
        }
        at += calls;
    }
    Value::Array(inputs)
}

const HEADINGS: [&str; 6] =
    ["Task", "Handoff from ", "Not seen by ", "Work so far", "Shared knowledge", "Other agents"];

/// Splits the input of a visit (SPEC 4) into its sections.
fn sections(text: &str) -> Value {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let heading = line.strip_prefix("# ").and_then(|heading| heading.strip_suffix('\n'));
        let known = |heading: &&str| {
            HEADINGS
                .iter()
                .any(|known| heading == known || known.ends_with(' ') && heading.starts_with(known))
        };
        match (heading.filter(known), parts.last_mut()) {
            (Some(heading), _) => parts.push((heading.to_owned(), String::new())),
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => panic!("words before the first heading: {text}"),
        }
    }
    let last = &mut parts.last_mut().unwrap().1;
    last.truncate(last.rfind("\n\n").unwrap());
    let order: Vec<_> = parts
        .iter()
        .map(|(heading, _)| heading.split(" from ").next().unwrap().split(" by ").next().unwrap())
        .collect();
    let mut out = json!({"order": order});
    for (heading, body) in &parts {
        let body = body.strip_suffix("\n\n").unwrap_or(body);
        if let Some(from) = heading.strip_prefix("Handoff from ") {
            out["handoff"] = json!({"from": from, "message": body});
        } else if let Some(by) = heading.strip_prefix("Not seen by ") {
            out["unseen"] =
                json!({"by": by, "calls": body.split('\n').map(seen_call).collect::<Vec<_>>()});
        } else if heading == "Shared knowledge" {
            let line = |line: &str| {
                let (name, known) = line.split_once(": ").unwrap();
                json!([name, serde_json::from_str::<Value>(known).unwrap()])
            };
            out["knowledge"] = body.split('\n').map(line).collect();
        } else {
            out[match heading.as_str() {
                "Task" => "task",
                "Work so far" => "work",
                _ => "others",
            }] = json!(body);
        }
    }
    out
}

fn seen_call(line: &str) -> Value {
    let (head, text) = line.strip_prefix("- ").and_then(|rest| rest.split_once(": ")).unwrap();
    let (name, status) = head.split_once(' ').unwrap();
    json!([name, status, serde_json::from_str::<String>(text).unwrap()])
}
