//! The store on a real disk: concurrent processes, damage to its file, and the errors it reports.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Barrier};

use cloudcrew_local::store::{FILE, Store};
use cloudcrew_ports::blob::Blobs as _;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::journal::{AppendError, Batch, Head, Journal as _, NewEntry, Writer};
use cloudcrew_ports::ledger::{Ledger as _, LedgerKind, LedgerRow};
use serde_json::json;
use support::{block_on, home, message, raw, store};

fn entry(n: u64) -> NewEntry {
    NewEntry {
        at: 1_700_000_000_000,
        kind: "said".to_owned(),
        payload: json!({ "words": format!("entry {n}") }).to_string(),
    }
}

fn batch(entries: Vec<NewEntry>) -> Batch {
    Batch { entries, ..Batch::default() }
}

/// A store with a journal of three entries.
fn journal(home: &Path) -> (Store, Head) {
    let store = store(home);
    let head = block_on(store.create("acme", batch(vec![entry(1), entry(2), entry(3)])))
        .expect("it begins");
    (store, head.expect("it is new"))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn only_the_owner_can_read_a_home() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("workspace/.cloudcrew");
    let (_store, _) = journal(&home);
    assert_eq!(
        (mode(&home), mode(&home.join(FILE)), mode(&home.join("cloudcrew.db-wal"))),
        (0o700, 0o600, 0o600)
    );
}

#[test]
fn a_reading_command_creates_no_home() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join(".cloudcrew");
    assert!(Store::open_existing(&home).expect("nothing is wrong").is_none());
    assert!(!home.exists());
    drop(store(&home));
    assert!(Store::open_existing(&home).expect("nothing is wrong").is_some());
    let left: Vec<_> =
        fs::read_dir(&home).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [FILE], "no log and nothing half made is left");
}

#[test]
fn concurrent_openers_of_a_new_home_share_one_store() {
    let home = home();
    let gate = Barrier::new(8);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (gate, home) = (&gate, home.path());
            scope.spawn(move || {
                gate.wait();
                let store = store(home);
                block_on(store.create(&format!("engagement-{n}"), batch(vec![entry(n)])))
                    .expect("it begins")
                    .expect("it is new");
            });
        }
    });
    assert_eq!(block_on(store(home.path()).list(Which::All)).expect("a list").len(), 8);
}

#[test]
fn one_of_eight_threads_on_two_stores_wins_each_round() {
    let home = home();
    let (first, mut head) = journal(home.path());
    let second = store(home.path());
    for round in 0..40 {
        let gate = Arc::new(Barrier::new(8));
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let (store, gate, head) = (
                    if n % 2 == 0 { first.clone() } else { second.clone() },
                    Arc::clone(&gate),
                    head.clone(),
                );
                std::thread::spawn(move || {
                    gate.wait();
                    block_on(store.append(
                        "acme",
                        &head,
                        Writer::Inbound,
                        batch(vec![entry(n), entry(n)]),
                    ))
                })
            })
            .collect();
        let (mut won, mut conflicts) = (Vec::new(), Vec::new());
        for thread in threads {
            match thread.join().expect("no panic") {
                Ok(new) => won.push(new),
                Err(AppendError::Conflict(there)) => conflicts.push(there),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!((won.len(), conflicts.len()), (1, 7), "round {round}");
        head = won.remove(0);
        assert!(
            conflicts.iter().all(|there| *there == head),
            "round {round}: each conflict carries the winner's head"
        );
    }
    assert_eq!(block_on(second.read("acme", &Head::default(), 1000)).expect("whole").len(), 3 + 80);
}

#[test]
fn a_refused_request_does_not_undo_others_in_its_group() {
    let home = home();
    let (store, head) = journal(home.path());
    let stale = Head::default();
    let done = block_on(async {
        let creates = (0..100).map(|n| {
            store.create(if n % 3 == 0 { "acme" } else { ["b", "c"][n % 2] }, batch(vec![entry(1)]))
        });
        let appends = (0..100).map(|n| {
            store.append(
                "acme",
                if n == 50 { &head } else { &stale },
                Writer::Inbound,
                batch(vec![entry(4)]),
            )
        });
        futures_util::future::join(
            futures_util::future::join_all(creates),
            futures_util::future::join_all(appends),
        )
        .await
    });
    assert_eq!(done.0.into_iter().filter(|made| matches!(made, Ok(Some(_)))).count(), 2);
    assert_eq!(done.1.into_iter().filter(Result::is_ok).count(), 1);
    assert_eq!(
        block_on(store.list(Which::All))
            .expect("a list")
            .iter()
            .map(|l| l.head.seq)
            .collect::<Vec<_>>(),
        [4, 1, 1]
    );
}

