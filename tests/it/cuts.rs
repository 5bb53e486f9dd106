//! Power loss after each append of a lifecycle, within some, and after each effect that follows
//! one: another process takes over what is on disk, and the outcome is the same.
//!
//! The lifecycle has a question, a rework, a revision, a silent customer, an unavailable provider,
//! one that refuses until it is fixed, a budget that is raised, and a refused path. The home is
//! copied around every third append, and each copy is driven to its end, with real parts, in memory
//! if possible. `CLOUDCREW_CUT_EVERY=1` cuts around all of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{AppendError, Batch, Entry, Head, Journal, Writer};
use cloudcrew_ports::ledger::{Ledger, LedgerRow};
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_ports::repo::{CommitRequest, Logged, Published, Repo, RepoError, TreeFile};
use cloudcrew_runtime::engagement::{
    Decision, Driver, Options, Record, Rest, Submission, open, record,
};
use cloudcrew_runtime::ports::Ports;

use crate::support::chance::number;
use crate::support::edited;
use crate::support::inside::{PROJECT, dead, ports, start};

const SOW: &str = "clinic-scheduling.md";
/// Everything that can happen in a rehearsal, once.
const EVERYTHING: &str = "version: 1\nrehearsal: everything\n\
    agents:\n\
    \x20 - { agent: sa, phase: architecture, asks: \"In which region must personal data stay?\" }\n\
    \x20 - { agent: infra, phase: poc, writes: app/poc/main.py }\n\
    \x20 - { agent: data, phase: poc, fails: provider }\n\
    reviews:\n\
    \x20 - { phase: architecture, finds: \"There is no way back from a failed release.\" }\n\
    gates:\n\
    \x20 - { phase: discovery, revises: \"Name who is responsible for compliance.\" }\n\
    \x20 - { phase: poc, silent_for: 25h }\n\
    answers:\n\
    \x20 - { question: region, answer: \"eu-west-1\" }\n";

/// Tokens that the phase may use before a person is asked.
const BUDGET: &str = "budget: { tokens: 200000, at_limit: ask }\ntask:";

/// A model that is refused until it is fixed.
struct Refused(Arc<dyn Model>);

#[async_trait]
impl Model for Refused {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let context = request.context;
        if (context.phase.as_str(), request.agent, context.earlier_calls)
            == ("production", "dev", 2)
        {
            return Err(ModelFault::of_status(403, None, "AccessDeniedException", "no access"));
        }
        self.0.complete(request).await
    }

    fn billing(&self) -> Billing {
        self.0.billing()
    }
}

/// A copy of a home, as a dead process left it.
struct Cut {
    home: PathBuf,
    /// After which entry.
    seq: u64,
    /// Whether what was to follow it was done, and only not recorded.
    effect_done: bool,
}

/// An append may hold several entries: every so many entries, a run is also cut inside one.
const PARTS: usize = 3;

/// Sits between the engine and its ports, and copies the home around each append.
struct Knife {
    store: Store,
    repo: GitRepo,
    home: PathBuf,
    effects: AtomicU64,
    last: AtomicU64,
    cuts: Mutex<(u64, SyncSender<Cut>)>,
    /// Every so many places are cut.
    every: u64,
}

impl Knife {
    fn cut(&self, effect_done: bool) {
        let mut cuts = self.cuts.lock().expect("no panic");
        cuts.0 += 1;
        if !cuts.0.is_multiple_of(self.every) {
            return;
        }
        let home = self.home.with_file_name(format!("cut-{}", cuts.0));
        copy(&self.home, &home);
        let cut = Cut { home, seq: self.last.load(Ordering::Relaxed), effect_done };
        cuts.1.send(cut).expect("a receiver");
    }

    /// Copies the home with only the first of several entries recorded.
    async fn cut_within(
        &self,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<(), AppendError> {
        let home = {
            let mut cuts = self.cuts.lock().expect("no panic");
            cuts.0 += 1;
            if !cuts.0.is_multiple_of(self.every) {
                return Ok(());
            }
            self.home.with_file_name(format!("cut-{}", cuts.0))
        };
        copy(&self.home, &home);
        let head = Store::open(&home)?.append(PROJECT, expected, writer, batch).await?;
        let cut = Cut { home, seq: head.seq, effect_done: false };
        self.cuts.lock().expect("no panic").1.send(cut).expect("a receiver");
        Ok(())
    }
}

/// Copies a home. Files that never change are linked.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        let name = path.to_string_lossy();
        if path.is_dir() {
            copy(&path, &target);
        } else if name.contains("/objects/") {
            std::fs::hard_link(&path, &target).expect("a link");
        } else if !name.ends_with("-shm") {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

#[async_trait]
impl Journal for Knife {
    async fn create(&self, engagement: &str, batch: Batch) -> Result<Option<Head>, StoreError> {
        self.store.create(engagement, batch).await
    }
    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        if self.effects.swap(0, Ordering::Relaxed) > 0 {
            self.cut(true);
        }
        for many in (1..batch.entries.len())
            .filter(|many| (expected.seq as usize + many).is_multiple_of(PARTS))
        {
            self.cut_within(
                expected,
                writer,
                Batch {
                    entries: batch.entries[..many].to_vec(),
                    row: batch.row.clone(),
                    receipt: None,
                },
            )
            .await?;
        }
        let head = self.store.append(engagement, expected, writer, batch).await?;
        self.last.store(head.seq, Ordering::Relaxed);
        self.cut(false);
        Ok(head)
    }
    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.store.read(engagement, after, limit).await
    }
    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError> {
        self.store.head(engagement).await
    }
}

