//! What crews remember: who is shown it, how far it is believed, how it is withdrawn, and that a
//! death between recall and answer changes no prompt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_local::store::Store;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{Head, Journal as _};
use cloudcrew_ports::memory::{Kept, Memory, MemoryKind, Space};
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_runtime::engagement::memory::sync;
use cloudcrew_runtime::engagement::{Driver, Options, Record, Rest, open};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::inside::{PROJECT, dead, ports, start};
use crate::support::{Crew, crew, edited};

const SOW: &str = "clinic-scheduling.md";

/// Runs an engagement of this name to its end.
fn whole(crew: &Crew, project: &str) {
    crew.start(SOW, &["--project", project, "--approve", "all"]).exits(0);
}

fn notes(crew: &Crew, words: &[&str]) -> Vec<Value> {
    let mut all = vec!["memory", "list", "--format", "json"];
    all.extend(words);
    let list = crew.run(&all).exits(0).json();
    list["notes"].as_array().expect("a list").clone()
}

/// Notes that an engagement was shown at the start of visits, by the engagement that wrote them.
fn recalled(crew: &Crew, project: &str) -> BTreeSet<(String, String)> {
    let store = rusqlite::Connection::open(crew.home().join("cloudcrew.db")).expect("the store");
    let sql = "SELECT payload FROM entry JOIN engagement ON number = engagement \
               WHERE id = ?1 AND kind = 'recalled'";
    let mut select = store.prepare(sql).expect("a table");
    let rows = select.query_map([project], |row| row.get::<_, String>(0)).expect("rows");
    let mut found = BTreeSet::new();
    for row in rows {
        let event: Value = serde_json::from_str(&row.expect("a row")).expect("an event");
        for note in event["notes"].as_array().expect("notes") {
            let text = |key: &str| note[key].as_str().expect("a text").to_owned();
            found.insert((text("project"), text("id")));
        }
    }
    found
}

#[test]
fn a_lesson_is_recalled_in_the_next_engagement_until_it_is_withdrawn() {
    let crew = crew();
    whole(&crew, "one");
    let lessons = notes(&crew, &["--rehearsals"]);
    let lesson = lessons.iter().find(|note| note["kind"] == "lesson").expect("a lesson");
    let id = lesson["id"].as_str().expect("an id");
    assert_eq!(lesson["trust"], "derived", "nobody has reviewed the retrospective");
    let pair = ("one".to_owned(), id.to_owned());
    whole(&crew, "before");
    assert!(!recalled(&crew, "before").contains(&pair), "an unreviewed note was shown");
    crew.run(&["memory", "accept", id]).exits(0).says("later engagements are shown it");

    whole(&crew, "two");
    assert!(recalled(&crew, "two").contains(&pair), "{:?}", recalled(&crew, "two"));
    crew.run(&["memory", "show", id]).exits(0).says("shown in two");
    crew.run(&["memory", "why", "two", "docs/project-plan/retrospective.md"]).exits(0).says(id);
    // One that has begun and waits at its first gate.
    crew.start(SOW, &["--project", "three"]).exits(10);

    let withdrawn = crew.run(&["memory", "withdraw", id, "--reason", "it is wrong"]).exits(0);
    let reached: BTreeSet<(String, String)> = recalled(&crew, "three");
    if reached.contains(&pair) {
        let done = withdrawn.says("its ledger has a blocker");
        assert!(done.out.contains("shown in three"), "{}", done.out);
        crew.run(&["ledger", "three"]).exits(0).says("is withdrawn");
    }
    assert!(notes(&crew, &["--rehearsals"]).iter().all(|note| note["id"] != id));
    crew.run(&["memory", "show", id]).exits(0).says("withdrawn by customer: it is wrong");
    whole(&crew, "four");
    assert!(!recalled(&crew, "four").contains(&pair), "a withdrawn note was shown");
    crew.run(&["memory", "withdraw", id, "--reason", "again"]).exits(0);
    crew.run(&["memory", "withdraw", "m-0", "--reason", "x"]).exits(2).says("you have no note");
}

#[test]
fn nobody_is_shown_the_notes_of_another_owner_or_of_rehearsals() {
    let crew = crew();
    whole(&crew, "one");
    let list = notes(&crew, &["--rehearsals"]);
    let id = list[0]["id"].as_str().expect("an id");
    assert!(notes(&crew, &[]).is_empty(), "rehearsals have notes of their own");
    for name in ["bea", "Customer", "customer ", "customer/", "сustomer"] {
        let as_other = ["--as", name];
        let shown = crew.run(&[&["memory", "list", "--rehearsals"][..], &as_other].concat());
        assert_eq!(shown.exits(0).out, "", "{name}");
        crew.run(&[&["memory", "show", id][..], &as_other].concat()).exits(2);
        crew.run(&[&["memory", "withdraw", id, "--reason", "x"][..], &as_other].concat()).exits(2);
    }
    crew.start(SOW, &["--project", "bea", "--approve", "all", "--as", "bea"]).exits(0);
    let others: Vec<_> =
        recalled(&crew, "bea").into_iter().filter(|(project, _)| project != "bea").collect();
    assert!(others.is_empty(), "{others:?}");
}

