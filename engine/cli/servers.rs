//! The tools of MCP servers, as they are when an engagement begins.

use std::collections::BTreeSet;

use cloudcrew_definition::crew::{Agent, Definition, Reach, Server, ServerTool};
use cloudcrew_definition::diagnostic::closest;
use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::is_server_tool;
use cloudcrew_ports::server::Servers as _;
use cloudcrew_runtime::engagement::RunMode;

use crate::exit::Failure;
use crate::models::at_work;
use crate::wiring;

/// Maximum number of tools named in a line.
const NAMED: usize = 40;

/// The definition with the tools that agents of a workflow may call, as their servers declare them
/// now. Only live models call servers, and none while a cassette is recorded.
///
/// # Errors
/// When a server cannot be asked, or does not offer a tool that is granted.
pub async fn pinned(
    mut definition: Definition,
    workflow: &str,
    voice: &RunMode,
) -> Result<Definition, Failure> {
    if !matches!(voice, RunMode::Live { record: None }) {
        return Ok(definition);
    }
    let Some(flow) = definition.workflow(workflow) else { return Ok(definition) };
    let agents: Vec<Agent> = at_work(&definition, flow).into_iter().cloned().collect();
    for server in &mut definition.servers {
        let grants = agents.iter().flat_map(|agent| &agent.grants);
        let granted: BTreeSet<&str> = grants
            .filter(|grant| grant.server == server.name)
            .flat_map(|grant| grant.tools.iter().map(String::as_str))
            .collect();
        if granted.is_empty() {
            continue;
        }
        let offered = offered(server).await.map_err(|why| {
            Failure::usage(format!("the server `{}` cannot be used: {why}", server.name))
        })?;
        for tool in granted {
            match offered.iter().find(|found| found.name == tool) {
                Some(found) => server.tools.push(found.clone()),
                None => {
                    let names: Vec<&str> = offered.iter().map(|tool| tool.name.as_str()).collect();
                    let meant = closest(tool, &names).map(|name| format!("did you mean `{name}`?"));
                    let meant = meant.unwrap_or_else(|| format!("it has {}", listed(&names)));
                    return Err(Failure::usage(format!(
                        "the server `{}` has no tool `{tool}`; {meant}",
                        server.name
                    )));
                }
            }
        }
    }
    Ok(definition)
}

/// What a server offers, under names that models accept.
async fn offered(server: &Server) -> Result<Vec<ServerTool>, String> {
    let tools = wiring::servers().tools(server).await.map_err(|fault| fault.to_string())?;
    Ok(tools.into_iter().filter(|tool| is_server_tool(&tool.name)).collect())
}

fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED).map(|name| row(name).into_owned()).collect::<Vec<_>>();
    match names.len().saturating_sub(NAMED) {
        0 if names.is_empty() => "no tools".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// How a server is reached, in a few words.
pub fn reached(server: &Server) -> String {
    match &server.reach {
        Reach::Command { program, .. } => format!("{} in the sandbox", row(program)),
        Reach::Url { url, .. } => row(url).into_owned(),
    }
}

/// What each server of a crew offers, and grants that it does not fulfil, for `doctor`.
pub async fn found(definition: &Definition) -> Vec<(bool, String)> {
    let mut lines = Vec::new();
    for server in &definition.servers {
        let (name, at) = (&server.name, reached(server));
        let tools = match offered(server).await {
            Ok(tools) => tools,
            Err(why) => {
                let more = match server.reach {
                    Reach::Command { .. } => "; CLOUDCREW_PROGRAMS names folders with programs",
                    Reach::Url { .. } => "",
                };
                lines.push((true, format!("--   server {name}: {at}: {}{more}", row(&why))));
                continue;
            }
        };
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
        lines.push((true, format!("ok   server {name}: {at}, offers {}", listed(&names))));
        let wrong = unfulfilled(definition, server, &tools);
        lines.extend(wrong.into_iter().map(|why| (false, format!("FAIL server {name}: {why}"))));
    }
    lines
}

/// Tools and arguments that agents are granted, or that `reads` names, and that a server does not
/// have.
fn unfulfilled(definition: &Definition, server: &Server, tools: &[ServerTool]) -> Vec<String> {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    let meant = |name: &str, known: &[&str]| {
        closest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
    };
    let mut wrong = Vec::new();
    for name in server.reads.iter().filter(|name| !names.contains(&name.as_str())) {
        wrong.push(format!("no tool `{name}`, which `reads` names{}", meant(name, &names)));
    }
    for agent in &definition.agents {
        for grant in agent.grants.iter().filter(|grant| grant.server == server.name) {
            for name in &grant.tools {
                let Some(tool) = tools.iter().find(|tool| tool.name == *name) else {
                    let meant = meant(name, &names);
                    wrong.push(format!("no tool `{name}`, which {} is granted{meant}", agent.name));
                    continue;
                };
                let known: Vec<&str> = tool.schema["properties"]
                    .as_object()
                    .map(|all| all.keys().map(String::as_str).collect())
                    .unwrap_or_default();
                for values in grant.arguments.iter().map(|values| values.argument.as_str()) {
                    if !known.contains(&values) {
                        let meant = meant(values, &known);
                        wrong.push(format!("`{name}` has no argument `{values}`{meant}"));
                    }
                }
            }
        }
    }
    wrong
}