#[async_trait]
impl Ledger for Knife {
    async fn record(&self, engagement: &str, rows: &[LedgerRow]) -> Result<(), StoreError> {
        self.effects.fetch_add(1, Ordering::Relaxed);
        self.store.record(engagement, rows).await
    }
    async fn rows(&self, engagement: &str) -> Result<Vec<LedgerRow>, StoreError> {
        self.store.rows(engagement).await
    }
}

#[async_trait]
impl Repo for Knife {
    fn branch(&self) -> &str {
        self.repo.branch()
    }
    async fn head(&self) -> Result<Option<String>, StoreError> {
        self.repo.head().await
    }
    async fn commit(
        &self,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError> {
        self.effects.fetch_add(1, Ordering::Relaxed);
        self.repo.commit(parent, request).await
    }
    async fn list(&self, commit: &str, below: &str) -> Result<Vec<TreeFile>, StoreError> {
        self.repo.list(commit, below).await
    }
    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.repo.read(commit, path).await
    }
    async fn publish(&self) -> Result<Published, StoreError> {
        self.repo.publish().await
    }

    async fn claim(&self) -> Result<Option<Logged>, StoreError> {
        self.repo.claim().await
    }

    async fn find(&self, commit: &str, path: &str) -> Result<Option<TreeFile>, StoreError> {
        self.repo.find(commit, path).await
    }

    async fn blob(&self, oid: &str) -> Result<Vec<u8>, StoreError> {
        self.repo.blob(oid).await
    }

    async fn log(&self, base: Option<&str>, head: &str) -> Result<Vec<Logged>, StoreError> {
        self.repo.log(base, head).await
    }

    async fn authors(
        &self,
        base: Option<&str>,
        head: &str,
        paths: &[String],
        except: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.repo.authors(base, head, paths, except).await
    }
}

/// What must be the same at every outcome.
#[derive(Debug, PartialEq)]
struct Outcome {
    end: String,
    tree: Vec<(String, String)>,
    ledger: Vec<LedgerRow>,
    charges: Vec<String>,
    decisions: Vec<String>,
    steps: Vec<String>,
}

async fn outcome(store: &Store, repo: &GitRepo) -> Outcome {
    let engagement = open(Record::of(store), PROJECT).await.expect("an engagement");
    let state = &engagement.state;
    let head = repo.head().await.expect("a head").expect("a branch");
    let log = repo.log(None, &head).await.expect("history");
    let tree =
        repo.list(&head, "").await.expect("a tree").into_iter().map(|file| (file.path, file.oid));
    let decided = state
        .requests
        .iter()
        .map(|r| format!("{} {:?}", r.id, r.answer.as_ref().map(|a| (&a.decision, &a.actor))));
    Outcome {
        end: format!("{:?}", state.end),
        tree: tree.collect(),
        ledger: store.rows(PROJECT).await.expect("rows"),
        charges: state.meter.lines().map(|line| format!("{line:?}")).collect(),
        decisions: decided.collect(),
        steps: log.into_iter().map(|commit| commit.anchor.step.unwrap_or_default()).collect(),
    }
}

