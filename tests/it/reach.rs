//! What a note reached, against the journal read entry by entry: random engagements in which agents
//! search, write, note and hand over. `CLOUDCREW_HISTORIES` sets how many.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloudcrew_ports::journal::{Entry, Head, Journal as _};
use cloudcrew_ports::memory::{
    Kept, Memory as _, MemoryKind, MemoryRecord, MemorySource, Space, Trust,
};
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_runtime::engagement::memory::space;
use cloudcrew_runtime::engagement::{Driver, Engagement, Options, Reach, Record, open};
use serde_json::{Value, json};

use crate::support::chance::{Chance, number};
use crate::support::inside::{PROJECT, dead, ports, reply, start};
use crate::support::{Crew, edited};

const SOW: &str = "docs/sow/clinic-scheduling.md";
/// Visits of a history.
const VISITS: u32 = 8;

/// An agent that does anything.
struct Wanders(Mutex<Chance>);

/// Ids of notes in a text.
fn ids(text: &str) -> BTreeSet<&str> {
    let found = text.match_indices("m-").filter_map(|(at, _)| text.get(at..at + 26));
    found.filter(|id| id[2..].bytes().all(|byte| byte.is_ascii_hexdigit())).collect()
}

impl Wanders {
    fn calls(&self, request: &ModelRequest<'_>) -> Vec<(&'static str, Value)> {
        let mut chance = self.0.lock().expect("no panic");
        let context = request.context;
        if context.visit > VISITS {
            return Vec::new();
        }
        let pm = request.agent == "pm";
        if context.turn > 0 && chance.one_in(3) {
            let next = if pm { "sa" } else { "pm" };
            return vec![("handoff_to_agent", json!({ "agent_name": next, "message": "next" }))];
        }
        let text = serde_json::to_string(request.messages).expect("messages");
        let known: Vec<&str> = ids(&text).into_iter().collect();
        let mut calls = Vec::new();
        for _ in 0..=chance.below(3) {
            let n = chance.below(6);
            calls.push(match chance.below(5) {
                0 | 1 => ("search_memory", json!({ "question": format!("subject {n}"), "most": 3 })),
                2 => ("repo_read", json!({ "path": SOW })),
                3 => {
                    let path = if pm { "docs/project-plan" } else { "docs/architecture" };
                    let path = format!("{path}/n{n}.md");
                    let content = format!("Written {}.\n", chance.next());
                    ("repo_write", json!({ "path": path, "content": content, "message": "Write" }))
                }
                _ => {
                    let mut sources = vec![json!(SOW)];
                    if !known.is_empty() {
                        sources.push(json!(format!("memory:{}", chance.one(&known))));
                    }
                    let kind = ["preference", "summary", "lesson"][chance.below(3)];
                    ("remember", json!({ "kind": kind, "about": format!("subject/s{n}"),
                        "text": format!("Subject {n} has {}.", chance.next()), "sources": sources }))
                }
            });
        }
        calls
    }
}

#[async_trait]
impl Model for Wanders {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        Ok(reply(request.context.turn, self.calls(&request)))
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

/// Notes of another engagement that fit the questions.
fn foreign(space: &Space) -> Vec<Kept> {
    let note = |n: usize| {
        let record = MemoryRecord {
            id: String::new(),
            kind: MemoryKind::Lesson,
            about: format!("subject/f{n}"),
            text: format!("Subject {n} was learnt elsewhere."),
            sources: vec![MemorySource::Statement],
            project: "other".to_owned(),
            phase: "discovery".to_owned(),
            by: "pm".to_owned(),
            step: String::new(),
            at: 1,
        };
        let record = record.named(space, "other");
        Kept { record, trust: Trust::Accepted, closed: None, expires: i64::MAX, as_of: 1 }
    };
    (0..4).map(note).collect()
}

async fn history(seed: u64, workspace: &Path) -> (Engagement, Vec<Entry>) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, workspace, "clinic-scheduling.md", None).await;
    let (mut ports, store, _) = ports(&home).await;
    let e = open(Record::of(&store), PROJECT).await.expect("an engagement");
    let space = space(&e.state.started);
    store.put(&space, &foreign(&space)).await.expect("written");
    ports.model = Arc::new(Wanders(Mutex::new(Chance::of(seed))));
    let driver = Driver::open(ports, PROJECT, &dead(0), Options::default()).await.expect("a lease");
    driver.drive().await.expect("it comes to rest");
    let e = open(Record::of(&store), PROJECT).await.expect("an engagement");
    let entries = store.read(PROJECT, &Head::default(), usize::MAX).await.expect("entries");
    (e, entries)
}

