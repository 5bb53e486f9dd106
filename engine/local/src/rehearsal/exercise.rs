//! Uses the tools that an agent has and would not use otherwise, once in an engagement, so that a
//! rehearsal shows whether each of them works.

use cloudcrew_definition::crew::{Agent, Pattern, Phase};
use cloudcrew_ports::model::{ModelRequest, ToolStatus};
use serde_json::{Value, json};

use super::knowledge::Knowledge;
use super::transcript::Transcript;
use super::{Turn, has};

/// A call of a tool.
type Call = (&'static str, Value);

/// Tools whose use an agent notes.
const EXERCISED: [&str; 22] = [
    "repo_search",
    "knowledge_search",
    "repo_history",
    "repo_diff",
    "repo_edit",
    "repo_move",
    "repo_delete",
    "board_write",
    "format_customer_update",
    "generate_diagram",
    "aws_service_lookup",
    "aws_provider_docs",
    "estimate_cost",
    "design_schema",
    "design_pipeline",
    "validate_asl",
    "review_iam_policy",
    "terraform_plan",
    "scan_dependencies",
    "search_memory",
    "search_patterns",
    "use_pattern",
];
/// How the row in the ledger begins.
pub(super) const NOTED: &str = "Rehearsed tools of";
/// Turns that a visit must be allowed, so that these do not take those that the work needs.
const TURNS: u32 = 20;

/// The next calls: on a file that the agent has written in this visit, in its first such visit.
pub(super) fn turn(
    request: &ModelRequest<'_>,
    phase: &Phase,
    agent: &Agent,
    known: &Knowledge,
    transcript: &Transcript<'_>,
    patterns: &[Pattern],
) -> Option<Turn> {
    if phase.swarm.max_turns < TURNS {
        return None;
    }
    let noted = format!("{NOTED} {}", agent.name);
    if known.rows_of("fact").any(|row| row.title.starts_with(&noted)) {
        return None;
    }
    let wrote = |path: &&str| transcript.wrote(path);
    let own = phase.deliverables.iter().filter(|d| d.owner == agent.name);
    let path = own.map(|d| d.path.as_str()).find(wrote)?;
    for batch in calls(path, phase, agent, transcript, patterns) {
        let made =
            |(tool, input): &Call| transcript.calls(tool).any(|(call, _)| call.input == *input);
        let due: Vec<Call> = batch.into_iter().filter(|(tool, _)| has(request, tool)).collect();
        if !due.is_empty() && !due.iter().any(made) {
            let said = Turn::says("I try the tools that I may need.");
            return Some(due.into_iter().fold(said, |turn, (tool, input)| turn.call(tool, input)));
        }
    }
    note(request, &noted, transcript)
}

/// What each tool is called with, in three turns: what only reads, so that it sees the same after a
/// crash; what writes; and what needs something that was written.
fn calls(
    path: &str,
    phase: &Phase,
    agent: &Agent,
    transcript: &Transcript<'_>,
    patterns: &[Pattern],
) -> [Vec<Call>; 3] {
    let may = |tool: &str| agent.tools.iter().any(|name| name == tool);
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let beside = |name: &str| match folder {
        "." => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let estimated = json!({ "service": "Lambda", "item": "requests", "quantity": 1,
        "basis": "assumed in a rehearsal" });
    let reads: Vec<Call> = vec![
        ("repo_read", json!({ "path": path })),
        ("repo_search", json!({ "query": "rehears", "ignore_case": true })),
        ("knowledge_search", json!({ "words": "what the customer requires" })),
        ("repo_history", json!({ "path": path })),
        ("repo_diff", json!({ "path": path })),
        ("aws_service_lookup", json!({ "service": "Lambda" })),
        ("estimate_cost", json!({ "lines": [estimated] })),
        ("aws_provider_docs", json!({ "resource": "aws_sqs_queue" })),
        ("scan_dependencies", json!({})),
        ("search_patterns", json!({})),
        ("search_memory", json!({ "question": "which format the customer prefers for files" })),
        ("review_iam_policy", json!({ "path": path })),
    ];
    let mut writes: Vec<Call> = Vec::new();
    for d in &phase.deliverables {
        let state = if transcript.wrote(&d.path) { "done" } else { "todo" };
        let item = json!({ "item": name_of(&d.path), "title": d.path, "state": state,
            "assignee": d.owner, "deliverable": d.path });
        writes.push(("board_write", item));
    }
    let needed = match phase.gate {
        Some(_) => {
            vec![format!("Read the files of {0}, and decide at the gate of {0}.", phase.name)]
        }
        None => Vec::new(),
    };
    let update = json!({ "headline": "Rehearsal: the first files are written",
        "done": [{ "what": "A first version, written without a live model", "path": path }],
        "needed": needed,
        "next": ["The crew reviews what is written."] });
    writes.push(("format_customer_update", update));
    let drawn = "flowchart LR\n  customer[Customer] --> service[Rehearsed: not the design]\n  \
                 service --> store[(Store)]";
    let diagram = json!({ "path": beside("overview.mmd"), "mermaid": drawn });
    writes.push(("generate_diagram", diagram));
    writes.push(("terraform_plan", json!({ "folder": folder })));
    let mut last: Vec<Call> = Vec::new();
    // What it cannot remove again, it does not write.
    if may("repo_delete") {
        // In this order: the effects of one turn happen in the order of its calls.
        let (scratch, moved) = (beside("rehearsed.md"), beside("rehearsed-again.md"));
        let content = "This file is written, changed, moved and removed by a rehearsal.\n";
        let gone = if may("repo_move") { &moved } else { &scratch };
        writes.extend([
            ("repo_write", json!({ "path": scratch, "content": content })),
            ("repo_edit", json!({ "path": scratch, "old": "is written", "new": "was written" })),
            ("repo_move", json!({ "from": scratch, "to": moved })),
            ("repo_delete", json!({ "path": gone })),
        ]);
        if let Some(pattern) = patterns.iter().find(|pattern| pattern.files.len() == 1) {
            let below = beside("rehearsed-pattern");
            writes.push(("use_pattern", json!({ "pattern": pattern.name, "folder": below })));
            if may("use_pattern") {
                let written = format!("{below}/{}", pattern.files[0].0);
                last.push(("repo_delete", json!({ "path": written })));
            }
        }
        let (keys, pipeline) = (beside("rehearsed-keys.json"), beside("rehearsed-steps.json"));
        if may("design_schema") {
            let table = json!({ "name": "rehearsed",
                "partition_key": { "attribute": "id", "type": "string" },
                "access_patterns": [{ "what": "one item by its id", "requirement": "R1" }] });
            let schema = json!({ "kind": "dynamodb", "tables": [table] });
            writes.push(("design_schema", json!({ "path": keys, "schema": schema })));
            last.push(("repo_delete", json!({ "path": keys })));
        }
        if may("design_pipeline") {
            let machine =
                json!({ "StartAt": "Load", "States": { "Load": { "Type": "Pass", "End": true } } });
            let steps = json!({ "kind": "asl", "content": machine.to_string() });
            writes.push(("design_pipeline", json!({ "path": pipeline, "steps": steps })));
            last.push(("validate_asl", json!({ "path": pipeline })));
            last.push(("repo_delete", json!({ "path": pipeline })));
        }
    }
    [reads, writes, last]
}

/// The file name of a path as the name of a work item.
fn name_of(path: &str) -> String {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("item-{}", stem.chars().map(plain).collect::<String>().trim_matches('-'))
}

/// Records which tools worked, and why others did not.
fn note(request: &ModelRequest<'_>, title: &str, transcript: &Transcript<'_>) -> Option<Turn> {
    if !has(request, "ledger_write") {
        return None;
    }
    let (mut worked, mut refused) = (Vec::new(), Vec::new());
    for tool in EXERCISED {
        let Some((_, result)) = transcript.calls(tool).next() else { continue };
        match result.status {
            ToolStatus::Success => worked.push(tool),
            ToolStatus::Error => {
                let line = result.text.lines().next().unwrap_or_default();
                let line: String = line.chars().take(120).collect();
                refused.push(format!("{tool}: {line}"));
            }
        }
    }
    if worked.is_empty() && refused.is_empty() {
        return None;
    }
    let known = |call: &Value| call["title"].as_str().is_some_and(|t| t.starts_with(title));
    if transcript.calls("ledger_write").any(|(call, _)| known(&call.input)) {
        return None;
    }
    let body = format!("Worked: {}.\nRefused: {}", worked.join(", "), refused.join("; "));
    let title = format!("{title}: {} worked, {} refused", worked.len(), refused.len());
    let input = json!({ "kind": "fact", "title": title, "body": body });
    Some(Turn::says("I note which tools work.").call("ledger_write", input))
}
