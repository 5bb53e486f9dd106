//! `doctor`: check that a run has everything it needs.

use std::time::Instant;

use crate::wiring::store::Store;
use cloudcrew_definition::crew::{Definition, Model as Defined};
use cloudcrew_definition::shown::row;
use cloudcrew_plan::checks::load_all;
use cloudcrew_ports::blob::Blobs as _;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::journal::{Head, Journal as _};
use cloudcrew_ports::ledger::Ledger as _;
use cloudcrew_ports::model::{Block, CallContext, Message, Model, ModelRequest, Nobody, Role};
use cloudcrew_ports::program::{Found, ProgramFault};
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_runtime::engagement::{Charge, Record, open};

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::models::{AGENTS, Chosen, price, served};
use crate::out::say;
use crate::servers;
use crate::words::counted;
use crate::{home, wiring, workspace};

use super::programs;

/// Maximum tokens of the test reply; models that always reason need some for that.
const SMALL: u32 = 1024;

/// `account` is the name of a deployment, for which the AWS account is looked at.
pub async fn doctor(
    args: &Args,
    live: bool,
    words: &[String],
    account: Option<&str>,
) -> Result<Exit, Failure> {
    #[cfg(not(feature = "aws"))]
    let _: Option<&str> = account;
    let (mut fine, mut fulfilled) = (true, true);
    let mut say = |ok: bool, text: String| {
        fine &= ok;
        say!("{} {text}", if ok { "ok  " } else { "FAIL" });
    };
    match workspace::find(args) {
        Ok(root) => {
            let loaded = match &root.overlay {
                Some(_) => workspace::loaded(&root)?.1,
                None => load_all(&workspace::read(&root), &catalogue()),
            };
            let found = loaded.report.diagnostics().len();
            let allowed = match loaded.allowed {
                0 => String::new(),
                n => format!(", {n} allowed"),
            };
            say(
                found == 0,
                format!(
                    "definitions in {}: {}{allowed}",
                    root.display(),
                    counted(found, "finding")
                ),
            );
            if let Ok(definition) = workspace::definition(&root) {
                for (ok, line) in models(&definition, words, live).await? {
                    say(ok, line);
                }
                #[cfg(feature = "aws")]
                if let Some(name) = account {
                    for (ok, line) in crate::account::report(name, &definition).await {
                        say(ok, line);
                    }
                }
                for line in installed(&definition).await {
                    say!("{line}");
                }
                for (ok, line) in servers::found(&definition).await {
                    fulfilled &= ok;
                    say!("{line}");
                }
            }
        }
        Err(failure) => say(false, failure.to_string()),
    }
    match home::path(args) {
        Err(failure) => say(false, failure.to_string()),
        Ok(home) => match Store::open_existing(&home) {
            Ok(None) => say(true, format!("home {}: not created yet", home.display())),
            Ok(Some(store)) => match store.check() {
                Ok(()) => {
                    let listings = store.list(Which::All).await?;
                    say(
                        true,
                        format!(
                            "home {}: intact, {}",
                            home.display(),
                            counted(listings.len(), "engagement")
                        ),
                    );
                    for listing in listings {
                        if let Err(error) = look_at(&store, &listing.engagement).await {
                            say(false, format!("{}: {error}", listing.engagement));
                        }
                    }
                }
                Err(error) => say(false, error.to_string()),
            },
            Err(error) => say(false, error.to_string()),
        },
    }
    Ok(if fine && fulfilled { Exit::Done } else { Exit::Failed })
}

/// The programs that the crew needs: which are installed, and which agents miss one. A missing
/// program is not an error: calls that need it are refused, and the agent reports that.
async fn installed(definition: &Definition) -> Vec<String> {
    let mut lines = Vec::new();
    for (program, users) in programs::needed(definition) {
        let users = users.join(", ");
        match programs::found(&program).await {
            Ok(Found { path, version }) if version.is_empty() => {
                lines.push(format!("ok   program {program}: {path}"));
            }
            Ok(Found { path, version }) => {
                lines.push(format!("ok   program {program}: {path}, {}", row(&version)));
            }
            // The reason is the same for every program.
            Err(fault @ ProgramFault::NoSandbox(_)) => {
                return vec![format!("--   {fault}; agents are refused what needs a program")];
            }
            Err(fault) => {
                let how = programs::install(&program);
                let how = how.map(|how| format!("; to install: {how}")).unwrap_or_default();
                lines.push(format!("--   program {program}: {fault} (used by {users}){how}"));
            }
        }
    }
    lines
}