/// What notes reached directly, from nothing but the entries.
fn direct(entries: &[Entry]) -> BTreeMap<String, Reach> {
    let mut reach: BTreeMap<String, Reach> = BTreeMap::new();
    let (mut swarm, mut prompt) = (String::new(), None);
    let mut shown: BTreeSet<String> = BTreeSet::new();
    let named = |notes: &Value| -> Vec<String> {
        let notes = notes.as_array().into_iter().flatten();
        notes.filter_map(|note| Some(note["id"].as_str()?.to_owned())).collect()
    };
    for entry in entries {
        let p = &entry.payload;
        let mut recalled = Vec::new();
        match entry.kind.as_str() {
            "swarm_began" => swarm = p["swarm"].as_str().expect("a name").to_owned(),
            "visit_opened" => {
                let visit = u32::try_from(p["visit"].as_u64().expect("a number")).expect("small");
                let agent = p["agent"].as_str().expect("a name").to_owned();
                prompt = Some((swarm.clone(), visit, agent));
                shown.clear();
            }
            "recalled" => recalled = named(&p["notes"]),
            "swarm_input" => {
                recalled = named(&p["done"]["recalled"]);
                let made = &p["done"]["remembered"];
                for source in made["sources"].as_array().into_iter().flatten() {
                    if let Some(id) = source["id"].as_str().filter(|_| source["from"] == "memory") {
                        let id = reach.entry(id.to_owned()).or_default();
                        id.records.insert(made["id"].as_str().expect("an id").to_owned());
                    }
                }
            }
            "committed" => {
                let step = p["step"].as_str().expect("a step");
                for id in shown.iter().filter(|_| step.starts_with(&format!("{swarm}.v"))) {
                    for file in p["paths"].as_array().expect("paths") {
                        let part = |n: usize| file[n].as_str().expect("a text").to_owned();
                        let files = &mut reach.entry(id.clone()).or_default().files;
                        files.insert((part(0), part(1), step.to_owned()));
                    }
                }
            }
            _ => {}
        }
        for id in recalled {
            let prompts = &mut reach.entry(id.clone()).or_default().prompts;
            prompts.insert(prompt.clone().expect("a visit"));
            shown.insert(id);
        }
    }
    reach
}

/// The same with what was made from a note, until nothing is added.
fn closed(direct: &BTreeMap<String, Reach>, id: &str) -> Reach {
    let mut all = direct.get(id).cloned().unwrap_or_default();
    loop {
        let before = all.clone();
        for record in &before.records {
            if let Some(next) = direct.get(record) {
                all.prompts.extend(next.prompts.iter().cloned());
                all.files.extend(next.files.iter().cloned());
                all.records.extend(next.records.iter().cloned());
            }
        }
        if all == before {
            return all;
        }
    }
}

fn wide() -> Crew {
    let crew = edited();
    let phase = "phases/discovery.yaml";
    crew.edit(phase, "max_handoffs: 10", "max_handoffs: 900");
    crew.edit(phase, "max_iterations: 10", "max_iterations: 900");
    crew.edit(phase, "detection_window: 6", "detection_window: 0");
    crew.edit(phase, "min_unique_agents: 2", "min_unique_agents: 0");
    crew
}

#[tokio::test]
async fn what_a_note_reached_is_what_the_journal_says() {
    let crew = wide();
    let (mut prompts, mut files, mut chains) = (0, 0, 0);
    for seed in 0..number("CLOUDCREW_HISTORIES", 12) {
        let (e, entries) = history(seed, crew.workspace()).await;
        let direct = direct(&entries);
        let own = e.state.memories.records().iter().map(|record| record.id.as_str());
        let ids: BTreeSet<&str> = own.chain(direct.keys().map(String::as_str)).collect();
        for id in ids {
            let expected = closed(&direct, id);
            prompts += expected.prompts.len();
            files += expected.files.len();
            chains += usize::from(!expected.records.is_empty());
            assert_eq!(e.state.memories.reach(id), expected, "seed {seed}, {id}");
        }
    }
    println!("{prompts} prompts, {files} files and {chains} notes with notes made from them");
    assert!(prompts > 100 && files > 50 && chains > 10, "{prompts} {files} {chains}");
}
