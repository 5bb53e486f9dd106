//! Agents and their models: permissions, instructions and costs.

use cloudcrew_definition::crew::{Agent, Definition, Live, Model, Price, Reach, Workflow};
use cloudcrew_definition::syntax::written;

use super::budgets::differ as budget;
use super::texts::lines;
use super::{Change, Changes};

/// Agents of a workflow before and after, and the models they use.
pub(super) fn compare(
    before: (&Definition, &Workflow),
    after: (&Definition, &Workflow),
    found: &mut Vec<Change>,
) {
    let (old_names, names) = (named(before), named(after));
    for name in names.iter().filter(|name| old_names.contains(name)) {
        if let (Some(old), Some(new)) = (before.0.agent(name), after.0.agent(name)) {
            agent(old, new, found);
        }
    }
    for agent in
        names.iter().filter(|name| !old_names.contains(name)).filter_map(|name| after.0.agent(name))
    {
        let mut changes = Changes {
            found,
            about: format!("agent {}", agent.name),
            file: "agents.yaml".to_owned(),
        };
        let writes =
            if agent.writes.is_empty() { "nothing".to_owned() } else { agent.writes.join(" ") };
        let (name, tools) = (&agent.name, agent.tools.join(", "));
        changes.say(
            &format!("agents.{name}"),
            format!("added; uses model `{}`, may call {tools}, may write {writes}", agent.model),
        );
    }
    for name in old_names.iter().filter(|name| !names.contains(name)) {
        let mut changes =
            Changes { found, about: format!("agent {name}"), file: "agents.yaml".to_owned() };
        changes.say(&format!("agents.{name}"), "removed: no phase uses it any more");
    }
    servers(before.0, after.0, found);
    let uses = |(definition, workflow): (&Definition, &Workflow), names: &[String]| {
        let phases = workflow.phases.iter().filter_map(|name| definition.phase(name));
        let of_phases = phases.flat_map(|phase| phase.models.values().cloned());
        let agents = definition.agents.iter().filter(|a| names.contains(&a.name));
        agents.map(|a| a.model.clone()).chain(of_phases).collect::<Vec<_>>()
    };
    let (old_models, mut models) = (uses(before, &old_names), uses(after, &names));
    models.retain(|name| old_models.contains(name));
    models.sort();
    models.dedup();
    for name in models {
        if let (Some(old), Some(new)) = (before.0.model(&name), after.0.model(&name)) {
            model(old, new, found);
        }
    }
}

/// Members and reviewers of the workflow's phases.
fn named((definition, workflow): (&Definition, &Workflow)) -> Vec<String> {
    let phases: Vec<_> = workflow.phases.iter().filter_map(|name| definition.phase(name)).collect();
    let names = definition.agents.iter().map(|agent| &agent.name);
    names.filter(|name| phases.iter().any(|phase| phase.involves(name))).cloned().collect()
}

fn agent(old: &Agent, new: &Agent, found: &mut Vec<Change>) {
    let mut changes =
        Changes { found, about: format!("agent {}", new.name), file: "agents.yaml".to_owned() };
    let key = |part: &str| format!("agents.{}.{part}", new.name);
    changes.differ(&key("model"), &old.model, &new.model, |old, new| {
        format!("uses model `{new}` instead of `{old}`")
    });
    changes.lists(&key("tools"), &old.tools, &new.tools, "may also call", "may no longer call");
    // A glob with `!` takes out what it names.
    let parts = |globs: &[String]| -> (Vec<String>, Vec<String>) {
        let taken = globs.iter().filter_map(|glob| glob.strip_prefix('!').map(str::to_owned));
        let given = globs.iter().filter(|glob| !glob.starts_with('!')).cloned();
        (given.collect(), taken.collect())
    };
    let ((was, was_taken), (is, is_taken)) = (parts(&old.writes), parts(&new.writes));
    changes.lists(&key("writes"), &was, &is, "may also write", "may no longer write");
    let (takes, gives) = ("may no longer write", "may write again");
    changes.lists(&key("writes"), &was_taken, &is_taken, takes, gives);
    let (was, is) = (calls(old), calls(new));
    changes.lists(&key("servers"), &was, &is, "may also call", "may no longer call");
    let (may, may_not) = ("may also run", "may no longer run");
    changes.lists(&key("commands"), &old.commands, &new.commands, may, may_not);
    budget(&mut changes, &key("budget"), (old.budget, new.budget));
    changes.differ(&key("budget.pot"), &old.pot, &new.pot, |_, new| match new {
        Some(pot) => format!("shares the budget `{pot}`"),
        None => "no longer shares a budget".to_owned(),
    });
    changes.differ(&key("description"), &old.description, &new.description, |_, new| {
        format!("is described to others as: {new}")
    });
    if let Some(how) = lines(&old.prompt, &new.prompt) {
        changes.say(&key("prompt"), format!("has a changed prompt: {how}"));
    }
}

