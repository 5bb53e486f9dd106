//! Eight processes decide at once, each on its own: a gate has one decision.

use std::process::{Command, Stdio};

use cloudcrew_aws::connection;
use cloudcrew_aws::{blob::Bucket, store::Store};
use cloudcrew_local::clock::SystemClock;
use cloudcrew_local::store::Store as Home;
use cloudcrew_ports::blob::Blobs as _;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::journal::{Batch, Entry, Head, Journal as _, MAX_APPEND, NewEntry, Writer};
use cloudcrew_runtime::engagement::{
    Decision, Driver, EngagementError, Options, Record, Rest, Submission, open, record,
};

use super::crash::Place;
use super::entries;
use crate::support::chance::number;
use crate::support::{inside, root};

/// Processes that decide.
const RACERS: usize = 8;

/// Copies an engagement that waits at its first gate to this many names; returns them.
async fn waiting(place: &Place, count: usize) -> Vec<String> {
    let home = tempfile::tempdir().expect("a folder");
    inside::start(home.path(), &root(), "clinic-scheduling.md", None).await;
    let (ports, store, _) = inside::ports(home.path()).await;
    let driver = Driver::open(ports, inside::PROJECT, &inside::dead(1), Options::default()).await;
    assert!(matches!(driver.expect("a driver").drive().await, Ok(Rest::Waiting(_))));
    let row = store.list(Which::All).await.expect("a list").remove(0).row.expect("a row");
    let journal = store.read(inside::PROJECT, &Head::default(), 10_000).await.expect("entries");
    for entry in &journal {
        carry(&store, &place.bucket, entry).await;
    }
    let copied = |entry: &Entry| NewEntry {
        at: entry.at,
        kind: entry.kind.clone(),
        payload: entry.payload.to_string(),
    };
    let copies: Vec<NewEntry> = journal.iter().map(copied).collect();
    let mut names = Vec::new();
    for n in 0..count {
        let (name, mut head) = (format!("gate-{n}"), Head::default());
        for part in copies.chunks(MAX_APPEND) {
            let batch = Batch { entries: part.to_vec(), row: row.clone(), receipt: None };
            head = match head.seq {
                0 => place.table.create(&name, batch).await.expect("written").expect("new"),
                _ => {
                    let grown = place.table.append(&name, &head, Writer::Inbound, batch).await;
                    grown.expect("written")
                }
            };
        }
        names.push(name);
    }
    names
}

/// Copies what an entry keeps elsewhere.
async fn carry(from: &Home, to: &Bucket, entry: &Entry) {
    let mut rest = entry.payload.to_string();
    rest.push(' ');
    for word in rest.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 64) {
        if let Ok(Some(bytes)) = from.get(word).await {
            to.put(&bytes).await.expect("a blob");
        }
    }
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn a_gate_gets_one_decision_from_eight_processes() {
    let gates = number("CLOUDCREW_CLOUD_GATES", 24) as usize;
    let place = Place::new().await;
    let names = waiting(&place, gates).await;
    let racers: Vec<_> = (0..RACERS)
        .map(|racer| {
            Command::new(std::env::current_exe().expect("this test"))
                .args(["--exact", "cloud::races::one_racer", "--ignored", "--nocapture"])
                .env("RACER", racer.to_string())
                .env("RACER_PLACE", &place.name)
                .env("RACER_GATES", names.join(","))
                .stdout(Stdio::piped())
                .spawn()
                .expect("it starts")
        })
        .collect();
    let mut said = String::new();
    for racer in racers {
        let done = racer.wait_with_output().expect("it ends");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        said.push_str(&String::from_utf8_lossy(&done.stdout));
    }
    for name in names {
        let of_gate: Vec<(&str, &str)> = said
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("RACE {name} "))?.split_once(' '))
            .collect();
        let won: Vec<&str> =
            of_gate.iter().filter(|(how, _)| *how == "won").map(|(_, who)| *who).collect();
        let [winner] = won[..] else { panic!("{name}: {of_gate:?}") };
        assert_eq!(of_gate.len(), RACERS, "{name}: {of_gate:?}");
        assert!(of_gate.iter().all(|(_, who)| *who == winner), "{name}: {of_gate:?}");
        let answers = entries(&place.table, &name, "request_answered").await;
        assert_eq!(answers.len(), 1, "{name}");
        assert_eq!(answers[0].payload["answer"]["actor"], winner, "{name}");
    }
}

/// One of the processes: decides about every gate, and says who won it. It does nothing by itself.
#[tokio::test]
#[ignore = "is started by the test of races"]
async fn one_racer() {
    let Ok(racer) = std::env::var("RACER") else { return };
    let name = |variable: &str| std::env::var(variable).expect("a variable");
    let (config, place) = (connection().await, name("RACER_PLACE"));
    let (table, bucket) = (Store::new(&config, &place), Bucket::new(&config, &place));
    let clock = SystemClock::default();
    for gate in name("RACER_GATES").split(',') {
        let mut engagement = open(Record::new(&table, &bucket), gate).await.expect("it is there");
        let opened = engagement.state.requests.last().expect("a gate").clone();
        let actor = format!("racer-{racer}");
        let decision = match racer.as_str() {
            "0" | "4" => Decision::Approve { ratings: Vec::new() },
            _ => Decision::Revise { words: "again".to_owned(), to: None, ratings: Vec::new() },
        };
        let submission = Submission {
            request: opened.id,
            digest: Some(opened.digest),
            decision,
            actor: actor.clone(),
            channel: "race".to_owned(),
            groups: Vec::new(),
            email: None,
            unverified: false,
            remarks: Vec::new(),
        };
        let record_of = Record::new(&table, &bucket);
        let (how, who) = match record(record_of, &clock, &mut engagement, submission).await {
            Ok(_) => ("won", actor),
            Err(EngagementError::Refused(refusal)) => {
                let said = refusal.to_string();
                let who = said.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
                let who = who.into_iter().find(|word| word.starts_with("racer-"));
                ("lost", who.unwrap_or(&said).to_owned())
            }
            Err(error) => panic!("{gate}: {error}"),
        };
        println!("RACE {gate} {how} {who}");
    }
}
