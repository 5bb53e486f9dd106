//! A shortened history, or two that claim one branch, gives the true state or an error that names
//! the problem.

#![expect(clippy::unwrap_used, reason = "a test whose world cannot be made ends there")]

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::support::{Crew, crew, edited, root};

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts");
    assert!(done.success());
}

/// The arguments of a run on a repository outside the home.
fn on<'a>(repo: &'a str, sow: &'a str) -> [&'a str; 7] {
    ["run", "--project", "demo", "--sow", sow, "--repo", repo]
}

fn database(crew: &Crew) -> Connection {
    Connection::open(crew.home().join("cloudcrew.db")).expect("the store")
}

/// Deletes the last entries directly in the database.
fn shorten(crew: &Crew, by: i64) {
    let store = database(crew);
    store.execute_batch("DROP TRIGGER entry_remains").unwrap();
    store.execute("DELETE FROM entry WHERE seq > (SELECT seq FROM engagement) - ?1", [by]).unwrap();
    let last = "SELECT hash FROM entry ORDER BY seq DESC LIMIT 1";
    store.execute(&format!("UPDATE engagement SET seq = seq - ?1, hash = ({last})"), [by]).unwrap();
}

#[test]
fn rows_removed_together_with_the_head_are_detected() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    shorten(&crew, 3);
    for words in [
        &["show", "demo"][..],
        &["list"],
        &["inbox"],
        &["resume", "demo"],
        &["approve", "demo"],
        &["doctor"],
    ] {
        let done = crew.run(words);
        assert!(matches!(done.exit, 1 | 3), "{words:?}: {} {}", done.exit, done.err);
        assert!(
            format!("{}{}", done.out, done.err).contains("its history is lost"),
            "{words:?}: {}{}",
            done.out,
            done.err
        );
    }
    // The older state must be requested explicitly. The branch keeps what it knows.
    fs::remove_file(crew.home().join("cloudcrew.heads")).unwrap();
    crew.run(&["show", "demo"]).exits(0);
    shorten_to_before_the_last_commit(&crew);
    for words in [
        &["show", "demo"][..],
        &["resume", "demo"],
        &["approve", "demo"],
        &["ledger", "demo"],
        &["artifacts", "demo"],
    ] {
        crew.run(words).exits(3).says("This home is older than the branch");
    }
}

#[test]
fn a_vanished_engagement_is_detected() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    let store = database(&crew);
    let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
    let mut select = store.prepare(triggers).unwrap();
    let names: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().flatten().collect();
    for name in names {
        store.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    store.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM engagement").unwrap();
    drop(select);
    drop(store);
    for words in [&["show", "demo"][..], &["resume", "demo"], &["approve", "demo"], &["list"]] {
        crew.run(words).exits(3).says("its history is lost");
    }
}