#[test]
fn dropping_the_last_store_waits_for_pending_writes() {
    let home = home();
    let (store, head) = journal(home.path());
    // Requested, but nobody waits for the answer.
    let lost = store.append("acme", &head, Writer::Inbound, batch(vec![entry(4)]));
    block_on(async { tokio::time::timeout(std::time::Duration::ZERO, lost).await }).ok();
    drop(store);
    let again = support::store(home.path());
    assert_eq!(block_on(again.head("acme")).expect("it is read").map(|head| head.seq), Some(4));
}

#[test]
fn a_changed_entry_is_reported_and_never_returned() {
    let home = home();
    let (store, _) = journal(home.path());
    raw(
        home.path(),
        "DROP TRIGGER entry_stays; UPDATE entry SET payload = replace(payload, '2', '7') WHERE seq \
         = 2",
    );
    let said = message(block_on(store.read("acme", &Head::default(), 10)));
    assert!(
        said.ends_with(
            "is damaged: the journal of `acme`: entry 2 does not match its hash, or does not \
             follow the entry before it"
        ),
        "{said}"
    );
    assert_eq!(
        block_on(store.read("acme", &Head::default(), 1)).expect("what is before it is good").len(),
        1
    );
}

#[test]
fn a_journal_that_lost_entries_is_an_error() {
    for (sql, words) in [
        (
            "DELETE FROM entry WHERE seq = 3",
            "entry 2 is the last one found; the recorded end is entry 3",
        ),
        ("DELETE FROM entry WHERE seq = 2", "entry 2 is missing; 3 follows"),
        ("DELETE FROM entry", "entry 0 is the last one found; the recorded end is entry 3"),
        (
            "UPDATE engagement SET hash = 'x'",
            "entry 3 does not match the recorded head; the recorded end is entry 3",
        ),
        (
            "UPDATE entry SET kind = 'else' WHERE seq = 1",
            "entry 1 does not match its hash, or does not follow the entry before it",
        ),
    ] {
        let home = home();
        let (store, _) = journal(home.path());
        raw(home.path(), &format!("DROP TRIGGER entry_stays; DROP TRIGGER entry_remains; {sql}"));
        let said = message(block_on(store.read("acme", &Head::default(), 10)));
        assert!(
            said.ends_with(&format!("is damaged: the journal of `acme`: {words}")),
            "{sql}: {said}"
        );
    }
}

#[test]
fn a_journal_refuses_to_be_changed_by_hand() {
    let home = home();
    let (_store, _) = journal(home.path());
    for sql in ["UPDATE entry SET at = 0", "DELETE FROM entry"] {
        let said = support::connect(home.path()).execute(sql, []).expect_err("refused").to_string();
        assert_eq!(said, "a journal is only appended to");
    }
}

#[test]
fn a_damaged_blob_or_ledger_row_is_an_error() {
    let home = home();
    let (store, _) = journal(home.path());
    let hash = block_on(store.put(b"bytes")).expect("it is stored");
    let row = |id: &str| LedgerRow {
        id: id.to_owned(),
        phase: "discovery".to_owned(),
        author: "pm".to_owned(),
        kind: LedgerKind::Fact,
        title: "said".to_owned(),
        body: String::new(),
        source: String::new(),
    };
    block_on(store.record("acme", &[row("a"), row("b")])).expect("recorded");
    raw(
        home.path(),
        "UPDATE blob SET bytes = x'00'; UPDATE ledger SET row = replace(row, 'said', 'sold') WHERE \
         id = 'b'",
    );
    assert!(
        message(block_on(store.get(&hash)))
            .ends_with(&format!("blob {hash} does not match its hash"))
    );
    assert!(
        message(block_on(store.rows("acme")))
            .ends_with("row `b` of the ledger of `acme` does not match its hash")
    );
    assert!(
        message(block_on(store.record("acme", &[row("b")]))).contains("row `b`"),
        "nor does it count as the same"
    );
    assert!(
        message(block_on(store.record("nobody", &[row("b")])))
            .contains("engagement `nobody`: it does not exist")
    );
}

#[test]
fn another_programs_file_is_refused_and_unchanged() {
    let home = home();
    support::connect(home.path())
        .execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)",
        )
        .expect("a file");
    let path = home.path().join(FILE);
    let before = fs::read(&path).expect("bytes");
    let said = message(Store::open(home.path()));
    assert!(
        said.contains(
            "it belongs to another program; move it away, or choose another \
        home with `--home`"
        ),
        "{said}"
    );
    assert_eq!(fs::read(&path).expect("bytes"), before);
}

