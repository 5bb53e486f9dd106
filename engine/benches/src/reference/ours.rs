//! Our side, in a separate process: the engagements of a scenario, each through the real driver
//! with its journal, its repository and the Bedrock adapter.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cloudcrew_aws::bedrock::{BedrockModel, Place, Service, Settings};
use cloudcrew_benches::{Work, begun_with, defined, files, ports};
use cloudcrew_local::clock::SystemClock;
use cloudcrew_local::holder::this_process;
use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::{Driver, Options, Rest, RunMode};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::counted::Counted;
use super::scenario::FILE;

/// How to call the models.
pub fn settings(cache_minimum: Option<u64>) -> Settings {
    Settings {
        id: "us.anthropic.claude-fake-v1:0".to_owned(),
        cache_minimum,
        reasoning: None,
        guardrail: None,
        silence: Duration::from_secs(45),
    }
}

/// Runs the scenario of a folder: `scenario.json`, `workspace`, `home`. Several concurrent runs use
/// two threads, plus two that may block on the disk; a single run uses one, like the command line.
pub fn main(folder: &Path) {
    let scenario: Value =
        serde_json::from_slice(&std::fs::read(folder.join("scenario.json")).expect("a scenario"))
            .expect("JSON");
    let runs = scenario["runs"]["count"].as_u64().unwrap_or(1);
    let mut runtime = match runs {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime =
        runtime.worker_threads(2).max_blocking_threads(2).enable_all().build().expect("a runtime");
    println!("{}", runtime.block_on(all(folder, &scenario, runs)));
}

async fn all(folder: &Path, scenario: &Value, runs: u64) -> Value {
    let definition = match defined(&files(&folder.join("workspace"))) {
        Ok(definition) => definition,
        Err(why) => return json!({ "undefined": why }),
    };
    let cache = scenario["cache_minimum"].as_u64();
    let model = Arc::new(BedrockModel::new(Service::new(&Place::default()).await, settings(cache)));
    let home = folder.join("home");
    let store = Store::open(&home).expect("a store");
    let sow = scenario["files"][FILE].as_str().expect("a file").to_owned();
    let work = || Work {
        definition: &definition,
        workflow: "w",
        sow: sow.clone(),
        voice: RunMode::Live { record: None },
    };
    let journal = Arc::new(Counted::new(store.clone()));
    let mut drivers = Vec::new();
    for number in 1..=runs {
        let project = format!("r{number}");
        let repo = begun_with(&home, &store, &project, work()).await;
        let mut ports = ports(&store, repo, &project).await;
        ports.journal = journal.clone();
        ports.model = model.clone();
        ports.clock = Arc::new(SystemClock::default());
        drivers.push(
            Driver::open(
                ports,
                &project,
                &this_process(),
                Options { approve_all: true, ..Options::default() },
            )
            .await
            .expect("the lease"),
        );
    }
    let driven = join_all(drivers.into_iter().map(|driver| {
        tokio::spawn(async move {
            let rest = driver.drive().await.expect("the world is whole");
            let usage = driver.look(|engagement| engagement.state.meter.total().usage).await;
            (rest, usage)
        })
    }))
    .await;
    let (mut input, mut output, mut ends) = (0, 0, Vec::new());
    for run in driven {
        let (rest, usage) = run.expect("no panic");
        input += usage.input_tokens;
        output += usage.output_tokens;
        ends.push(match rest {
            Rest::Ended(end) => format!("{:?}: {}", end.kind, end.text),
            rest => format!("{rest:?}"),
        });
    }
    ends.dedup();
    journal.save(folder);
    json!({ "input": input, "output": output, "ends": ends })
}