/// Starts the engagement and runs it to its end, sending cuts if there is a receiver.
async fn whole(home: &Path, cuts: Option<SyncSender<Cut>>) -> Outcome {
    let crew = edited();
    std::fs::write(crew.workspace().join("rehearsals/everything.yaml"), EVERYTHING)
        .expect("written");
    crew.edit("phases/poc.yaml", "task:", BUDGET);
    // In a phase with few turns, agents do not try all of their tools: in one phase is enough.
    for phase in ["poc", "production", "handoff", "retrospective"] {
        crew.set(&format!("phases/{phase}.yaml"), "swarm.max_turns", "19");
    }
    start(home, crew.workspace(), SOW, Some("everything")).await;
    let (mut ports, store, repo) = ports(home).await;
    if let Some(cuts) = cuts {
        let knife = Arc::new(Knife {
            store: store.clone(),
            repo: repo.clone(),
            home: home.to_owned(),
            effects: AtomicU64::new(0),
            last: AtomicU64::new(2),
            cuts: Mutex::new((0, cuts)),
            every: number("CLOUDCREW_CUT_EVERY", 3),
        });
        knife.cut(false);
        (ports.journal, ports.ledger, ports.repo) = (knife.clone(), knife.clone(), knife);
    }
    assert_eq!(to_the_end(ports, &store, 0).await, Ok(1), "the provider refused once");
    let outcome = outcome(&store, &repo).await;
    assert!(
        outcome.decisions.iter().any(|decision| decision.starts_with("budget-1")),
        "{:#?}",
        outcome.decisions
    );
    outcome
}

/// Drives the engagement, raising budgets and fixing refusals. Returns how often it did so, or why
/// there was no end.
async fn to_the_end(mut ports: Ports, store: &Store, process: u32) -> Result<u32, String> {
    ports.model = Arc::new(Refused(ports.model));
    let mut fixed = 0;
    for _ in 0..10 {
        let driver = Driver::open(
            ports.clone(),
            PROJECT,
            &dead(process),
            Options { approve_all: true, ..Options::default() },
        )
        .await
        .expect("the lease");
        match driver.drive().await {
            Ok(Rest::Ended(_)) => return Ok(fixed),
            Ok(Rest::Blocked(_)) => fixed += 1,
            Ok(Rest::Waiting(requests)) => {
                let mut engagement = open(Record::of(store), PROJECT).await.expect("an engagement");
                for request in requests {
                    let (actor, channel) = ("ada".to_owned(), "test".to_owned());
                    let decision = Decision::Answer { value: "9000000".into() };
                    let given = Submission {
                        request: request.id,
                        decision,
                        actor,
                        groups: Vec::new(),
                        channel,
                        digest: None,
                        remarks: Vec::new(),
                        email: None,
                        unverified: false,
                    };
                    record(Record::of(store), &*ports.clock, &mut engagement, given)
                        .await
                        .map_err(|error| error.to_string())?;
                }
            }
            rest => return Err(format!("it came to rest otherwise: {rest:?}")),
        }
    }
    Err("it never ends".to_owned())
}

/// Drives what a dead process left to its end, or returns why it did not end.
async fn resumed(home: &Path) -> Result<Outcome, String> {
    let (ports, store, repo) = ports(home).await;
    let end = tokio::time::timeout(Duration::from_secs(120), to_the_end(ports, &store, 1)).await;
    end.map_err(|_| "it hangs".to_owned())??;
    Ok(outcome(&store, &repo).await)
}

/// Drives each cut to its end. Returns the number of cuts without and with an effect, and the first
/// one with another outcome; cuts after that one are only deleted.
fn resume_all(
    cuts: &Mutex<Receiver<Cut>>,
    expected: &Outcome,
    wrong: &Mutex<Option<String>>,
) -> (usize, usize) {
    let (mut before, mut after) = (0, 0);
    while let Some(cut) = { cuts.lock().expect("no panic").recv().ok() } {
        if wrong.lock().expect("no panic").is_none() {
            let end = block_on(resumed(&cut.home));
            if end.as_ref() != Ok(expected) {
                let place = format!(
                    "cut after entry {}, its effect {}",
                    cut.seq,
                    if cut.effect_done { "done" } else { "not done" }
                );
                *wrong.lock().expect("no panic") =
                    Some(format!("{place}: {end:#?}\nexpected {expected:#?}"));
            }
        }
        std::fs::remove_dir_all(&cut.home).expect("removed");
        *(if cut.effect_done { &mut after } else { &mut before }) += 1;
    }
    (before, after)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

#[test]
fn a_journal_cut_after_any_entry_resumes_to_the_same_outcome() {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder");
    let expected = block_on(whole(&folder.path().join("uncut"), None));
    let (send, receive) = sync_channel(4);
    let (receive, wrong) = (Mutex::new(receive), Mutex::new(None));
    let counts: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..2).map(|_| scope.spawn(|| resume_all(&receive, &expected, &wrong))).collect();
        assert_eq!(
            block_on(whole(&folder.path().join("home"), Some(send))),
            expected,
            "cutting changes nothing"
        );
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    let (before, after) =
        counts.into_iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    println!("{before} cuts with nothing done after the entry, {after} with an effect done");
    assert_eq!(wrong.into_inner().expect("no panic"), None);
    let every = usize::try_from(number("CLOUDCREW_CUT_EVERY", 3)).expect("small");
    assert!(
        before * every > 550 && after * every > 50,
        "the lifecycle is too short to prove anything"
    );
}