/// The same notes with the same trust, and the same readers.
#[test]
fn what_is_remembered_is_made_again_from_the_journals() {
    let crew = crew();
    whole(&crew, "one");
    whole(&crew, "two");
    let all = |crew: &Crew| -> Vec<Value> {
        let mut notes = notes(crew, &["--rehearsals", "--all"]);
        notes
            .iter_mut()
            .for_each(|note| drop(note.as_object_mut().expect("a note").remove("as_of")));
        notes.sort_by_key(|note| note["id"].to_string());
        notes
    };
    let before = all(&crew);
    assert!(before.len() > 20, "{} notes", before.len());
    let lesson = before.iter().find(|note| note["kind"] == "lesson").expect("a lesson");
    let id = lesson["id"].as_str().expect("an id").to_owned();
    let shown = crew.run(&["memory", "show", &id]).exits(0).out;
    let trend = crew.run(&["metrics", "trend", "--rehearsals", "--format", "json"]).exits(0).out;
    let store = rusqlite::Connection::open(crew.home().join("cloudcrew.db")).expect("the store");
    store
        .execute_batch("DELETE FROM memory; DELETE FROM memory_shown; DELETE FROM metric;")
        .expect("emptied");
    drop(store);
    assert!(all(&crew).is_empty());
    crew.run(&["doctor", "--rebuild"]).says("rebuilt from 2 journals");
    assert_eq!(all(&crew), before);
    assert_eq!(crew.run(&["memory", "show", &id]).exits(0).out, shown);
    let again = crew.run(&["metrics", "trend", "--rehearsals", "--format", "json"]).exits(0).out;
    assert_eq!(again, trend);
}

#[test]
fn a_note_is_published_by_a_person_and_only_without_names() {
    let crew = edited();
    whole(&crew, "one");
    let lesson = notes(&crew, &["--rehearsals"]);
    let lesson = lesson.iter().find(|note| note["kind"] == "lesson").expect("a lesson");
    let id = lesson["id"].as_str().expect("an id");
    crew.run(&["memory", "publish", id]).exits(2).says("no person has accepted it");
    crew.run(&["memory", "accept", id]).exits(0);
    crew.run(&["memory", "publish", id]).exits(0).says("all owners");
    crew.run(&["memory", "show", id]).exits(0).says("published");
    crew.start(SOW, &["--project", "bea", "--approve", "all", "--as", "bea"]).exits(0);
    // Another owner does not learn which engagement wrote it.
    let pair = (String::new(), id.to_owned());
    assert!(recalled(&crew, "bea").contains(&pair));
    crew.run(&["memory", "withdraw", id, "--reason", "too early"]).exits(0).says("shown in bea");
    crew.start(SOW, &["--project", "bea-2", "--approve", "all", "--as", "bea"]).exits(0);
    assert!(!recalled(&crew, "bea-2").contains(&pair), "a withdrawn note was shown");
    whole(&crew, "what-file");
    let named = notes(&crew, &["what-file"]);
    let named =
        named.iter().find(|note| note["text"].as_str().is_some_and(|t| t.contains("this file")));
    let id = named.expect("a note")["id"].as_str().expect("an id").to_owned();
    crew.run(&["memory", "accept", &id]).exits(0);
    crew.run(&["memory", "publish", &id]).exits(0);
}

/// Dies at the first call of each visit, as often as it is told.
struct Dies {
    inner: Arc<dyn Model>,
    /// Requests by visit, as they were first made, with the number of deaths.
    seen: Mutex<BTreeMap<String, (String, usize)>>,
    each: usize,
    died: Notify,
    deaths: AtomicUsize,
    shown: AtomicUsize,
}

