//! Leaving a phase: each step is done once, and only what a person approved is accepted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{AppendError, Batch, Entry, Head, Journal, Writer};
use cloudcrew_ports::ledger::Ledger as _;
use cloudcrew_ports::memory::{Memory as _, MemoryKind, Space};
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_runtime::engagement::memory::kept;
use cloudcrew_runtime::engagement::{
    Decision, Driver, Options, Record, Rest, Submission, open, record,
};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::inside::{PROJECT, dead, ports, start};

const SOW: &str = "clinic-scheduling.md";

/// Dies before each step of a transition is on record, once: what the step did is there already.
struct DiesBefore {
    inner: Arc<dyn Journal>,
    seen: Mutex<BTreeSet<String>>,
    died: Notify,
}

#[async_trait]
impl Journal for DiesBefore {
    async fn create(&self, id: &str, batch: Batch) -> Result<Option<Head>, StoreError> {
        self.inner.create(id, batch).await
    }

    async fn append(
        &self,
        id: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        let steps = batch.entries.iter().filter(|entry| entry.kind == "transitioned");
        let steps: Vec<String> = steps
            .map(|entry| {
                let payload: Value = serde_json::from_str(&entry.payload).expect("an event");
                format!("{} {}", payload["of"], payload["step"])
            })
            .collect();
        let new = steps.into_iter().any(|step| self.seen.lock().expect("no panic").insert(step));
        if new {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
        self.inner.append(id, expected, writer, batch).await
    }

    async fn read(&self, id: &str, after: &Head, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.inner.read(id, after, limit).await
    }

    async fn head(&self, id: &str) -> Result<Option<Head>, StoreError> {
        self.inner.head(id).await
    }
}

/// A person approves the phases up to the architecture, and the engine the others. Each step is done
/// once, and only what the person approved is accepted.
#[tokio::test]
async fn a_phase_is_left_once_and_only_a_persons_approval_lifts_its_notes() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &crate::support::root(), SOW, None).await;
    let (first, store, repo) = ports(&home).await;
    let journal = Arc::new(DiesBefore {
        inner: Arc::clone(&first.journal),
        seen: Mutex::default(),
        died: Notify::new(),
    });
    let (mut deaths, mut offered) = (0, BTreeSet::new());
    for process in 0.. {
        let (mut ports, ..) = ports(&home).await;
        ports.journal = Arc::clone(&journal) as Arc<dyn Journal>;
        let mut e = open(Record::of(&store), PROJECT).await.expect("an engagement");
        let approve_all = e.state.phases.contains_key("poc");
        let options = Options { approve_all, ..Options::default() };
        let clock = Arc::clone(&ports.clock);
        let driver = Driver::open(ports, PROJECT, &dead(process), options).await.expect("a lease");
        let rest = tokio::select! {
            rest = driver.drive() => Some(rest.expect("it goes on")),
            () = journal.died.notified() => None,
        };
        drop(driver);
        match rest {
            Some(Rest::Ended(_)) => break,
            Some(Rest::Waiting(requests)) => {
                let request = &requests[0];
                if request.phase == "poc" {
                    continue;
                }
                e = open(Record::of(&store), PROJECT).await.expect("an engagement");
                offered.extend(e.state.lifted_by(request).iter().map(|note| note.id.clone()));
                let approved = Submission {
                    request: request.id.clone(),
                    digest: None,
                    decision: Decision::Approve { ratings: Vec::new() },
                    actor: "customer".to_owned(),
                    groups: Vec::new(),
                    email: None,
                    unverified: false,
                    channel: "terminal".to_owned(),
                    remarks: Vec::new(),
                };
                record(Record::of(&store), &*clock, &mut e, approved).await.expect("recorded");
            }
            Some(rest) => unreachable!("{rest:?}"),
            None => deaths += 1,
        }
    }
    let e = open(Record::of(&store), PROJECT).await.expect("an engagement");
    let entries = store.read(PROJECT, &Head::default(), usize::MAX).await.expect("entries");
    let steps = entries.iter().filter(|entry| entry.kind == "transitioned");
    let steps: Vec<(String, bool)> = steps
        .map(|entry| {
            let p = &entry.payload;
            (format!("{} {} {}", p["phase"], p["of"], p["step"]), p["fault"].is_null())
        })
        .collect();
    let once: BTreeSet<&String> = steps.iter().map(|(step, _)| step).collect();
    assert_eq!(once.len(), steps.len(), "a step was done twice");
    assert!(steps.iter().all(|(_, done)| *done), "{steps:?}");
    assert!(deaths >= 20 && deaths == steps.len(), "{deaths} deaths in {} steps", steps.len());

    // One record for each accepted decision, and one section in each summary.
    let head = e.state.head.clone().expect("a commit");
    let files = repo.list(&head, "docs").await.expect("files");
    let accepted = |id: &str| e.state.memories.is_accepted(id);
    let rows = store.rows(PROJECT).await.expect("the ledger");
    let decisions: Vec<_> = rows.iter().filter(|row| accepted(&row.id)).collect();
    assert!(!decisions.is_empty() && decisions.iter().all(|row| row.phase == "architecture"));
    for row in &decisions {
        let mut records = Vec::new();
        for file in files.iter().filter(|file| file.path.starts_with("docs/architecture/adr/")) {
            let text = repo.blob(&file.oid).await.expect("a file");
            if String::from_utf8_lossy(&text).contains(&row.title) {
                records.push(&file.path);
            }
        }
        assert_eq!(records.len(), 1, "{}: {records:?}", row.title);
    }
    for file in files.iter().filter(|file| file.path.starts_with("docs/phase-summaries/")) {
        let text = repo.blob(&file.oid).await.expect("a file");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(text.matches("## From the journal").count(), 1, "{}", file.path);
    }

    let all = kept(&e);
    let lifted: Vec<_> = all.iter().filter(|kept| kept.is_shared()).collect();
    assert!(lifted.iter().any(|kept| kept.record.kind == MemoryKind::Decision));
    assert!(lifted.iter().any(|kept| kept.record.kind == MemoryKind::Summary));
    for kept in lifted {
        let phase = kept.record.phase.as_str();
        assert!(["discovery", "architecture"].contains(&phase), "{phase} was lifted");
        // The engine makes notes of decisions afterwards, word for word.
        let read = kept.record.kind == MemoryKind::Decision || offered.contains(&kept.record.id);
        assert!(read, "the gate did not show {}", kept.record.about);
    }
    let space = Space { rehearsal: true, owner: "customer".to_owned() };
    for kept in &all {
        let stored = store.get(&space, &kept.record.id).await.expect("read").expect("it is there");
        assert_eq!((stored.trust, &stored.closed), (kept.trust, &kept.closed));
    }
}
