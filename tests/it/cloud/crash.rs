//! Tasks are killed while they write; each successor continues at that very step.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudcrew_aws::blob::Bucket;
use cloudcrew_aws::connection;
use cloudcrew_aws::store::Store;
use cloudcrew_ports::lease::Leases as _;
use cloudcrew_ports::ledger::Ledger as _;
use cloudcrew_runtime::engagement::{Record, open};
use serde_json::Value;

use super::proxy::{Fate, proxy};
use super::{PROJECT, artifacts, started, started_at};
use crate::remote::server_with;
use crate::support::inside::dead;
use crate::support::rig::rig_runs;
use crate::support::root;

/// A table and a bucket of their own.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) table: Store,
    pub(super) bucket: Bucket,
}

impl Place {
    pub(super) async fn new() -> Place {
        let script = "import real; print(real.place())";
        let made = Command::new(rig_runs())
            .current_dir(root().join("tests/rigs/machine"))
            .args(["-c", script])
            .output()
            .expect("Python starts");
        let name = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        assert!(!name.is_empty(), "{}", String::from_utf8_lossy(&made.stderr));
        let config = connection().await;
        let (table, bucket) = (Store::new(&config, &name), Bucket::new(&config, &name));
        Place { name, table, bucket }
    }

    fn record(&self) -> Record<'_> {
        Record::new(&self.table, &self.bucket)
    }

    /// A task for the first phase.
    fn task(&self, endpoint: &str) -> Command {
        let scratch = tempfile::tempdir().expect("a folder").keep();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        command
            .arg("phase")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("TASK_LEDGER_TABLE", &self.name)
            .env("METRICS_TABLE", format!("{}-metrics", self.name))
            .env("MEMORY_TABLE", format!("{}-memory", self.name))
            .env("PATTERNS_BUCKET", format!("{}-patterns", self.name))
            .env("BLOBS_BUCKET", &self.name)
            .env("PROJECT_ID", PROJECT)
            .env("PHASE", "discovery")
            .env("TASK_TOKEN", "nobody-waits-for-this")
            .env("STATE_ENTERED", "2026-01-05T08:00:00Z")
            .env("CLOUDCREW_SECRET_GIT_127_0_0_1", "crew:let-me-in")
            .env("CLOUDCREW_SCRATCH", scratch)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// What a phase left behind.
    async fn outcome(&self) -> (String, Vec<(String, String)>, Vec<String>, u64, u32) {
        let engagement = open(self.record(), PROJECT).await.expect("an engagement");
        let rows = self.table.rows(PROJECT).await.expect("a ledger");
        let state = &engagement.state;
        let total = state.meter.total();
        (
            state.at.clone(),
            artifacts(state),
            rows.into_iter().map(|row| format!("{} {}", row.id, row.title)).collect(),
            total.usage.input_tokens + total.usage.output_tokens,
            total.calls,
        )
    }

    /// A minute passes, and the lease of a dead task with it.
    async fn a_minute_passes(&self) {
        let later = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time");
            i64::try_from((now + Duration::from_secs(61)).as_millis()).expect("a time")
        };
        let table = self.table.clone().with_clock(later);
        let lease = table.acquire(PROJECT, &dead(9)).await.expect("an expired lease");
        table.release(PROJECT, &lease).await.expect("it is released");
    }
}

/// Whether a request writes entries of a journal.
fn appends(head: &str, body: &str) -> bool {
    let target = head.lines().find(|line| line.to_lowercase().starts_with("x-amz-target:"));
    let writes = |name| target.is_some_and(|target| target.ends_with(name));
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let is_tip = |update: &Value| {
        update["Key"]["SK"]["S"] == "TIP" && body.contains("#n0") && body.contains("\"seq\"")
    };
    match () {
        () if writes(".UpdateItem") => is_tip(&value),
        () if writes(".TransactWriteItems") => {
            value["TransactItems"].as_array().into_iter().flatten().any(|i| is_tip(&i["Update"]))
        }
        () => false,
    }
}

