//! Renders the tools that definitions can grant as a reference page.

use std::fmt::Write as _;

use serde_json::Value;

use crate::catalogue::{Capability, Effect, ToolInfo};

/// The reference page of tools, in Markdown.
pub fn tools_page(tools: &[ToolInfo]) -> String {
    let mut page = "# Tools\n\n\
        What an agent can be granted in `tools` or `shared_tools` of `agents.yaml`. Arguments that \
        do not match the schema are refused, and the agent reads why. `cloudcrew explain agent \
        NAME` shows what an agent has.\n\n\
        | Tool | May |\n|---|---|\n"
        .to_owned();
    for tool in tools {
        let (name, may) = (&tool.name, may(tool.capability));
        let _ = writeln!(page, "| [`{name}`](#{name}) | {may} |");
    }
    for tool in tools {
        section(&mut page, tool);
    }
    page
}

fn section(page: &mut String, tool: &ToolInfo) {
    let description = tool.description.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = write!(page, "\n## {}\n\n{description}\n\n", tool.name);
    let review = if tool.in_review { "also in the review of a phase" } else { "not in a review" };
    let _ = writeln!(page, "May {}; {review}. {}", may(tool.capability), repeated(tool.effect));
    let required: Vec<&str> = tool.schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let arguments = tool.schema["properties"].as_object();
    if let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) {
        page.push_str("\n| Argument | Meaning |\n|---|---|\n");
        for (name, schema) in arguments {
            let must = if required.contains(&name.as_str()) { ", required" } else { "" };
            let meaning = schema["description"].as_str().unwrap_or_default();
            let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(page, "| `{name}`{must} | {} |", meaning.replace('|', "\\|"));
        }
    }
    let _ = write!(page, "\n```json\n{:#}\n```\n", tool.schema);
}

fn may(capability: Capability) -> &'static str {
    match capability {
        Capability::Read => "read the engagement",
        Capability::ReadRepo => "read every file of the repository",
        Capability::WriteRepo => "write files inside the agent's scope",
        Capability::WriteFixed => "write files at a fixed path",
        Capability::WriteLedger => "write the ledger",
        Capability::Judge => "give verdicts",
        Capability::Ask => "ask the customer",
        Capability::Run => "run a program in the sandbox",
        Capability::Command => "run the programs that `commands` names, in the sandbox",
        Capability::Server => "call a tool of an MCP server",
        Capability::Board => "keep the work items of the phase",
        Capability::Remember => "save notes for later work",
        Capability::Library => "add to the pattern library",
    }
}

/// What happens when a process dies during a call, and the call is made again.
fn repeated(effect: Effect) -> &'static str {
    match effect {
        Effect::Pure => "It changes nothing, so a call can be repeated.",
        Effect::Keyed | Effect::CompareAndSwap => {
            "It acts once, even if a process dies during the call."
        }
        Effect::Uncertain => {
            "If a process dies during the call, a person is asked whether it acted; it is not \
             repeated."
        }
    }
}
