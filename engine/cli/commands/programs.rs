//! The programs that a crew needs, and those that are missing on this machine.

use std::collections::BTreeMap;

use cloudcrew_definition::catalogue::Capability;
use cloudcrew_definition::crew::Definition;
use cloudcrew_ports::program::{Found, ProgramFault};
use cloudcrew_runtime::catalogue::catalogue;

use crate::wiring;

/// The programs that agents need, each with the agents and what they need it for.
pub fn needed(definition: &Definition) -> BTreeMap<String, Vec<String>> {
    let catalogue = catalogue();
    let mut needed = BTreeMap::<String, Vec<String>>::new();
    for agent in &definition.agents {
        let tools = || agent.tools.iter().filter_map(|name| catalogue.tool(name));
        for tool in tools() {
            for program in &tool.programs {
                let user = format!("{} for {}", agent.name, tool.name);
                needed.entry(program.clone()).or_default().push(user);
            }
        }
        if tools().any(|tool| tool.capability == Capability::Command) {
            for program in &agent.commands {
                needed.entry(program.clone()).or_default().push(agent.name.clone());
            }
        }
    }
    needed
}

/// What this machine has of a program.
pub async fn found(program: &str) -> Result<Found, ProgramFault> {
    wiring::programs().find(program).await
}

/// Those that are missing, with the reason.
pub async fn missing(programs: impl Iterator<Item = String>) -> BTreeMap<String, String> {
    let mut missing = BTreeMap::new();
    for program in programs {
        if let Err(fault) = found(&program).await {
            missing.insert(program, fault.to_string());
        }
    }
    missing
}

/// How to install a program, where that is known.
pub fn install(program: &str) -> Option<&'static str> {
    Some(match program {
        "terraform" => "put its binary into /usr/local/bin",
        "checkov" => {
            "`python3 -m venv DIR`, `DIR/bin/pip install checkov`, add DIR to CLOUDCREW_PROGRAMS"
        }
        "bandit" => {
            "`python3 -m venv DIR`, `DIR/bin/pip install bandit`, add DIR to CLOUDCREW_PROGRAMS"
        }
        "python3" => "`apt install python3`",
        "node" | "npm" => "`apt install nodejs npm`",
        _ => return None,
    })
}
