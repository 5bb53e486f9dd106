//! `explain`: a rule of `check`, what an agent can do and why, or where the values of a file come
//! from.

use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};

use cloudcrew_definition::crew::{Agent, Definition, Phase, Reach};
use cloudcrew_definition::diagnostic::closest;
use cloudcrew_definition::layers::{Layered, Written, layers};
use cloudcrew_definition::overlay::{self, OVERLAYS};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::source::Sources;
use cloudcrew_definition::syntax::is_part;
use cloudcrew_plan::checks;
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_views::analytics as advice;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{put, say};
use crate::servers::reached;
use crate::workspace;

pub fn explain(args: &Args, code: Option<&str>, name: Option<&str>) -> Result<Exit, Failure> {
    match (code, name) {
        (Some("agent"), name) => agent(args, name),
        (Some(path), key) if is_part(path) => values(args, path, key),
        (Some(code), None) => rule(code),
        (Some(_), Some(_)) => {
            Err(Failure::usage("write `explain RULE`, `explain agent NAME` or `explain FILE KEY`"))
        }
        (None, _) => {
            for code in checks::codes() {
                let page = checks::explain(code).unwrap_or_default();
                say!("{code:26} {}", page.lines().next().unwrap_or_default());
            }
            Ok(Exit::Done)
        }
    }
}

fn rule(code: &str) -> Result<Exit, Failure> {
    if let Some(page) = checks::explain(code).or_else(|| advice::page(code)) {
        put!("# {code}\n\n{page}");
        return Ok(Exit::Done);
    }
    let codes = checks::codes();
    let meant = closest(code, &codes).map(|c| format!("; did you mean `{c}`?")).unwrap_or_default();
    Err(Failure::usage(format!("no rule named `{code}`{meant} (`cloudcrew explain` lists all)")))
}

/// Longest value that is shown, in characters.
const MOST: usize = 60;

