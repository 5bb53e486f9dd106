//! A deadline holds even if no process is driving; an answer counts by its time.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_local::clock::SystemClock;
use cloudcrew_ports::clock::Clock;
use cloudcrew_runtime::engagement::{Decision, Driver, Options, Record, Submission, open, record};

use crate::support::inside::{PROJECT, dead, ports, start};
use crate::support::{Crew, Done, edited};

/// An engagement whose first gate expires after two seconds, while no process drives it.
fn expired(on_expiry: &str) -> Crew {
    let crew = edited();
    crew.edit("agents.yaml", "    remind_after: 24h", "    #")
        .set("phases/discovery.yaml", "gate.expires_after", "2s")
        .set("phases/discovery.yaml", "gate.on_expiry", on_expiry);
    let then = if on_expiry == "approve" {
        "then it is approved automatically"
    } else {
        "then the engagement ends"
    };
    crew.start("retail-orders.md", &[]).exits(10).says(then);
    crew.run(&["list"]).says(then);
    crew.run(&["inbox"]).says(then);
    crew.run(&["show", "demo"]).says(then);
    std::thread::sleep(Duration::from_millis(2_100));
    crew
}

#[test]
fn a_late_approval_is_refused() {
    let crew = expired("stop");
    crew.run(&["list"]).exits(0).says("expired without a decision");
    crew.run(&["inbox"]).exits(0).says("nothing is waiting");
    crew.run(&["approve", "demo"]).exits(12).says("expired before it was answered");
    crew.run(&["show", "demo"]).exits(0).says("nobody decided in time");
}

#[test]
fn silence_approves_at_the_deadline() {
    let crew = expired("approve");
    crew.run(&["revise", "demo", "not yet"]).exits(14).says("already approved by nobody (expiry)");
    crew.run(&["resume", "demo"]).exits(10).says("the architecture gate");
}

#[test]
fn a_gate_without_a_deadline_says_so() {
    let crew = crate::support::crew();
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["inbox"]).exits(0).says("waits until you decide");
    crew.run(&["show", "demo"]).exits(0).says("waits until you decide");
}

/// Runs the binary with a read-only home; `None` if this machine cannot mount one.
fn read_only(crew: &Crew, words: &str) -> Option<Done> {
    let (home, binary) = (crew.home(), env!("CARGO_BIN_EXE_cloudcrew"));
    let home = home.display();
    let script = format!(
        "mount --bind {home} {home} && mount -o remount,bind,ro {home} && exec {binary} --home \
         {home} {words}"
    );
    let mut unshare = Command::new("unshare");
    let done = unshare.args(["-m", "sh", "-c", &script]).stdin(Stdio::null()).output().ok()?;
    let refused =
        String::from_utf8_lossy(&done.stderr).contains("mount") || done.status.code() == Some(127);
    if refused { None } else { Some(done.into()) }
}

#[test]
fn a_read_only_home_can_be_read_and_shows_what_is_due() {
    let crew = expired("stop");
    let Some(list) = read_only(&crew, "list") else {
        println!("skipped: nothing can be mounted here");
        return;
    };
    list.exits(0).says("expired without a decision");
    for words in ["show demo", "inbox", "ledger demo", "cost demo", "artifacts demo"] {
        read_only(&crew, words).expect("it can be mounted").exits(0);
    }
    read_only(&crew, "approve demo")
        .expect("it can be mounted")
        .exits(3)
        .says("home/cloudcrew.db: it is not writable");
    read_only(&crew, "resume demo").expect("it can be mounted").exits(3).says("is not writable");
    assert!(!Path::new(&crew.home()).join("cloudcrew.db-journal").exists());
}

/// The system clock, set wrong.
struct Ahead(SystemClock, i64);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> i64 {
        self.0.now() + self.1
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, _: Duration) {}
}

#[tokio::test]
async fn a_clock_that_was_temporarily_years_ahead_does_no_lasting_harm() {
    let crew = crate::support::crew();
    start(&crew.home(), crew.workspace(), "clinic-scheduling.md", None).await;
    let years = 3 * 365 * 24 * 3_600_000;
    for (process, ahead) in [(0, 0), (1, years), (2, 0)] {
        let (mut ports, _, _) = ports(&crew.home()).await;
        ports.clock = Arc::new(Ahead(SystemClock::default(), ahead));
        let driver = Driver::open(ports, PROJECT, &dead(process), Options::default())
            .await
            .expect("the lease");
        driver.drive().await.expect("the world is whole");
    }
    let (mut ports, store, _) = ports(&crew.home()).await;
    let mut engagement = open(Record::of(&store), PROJECT).await.expect("an engagement");
    assert_eq!(
        engagement.state.request("discovery-1").map(|r| r.reminders),
        Some(1),
        "one reminder, not a thousand"
    );
    let given = Submission {
        request: "discovery-1".into(),
        decision: Decision::Approve { ratings: Vec::new() },
        actor: "customer".into(),
        groups: Vec::new(),
        channel: "test".into(),
        digest: None,
        remarks: Vec::new(),
        email: None,
        unverified: false,
    };
    record(Record::of(&store), &SystemClock::default(), &mut engagement, given)
        .await
        .expect("it is recorded");
    let before = crew.git(&["rev-list", "--count", "cloudcrew/demo"]);
    ports.clock = Arc::new(Ahead(SystemClock::default(), 0));
    let driver =
        Driver::open(ports, PROJECT, &dead(3), Options::default()).await.expect("the lease");
    driver.drive().await.expect("the world is whole");
    let dates = crew.git(&["log", "--format=%at", "cloudcrew/demo"]);
    let now = SystemClock::default().now() / 1000;
    assert!(dates.lines().count() > before.parse::<usize>().expect("a number"));
    for date in dates.lines() {
        assert!(
            (date.parse::<i64>().expect("a date") - now).abs() < 3_600,
            "{date} is not today ({now})"
        );
    }
}
