//! Helpers for the store tests: a home, a second connection to its file, other processes.

use std::fmt::Display;
use std::future::Future;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cloudcrew_local::store::{FILE, Store};
use rusqlite::Connection;
use tempfile::TempDir;

/// A folder that others may read.
pub fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).expect("set");
    home
}

pub fn store(home: &Path) -> Store {
    Store::open(home).expect("a store")
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// The message of an error.
pub fn message<T, E: Display>(result: Result<T, E>) -> String {
    result.err().expect("this does not work").to_string()
}

/// The file as another program opens it.
pub fn connect(home: &Path) -> Connection {
    Connection::open(home.join(FILE)).expect("a connection")
}

pub fn raw(home: &Path, sql: &str) {
    connect(home).execute_batch(sql).expect("it is done");
}

/// Runs something as a user without any rights: root bypasses permissions.
pub fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                let nobody = rustix::process::Uid::from_raw(65_534);
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).expect("root may");
            }
            work()
        });
        thread.join().expect("no panic")
    })
}

/// Runs a test of this file as another process, in a home.
pub fn child(test: &str, home: &Path) -> Child {
    let me = std::env::current_exe().expect("this test");
    let mut child = Command::new(me);
    child
        .args(["--exact", test, "--nocapture"])
        .env("CHILD_HOME", home)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    child.spawn().expect("it starts")
}

/// The home given to such a process.
pub fn child_home() -> Option<PathBuf> {
    std::env::var_os("CHILD_HOME").map(PathBuf::from)
}

pub fn acknowledge(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ack {what}").and_then(|()| out.flush()).expect("the parent reads");
}

/// Kills the process; returns what it had acknowledged.
pub fn kill(mut child: Child) -> Vec<String> {
    child.kill().expect("it runs");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let said = out
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.split_once("ack ").map(|(_, what)| what.to_owned()));
    // The last line may be cut off.
    let said = said.filter(|hash| hash.len() == 64).collect();
    child.wait().expect("it has ended");
    said
}
