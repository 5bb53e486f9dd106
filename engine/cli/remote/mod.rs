//! Commands against a service (`--server`), instead of a home on this machine.

mod client;
mod screens;

use std::path::Path;

use cloudcrew_definition::shown::row;
use reqwest::Method;
use serde_json::{Value, json};

use crate::args::{Approve, Args, Command, Definitions, Format, MemberChange, Run};
use crate::commands::decide::read;
use crate::commands::{answered, said};
use crate::exit::{Exit, Failure};
use crate::inputs;
use crate::lines::Lines;
use crate::out::{document, file, note, say};
use crate::output::pretty;
use crate::sow::{statement_of_work, tell};
use crate::start::id_of;

use client::Server;

/// Maximum number of pages of a list.
const MOST_PAGES: usize = 1_000;

/// Runs a command against a service; `None` when the command does not open a home.
pub async fn run(args: &Args, url: &str) -> Result<Option<Exit>, Failure> {
    let server = || Server::new(url, args.acting_as.clone());
    let exit = match &args.command {
        Command::Run(run) => start(&server()?, run).await?,
        Command::List { format } => {
            let all = all(&server()?, "projects", "projects").await?;
            show(*format, &all, screens::list)
        }
        Command::Inbox { format } => {
            let inbox = all(&server()?, "inbox", "requests").await?;
            show(*format, &inbox, screens::inbox)
        }
        Command::Show { project, format } => {
            let server = server()?;
            let found = server.get(&["projects", project], &[]).await?;
            show(*format, &found, screens::project)
        }
        Command::Ledger { project, format } => {
            let ledger = server()?.get(&["projects", project, "ledger"], &[]).await?;
            show(*format, &ledger, screens::ledger)
        }
        Command::Cost { project: Some(project), export: None, format } => {
            let cost = server()?.get(&["projects", project, "cost"], &[]).await?;
            show(*format, &cost, screens::cost)
        }
        Command::Artifacts { project, path: Some(path), export: None, .. } => {
            file(&server()?.file(&["projects", project, "artifacts", path]).await?);
            Exit::Done
        }
        Command::Artifacts { project, path: None, export: None, format } => {
            let files = server()?.get(&["projects", project, "artifacts"], &[]).await?;
            show(*format, &files, screens::artifacts)
        }
        Command::Approve { project, ratings, digest } => {
            let body = json!({ "ratings": rated(ratings)? });
            decide(&server()?, project, "approve", body, digest.as_deref()).await?
        }
        Command::Revise { project, words, to, ratings, digest } => {
            let words = said(words.words.as_deref(), words.words_from.as_deref())?;
            let body = json!({ "words": words, "to": to, "ratings": rated(ratings)? });
            decide(&server()?, project, "revise", body, digest.as_deref()).await?
        }
        Command::Answer { project, first, second, words_from } => {
            let (request, words) = answered(first.as_deref(), second.as_deref(), words_from);
            let words = said(words, words_from.as_deref())?;
            answer(&server()?, project, request, &words).await?
        }
        Command::Cancel { project } => operate(&server()?, project, "cancel", None).await?,
        Command::Resume { project, unpushed, approve: None, .. } => {
            let verb = if *unpushed { "waive-push" } else { "resume" };
            operate(&server()?, project, verb, None).await?
        }
        Command::Retry { project, from, definitions, approve: None, .. } => {
            let definitions = definitions.map(|which| match which {
                Definitions::Pinned => "pinned",
                Definitions::Current => "current",
            });
            let body = json!({ "from": from, "definitions": definitions });
            operate(&server()?, project, "retry", Some(&body)).await?
        }
        Command::Message { project, words, format } => {
            let words = said(words.words.as_deref(), words.words_from.as_deref())?;
            let answer = message(&server()?, project, &words).await?;
            let done = answer["state"] == "answered";
            show(*format, &answer, screens::answer);
            if done { Exit::Done } else { Exit::Failed }
        }
        Command::Chat { project } => chat(&server()?, project).await?,
        Command::Watch { project, format } => watch(&server()?, project, *format).await?,
        Command::Members { project, change } => {
            members(&server()?, project, change.as_ref()).await?
        }
        Command::Diff { .. } => {
            let why =
                "`diff` reads engagements on this machine; with `--server`, use the dashboard";
            return Err(Failure::usage(why));
        }
        Command::Resume { .. } | Command::Retry { .. } | Command::Artifacts { .. } => {
            return Err(Failure::usage("one of these options does not work with `--server`"));
        }
        _ => return Ok(None),
    };
    Ok(Some(exit))
}

fn show(format: Format, value: &Value, human: impl FnOnce(&Value)) -> Exit {
    match format {
        Format::Json => document(&pretty(value)),
        Format::Human => human(value),
    }
    Exit::Done
}

