//! What a service answers, for people. Its text is untrusted.

use std::borrow::Cow;

use cloudcrew_definition::shown::row;
use serde_json::Value;

use crate::out::{note, say};
use crate::shell::{pasted, quoted};

/// A field as one safe line.
fn text<'v>(value: &'v Value, key: &str) -> Cow<'v, str> {
    match &value[key] {
        Value::String(text) => row(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(row(&other.to_string()).into_owned()),
    }
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub fn list(all: &Value) {
    for project in items(all, "projects") {
        let waiting: Vec<Cow<'_, str>> =
            items(project, "waiting").iter().map(|request| text(request, "id")).collect();
        let waiting = match waiting.is_empty() {
            true => String::new(),
            false => format!("for {}", waiting.join(", ")),
        };
        let (id, phase) = (text(project, "id"), text(project, "phase"));
        say!("{id:24} {phase:16} {} {waiting}", text(project, "state"));
    }
}

pub fn inbox(inbox: &Value) {
    for request in items(inbox, "requests") {
        asks(&request["project"], request);
    }
}

/// A request, and the commands that answer it.
fn asks(project: &Value, request: &Value) {
    let project = project.as_str().unwrap_or_default();
    say!("{}  {}", row(project), text(request, "id"));
    say!("    {}{}", text(request, "text"), approvals(request));
    if request["deadline"].is_string() {
        let then = match request["on_expiry"].as_str() {
            Some("approve") => ", then it is approved automatically".to_owned(),
            Some("escalate") => format!(", then {} decides as well", text(request, "escalate_to")),
            _ => ", then the engagement ends".to_owned(),
        };
        say!("    until {}{then}", text(request, "deadline"));
    }
    let (project, id) = (quoted(project), request["id"].as_str().unwrap_or_default());
    let digest = request["digest"].as_str().and_then(|digest| digest.get(..12));
    match request["kind"].as_str() {
        Some("gate") => {
            let digest = quoted(digest.unwrap_or_default());
            say!("    approve:  {}", pasted(&format!("approve {project} --digest {digest}")));
            let revise = format!("revise {project} FEEDBACK --digest {digest}");
            say!("    revise:   {}", pasted(&revise));
            let back = request["revise_to"].as_array().into_iter().flatten();
            let back: Vec<_> = back.filter_map(Value::as_str).map(row).collect();
            if !back.is_empty() {
                say!("              --to {} returns the work to an earlier phase", back.join("|"));
            }
        }
        _ => {
            let choices = request["choices"].as_array().into_iter().flatten();
            let choices: Vec<&str> = choices.filter_map(Value::as_str).collect();
            for (n, choice) in choices.iter().enumerate() {
                say!("    {}. {}", n + 1, row(choice));
            }
            let what = if choices.is_empty() { "ANSWER" } else { "NUMBER" };
            let answer = format!("answer {project} {} {what}", quoted(id));
            say!("    answer:   {}", pasted(&answer));
            if request["optional"] == true {
                let skip = format!("answer {project} {} \"\"", quoted(id));
                say!("    or skip:  {}", pasted(&skip));
            }
        }
    }
}

fn approvals(request: &Value) -> String {
    let (have, need) = (&request["quorum"]["have"], &request["quorum"]["need"]);
    let groups: Vec<Cow<'_, str>> =
        items(request, "groups").iter().filter_map(Value::as_str).map(row).collect();
    let of = if groups.is_empty() { String::new() } else { format!(" by {}", groups.join(", ")) };
    match need.as_u64() {
        Some(2..) => format!(" ({have} of {need} approvals{of})"),
        _ => of,
    }
}

pub fn project(found: &Value) {
    let rehearsed = match found["rehearsal"] == true {
        true => " · rehearsed: no live model was called, tokens are estimates",
        false => "",
    };
    say!("{} · {}{rehearsed}", text(found, "id"), text(found, "workflow"));
    for phase in items(found, "phases") {
        let visits: Vec<Cow<'_, str>> =
            items(phase, "visits").iter().filter_map(Value::as_str).map(row).collect();
        if phase["revision"].as_u64().unwrap_or(0) > 0 {
            let approved = if phase["approved"] == true { ", approved" } else { "" };
            let run = text(phase, "revision");
            say!("  {}, run {run}: {}{approved}", text(phase, "phase"), visits.join(" → "));
        }
    }
    for file in items(found, "deliverables") {
        let written = if file["written"] == true { "" } else { " (not written yet)" };
        say!("    + {} ({}){written}", text(file, "path"), text(file, "owner"));
    }
    rest(found);
}

/// What an engagement waits for, or how it ended.
pub fn rest(status: &Value) {
    for request in items(status, "waiting") {
        asks(&status["id"], request);
    }
    match status["end"].is_object() {
        true => say!("{}: {}", text(status, "id"), text(&status["end"], "text")),
        false if items(status, "waiting").is_empty() => {
            say!("{} is {}", text(status, "id"), text(status, "state"));
        }
        false => {}
    }
}

pub fn decided(decided: &Value) {
    let quorum = approvals(decided);
    say!("{} {}{quorum}", text(decided, "request"), text(decided, "decision"));
}

/// A journal entry on one line; most are of interest to programs only.
pub fn entry(entry: &Value) {
    let event = &entry["event"];
    match entry["kind"].as_str() {
        Some("entered") => say!("■ {}", text(event, "state")),
        Some("visit_opened") => say!("  visit {}: {}", text(event, "visit"), text(event, "agent")),
        Some("committed") => {
            for path in items(event, "paths") {
                say!("    + {}", row(path[0].as_str().unwrap_or_default()));
            }
        }
        Some("request_answered") => {
            let answer = &event["answer"];
            let decision = &answer["decision"]["decision"];
            let decision = row(decision.as_str().unwrap_or_default());
            say!("    {} {decision} by {}", text(event, "request"), text(answer, "actor"));
        }
        Some("voted") => {
            let actor = text(&event["answer"], "actor");
            say!("    {} approved by {actor}", text(event, "request"));
        }
        _ => {}
    }
}

pub fn ledger(ledger: &Value) {
    for entry in items(ledger, "rows") {
        let kind = text(entry, "kind");
        say!("{kind:12} {:14} {}", text(entry, "author"), text(entry, "title"));
    }
}

pub fn cost(cost: &Value) {
    for line in items(cost, "lines") {
        let (phase, agent) = (text(line, "phase"), text(line, "agent"));
        say!("{phase:16} {agent:12} {}", spent(line));
    }
    let estimated = if cost["estimated"] == true { " (estimated)" } else { "" };
    say!("{:16} {:12} {}{estimated}", "total", "", spent(&cost["total"]));
}

fn spent(line: &Value) -> String {
    let money = match line["micro_usd"].as_u64() {
        Some(micro) => format!("${:.2}", micro as f64 / 1e6),
        None => "cost unknown".to_owned(),
    };
    let (read, written) = (text(line, "input_tokens"), text(line, "output_tokens"));
    format!("{} calls, {read} tokens in, {written} out: {money}", text(line, "calls"))
}

pub fn artifacts(files: &Value) {
    for file in items(files, "artifacts") {
        let (path, phase) = (text(file, "path"), text(file, "phase"));
        say!("{path:44} {phase:14} {:10} run {}", text(file, "owner"), text(file, "revision"));
    }
}

pub fn members(members: &Value) {
    for member in items(members, "members") {
        let groups: Vec<Cow<'_, str>> =
            items(member, "groups").iter().filter_map(Value::as_str).map(row).collect();
        let (person, role) = (text(member, "person"), text(member, "role"));
        say!("{person:24} {role:10} {}", groups.join(", "));
    }
}

/// A message and its answer.
pub fn answer(message: &Value) {
    let answer = &message["answer"];
    let text = |key: &str| answer[key].as_str().unwrap_or_default();
    match answer["fault"].as_str() {
        Some(fault) => note!("no answer: {}", row(fault)),
        None => {
            let lines: Vec<String> =
                text("text").lines().map(|line| format!("  {}", row(line))).collect();
            say!("{}:\n{}", row(text("agent")), lines.join("\n"));
        }
    }
}
