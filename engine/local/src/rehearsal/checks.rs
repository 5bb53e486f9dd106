//! What a rehearsed agent runs over its own files and those that it reviews, with the tools that it
//! has, and what it records of the results.

use cloudcrew_definition::crew::{Agent, Deliverable, Phase};
use cloudcrew_ports::model::{ModelRequest, ToolStatus};
use serde_json::{Value, json};

use super::sketch::{ending, is_test};
use super::transcript::Transcript;
use super::{Turn, has};

/// A call of a tool.
type Call = (&'static str, Value);

/// The checks of an agent in a phase, which it makes once in a visit. `judged` are the deliverables
/// that await its verdict.
pub(super) fn checks(
    agent: &Agent,
    phase: &Phase,
    transcript: &Transcript<'_>,
    judged: &[&Deliverable],
) -> Vec<Call> {
    let wrote = |d: &&Deliverable| d.owner == agent.name && transcript.wrote(&d.path);
    let own: Vec<&Deliverable> = phase.deliverables.iter().filter(wrote).collect();
    let mut calls: Vec<Call> = Vec::new();
    let mut add = |call: Call| {
        if !calls.contains(&call) {
            calls.push(call);
        }
    };
    for d in &own {
        let folder = folder(&d.path);
        match ending(&d.path) {
            "sql" => add(("validate_sql", json!({ "path": d.path, "dialect": "postgresql" }))),
            "tf" => {
                add(("terraform_fmt", json!({ "folder": folder })));
                add(("terraform_validate", json!({ "folder": folder })));
                add(("scan_infrastructure", json!({ "folder": folder })));
            }
            "py" if agent.commands.iter().any(|name| name == "python3") => {
                let arguments = match is_test(&d.path) {
                    true => json!(["-m", "unittest", "discover", "-s", folder]),
                    false => json!(["-m", "py_compile", d.path]),
                };
                add(("run_command", json!({ "program": "python3", "arguments": arguments })));
            }
            _ => {}
        }
    }
    for d in judged {
        let folder = folder(&d.path);
        match ending(&d.path) {
            "tf" => add(("scan_infrastructure", json!({ "folder": folder }))),
            "py" => add(("scan_code", json!({ "folder": folder }))),
            _ => continue,
        }
        add(("scan_secrets", json!({})));
    }
    calls
}

/// The next turn of checks: those with tools that the agent has and has not called in this visit.
pub(super) fn turn(
    calls: Vec<Call>,
    request: &ModelRequest<'_>,
    transcript: &Transcript<'_>,
) -> Option<Turn> {
    let due = |tool: &str| has(request, tool) && !transcript.called(tool);
    let calls: Vec<Call> = calls.into_iter().filter(|(tool, _)| due(tool)).collect();
    let said = Turn::says("I check what was written.");
    let turn = calls.into_iter().fold(said, |turn, (tool, input)| turn.call(tool, input));
    (!turn.calls.is_empty()).then_some(turn)
}

/// Tools whose results are worth a row in the ledger.
const NOTED: [&str; 6] = [
    "validate_sql",
    "terraform_validate",
    "scan_infrastructure",
    "scan_code",
    "scan_secrets",
    "run_command",
];
/// Maximum length of a row.
const MOST: usize = 280;

/// Records the first line of each result, or why there is none.
pub(super) fn noted(
    request: &ModelRequest<'_>,
    phase: &Phase,
    transcript: &Transcript<'_>,
) -> Option<Turn> {
    if !has(request, "ledger_write") {
        return None;
    }
    let mut turn = Turn::says("I record what the checks say.");
    for tool in NOTED {
        for (call, result) in transcript.calls(tool) {
            let line = result.text.lines().next().unwrap_or_default();
            let what = match call.input["arguments"].as_array() {
                Some(arguments) => {
                    let words = arguments.iter().filter_map(Value::as_str);
                    let words = words.collect::<Vec<_>>().join(" ");
                    format!("python3 {words}")
                }
                None => tool.to_owned(),
            };
            let title = format!("{}: {what}: {line}", phase.name);
            let title: String = title.chars().take(MOST).collect();
            let known = |input: &Value| input["title"] == title.as_str();
            if transcript.calls("ledger_write").any(|(call, _)| known(&call.input)) {
                continue;
            }
            let kind = match result.status {
                ToolStatus::Success => "fact",
                ToolStatus::Error => "assumption",
            };
            turn = turn.call("ledger_write", json!({ "kind": kind, "title": title }));
        }
    }
    (!turn.calls.is_empty()).then_some(turn)
}

/// The folder of a path; `.` for the root.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}