#[test]
fn a_newer_file_is_refused() {
    let home = home();
    let (before, head) = journal(home.path());
    raw(home.path(), "PRAGMA user_version = 9");
    let words =
        "was written by a newer cloudcrew (format 9, this one supports 5); use a newer version";
    assert!(message(Store::open(home.path())).ends_with(words));
    let said =
        message(block_on(before.append("acme", &head, Writer::Inbound, batch(vec![entry(4)]))));
    assert!(
        said.ends_with(words),
        "a store opened before the migration does not write either: {said}"
    );
}

#[test]
fn a_damaged_file_is_reported() {
    let spoil = |spoil: &dyn Fn(&Path)| {
        let home = home();
        let (store, _) = journal(home.path());
        block_on(store.put(&vec![7; 200_000])).expect("it is stored");
        drop(store);
        spoil(&home.path().join(FILE));
        message(Store::open(home.path()))
    };
    let cut = |length: u64| {
        move |path: &Path| {
            fs::File::options()
                .write(true)
                .open(path)
                .and_then(|f| f.set_len(length))
                .expect("it is cut")
        }
    };
    let said = [
        spoil(&cut(0)),
        spoil(&cut(50)),
        spoil(&cut(8192)),
        spoil(&|path| {
            fs::write(path, "these are some words, and no database at all. ".repeat(9))
                .expect("written")
        }),
        spoil(&|path| fs::rename(path, path.with_extension("db-wal")).expect("renamed")),
    ];
    let said = said
        .each_ref()
        .map(|said| said.rsplit_once(".db is damaged: ").map_or(said.as_str(), |(_, why)| why));
    assert_eq!(
        said,
        [
            "it is too short for an SQLite file",
            "it is too short for an SQLite file",
            "database disk image is malformed",
            "it is not an SQLite file",
            "it is missing, but its log exists; restore it, or move `cloudcrew.db-wal` away to \
             start over",
        ]
    );
}

#[test]
fn doctor_finds_damage_inside_the_file() {
    let home = home();
    let (store, _) = journal(home.path());
    block_on(store.put(&vec![7; 200_000])).expect("it is stored");
    store.check().expect("it is whole");
    drop(store);
    let path = home.path().join(FILE);
    let mut bytes = fs::read(&path).expect("bytes");
    // The root of the last table and its neighbours.
    bytes[4096 * 3..4096 * 10].fill(0xa5);
    fs::write(&path, bytes).expect("written");
    let said = support::store(home.path()).check().expect_err("it is not whole").to_string();
    assert!(said.contains("is damaged: "), "{said}");
}

#[test]
fn a_removed_file_is_not_written_to() {
    let home = home();
    let (store, head) = journal(home.path());
    fs::rename(home.path().join(FILE), home.path().join("elsewhere.db")).expect("moved");
    let said =
        message(block_on(store.append("acme", &head, Writer::Inbound, batch(vec![entry(4)]))));
    assert!(
        said.ends_with("it was moved or deleted while in use; run the command again"),
        "{said}"
    );
}

#[test]
fn an_unwritable_home_says_what_to_do() {
    let home = home();
    drop(journal(home.path()));
    let path = home.path().join(FILE);
    let unusable = |file: u32, folder: u32| {
        fs::set_permissions(&path, fs::Permissions::from_mode(file)).expect("set");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(folder)).expect("set");
        support::as_nobody(|| message(Store::open_existing(home.path())))
    };
    for (file, folder, words) in [
        (
            0o444,
            0o555,
            "it is not writable; make the file and its folder writable, or choose another home \
             with `--home`",
        ),
        (0o000, 0o555, "change its permissions, or choose another home with `--home`"),
        (0o644, 0o000, "change its permissions, or choose another home with `--home`"),
    ] {
        let said = unusable(file, folder);
        assert!(
            said.contains("cloudcrew.db: ") && said.ends_with(words),
            "{file:o} in {folder:o}: {said}"
        );
    }
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).expect("set");
    fs::write(home.path().join("a-file"), "").expect("written");
    assert!(
        message(Store::open(&home.path().join("a-file/.cloudcrew")))
            .contains("creating the home failed")
    );
}

#[test]
fn acknowledged_writes_survive_a_kill_and_nothing_is_partial() {
    let home = home();
    drop(journal(home.path()));
    let mut acknowledged = BTreeSet::new();
    for round in 0..15_u64 {
        let children: Vec<_> =
            (0..3).map(|_| support::child("append_for_ever", home.path())).collect();
        std::thread::sleep(std::time::Duration::from_millis(60 + round * 7));
        acknowledged.extend(children.into_iter().flat_map(support::kill));
        let read =
            block_on(store(home.path()).read("acme", &Head::default(), usize::MAX)).expect("whole");
        let there: BTreeSet<String> = read.into_iter().map(|entry| entry.hash).collect();
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        assert!(
            lost.is_empty(),
            "round {round}: {} of {} acknowledged entries are gone",
            lost.len(),
            acknowledged.len()
        );
    }
    assert!(acknowledged.len() > 50, "only {} entries were written", acknowledged.len());
    store(home.path()).check().expect("it is whole");
}

