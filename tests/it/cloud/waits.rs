//! A task that is heard of no more, and a provider that is away: the machine waits, and goes on.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Machine, approved, plan_states, variables, visited};
use crate::live::server::Server;
use crate::live::{SOW, Through, crew_at, script};
use crate::remote::server_with;
use crate::support::edited;

const WORKFLOW: &str = "\
version: 1
workflow: delivery
phases: [discovery, architecture]
";

fn signal(pid: u64, signal: &str) {
    let done = Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(done.expect("kill starts").success(), "it had ended");
}

#[tokio::test]
#[ignore = "takes four minutes, with CLOUDCREW_CLOUD_WAITS=1; needs the AWS rig, git and python3"]
async fn a_silent_task_is_replaced_and_an_absent_provider_waited_for() {
    if std::env::var("CLOUDCREW_CLOUD_WAITS").as_deref() != Ok("1") {
        println!("CLOUDCREW_CLOUD_WAITS is not 1: nothing was tried");
        return;
    }
    let rehearsed = edited();
    let workflow = rehearsed.workspace().join("workflows/delivery.yaml");
    std::fs::write(workflow, WORKFLOW).expect("written");
    let words = ["--approve", "all", "--format", "json"];
    let mut script = script(&rehearsed.start(SOW, &words).exits(0));
    script["model"]["agents"]["sa"]["turns"][3]["error"] =
        json!({ "type": "ServiceUnavailableException", "message": "scripted", "times": 7 });
    let server = Server::start(&script);
    let workspace = crew_at(&server.url(), Through::Bedrock);
    std::fs::write(workspace.workspace().join("workflows/delivery.yaml"), WORKFLOW)
        .expect("written");
    workspace.run(&["generate"]).exits(0);
    let git = server_with(false, false);
    let mut settings = variables(&git.url).to_vec();
    // Of 300 seconds; a task says that it lives every 20.
    settings.push("RIG_HEARTBEAT=45".to_owned());
    let mut machine = Machine::new(workspace.workspace(), &settings).await;
    machine.begins("waits", &git.url, json!({}));
    let stopped = machine.task("waits");
    signal(stopped, "-STOP");
    // It wakes up long after another task has taken its place.
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(130));
        signal(stopped, "-CONT");
    });
    let end = machine.answers("waits", |request: &Value| approved(request));
    assert_eq!(end["status"], "SUCCEEDED", "{end:#}");
    let (mut seen, journal) = (plan_states(&end), visited(&machine.table, "waits").await);
    let entered = seen.len();
    // Several tasks of the same visit: one was silent.
    seen.dedup();
    assert!(seen.len() < entered, "{seen:?}");
    assert_eq!(seen, journal);
    assert!(journal.iter().any(|state| state.ends_with(".park")), "{journal:?}");
    let engagement = machine.engagement("waits").await;
    let (total, meter) = (engagement.state.meter.total(), server.meter());
    assert_eq!(json!(total.usage.input_tokens), meter["complete"]["inputTokens"], "{meter}");
    assert_eq!(json!(total.usage.output_tokens), meter["complete"]["outputTokens"], "{meter}");
}