#[async_trait]
impl Model for Dies {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let context = request.context;
        if context.turn == 0 {
            let key = format!(
                "{} {:?} {} {} {}",
                context.phase, context.purpose, context.swarm, context.visit, request.agent
            );
            let messages = serde_json::to_string(request.messages).expect("messages");
            let asked = format!("{}\n{messages}", request.system);
            let dies = {
                let mut seen = self.seen.lock().expect("no panic");
                let new = !seen.contains_key(&key);
                let (first, deaths) = seen.entry(key.clone()).or_insert((asked.clone(), 0));
                assert_eq!(*first, asked, "another prompt after a death: {key}");
                if new && asked.contains("Recalled from earlier work") {
                    self.shown.fetch_add(1, Ordering::Relaxed);
                }
                *deaths += 1;
                *deaths <= self.each
            };
            if dies {
                self.deaths.fetch_add(1, Ordering::Relaxed);
                self.died.notify_one();
                std::future::pending::<()>().await;
            }
        }
        self.inner.complete(request).await
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

/// A process dies between recall and answer, and what is remembered changes meanwhile: the next
/// process asks with the same bytes. `CLOUDCREW_RECALLS` sets the number of deaths at each visit.
#[tokio::test]
async fn a_death_between_recall_and_answer_changes_no_prompt() {
    let each = std::env::var("CLOUDCREW_RECALLS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    let crew = edited();
    let (questions, restart) =
        ("  questions: {", "  restart: { max_attempts: 1000 }\n  questions: {");
    crew.edit("agents.yaml", questions, restart);
    start(&home, crew.workspace(), SOW, None).await;
    let (first, store, _) = ports(&home).await;
    let model = Arc::new(Dies {
        inner: Arc::clone(&first.model),
        seen: Mutex::default(),
        each,
        died: Notify::new(),
        deaths: AtomicUsize::new(0),
        shown: AtomicUsize::new(0),
    });
    for process in 0.. {
        let (mut ports, ..) = ports(&home).await;
        ports.model = Arc::clone(&model) as Arc<dyn Model>;
        let options = Options { approve_all: true, ..Options::default() };
        let driver = Driver::open(ports, PROJECT, &dead(process), options).await.expect("a lease");
        let rest = tokio::select! {
            rest = driver.drive() => Some(rest.expect("it goes on")),
            () = model.died.notified() => None,
        };
        drop(driver);
        match rest {
            Some(Rest::Ended(_)) => break,
            Some(rest) => unreachable!("{rest:?}"),
            None if process % 2 == 0 => store.forget_all_memory().await,
            None => {
                let engagement = open(Record::of(&store), PROJECT).await.expect("an engagement");
                sync(&store, &engagement).await.expect("written");
            }
        }
    }
    let deaths = model.deaths.load(Ordering::Relaxed);
    let shown = model.shown.load(Ordering::Relaxed);
    println!("{deaths} deaths in visits, {shown} of which had recalled something");
    assert!(shown >= 15, "{shown} visits recalled something");
    assert!(deaths >= 20 * each);
}

/// Empties what is remembered.
trait Forgets {
    async fn forget_all_memory(&self);
}

impl Forgets for Store {
    async fn forget_all_memory(&self) {
        cloudcrew_ports::memory::Memory::forget_all(self).await.expect("emptied");
    }
}

/// A store that is away.
struct Away;

fn away<T>() -> Result<T, StoreError> {
    Err(StoreError::Unusable { what: "the memory".to_owned(), why: "it is away".to_owned() })
}

#[async_trait]
impl Memory for Away {
    fn lag(&self) -> Duration {
        Duration::ZERO
    }

    async fn put(&self, _: &Space, _: &[Kept]) -> Result<(), StoreError> {
        away()
    }

    async fn find(
        &self,
        _: &Space,
        _: MemoryKind,
        _: &str,
        _: i64,
        _: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        away()
    }

    async fn newest(
        &self,
        _: &Space,
        _: MemoryKind,
        _: i64,
        _: usize,
    ) -> Result<Vec<Kept>, StoreError> {
        away()
    }

    async fn get(&self, _: &Space, _: &str) -> Result<Option<Kept>, StoreError> {
        away()
    }

    async fn list(&self, _: &Space, _: Option<&str>, _: usize) -> Result<Vec<Kept>, StoreError> {
        away()
    }

    async fn shown(&self, _: &Space, _: &[String], _: &str) -> Result<(), StoreError> {
        away()
    }

    async fn reached(&self, _: &Space, _: &str) -> Result<BTreeSet<String>, StoreError> {
        away()
    }

    async fn forget_all(&self) -> Result<(), StoreError> {
        away()
    }
}

#[tokio::test]
async fn a_store_that_is_away_stops_no_engagement() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &crate::support::root(), SOW, None).await;
    let (mut ports, store, _) = ports(&home).await;
    ports.memory = Arc::new(Away);
    let options = Options { approve_all: true, ..Options::default() };
    let driver = Driver::open(ports, PROJECT, &dead(0), options).await.expect("a lease");
    let rest = driver.drive().await.expect("it goes on");
    assert!(matches!(rest, Rest::Ended(_)), "{rest:?}");
    let entries = store.read(PROJECT, &Head::default(), usize::MAX).await.expect("entries");
    let recalled: Vec<_> = entries.iter().filter(|entry| entry.kind == "recalled").collect();
    assert!(recalled.iter().all(|entry| !entry.payload["fault"].is_null()));
    let own = recalled.iter().filter(|entry| entry.payload["notes"] != serde_json::json!([]));
    assert!(own.count() > 5, "own notes are shown");
    let told = entries.iter().filter_map(|entry| entry.payload["input"]["result"]["text"].as_str());
    let told = told.filter(|text| text.contains("Notes of other engagements cannot be read now"));
    assert!(told.count() > 0, "an agent that asks is not told");
}