/// Says where the values of a file come from.
fn values(args: &Args, path: &str, key: Option<&str>) -> Result<Exit, Failure> {
    let place = workspace::find(args)?;
    // A file of an overlay is about the workspace with that overlay.
    let (overlay, path) = match overlay::split(path) {
        Some((name, path)) => (Some(name), path),
        None => (place.overlay.as_deref(), path),
    };
    let sources = workspace::read(&place);
    if let Some(name) = overlay.filter(|name| !overlay::names(&sources).iter().any(|n| n == name)) {
        return Err(workspace::no_overlay(&sources, name));
    }
    let missing = || Failure::usage(format!("the workspace has no file `{}`", row(path)));
    let Some(layers) = layers(&sources, overlay, path) else {
        // A text has no keys: the file of the overlay counts.
        let over = overlay.map(|name| format!("{OVERLAYS}{name}/{path}"));
        let stored = over.filter(|over| sources.stored(over).is_some());
        let stored = stored.or_else(|| sources.stored(path).map(|_| path.to_owned()));
        say!("{path} is {}", stored.ok_or_else(missing)?);
        return Ok(Exit::Done);
    };
    let is_meant = |one: &&Layered| {
        let rest = key.map(|key| one.key.strip_prefix(key));
        rest.is_none_or(|rest| rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let mut found = layers.iter().filter(is_meant).peekable();
    if found.peek().is_none() {
        let keys: Vec<&str> = layers.iter().map(|one| one.key.as_str()).collect();
        let key = key.unwrap_or_default();
        let meant = closest(key, &keys).map(|k| format!("; did you mean `{k}`?"));
        let meant = meant.unwrap_or_default();
        return Err(Failure::usage(format!("nothing sets `{}` in `{path}`{meant}", row(key))));
    }
    for one in found {
        let mut written = one.written.iter();
        let Some(first) = written.next() else { continue };
        let value = if first.removes { "removed".to_owned() } else { shown(&sources, first) };
        say!("{}: {value}", one.key);
        say!("    {}", at(&sources, first));
        for covered in written {
            say!("    instead of {} in {}", shown(&sources, covered), at(&sources, covered));
        }
    }
    Ok(Exit::Done)
}

fn shown(sources: &Sources, written: &Written) -> String {
    let text = sources.text(written.span.file).get(written.span.start..written.span.end);
    let text = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = text.chars().take(MOST).collect();
    row(&if short == text { text } else { format!("{short}…") }).into_owned()
}

fn at(sources: &Sources, written: &Written) -> String {
    let (line, _) = sources.position(written.span.file, written.span.start);
    let of = if written.is_default { " (defaults)" } else { "" };
    format!("{}:{line}{of}", sources.path(written.span.file))
}

fn agent(args: &Args, name: Option<&str>) -> Result<Exit, Failure> {
    let definition = workspace::definition(&workspace::find(args)?)?;
    let names: Vec<&str> = definition.agents.iter().map(|agent| agent.name.as_str()).collect();
    let Some(name) = name else {
        return Err(Failure::usage(format!("name an agent: {}", names.join(", "))));
    };
    let Some(agent) = definition.agent(name) else {
        let meant = closest(name, &names).map(|n| format!("; did you mean `{n}`?"));
        return Err(Failure::usage(format!(
            "no agent named `{name}`{}",
            meant.unwrap_or_else(|| format!("; the crew has {}", names.join(", ")))
        )));
    };
    say!("{} · {}", agent.name, row(&agent.description));
    let tools: Vec<ToolInfo> =
        catalogue().tools.into_iter().filter(|tool| agent.tools.contains(&tool.name)).collect();
    for (capability, title) in GROUPS {
        let mut members = tools.iter().filter(|tool| tool.capability == capability).peekable();
        if members.peek().is_none() {
            continue;
        }
        say!("");
        say!("■ {title}{}", limits(capability, agent));
        for tool in members {
            let description = tool.description.split_whitespace().collect::<Vec<_>>().join(" ");
            say!("  {:16} {description}{}", tool.name, repeats(tool.effect));
        }
    }
    for grant in &agent.grants {
        let Some(server) = definition.server(&grant.server) else { continue };
        say!("");
        say!("■ Calls the server {} ({})", server.name, reached(server));
        for (tool, name) in grant.tools.iter().zip(grant.names()) {
            let once = if server.reads.contains(tool) { Effect::Pure } else { Effect::Uncertain };
            say!("  {name}{}", repeats(once));
        }
        for values in &grant.arguments {
            let (out, within): (Vec<&str>, Vec<&str>) =
                values.globs.iter().map(String::as_str).partition(|glob| glob.starts_with('!'));
            let out: Vec<&str> = out.iter().map(|glob| &glob[1..]).collect();
            let except = if out.is_empty() { "" } else { " except " };
            let (within, out) = (within.join(", "), out.join(", "));
            let (within, out) = (row(&within).into_owned(), row(&out).into_owned());
            say!("  only with `{}` within {within}{except}{out}", values.argument);
        }
    }
    let mut servers = agent.grants.iter().filter_map(|grant| definition.server(&grant.server));
    let services = servers.any(|server| matches!(server.reach, Reach::Url { .. }));
    lacks(agent, &tools, services);
    let ordered = definition.workflows.iter().flat_map(|workflow| &workflow.phases);
    let mut shown: Vec<&str> = Vec::new();
    for name in ordered.chain(definition.phases.iter().map(|phase| &phase.name)) {
        if !shown.contains(&name.as_str())
            && let Some(phase) = definition.phase(name)
        {
            shown.push(name);
            works(&definition, phase, agent);
        }
    }
    Ok(Exit::Done)
}

/// Capabilities in the order a reader asks for them.
const GROUPS: [(Capability, &str); 12] = [
    (Capability::Read, "Reads the engagement"),
    (Capability::ReadRepo, "Reads every file of the repository"),
    (Capability::WriteRepo, "Writes files"),
    (Capability::WriteFixed, "Writes files at fixed paths"),
    (Capability::WriteLedger, "Writes the ledger"),
    (Capability::Board, "Keeps the work items of its phase"),
    (Capability::Remember, "Saves notes for later work"),
    (Capability::Library, "Adds to the pattern library"),
    (Capability::Judge, "Gives verdicts"),
    (Capability::Ask, "Asks the customer"),
    (Capability::Run, "Runs programs in the sandbox, without a network"),
    (Capability::Command, "Runs in the sandbox, without a network:"),
];

fn limits(capability: Capability, agent: &Agent) -> String {
    match capability {
        Capability::WriteRepo => {
            let (out, within): (Vec<&str>, Vec<&str>) =
                agent.writes.iter().map(String::as_str).partition(|glob| glob.starts_with('!'));
            let out: Vec<&str> = out.iter().map(|glob| &glob[1..]).collect();
            let except = match out.as_slice() {
                [] => String::new(),
                out => format!(" except {}", out.join(", ")),
            };
            format!(" in {}{except}, and nowhere else", within.join(", "))
        }
        Capability::Command => format!(" {}", agent.commands.join(", ")),
        _ => String::new(),
    }
}

fn repeats(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure | Effect::Keyed | Effect::CompareAndSwap => "",
        Effect::Uncertain => " (after a crash, a person is asked whether it happened)",
    }
}

/// What the agent cannot do, and which line of `agents.yaml` would change that.
fn lacks(agent: &Agent, tools: &[ToolInfo], services: bool) {
    let has = |capability| tools.iter().any(|tool| tool.capability == capability);
    let missing: Vec<&str> = [
        (Capability::WriteRepo, "write files (no tool that writes, or no `writes`)"),
        (Capability::Judge, "give verdicts (no `review_verdict` in its `tools`)"),
        (Capability::Ask, "ask the customer (no `ask_customer` in its `tools`)"),
        (Capability::WriteLedger, "write the ledger (no `ledger_write` in its `tools`)"),
    ]
    .into_iter()
    .filter(|(capability, _)| {
        !has(*capability) || (*capability == Capability::WriteRepo && agent.writes.is_empty())
    })
    .map(|(_, words)| words)
    .collect();
    say!("");
    say!("■ Cannot");
    for words in missing {
        say!("  {words}");
    }
    if !has(Capability::Run) && !has(Capability::Command) {
        say!("  run programs (no `run_command` in its `tools`, or no `commands`)");
    }
    match services {
        false => say!("  reach any network: no tool does"),
        true => say!("  reach any network, except through the services above"),
    }
}

/// What the agent does in a phase.
fn works(definition: &Definition, phase: &Phase, agent: &Agent) {
    let member = phase.swarm.agents.contains(&agent.name);
    let reviews = phase.review.as_ref().is_some_and(|review| review.agent == agent.name);
    if !member && !reviews {
        return;
    }
    say!("");
    let entry = if phase.swarm.entry == agent.name { ", where it begins" } else { "" };
    let of: Vec<&str> = definition
        .workflows
        .iter()
        .filter(|workflow| workflow.phases.contains(&phase.name))
        .map(|workflow| workflow.name.as_str())
        .collect();
    say!("■ In {} (phases/{}.yaml, of {}){entry}", phase.name, phase.name, of.join(", "));
    for deliverable in &phase.deliverables {
        if deliverable.owner == agent.name {
            say!("  owes     {}", deliverable.path);
        }
        if deliverable.reviewers.contains(&agent.name) {
            say!("  reviews  {} by {}", deliverable.path, deliverable.owner);
        }
    }
    if reviews {
        say!("  reviews  the whole phase before its gate");
    }
}
