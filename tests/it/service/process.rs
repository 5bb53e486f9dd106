//! The process: crashes, a second process, the command line.

use std::time::Duration;

use serde_json::json;

use super::{approval, small};
use crate::support::service::{Service, TOKEN, get, post};
use crate::support::{Done, crew, edited, root};

#[test]
fn a_killed_service_continues_where_it_was() {
    let crew = crew();
    let mut service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    for pause in [3, 11, 29, 60, 150] {
        std::thread::sleep(Duration::from_millis(pause));
        service.kill();
        service = Service::start(&crew, &[]);
    }
    let status = service.reaches("demo", "waiting");
    assert_eq!(status["waiting"][0]["id"], "discovery-1");
    let path = "/projects/demo/events?kind=request_opened";
    assert_eq!(service.send(&get(path)).is(200).json()["events"].as_array().unwrap().len(), 1);
}

#[test]
fn two_processes_share_a_home() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    service.reaches("demo", "waiting");
    crew.run(&["approve", "demo"]).exits(0);
    service.reaches("demo", "done");
    let sow = crew.workspace().join("examples/sow/example.md");
    crew.run(&["run", "--project", "other", "--sow", sow.to_str().unwrap()]).exits(10);
    let status = service.reaches("other", "waiting");
    service.send(&post("/projects/other/approve", &approval(&status))).is(200);
    service.reaches("other", "done");
    let channel = |id: &str| {
        let requests = service.send(&get(&format!("/projects/{id}/requests"))).is(200).json();
        requests["requests"][0]["answer"]["channel"].clone()
    };
    assert_eq!((channel("demo"), channel("other")), (json!("terminal"), json!("api")));
}

#[test]
fn a_failed_engagement_is_retried_with_the_definitions_of_the_service() {
    let crew = edited();
    let phase = "phases/architecture.yaml";
    crew.set(phase, "swarm.max_turns", "2");
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    service.send(&post("/projects/demo/approve", &approval(&status))).is(200);
    service.reaches("demo", "failed");
    crew.set(phase, "swarm.max_turns", "100");
    let retry = |body| service.send(&post("/projects/demo/retry", &body));
    retry(json!({ "definitions": "older" })).is(422);
    retry(json!({ "definitions": "pinned" })).is(200);
    service.reaches("demo", "failed");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
    command.args(["retry", "demo", "--definitions", "current", "--server"]);
    command.arg(format!("http://{}", service.address)).env("CLOUDCREW_TOKEN", TOKEN);
    Done::from(command.output().expect("the binary starts")).exits(0);
    let status = service.reaches("demo", "waiting");
    assert_eq!(status["waiting"][0]["id"], "architecture-1");
    service.send(&post("/projects/demo/retry", &json!({}))).refused(409, "ended");
}

#[test]
fn it_listens_on_this_machine_only() {
    let crew = small();
    crew.run(&["serve", "--listen", "0.0.0.0:0"]).exits(2).says("is not a loopback address");
    crew.run(&["serve", "--listen", "nowhere"]).exits(2);
}

#[tokio::test]
async fn what_a_person_recorded_before_a_crash_is_carried_out() {
    use cloudcrew_local::clock::SystemClock;
    use cloudcrew_local::store::Store;
    use cloudcrew_runtime::engagement::{Record, cancel, open};
    let crew = small();
    let sow = crew.workspace().join("examples/sow/example.md");
    crew.run(&["run", "--project", "demo", "--sow", sow.to_str().unwrap()]).exits(10);
    {
        // A process that died right after the request to cancel was on disk.
        let store = Store::open(&crew.home()).unwrap();
        let mut engagement = open(Record::of(&store), "demo").await.unwrap();
        let clock = SystemClock::default();
        cancel(Record::of(&store), &clock, &mut engagement, "ada").await.unwrap();
    }
    Service::start(&crew, &[]).reaches("demo", "cancelled");
}

#[test]
fn a_home_of_an_older_version_comes_to_rest() {
    let crew = small();
    let sow = crew.workspace().join("examples/sow/example.md");
    crew.run(&["run", "--project", "demo", "--sow", sow.to_str().unwrap()]).exits(10);
    let database = || rusqlite::Connection::open(crew.home().join("cloudcrew.db")).unwrap();
    // As the migration leaves it.
    database().execute("UPDATE engagement SET standing = NULL, active = 1", []).unwrap();
    let service = Service::start(&crew, &[]);
    service.reaches("demo", "waiting");
    std::thread::sleep(Duration::from_secs(1));
    let sql = "SELECT active OR standing IS NULL FROM engagement";
    let stirs: bool = database().query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(!stirs, "the service looks at it again and again");
}

#[test]
fn the_command_line_works_against_a_service() {
    let crew = crew();
    let service = Service::start(&crew, &[]);
    let server = format!("http://{}", service.address);
    let elsewhere = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| -> Done {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        command.args(words).args(["--server", &server]).env("CLOUDCREW_TOKEN", TOKEN);
        command.current_dir(elsewhere.path()).stdin(std::process::Stdio::null());
        command.output().expect("the binary starts").into()
    };
    let sow = root().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().unwrap();
    run(&["run", "--sow", sow, "--project", "demo"])
        .exits(10)
        .says("docs/project-plan/plan.md")
        .says("cloudcrew approve demo --digest")
        .says(&format!("--server {server}"));
    run(&["run", "--sow", sow, "--project", "demo"]).exits(14).says("already exists");
    run(&["list"]).exits(0).says("waiting for discovery-1");
    run(&["inbox"]).exits(0).says("Approve discovery, or request changes");
    run(&["show", "demo"]).exits(0).says("discovery, run 1");
    run(&["revise", "demo", "Name the owner of each risk."]).exits(10).says("discovery-2");
    run(&["approve", "demo", "--digest", "00000000"]).exits(14).says("has changed");
    run(&["approve", "demo", "--rating", "quality=5"]).exits(10).says("architecture-1");
    run(&["artifacts", "demo"]).exits(0).says("docs/architecture/architecture.md");
    run(&["artifacts", "demo", "docs/project-plan/plan.md"]).exits(0).says("# ");
    run(&["ledger", "demo"]).exits(0).says("feedback");
    run(&["cost", "demo"]).exits(0).says("total");
    run(&["members", "demo", "add", "bea", "--role", "viewer"]).exits(0).says("bea");
    run(&["show", "demo", "--as", "bea"]).exits(0);
    run(&["approve", "demo", "--as", "bea"]).exits(2).says("no role in `demo` that allows this");
    run(&["show", "demo", "--as", "zoe"]).exits(2).says("no project named `demo`");
    run(&["cancel", "demo"]).exits(0);
    service.reaches("demo", "cancelled");
    run(&["watch", "demo"]).exits(13);
    let json = run(&["list", "--format", "json"]).exits(0).json();
    assert_eq!(json["projects"][0]["state"], "cancelled");
    assert_eq!(service.stop(), 0);
    run(&["list"]).exits(3).says(&server);
}