/// All of a list, page by page.
async fn all(server: &Server, path: &str, key: &str) -> Result<Value, Failure> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let mut query = vec![("limit", "500")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let mut page = server.get(&[path], &query).await?;
        all.extend(page[key].as_array_mut().map(std::mem::take).unwrap_or_default());
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(json!({ key: all })),
        }
    }
    Err(Failure::world("the service sends pages without end"))
}

/// Starts an engagement with the definitions of the service.
async fn start(server: &Server, run: &Run) -> Result<Exit, Failure> {
    let ours = run.base.is_some() || run.record.is_some() || run.replay.is_some();
    if ours || run.from.is_some() || run.approve == Some(Approve::All) || run.fresh {
        return Err(Failure::usage("one of these options does not work with `--server`"));
    }
    let path = run
        .sow
        .as_deref()
        .ok_or_else(|| Failure::usage("no statement of work; give one with `--sow FILE`"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let sow = statement_of_work(folder.unwrap_or(Path::new(".")), path)?;
    if let Ok(read) = cloudcrew_sow::parse(&sow.name, &sow.text) {
        tell(path, &read);
    }
    let id = run.project.clone().unwrap_or_else(|| id_of(path));
    let inputs = inputs::typed(&run.input)?;
    let mut new = json!({ "id": id, "sow": { "name": sow.name, "text": sow.text } });
    if !inputs.is_empty() {
        new["inputs"] = json!(inputs);
    }
    let more = [
        ("workflow", run.workflow.clone().map(Value::from)),
        ("model", run.model.first().cloned().map(Value::from)),
        ("rehearsal", run.rehearsal.clone().map(Value::from)),
        ("repo", run.repo.as_ref().map(|path| json!({ "path": path }))),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            new[key] = value;
        }
    }
    let started = server.send(Method::POST, &["projects"], Some(&new)).await?;
    let id = started["id"].as_str().unwrap_or(&id).to_owned();
    if run.detach {
        say!("{} is running", row(&id));
        return Ok(Exit::Done);
    }
    watch(server, &id, run.format).await
}

/// Follows an engagement until it waits for a person or ends.
async fn watch(server: &Server, project: &str, format: Format) -> Result<Exit, Failure> {
    let status = server.get(&["projects", project, "status"], &[]).await?;
    let shown = status["as_of"].as_u64().unwrap_or(0);
    let each = |entry: &Value| {
        match format {
            Format::Json => document(&entry.to_string()),
            Format::Human => screens::entry(entry),
        }
        !rests(entry, shown)
    };
    if status["state"] == "running" {
        server.follow(project, 0, each).await?;
    }
    rest(server, project).await
}

/// Whether the crew rests after an entry that is newer than `shown`.
fn rests(entry: &Value, shown: u64) -> bool {
    let kinds = ["request_opened", "ended", "parked_until"];
    entry["seq"].as_u64() > Some(shown)
        && entry["kind"].as_str().is_some_and(|k| kinds.contains(&k))
}

/// Says what an engagement waits for, or how it ended.
async fn rest(server: &Server, project: &str) -> Result<Exit, Failure> {
    let status = server.get(&["projects", project, "status"], &[]).await?;
    screens::rest(&status);
    Ok(match status["state"].as_str() {
        Some("done") => Exit::Done,
        Some("failed") if status["end"]["kind"] == "budget_exhausted" => Exit::Budget,
        Some("failed") => Exit::Failed,
        Some("expired") => Exit::Expired,
        Some("cancelled") => Exit::Cancelled,
        _ => Exit::Waiting,
    })
}

/// Ratings such as `quality=5`, by name.
fn rated(ratings: &[String]) -> Result<Value, Failure> {
    let named = read(ratings)?.into_iter().map(|(name, value)| (name, Value::from(value)));
    Ok(Value::Object(named.collect()))
}

/// Decides the open gate.
async fn decide(
    server: &Server,
    project: &str,
    verb: &str,
    mut body: Value,
    digest: Option<&str>,
) -> Result<Exit, Failure> {
    let status = server.get(&["projects", project, "status"], &[]).await?;
    let waiting = status["waiting"].as_array().map(Vec::as_slice).unwrap_or_default();
    let gate = waiting.iter().find(|request| request["kind"] == "gate");
    let Some(gate) = gate else {
        return Err(Failure::conflict(format!("`{}` is not at a gate", row(project))));
    };
    let seen = gate["digest"].as_str().unwrap_or_default();
    if let Some(digest) = digest.filter(|digest| !seen.starts_with(*digest)) {
        let detail = format!("what you saw has changed: {} is now {}", row(digest), row(seen));
        return Err(Failure::conflict(detail));
    }
    body["request"] = gate["id"].clone();
    body["digest"] = gate["digest"].clone();
    let decided = server.send(Method::POST, &["projects", project, verb], Some(&body)).await?;
    screens::decided(&decided);
    if decided["decided"] == false {
        return Ok(Exit::Waiting);
    }
    follow(server, project, &status).await
}

async fn answer(
    server: &Server,
    project: &str,
    request: Option<&str>,
    words: &str,
) -> Result<Exit, Failure> {
    let status = server.get(&["projects", project, "status"], &[]).await?;
    let waiting = status["waiting"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asked: Vec<&str> = waiting
        .iter()
        .filter(|waiting| waiting["kind"] != "gate")
        .filter_map(|waiting| waiting["id"].as_str())
        .filter(|id| request.is_none_or(|given| *id == given || id.ends_with(&format!("-{given}"))))
        .collect();
    let id = match (asked.as_slice(), request) {
        ([only], _) => (*only).to_owned(),
        ([], Some(given)) => given.to_owned(),
        ([], None) => return Err(Failure::usage(format!("`{project}` has no open question"))),
        (several, _) => {
            let names = several.join(", ");
            return Err(Failure::usage(format!("name one of {}", row(&names))));
        }
    };
    let path = ["projects", project, "interrupt", &id, "respond"];
    let decided = server.send(Method::POST, &path, Some(&json!({ "answer": words }))).await?;
    screens::decided(&decided);
    follow(server, project, &status).await
}

/// Follows what a decision causes, from the entry that was shown before.
async fn follow(server: &Server, project: &str, before: &Value) -> Result<Exit, Failure> {
    let after = before["as_of"].as_u64().unwrap_or(0);
    let now = server.get(&["projects", project, "status"], &[]).await?;
    let end = now["as_of"].as_u64().unwrap_or(0);
    // Without a running crew, nothing follows what is recorded already.
    let is_running = now["state"] == "running";
    let each = |entry: &Value| {
        screens::entry(entry);
        if is_running { !rests(entry, end) } else { entry["seq"].as_u64() < Some(end) }
    };
    if end > after {
        server.follow(project, after, each).await?;
    }
    rest(server, project).await
}

/// Sends a message and waits for its answer.
async fn message(server: &Server, project: &str, words: &str) -> Result<Value, Failure> {
    let before = server.get(&["projects", project, "status"], &[]).await?;
    let body = json!({ "text": words });
    let sent = server.send(Method::POST, &["projects", project, "message"], Some(&body)).await?;
    let id = sent["id"].as_str().unwrap_or_default().to_owned();
    let after = before["as_of"].as_u64().unwrap_or(0);
    let answers = |entry: &Value| {
        let messages = entry["event"]["messages"].as_array();
        entry["kind"] == "replied" && messages.is_some_and(|ids| ids.iter().any(|of| *of == id))
    };
    server.follow(project, after, |entry| !answers(entry)).await?;
    let page = server.get(&["projects", project, "messages"], &[]).await?;
    let messages = page["messages"].as_array();
    let found = messages.and_then(|all| all.iter().find(|message| message["id"] == id));
    found.cloned().ok_or_else(|| Failure::world("the service no longer has the message"))
}

async fn chat(server: &Server, project: &str) -> Result<Exit, Failure> {
    // A wrong name or token is reported before the first line.
    server.get(&["projects", project, "status"], &[]).await?;
    note!("talking with the crew of {}; press Ctrl-D to end", row(project));
    let mut lines = Lines::of_stdin();
    while let Some(line) = lines.next().await? {
        screens::answer(&message(server, project, &line).await?);
    }
    Ok(Exit::Done)
}

async fn operate(
    server: &Server,
    project: &str,
    verb: &str,
    body: Option<&Value>,
) -> Result<Exit, Failure> {
    server.send(Method::POST, &["projects", project, verb], body).await?;
    note!("{}: {verb} is recorded", row(project));
    Ok(Exit::Done)
}

async fn members(
    server: &Server,
    project: &str,
    change: Option<&MemberChange>,
) -> Result<Exit, Failure> {
    match change {
        None | Some(MemberChange::List) => {}
        Some(MemberChange::Add { person, role, groups }) => {
            let body = json!({ "role": role.name(), "groups": groups });
            let path = ["projects", project, "members", person];
            server.send(Method::PUT, &path, Some(&body)).await?;
        }
        Some(MemberChange::Remove { person }) => {
            let path = ["projects", project, "members", person];
            server.send(Method::DELETE, &path, None).await?;
        }
    }
    screens::members(&server.get(&["projects", project, "members"], &[]).await?);
    Ok(Exit::Done)
}