#[tokio::test]
#[ignore = "needs the AWS rig, git, python3 and openssl: see tests/rigs/README.md"]
async fn a_task_that_is_killed_again_and_again_leaves_what_an_uncrashed_one_leaves() {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").expect("the rig runs");
    let host = endpoint.trim_start_matches("http://");

    let (git, whole) = (server_with(false, false), Place::new().await);
    started(whole.record(), &git.url).await;
    let done = whole.task(&endpoint).status().expect("it starts");
    assert!(done.success(), "{done}");
    let expected = whole.outcome().await;
    assert_eq!(expected.0, "discovery.review");

    let (git, killed) = (server_with(false, false), Place::new().await);
    started(killed.record(), &git.url).await;
    let victim: Arc<Mutex<Option<Child>>> = Arc::default();
    // Number of the entry that it dies at, counted down; below zero it is to die.
    let (left, deaths) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicI32::new(0)));
    let (of, counts, dies) = (victim.clone(), left.clone(), deaths.clone());
    let proxy = proxy(
        host,
        Arc::new(move |head, body| {
            if !appends(head, body) || counts.fetch_sub(1, Ordering::SeqCst) != 0 {
                return Fate::Passed;
            }
            // Every other time, the entry is written before it dies.
            if dies.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
                return Fate::Unanswered;
            }
            let _ = of.lock().expect("a lock").as_mut().map(Child::kill);
            Fate::Lost
        }),
    );
    for attempt in 0..400 {
        // One that never gets beyond its first entry makes no progress.
        left.store(attempt / 2 % 3, Ordering::SeqCst);
        let child = killed.task(&proxy.url).spawn().expect("it starts");
        *victim.lock().expect("a lock") = Some(child);
        let ended = loop {
            if left.load(Ordering::SeqCst) < 0 {
                // By the time that it is found out, the entry has arrived.
                std::thread::sleep(Duration::from_millis(40));
                let _ = victim.lock().expect("a lock").as_mut().map(Child::kill);
            }
            let status =
                victim.lock().expect("a lock").as_mut().map(Child::try_wait).expect("a task");
            if let Some(status) = status.expect("a status") {
                break status;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        if ended.success() {
            break;
        }
        killed.a_minute_passes().await;
    }
    let deaths = deaths.load(Ordering::SeqCst);
    assert!(deaths > 30, "it died only {deaths} times");
    assert_eq!(killed.outcome().await, expected, "after {deaths} deaths");
}

#[tokio::test]
#[ignore = "needs the AWS rig, git, python3 and openssl: see tests/rigs/README.md"]
async fn a_server_that_is_away_costs_no_commit() {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").expect("the rig runs");
    let (git, place) = (server_with(false, true), Place::new().await);
    let main = git.git(&["rev-parse", "main"]);
    started_at(place.record(), &git.url, Some(&main)).await;
    git.faults(&["503"; 900]);
    // The first task dies when it has written files.
    let victim: Arc<Mutex<Option<Child>>> = Arc::default();
    let (of, left) = (victim.clone(), AtomicI32::new(56));
    let proxy = proxy(
        endpoint.trim_start_matches("http://"),
        Arc::new(move |head, body| {
            if !appends(head, body) || left.fetch_sub(1, Ordering::SeqCst) > 0 {
                return Fate::Passed;
            }
            let _ = of.lock().expect("a lock").as_mut().map(Child::kill);
            Fate::Lost
        }),
    );
    *victim.lock().expect("a lock") = Some(place.task(&proxy.url).spawn().expect("it starts"));
    loop {
        let ended = victim.lock().expect("a lock").as_mut().map(Child::try_wait);
        if let Some(status) = ended.expect("a task").expect("a status") {
            assert!(!status.success(), "it was killed");
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(git.commits(), Vec::<String>::new(), "nothing is there");
    let made = open(place.record(), PROJECT).await.expect("an engagement").state.commits.len();
    assert!(made > 1, "{made} commits");
    // Its successor has a clone of its own, finds the commits in the bucket, and pushes them.
    git.faults(&[]);
    place.a_minute_passes().await;
    let done = place.task(&endpoint).status().expect("it starts");
    assert!(done.success(), "{done}");
    let engagement = open(place.record(), PROJECT).await.expect("an engagement");
    assert_eq!(engagement.state.at, "discovery.review");
    assert_eq!(git.commits().last(), engagement.state.head.as_ref());
    let all: Vec<String> =
        engagement.state.commits.values().map(|commit| commit.commit.clone()).collect();
    assert!(all.iter().all(|commit| git.commits().contains(commit)), "none is lost");
    assert_eq!(place.table.unpushed(PROJECT).await.expect("it answers"), None);
}