fn shorten_to_before_the_last_commit(crew: &Crew) {
    let store = database(crew);
    let intent: i64 = store
        .query_row("SELECT max(seq) FROM entry WHERE kind = 'commit_intended'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let end: i64 = store.query_row("SELECT seq FROM engagement", [], |row| row.get(0)).unwrap();
    store
        .execute_batch("CREATE TRIGGER entry_remains BEFORE DELETE ON entry BEGIN SELECT 1; END")
        .unwrap();
    drop(store);
    shorten(crew, end - intent + 1);
}

#[test]
fn a_lost_or_truncated_log_is_detected() {
    for cut in [0, 1, 2, 3] {
        let crew = crew();
        crew.start("retail-orders.md", &[]).exits(10);
        // An open reader prevents a checkpoint of the log, as a killed process does.
        let reader = database(&crew);
        reader.execute_batch("BEGIN; SELECT count(*) FROM entry").ok();
        let _: i64 = reader.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
        crew.run(&["revise", "demo", "name the owner"]).exits(10);
        let events = crew.run(&["show", "demo", "--format", "json"]).json()["events"].as_u64();
        let home = crew.folder.path().join("home-2");
        copy(&crew.home(), &home);
        drop(reader);
        let log = home.join("cloudcrew.db-wal");
        let bytes = fs::read(&log).unwrap();
        assert!(bytes.len() > 40_000, "the log holds what came since: {}", bytes.len());
        match cut {
            0 => fs::remove_file(&log).unwrap(),
            1 => fs::write(&log, &bytes[..bytes.len() / 2]).unwrap(),
            2 => {
                let mut bytes = bytes;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::write(&log, bytes).unwrap();
            }
            _ => fs::write(&log, b"").unwrap(),
        }
        let _ = fs::remove_file(home.join("cloudcrew.db-shm"));
        for words in [&["show", "demo", "--format", "json"][..], &["list"], &["resume", "demo"]] {
            let done = crew.run_in(&home, words);
            if done.exit == 0 && words[0] == "show" {
                assert_eq!(
                    done.json()["events"].as_u64(),
                    events,
                    "fewer events, and nothing was reported"
                );
            } else {
                assert!(
                    done.exit == 3 || done.exit == 0 && words[0] == "list",
                    "{words:?}: {} {}",
                    done.exit,
                    done.err
                );
            }
        }
    }
}

#[test]
fn a_missing_ledger_row_or_prompt_is_detected() {
    let crew = crew();
    crew.start("retail-orders.md", &["--approve", "all"]).exits(0);
    let store = database(&crew);
    store
        .execute(
            "DELETE FROM ledger WHERE number = (SELECT max(number) FROM ledger WHERE id LIKE \
        '%.c%')",
            [],
        )
        .unwrap();
    crew.run(&["ledger", "demo"]).exits(3).says("was written to the ledger but is missing");
    crew.run(&["show", "demo"]).exits(3);

    let crew = crate::support::crew();
    crew.start("retail-orders.md", &[]).exits(10);
    let prompt: String = database(&crew)
        .query_row(
            "SELECT json_extract(payload, '$.system') FROM entry WHERE kind = 'visit_opened'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    database(&crew).execute("DELETE FROM blob WHERE hash = ?1", [prompt]).unwrap();
    crew.run(&["doctor"]).exits(1).says("is missing from the store");
}

#[test]
fn every_commit_names_the_entry_that_announced_it() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    let intents: Vec<String> = {
        let store = database(&crew);
        let mut all = store
            .prepare(
                "SELECT seq || ' ' || hash FROM entry WHERE kind = 'commit_intended' ORDER BY seq",
            )
            .unwrap();
        all.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let log = crew.git(&[
        "log",
        "--reverse",
        "--format=%(trailers:key=CloudCrew-Journal,valueonly)",
        "cloudcrew/demo",
    ]);
    let named: Vec<&str> = log.lines().filter(|line| !line.is_empty()).collect();
    assert!(!named.is_empty());
    assert_eq!(named, intents);
}

#[test]
fn of_two_copies_of_a_home_only_the_first_to_commit_continues() {
    let crew = crew();
    let (repo, sow) =
        (crew.folder.path().join("customer.git"), root().join("examples/sow/retail-orders.md"));
    let made = Command::new("git")
        .args(["init", "-q", "--bare", "-b", "main"])
        .arg(&repo)
        .status()
        .unwrap();
    assert!(made.success());
    crew.run(&on(repo.to_str().unwrap(), sow.to_str().unwrap())).exits(10);
    let other = crew.folder.path().join("home-2");
    copy(&crew.home(), &other);
    crew.run(&["approve", "demo"]).exits(10);
    for words in
        [&["show", "demo"][..], &["approve", "demo"], &["resume", "demo"], &["artifacts", "demo"]]
    {
        crew.run_in(&other, words).exits(3).says("This home is older than the branch");
    }
    crew.run(&["revise", "demo", "name the owner"]).exits(10);
}

#[test]
fn a_branch_belongs_to_one_engagement() {
    let crew = crew();
    let (repo, sow) =
        (crew.folder.path().join("customer.git"), root().join("examples/sow/retail-orders.md"));
    let made = Command::new("git")
        .args(["init", "-q", "--bare", "-b", "main"])
        .arg(&repo)
        .status()
        .unwrap();
    assert!(made.success());
    crew.run(&on(repo.to_str().unwrap(), sow.to_str().unwrap())).exits(10);
    let other = edited();
    other
        .run(&on(repo.to_str().unwrap(), sow.to_str().unwrap()))
        .exits(2)
        .says("belongs to another engagement");
}

#[test]
fn the_path_of_a_home_may_be_any_bytes() {
    let crew = crew();
    let home = crew.folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    let sow = root().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().expect("a path");
    crew.run_in(&home, &["run", "--sow", sow, "--project", "demo"]).exits(10);
    crew.run_in(&home, &["approve", "demo"]).exits(10);
    crew.run_in(&home, &["list"]).exits(0).says("architecture.gate");
}

#[test]
fn a_home_can_be_moved() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    let moved = crew.folder.path().join("elsewhere/home");
    fs::create_dir_all(moved.parent().unwrap()).unwrap();
    fs::rename(crew.home(), &moved).unwrap();
    crew.run_in(&moved, &["approve", "demo"]).exits(10).says("elsewhere/home/repos/demo.git");
}

#[test]
fn an_unreadable_deliverable_cannot_be_approved() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    let blob = crew.git(&["rev-parse", "cloudcrew/demo:docs/project-plan/plan.md"]);
    let file = crew.home().join("repos/demo.git/objects").join(&blob[..2]).join(&blob[2..]);
    let whole = fs::read(&file).unwrap();
    for damage in [1, 2, 3] {
        let mut bytes = whole.clone();
        match damage {
            1 => bytes.truncate(whole.len() / 2),
            2 => bytes.truncate(5),
            _ => *bytes.last_mut().unwrap() ^= 1,
        }
        fs::remove_file(&file).unwrap();
        fs::write(&file, bytes).unwrap();
        crew.run(&["approve", "demo"])
            .exits(3)
            .says("cannot be read, so `discovery-1` cannot be approved");
        crew.run(&["resume", "demo", "--approve", "all"]).exits(3).says("cannot be read");
        crew.run(&["doctor"]).exits(1).says("FAIL");
    }
    fs::write(&file, whole).unwrap();
    crew.run(&["approve", "demo"]).exits(10);
}

