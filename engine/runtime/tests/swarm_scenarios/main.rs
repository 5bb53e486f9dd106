//! Runs the kit's conformance scenarios in one process under a paused clock, with a few checks that
//! the scenarios do not cover.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests read their cases from files"
)]

mod rules;
mod run;
mod scenario;
mod script;
mod seen;
mod tools;

use std::path::PathBuf;

use cloudcrew_runtime::swarm::{Input, Swarm};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::run::Run;

fn cases(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/swarm").join(folder)
}

fn read(folder: &str, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(cases(folder).join(name)).unwrap()).unwrap()
}

fn names() -> Vec<String> {
    let files = std::fs::read_dir(cases("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.filter(|name| name.ends_with(".json")).collect();
    names.sort();
    names
}

async fn runs(scenario: &Value) -> Vec<Run> {
    let count = scenario["runs"]["count"].as_u64().unwrap_or(1);
    let start = Instant::now();
    if scenario["runs"]["mode"] == "parallel" {
        return join_all((0..count).map(|_| run::run(scenario, start))).await;
    }
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push(run::run(scenario, start).await);
    }
    runs
}

fn overlap(runs: &[Run]) -> bool {
    let started =
        runs.iter().filter_map(|run| run.requests.first()).map(|request| request.at).max();
    let ended = runs.iter().filter_map(|run| run.requests.last()).map(|request| request.at).min();
    started < ended
}

#[tokio::test(start_paused = true)]
async fn every_scenario_has_the_expected_outcome() {
    let mut failed = 0;
    for name in names() {
        let scenario = read("scenarios", &name);
        let runs = runs(&scenario).await;
        let mut wrong: Vec<_> = runs.iter().flat_map(rules::broken).collect();
        let mut summaries: Vec<_> = runs.iter().map(seen::summary).collect();
        let got = if scenario.get("runs").is_some() {
            json!({"runs": summaries})
        } else {
            summaries.remove(0)
        };
        wrong.extend(rules::differences(&read("expected", &name), &got, ""));
        if scenario["runs"]["mode"] == "parallel" && !overlap(&runs) {
            wrong.push("the runs did not overlap in time".to_owned());
        }
        println!(
            "{}  {}",
            if wrong.is_empty() { "pass" } else { "FAIL" },
            name.trim_end_matches(".json")
        );
        wrong.iter().take(12).for_each(|line| println!("      {line}"));
        failed += usize::from(!wrong.is_empty());
    }
    assert_eq!(failed, 0, "scenarios failed");
}

#[tokio::test(start_paused = true)]
async fn results_of_a_turn_are_recorded_in_call_order() {
    for name in names() {
        for run in runs(&read("scenarios", &name)).await {
            let mut last = None;
            for (input, _) in &run.journal {
                let index = match input {
                    Input::ToolResult { index, .. } | Input::Asked { index, .. } => Some(*index),
                    _ => None,
                };
                assert!(
                    index.is_none() || last < index,
                    "{name}: call {index:?} is recorded after {last:?}"
                );
                last = index;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_inputs_give_the_same_swarm() {
    for name in names() {
        let scenario = read("scenarios", &name);
        for run in runs(&scenario).await {
            let mut again = Swarm::new(scenario::spec(&scenario));
            for (input, elapsed) in &run.journal {
                let written = serde_json::to_string(input).unwrap();
                let input: Input = serde_json::from_str(&written).unwrap();
                assert_eq!(serde_json::to_string(&input).unwrap(), written, "{name}");
                again.accept(input, *elapsed).unwrap();
            }
            assert_eq!(
                serde_json::to_string(&again).unwrap(),
                serde_json::to_string(&run.swarm).unwrap(),
                "{name}"
            );
        }
    }
}
