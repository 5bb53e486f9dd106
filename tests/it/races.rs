//! Competing processes make one decision.

use std::process::Stdio;
use std::time::Duration;

use crate::support::crew;

/// Competing processes per gate.
const CONTENDERS: usize = 8;

/// `CLOUDCREW_GATES=1000` runs longer.
fn gates() -> usize {
    std::env::var("CLOUDCREW_GATES").ok().and_then(|n| n.parse().ok()).unwrap_or(200)
}

#[test]
fn a_gate_gets_one_decision_from_competing_processes() {
    let crew = crew();
    let mut decided = 0;
    let mut project = 0;
    while decided < gates() {
        project += 1;
        let sow = crate::support::root().join("examples/sow/clinic-scheduling.md");
        let id = format!("gate-{project}");
        crew.run(&[
            "run",
            "--project",
            &id,
            "--from",
            "handoff",
            "--sow",
            sow.to_str().expect("a path"),
        ])
        .exits(10);
        for _ in 0..3 {
            if decided >= gates() {
                break;
            }
            let digest = waiting(&crew, &id);
            let Some(digest) = digest else { break };
            let contenders: Vec<_> = (0..CONTENDERS)
                .map(|n| {
                    let words: Vec<&str> = if n % 4 == 0 {
                        vec!["approve", &id, "--digest", &digest]
                    } else {
                        vec!["revise", &id, "again", "--digest", &digest]
                    };
                    let mut command = crew.command(&words);
                    command.env("CLOUDCREW_ACTOR", format!("contender-{n}"));
                    command
                        .stdout(Stdio::piped())
                        .stderr(Stdio::piped())
                        .spawn()
                        .expect("the binary starts")
                })
                .collect();
            let mut winners = 0;
            for contender in contenders {
                let output = contender.wait_with_output().expect("an end");
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                match output.status.code() {
                    Some(0 | 10) => winners += 1,
                    Some(14) => assert!(
                        said.contains("by contender-")
                            || said.contains("has changed")
                            || said.contains("has ended")
                            || said.contains("has already ended"),
                        "{said}"
                    ),
                    other => panic!("exit {other:?}: {said}"),
                }
            }
            assert_eq!(winners, 1, "{id}");
            decided += 1;
        }
    }
}

fn waiting(crew: &crate::support::Crew, id: &str) -> Option<String> {
    let inbox = crew.run(&["inbox", "--format", "json"]).exits(0).json();
    let request = inbox["requests"].as_array()?.iter().find(|r| r["project"] == id)?.clone();
    request["digest"].as_str().map(str::to_owned)
}

#[test]
fn a_second_driver_is_refused_and_names_the_first() {
    let crew = crew();
    let sow = crate::support::root().join("examples/sow/field-telemetry.txt");
    let mut first = crew
        .command(&[
            "run",
            "--project",
            "demo",
            "--sow",
            sow.to_str().expect("a path"),
            "--approve",
            "all",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut refused = false;
    for _ in 0..400 {
        let second = crew.run(&["resume", "demo"]);
        if second.exit == 3 && second.err.contains("is driven by pid") {
            refused = true;
            break;
        }
        if first.try_wait().expect("a child").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(first.wait().expect("an end").success());
    assert!(refused, "the second driver was never refused");
}

#[test]
fn a_driver_that_was_paused_and_overtaken_writes_nothing() {
    let crew = crew();
    let sow = crate::support::root().join("examples/sow/field-telemetry.txt");
    let old = crew
        .command(&[
            "run",
            "--project",
            "demo",
            "--sow",
            sow.to_str().expect("a path"),
            "--approve",
            "all",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    while !crew.home().join("cloudcrew.db").exists() || crew.run(&["list"]).out.is_empty() {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(150));
    let store = rusqlite::Connection::open(crew.home().join("cloudcrew.db")).expect("the store");
    store.busy_timeout(Duration::from_millis(50)).expect("a timeout");
    // Paused between two transactions, as if its lease had expired.
    signal(&old, "STOP");
    while store.execute("UPDATE lease SET renewed = 0", []).is_err() {
        signal(&old, "CONT");
        std::thread::sleep(Duration::from_millis(3));
        signal(&old, "STOP");
    }
    drop(store);
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
    let (journal, head) = (crew.journal().len(), crew.git(&["rev-parse", "cloudcrew/demo"]));
    signal(&old, "CONT");
    let old = old.wait_with_output().expect("an end");
    let err = String::from_utf8_lossy(&old.stderr);
    assert_eq!(old.status.code(), Some(3), "the old driver must notice");
    assert!(err.contains("was taken over by"), "{err}");
    assert_eq!(crew.journal().len(), journal);
    assert_eq!(crew.git(&["rev-parse", "cloudcrew/demo"]), head);
}

/// Signals a child that this test started and has not waited for.
fn signal(child: &std::process::Child, signal: &str) {
    let status = std::process::Command::new("kill")
        .args([format!("-{signal}"), child.id().to_string()])
        .status()
        .expect("kill starts");
    assert!(status.success());
}
