//! Runs one swarm scenario (`tests/cases/swarm/README.md`) against the Bedrock endpoint of the
//! environment, with the real adapter and its retry layer, and prints the outcome as one JSON
//! value.
//!
//! `cargo run --features aws --example swarm_scenario -- SCENARIO.json`
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a driver for tests"
)]

#[path = "../../engine/runtime/tests/swarm_scenarios/scenario.rs"]
mod scenario;
mod specs;
#[path = "../../engine/runtime/tests/swarm_scenarios/tools.rs"]
mod tools;
mod world;

use std::time::Duration;

use cloudcrew_aws::bedrock::{BedrockModel, Place, Service, Settings};
use cloudcrew_runtime::swarm::{Refusal, Stop, Swarm, drive};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::World;

const MODEL: &str = "us.anthropic.claude-fake-v1:0";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = std::env::args().nth(1).expect("usage: swarm_scenario SCENARIO.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let scenario: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let settings = Settings {
        id: MODEL.to_owned(),
        cache_minimum: None,
        reasoning: None,
        guardrail: None,
        silence: Duration::from_secs(45),
    };
    let model = BedrockModel::new(Service::new(&Place::default()).await, settings);
    let outcome = match scenario.get("runs") {
        None => run(&scenario, "r1", &model).await,
        Some(runs) => {
            let names: Vec<String> =
                (1..=runs["count"].as_u64().unwrap_or(1)).map(|n| format!("r{n}")).collect();
            let mut outcomes = Vec::new();
            if runs["mode"] == "parallel" {
                outcomes = join_all(names.iter().map(|name| run(&scenario, name, &model))).await;
            } else {
                for name in &names {
                    outcomes.push(run(&scenario, name, &model).await);
                }
            }
            json!({ "runs": outcomes })
        }
    };
    println!("{outcome}");
    // A tool that blocks its thread is not waited for.
    std::process::exit(0);
}

/// One run, through all its rounds.
async fn run(scenario: &Value, name: &str, model: &BedrockModel) -> Value {
    let world = World::new(scenario, name, model);
    let mut swarm = Swarm::new(scenario::spec(scenario));
    let mut rounds = vec![round(&mut swarm, &world, None).await];
    for resume in scenario["resume"].as_array().into_iter().flatten() {
        let text = serde_json::to_string(&swarm).unwrap();
        swarm = serde_json::from_str(&text).unwrap();
        rounds.push(round(&mut swarm, &world, Some(resume)).await);
    }
    let mut outcome = scenario::outcome_of(&swarm);
    let halted = rounds.last().is_some_and(|round| round["status"] == "halted");
    if halted
        && let Some(visit) = outcome["visits"].as_array_mut().and_then(|visits| visits.last_mut())
    {
        visit["status"] = "halted".into();
    }
    if halted {
        outcome["status"] = "halted".into();
    }
    outcome["rounds"] = rounds.into();
    outcome["files"] = json!(*world.tools.files.lock().unwrap());
    outcome["tool_calls"] = world.started();
    outcome
}

async fn round(swarm: &mut Swarm, world: &World<'_>, resume: Option<&Value>) -> Value {
    let begun = Instant::now();
    let refused = resume.and_then(|resume| go_on(swarm, resume).err());
    world.wake();
    let halted = match refused {
        Some(_) => false,
        None => match drive(swarm, world).await {
            Ok(_) => false,
            Err(Stop::Halted) => true,
            Err(stop) => panic!("{stop:?}"),
        },
    };
    json!({
        "status": if halted { json!("halted") } else { json!(swarm.status()) },
        "reason": if halted { None } else { swarm.reason() },
        "refused": refused.map(|r| json!({"kind": r.kind, "text": r.text})),
        "interrupts": swarm.questions(),
        "elapsed_ms": begun.elapsed().as_millis() as u64,
    })
}

fn go_on(swarm: &mut Swarm, resume: &Value) -> Result<(), Refusal> {
    let open = swarm.questions();
    let id_of = |name: &str| open.iter().find(|q| q.name == name).map(|q| q.id.clone());
    if let Some(raw) = resume.get("raw") {
        return swarm.answer(&scenario::named(raw, &id_of));
    }
    match resume["answers"].as_object() {
        Some(answers) => {
            let known = answers.iter().filter_map(|(name, answer)| {
                Some(json!({"interrupt": id_of(name)?, "answer": answer}))
            });
            swarm.answer(&known.collect())
        }
        None => swarm.resume(),
    }
}
