//! After SIGKILL at any moment nothing acknowledged is lost, nothing happens twice, and the outcome
//! is the same.
//!
//! `CLOUDCREW_CRASH_RUNS=300` runs longer, with ten kills per run.

use std::collections::BTreeSet;
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Crew, crew};

/// Kills per run.
const KILLS: u64 = 10;

fn runs() -> u64 {
    std::env::var("CLOUDCREW_CRASH_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(30)
}

/// A fixed sequence, so that a failure can be reproduced.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Runs a command and kills it after a while. Returns the events it acknowledged.
fn killed(crew: &Crew, words: &[&str], after: Duration) -> (bool, Vec<serde_json::Value>) {
    let mut child = crew
        .command(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut out = child.stdout.take().expect("a pipe");
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = out.read_to_end(&mut text);
        text
    });
    std::thread::sleep(after);
    let ended = child.try_wait().expect("a child").is_some();
    let _ = child.kill();
    child.wait().expect("an end");
    let text = String::from_utf8_lossy(&reader.join().expect("a reader")).into_owned();
    let lines = text.split_inclusive('\n').filter(|l| l.ends_with('\n'));
    (ended, lines.filter_map(|l| serde_json::from_str(l).ok()).collect())
}

#[test]
fn a_killed_run_ends_like_an_undisturbed_one() {
    let whole = crew();
    whole.start("clinic-scheduling.md", &["--approve", "all"]).exits(0);
    let expected = whole.outcome();
    let sow = crate::support::root().join("examples/sow/clinic-scheduling.md");
    let begin = [
        "run",
        "--project",
        "demo",
        "--sow",
        sow.to_str().expect("a path"),
        "--approve",
        "all",
        "--format",
        "json",
    ];
    let resume = ["resume", "demo", "--approve", "all", "--format", "json"];
    let mut kills = 0;
    for run in 0..runs() {
        let mut seed = 1000 + run;
        let crew = crew();
        let mut acknowledged = Vec::new();
        for _ in 0..KILLS {
            let after = Duration::from_millis(15 + random(&mut seed) % 120);
            let begun = crew.home().join("cloudcrew.db").exists()
                && crew.run(&["list"]).out.contains("demo");
            let (ended, mut seen) = killed(&crew, if begun { &resume } else { &begin }, after);
            kills += u32::from(!ended);
            acknowledged.append(&mut seen);
        }
        let begun =
            crew.home().join("cloudcrew.db").exists() && crew.run(&["list"]).out.contains("demo");
        let last = crew.run(if begun { &resume } else { &begin });
        assert_eq!(last.exit, 0, "run {run}: {}", last.err);
        let journal = crew.journal();
        for event in &acknowledged {
            let seq = event["seq"].as_i64().expect("a number");
            let (_, kind, _) = journal
                .iter()
                .find(|(s, _, _)| *s == seq)
                .unwrap_or_else(|| panic!("run {run}: entry {seq} was acknowledged and is lost"));
            assert_eq!(event["event"].as_str(), Some(kind.as_str()), "run {run}: entry {seq}");
        }
        assert_eq!(crew.outcome(), expected, "run {run}");
        let log = crew.git(&["log", "--format=%B", "cloudcrew/demo"]);
        let steps: Vec<&str> = log.lines().filter(|l| l.starts_with("CloudCrew-Step:")).collect();
        assert_eq!(
            steps.len(),
            steps.iter().collect::<BTreeSet<_>>().len(),
            "run {run}: a commit was made twice"
        );
        crew.git(&["fsck", "--strict"]);
    }
    println!("{kills} kills over {} runs", runs());
}
