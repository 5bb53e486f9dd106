//! Acknowledged data is on disk: for each line that `run`, `approve` and `revise` print, the system
//! calls show what was synced before.
//!
//! Needs `strace`. Without it, the test is skipped, or fails if `CI` is set.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Crew, crew, root};

const CALLS: &str = "trace=openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat";

/// Tracks what is written and not yet synced.
#[derive(Default)]
struct Disk {
    /// Files and folders whose changes a power loss would lose.
    unsynced: BTreeSet<String>,
    synced: usize,
    /// Syncs until the last line.
    syncs_then: usize,
    acknowledged: usize,
    commits: usize,
}

impl Disk {
    fn call(&mut self, home: &str, name: &str, arguments: &str, descriptor: Option<&str>) {
        let paths: Vec<&str> = quoted(arguments).filter(|path| path.starts_with(home)).collect();
        let file = descriptor.filter(|path| path.starts_with(home));
        match (name, file, paths.as_slice()) {
            ("write" | "pwrite64", Some(file), _) if matters(file) => {
                self.unsynced.insert(file.to_owned());
            }
            ("fsync" | "fdatasync", Some(file), _) => {
                self.unsynced.remove(file);
                self.synced += 1;
            }
            ("openat", _, [path]) if arguments.contains("O_CREAT") && matters(path) => {
                self.named(path)
            }
            ("rename" | "renameat" | "renameat2" | "link" | "linkat", _, [from, to]) => {
                let inside = format!("{from}/");
                let moved: Vec<String> = self
                    .unsynced
                    .iter()
                    .filter(|f| *f == from || f.starts_with(&inside))
                    .cloned()
                    .collect();
                for file in moved {
                    self.unsynced.insert(file.replacen(*from, to, 1));
                    if name.starts_with("rename") {
                        self.unsynced.remove(&file);
                    }
                }
                self.named(to);
            }
            ("unlink" | "unlinkat", _, [path]) => drop(self.unsynced.remove(*path)),
            _ => {}
        }
    }

    /// A new name is on disk once its folder is synced.
    fn named(&mut self, path: &str) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.unsynced.insert(folder.to_owned());
        }
    }

    /// Handles a printed line. Other tools of the turn keep writing, so not everything is synced;
    /// but there must be a sync since the last line, and a line about a commit leaves nothing of
    /// the repository unsynced.
    fn acknowledges(&mut self, what: &str) {
        let commit = what.contains(r#"\"event\":\"committed\""#) || what.contains("\"    + ");
        let silent = self.syncs_then == self.synced;
        let open = |file: &&String| if file.contains("/repos/") { commit } else { silent };
        let left: Vec<&String> = self.unsynced.iter().filter(open).collect();
        assert!(
            left.is_empty(),
            "acknowledged before it was on disk: {what}\nnot synced: {left:#?}"
        );
        self.acknowledged += 1;
        self.commits += usize::from(commit);
        self.syncs_then = self.synced;
    }
}

/// Whether losing a file loses data: not SQLite's index of the log, not the database, which the log
/// repeats, and not the heads, which may lag behind.
fn matters(file: &str) -> bool {
    !(file.ends_with("-shm")
        || file.ends_with("cloudcrew.db")
        || file.ends_with("cloudcrew.heads")
        || file.contains("/_git2_"))
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// The path of a descriptor as `strace -y` shows it: `11</home/cloudcrew.db-wal>`.
fn path_of(arguments: &str) -> Option<&str> {
    arguments.split_once('<')?.1.split_once('>').map(|(path, _)| path)
}

/// Runs a command under `strace` and tracks its writes to the home.
fn traced(crew: &Crew, words: &[&str], exit: i32) -> Disk {
    let log = crew.folder.path().join("trace");
    let command = crew.command(words);
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-y", "-s", "4096", "-e", CALLS, "-o"])
        .arg(&log)
        .arg(command.get_program())
        .args(command.get_args());
    let done = strace
        .env("CLOUDCREW_ACTOR", "customer")
        .stdin(Stdio::null())
        .output()
        .expect("strace starts");
    assert_eq!(done.status.code(), Some(exit), "{}", String::from_utf8_lossy(&done.stderr));
    let home = crew.home().to_string_lossy().into_owned();
    let mut disk = Disk::default();
    let mut cut_off: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for line in String::from_utf8_lossy(&std::fs::read(&log).expect("a trace")).lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        // A call that is split in the trace counts when it returns, an acknowledgement when it
        // starts.
        let call = match (
            call.trim_start().strip_suffix(" <unfinished ...>"),
            call.split_once(" resumed>"),
        ) {
            (Some(begun), _) => {
                cut_off.insert(thread.to_owned(), begun.to_owned());
                begun.to_owned()
            }
            (None, Some((_, rest))) => {
                format!("{}{rest}", cut_off.remove(thread).unwrap_or_default())
            }
            (None, None) => call.trim_start().to_owned(),
        };
        let unfinished = line.ends_with("<unfinished ...>");
        let resumed = line.contains(" resumed>");
        let Some((name, arguments)) = call.split_once('(') else { continue };
        if name == "write" && arguments.starts_with("1<") {
            if !resumed {
                disk.acknowledges(arguments);
            }
        } else if !unfinished && !call.contains(" = -1 ") {
            disk.call(&home, name, arguments, path_of(arguments));
        }
    }
    disk
}

fn has_strace() -> bool {
    let there = Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success());
    if !there {
        assert!(std::env::var_os("CI").is_none(), "strace is missing");
        println!("skipped: strace is missing, so nothing was proven");
    }
    there
}

#[test]
fn acknowledged_data_is_on_disk() {
    if !has_strace() {
        return;
    }
    let crew = crew();
    let sow = root().join("examples/sow/clinic-scheduling.md");
    let run =
        ["run", "--project", "demo", "--format", "json", "--sow", sow.to_str().expect("a path")];
    for (words, exit) in [
        (&run[..], 10),
        (&["revise", "demo", "name the compliance owner"], 10),
        (&["approve", "demo", "--rating", "quality=4"], 10),
    ] {
        let disk = traced(&crew, words, exit);
        println!(
            "{}: {} lines acknowledged, {} of commits, {} syncs",
            words[0], disk.acknowledged, disk.commits, disk.synced
        );
        assert!(
            disk.acknowledged > 5 && disk.commits > 0 && disk.synced > disk.acknowledged,
            "{}: the trace shows too little",
            words[0]
        );
    }
    assert!(Path::new(&crew.home()).join("repos/demo.git/refs/heads/cloudcrew/demo").exists());
}