/// Not a test of its own: the child processes of the test above run it.
#[test]
fn append_for_ever() {
    let Some(home) = support::child_home() else { return };
    let store = store(&home);
    let mut head = Head::default();
    loop {
        match block_on(store.append("acme", &head, Writer::Inbound, batch(vec![entry(1)]))) {
            Ok(new) => {
                support::acknowledge(&new.hash);
                head = new;
            }
            Err(AppendError::Conflict(there)) => head = there,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_full_disk_loses_nothing_and_recovers() {
    let home = home();
    // Mounts a small disk in its own namespace; where that is not permitted, the test is skipped.
    let mount = format!(
        "mount -t tmpfs -o size=700k none {0} && exec \"$1\" --exact fill_the_disk --nocapture",
        home.path().display()
    );
    let me = std::env::current_exe().expect("this test");
    let run = std::process::Command::new("unshare")
        .args(["-rm", "sh", "-c", &mount, "sh"])
        .arg(me)
        .env("CHILD_HOME", home.path())
        .output();
    let Ok(run) = run else { return };
    let said = String::from_utf8_lossy(&run.stderr);
    if said.contains("unshare:") || said.contains("mount:") {
        eprintln!("skipped, cannot mount a disk here: {said}");
        return;
    }
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stdout));
}

/// Not a test of its own: the child process of the test above runs it.
#[test]
fn fill_the_disk() {
    let Some(home) = support::child_home() else { return };
    let ballast = home.join("ballast");
    fs::write(&ballast, vec![0; 200_000]).expect("there is room");
    let (store, mut head) = journal(&home.join(".cloudcrew"));
    let large = |n: u64| NewEntry { payload: json!("x".repeat(40_000)).to_string(), ..entry(n) };
    let full = loop {
        match block_on(store.append("acme", &head, Writer::Inbound, batch(vec![large(0)]))) {
            Ok(new) => head = new,
            Err(error) => break error.to_string(),
        }
    };
    assert!(
        full.starts_with("no space left on the disk that holds ")
            && full.ends_with("cloudcrew.db; free some and run the command again"),
        "{full}"
    );
    let read = block_on(store.read("acme", &Head::default(), 1000)).expect("whole");
    assert_eq!(
        read.last().map(|last| &last.hash),
        Some(&head.hash),
        "exactly the acknowledged writes are there"
    );
    fs::remove_file(ballast).expect("removed");
    block_on(store.append("acme", &head, Writer::Inbound, batch(vec![large(0)])))
        .expect("there is room again");
}

/// SQLite holds a lock on the file while it is open; a process that finds no lock removes the log
/// when it closes.
#[test]
#[cfg(target_os = "linux")]
fn opening_the_file_again_keeps_sqlites_lock() {
    let home = home();
    let listed = || {
        let inode = std::os::unix::fs::MetadataExt::ino(
            &std::fs::metadata(home.path().join("cloudcrew.db")).expect("the file"),
        );
        let locks = std::fs::read_to_string("/proc/locks").expect("the system's locks");
        let (ours, here) = (format!(" {} ", std::process::id()), format!(":{inode} "));
        locks.lines().any(|line| {
            line.contains("POSIX")
                && line.contains(" READ ")
                && line.contains(&ours)
                && line.contains(&here)
        })
    };
    // While other locks come and go, the system's list may leave one out.
    let held = || (0..100).any(|_| listed() || pause());
    let (store, head) = journal(home.path());
    assert!(held(), "after the writer was opened beside a reader");
    let other = support::store(home.path());
    block_on(other.append("acme", &head, Writer::Inbound, batch(vec![entry(4)])))
        .expect("it is written");
    assert!(held(), "after another store was opened");
    drop(other);
    assert!(held(), "after the other store was closed");
    drop(store);
}

/// A moment; always `false`.
fn pause() -> bool {
    std::thread::sleep(std::time::Duration::from_millis(10));
    false
}

/// A process stopped in the middle of a transaction holds its lock while it is stopped.
#[test]
#[cfg(target_os = "linux")]
fn the_process_that_locks_the_database_is_named() {
    let home = home();
    let (store, head) = journal(home.path());
    let other = rusqlite::Connection::open(home.path().join("cloudcrew.db")).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let refused = block_on(store.append("acme", &head, Writer::Inbound, batch(vec![entry(4)])))
        .expect_err("it is locked");
    let holder = format!("is locked by process {}", std::process::id());
    assert!(refused.to_string().contains(&holder), "{refused}");
    other.execute_batch("ROLLBACK").expect("the lock is released");
    block_on(store.append("acme", &head, Writer::Inbound, batch(vec![entry(4)])))
        .expect("it can be written again");
}