/// What an agent may call of servers, each with the limits of its arguments.
fn calls(agent: &Agent) -> Vec<String> {
    let each = agent.grants.iter().flat_map(|grant| {
        let limits = grant.arguments.iter();
        let limits: String = limits
            .map(|values| format!(" with {} within {}", values.argument, values.globs.join(" ")))
            .collect();
        grant.names().map(move |name| format!("{name}{limits}"))
    });
    each.collect()
}

/// How a server is reached, in a few words.
fn at(reach: &Reach) -> String {
    match reach {
        Reach::Command { program, arguments, .. } => {
            let words = std::iter::once(program).chain(arguments);
            format!("`{}`", words.map(String::as_str).collect::<Vec<_>>().join(" "))
        }
        Reach::Url { url, .. } => format!("the service {url}"),
    }
}

/// Servers: new, removed and changed ones. What they offer is not part of a definition before an
/// engagement begins.
fn servers(before: &Definition, after: &Definition, found: &mut Vec<Change>) {
    let only = |here: &Definition, there: &Definition| -> Vec<String> {
        let only = here.servers.iter().filter(|server| there.server(&server.name).is_none());
        only.map(|server| format!("{} ({})", server.name, at(&server.reach))).collect()
    };
    let (went, came) = (only(before, after), only(after, before));
    let (about, file) = ("servers".to_owned(), "agents.yaml".to_owned());
    Changes { found, about, file }.lists("servers", &went, &came, "new:", "removed:");
    for new in &after.servers {
        let Some(old) = before.server(&new.name) else { continue };
        let about = format!("server {}", new.name);
        let mut changes = Changes { found, about, file: "agents.yaml".to_owned() };
        let key = |part: &str| format!("servers.{}.{part}", new.name);
        let part = match new.reach {
            Reach::Command { .. } => "command",
            Reach::Url { .. } => "url",
        };
        changes.differ(&key(part), &old.reach, &new.reach, |old, new| match (at(old), at(new)) {
            (old, new) if old == new => "gets other settings".to_owned(),
            (old, new) => format!("is now {new} instead of {old}"),
        });
        changes.differ(&key("timeout"), old.timeout, new.timeout, |old, new| {
            format!("has {} for a call instead of {}", written(new), written(old))
        });
        let (reads, no_longer) = ("may repeat after a crash", "may no longer repeat after a crash");
        changes.lists(&key("reads"), &old.reads, &new.reads, reads, no_longer);
    }
}

fn model(old: &Model, new: &Model, found: &mut Vec<Change>) {
    let mut changes =
        Changes { found, about: format!("model {}", new.name), file: "agents.yaml".to_owned() };
    let key = |part: &str| format!("models.{}.{part}", new.name);
    let (was, is) = (old.live.as_ref(), new.live.as_ref());
    changes.differ(
        &key("id"),
        was.map(|l| (l.provider, &l.id)),
        is.map(|l| (l.provider, &l.id)),
        |_, new| match new {
            Some((_, id)) => format!("is now `{id}`"),
            None => "no longer has a provider".to_owned(),
        },
    );
    if let Some((was, is)) = was.zip(is) {
        let place = |l: &Live| {
            [&l.region, &l.endpoint].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
        };
        changes.differ(&key("endpoint"), place(was), place(is), |_, new| {
            format!("is called at {}", or_default(new))
        });
        let manner = |l: &Live| {
            (
                l.key_env.clone(),
                l.streaming,
                l.sees_images,
                l.guardrail.clone(),
                l.reasoning,
                l.silence,
                l.cache_minimum,
            )
        };
        changes.differ(&key("provider"), manner(was), manner(is), |_, _| {
            "is called with other settings".to_owned()
        });
    }
    changes.differ(&key("context"), old.context, new.context, |_, new| match new {
        Some(rule) => {
            format!(
                "its conversations are trimmed at {:.0} of {} tokens",
                rule.window as f64 * rule.trim_at,
                rule.window
            )
        }
        None => "its conversations are trimmed only when it refuses one as too long".to_owned(),
    });
    changes.differ(&key("max_tokens"), old.max_tokens, new.max_tokens, |old, new| {
        format!("writes at most {new} tokens in one reply instead of {old}")
    });
    changes.differ(&key("price"), old.price, new.price, |old, new| {
        format!("costs {} instead of {}", price(new), price(old))
    });
}

fn or_default(place: String) -> String {
    if place.is_empty() { "the environment's default endpoint".to_owned() } else { place }
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(
        || "an unknown price".to_owned(),
        |p| format!("${} per million tokens read and ${} written", p.input, p.output),
    )
}