/// The model of each agent and where it was set. With `live`, also the result of a test call.
async fn models(
    definition: &Definition,
    words: &[String],
    live: bool,
) -> Result<Vec<(bool, String)>, Failure> {
    let chosen = Chosen::read(words, definition)?;
    let mut lines = Vec::new();
    let mut used: Vec<&str> = Vec::new();
    for agent in &definition.agents {
        let (name, layer) = chosen.of(agent);
        let what = definition.model(name).map(served).unwrap_or_default();
        let what = if chosen.rehearses() { "rehearsed".to_owned() } else { what };
        lines.push((true, format!("agent {}: {name} ({layer}), {what}", agent.name)));
        if !used.contains(&name) {
            used.push(name);
        }
        if layer != AGENTS {
            continue;
        }
        for phase in &definition.phases {
            let Some(other) = phase.models.get(&agent.name).filter(|other| *other != name) else {
                continue;
            };
            let what = definition.model(other).map(served).unwrap_or_default();
            let place = format!("phases/{}.yaml", phase.name);
            lines.push((true, format!("agent {}: {other} ({place}), {what}", agent.name)));
            if !used.contains(&other.as_str()) {
                used.push(other);
            }
        }
    }
    let live_ones = used
        .iter()
        .filter_map(|name| definition.model(name))
        .filter_map(|m| Some((m, m.live.as_ref()?)));
    let live_ones: Vec<_> = live_ones.filter(|_| !chosen.rehearses()).collect();
    if live_ones.is_empty() {
        lines.push((
            true,
            "models: rehearsal (no live model is configured, so a run calls none and is free)"
                .to_owned(),
        ));
    } else if live_ones.len() < used.len() {
        lines.push((
            false,
            "models: some are live and others rehearsed; a run will be refused".to_owned(),
        ));
    }
    for (model, how) in live_ones {
        let key = how.key_env.as_ref().map(|name| {
            match std::env::var(name).is_ok_and(|key| !key.is_empty()) {
                true => format!(", key from {name}"),
                false => format!(", {name} is not set"),
            }
        });
        let line = format!(
            "model {}: {}{} · {}",
            model.name,
            served(model),
            key.unwrap_or_default(),
            price(model)
        );
        if !live {
            lines.push((true, line));
            continue;
        }
        let began = Instant::now();
        let said = match wiring::model(model, how).await {
            Ok(port) => tried(&*port, model).await,
            Err(failure) => Err(failure.to_string()),
        };
        let took = began.elapsed().as_millis();
        match said {
            Ok(usage) => lines.push((true, format!("{line} · answered in {took} ms{usage}"))),
            Err(why) => lines.push((false, format!("{line} · {why}"))),
        }
    }
    Ok(lines)
}

/// Makes a small call and reports its usage.
async fn tried(port: &dyn Model, model: &Defined) -> Result<String, String> {
    let context = CallContext::alone("doctor");
    let thinks = model.live.as_ref().is_some_and(|live| live.reasoning.is_some());
    let messages = [Message { role: Role::User, content: vec![Block::Text("Say: ready".into())] }];
    let request = ModelRequest {
        context: &context,
        agent: "doctor",
        model: &model.name,
        system: "Answer with one word.",
        steady: 0,
        messages: &messages,
        tools: &[],
        max_tokens: if thinks { model.max_tokens } else { model.max_tokens.min(SMALL) },
        listener: &Nobody,
    };
    let reply = port
        .complete(request)
        .await
        .map_err(|fault| format!("{}: {}", fault.error, fault.message))?;
    Ok(match reply.usage {
        Some(usage) => {
            let charge = Charge::of(usage, model.price);
            let cost = charge.micro_usd.map_or_else(
                || "price unknown".to_owned(),
                |micro| format!("${:.6}", micro as f64 / 1e6),
            );
            format!(", {} tokens in, {} out, {cost}", usage.input_tokens, usage.output_tokens)
        }
        None => ", reported no token usage: budgets will count upper bounds".to_owned(),
    })
}

/// Checks that the prompts of all visits are still in the store.
async fn prompts(store: &Store, project: &str) -> Result<(), Failure> {
    let mut head = Head::default();
    loop {
        let page = store.read(project, &head, 500).await?;
        let Some(last) = page.last() else { return Ok(()) };
        head = Head { seq: last.seq, hash: last.hash.clone() };
        for entry in page.iter().filter(|entry| entry.kind == "visit_opened") {
            let hash = entry.payload["system"].as_str().unwrap_or_default();
            if store.get(hash).await?.is_none() {
                let seq = entry.seq;
                return Err(Failure::world(format!(
                    "the prompt of entry {seq} (blob {hash}) is missing from the store"
                )));
            }
        }
    }
}

/// Reads a whole engagement: its journal, pinned definitions, ledger and branch.
async fn look_at(store: &Store, project: &str) -> Result<(), Failure> {
    let mut engagement = open(Record::of(store), project).await?;
    engagement.has_all(&store.rows(project).await?)?;
    prompts(store, project).await?;
    let repo = home::repo(store, &engagement)?;
    if let Some(claim) = repo.claim().await? {
        engagement.follow(Record::of(store), |_, _, _| {}).await?;
        engagement.knows(&claim, repo.branch())?;
    }
    if let Some(head) = repo.head().await? {
        repo.list(&head, "").await?;
    }
    for artifact in engagement.state.artifacts.values() {
        repo.blob(&artifact.oid).await?;
    }
    Ok(())
}