#[test]
fn a_truncated_commit_is_reported_and_never_blocks() {
    for revision in ["cloudcrew/demo", "cloudcrew/demo^{tree}"] {
        let crew = crew();
        crew.start("retail-orders.md", &[]).exits(10);
        let object = crew.git(&["rev-parse", revision]);
        let file = crew.home().join("repos/demo.git/objects").join(&object[..2]).join(&object[2..]);
        let whole = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        for words in [
            &["approve", "demo"][..],
            &["artifacts", "demo", "docs/project-plan/plan.md"],
            &["doctor"],
        ] {
            let done = crew.run(words);
            assert!(
                matches!(done.exit, 1 | 3),
                "{words:?}: {} {}{}",
                done.exit,
                done.out,
                done.err
            );
            assert!(
                format!("{}{}", done.out, done.err).contains("truncated"),
                "{words:?}: {}{}",
                done.out,
                done.err
            );
        }
        fs::write(&file, whole).unwrap();
        crew.run(&["resume", "demo"]).exits(10);
    }
}

#[test]
fn a_background_run_uses_the_given_workspace() {
    let crew = edited();
    let elsewhere = crate::support::edited();
    let sow = root().join("examples/sow/retail-orders.md");
    let mut command = crew.command(&[
        "run",
        "--project",
        "demo",
        "--sow",
        sow.to_str().unwrap(),
        "--detach",
        "--format",
        "json",
    ]);
    let done: crate::support::Done =
        command.current_dir(elsewhere.workspace()).output().unwrap().into();
    let done = done.exits(0);
    let pid: u32 = done
        .out
        .split("pid ")
        .nth(1)
        .and_then(|rest| rest.split(')').next())
        .unwrap_or("0")
        .parse()
        .unwrap();
    let line =
        fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
    let workspace = crew.workspace().to_str().unwrap();
    assert!(line.is_empty() || line.contains(&format!("-C {workspace} ")), "{line}");
    for _ in 0..200 {
        if crew.run(&["list"]).out.contains("waiting for") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let log = fs::read_to_string(crew.home().join("demo.log")).unwrap();
    assert!(log.lines().next().is_some_and(|line| line.starts_with('{')), "{log}");
}

#[test]
fn a_background_run_reports_an_immediate_failure() {
    let crew = crew();
    let repo = crew.folder.path().join("customer");
    let git = |words: &[&str]| {
        assert!(Command::new("git").arg("-C").arg(&repo).args(words).status().unwrap().success())
    };
    assert!(
        Command::new("git")
            .args(["init", "-q", "-b", "main"])
            .arg(&repo)
            .status()
            .unwrap()
            .success()
    );
    git(&[
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "Begin",
    ]);
    fs::create_dir_all(repo.join(".git/objects")).unwrap();
    fs::write(repo.join(".git/refs/heads/cloudcrew"), "x").unwrap();
    let sow = root().join("examples/sow/retail-orders.md");
    let done =
        crew.run(&[&on(repo.to_str().unwrap(), sow.to_str().unwrap())[..], &["--detach"]].concat());
    assert!(matches!(done.exit, 2 | 3), "{} {} {}", done.exit, done.out, done.err);
}
