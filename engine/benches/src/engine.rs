//! Measures the engine's overhead: a full rehearsal of `delivery` against the same durable commits
//! alone, and eight at once against eight bare writers.
//!
//! `cargo bench -p cloudcrew-benches --bench engine`

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cloudcrew_benches::{
    SOW, Took, begun, binary, measure_if_asked, median, ms, peak_kib, ports, root, took,
};
use cloudcrew_local::holder::this_process;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_ports::journal::Journal as _;
use cloudcrew_runtime::engagement::{Driver, Options};
use futures_util::future::join_all;
use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, Signature};
use rusqlite::Connection;

const RUNS: usize = 7;
const AT_ONCE: usize = 8;

fn main() {
    measure_if_asked();
    let binary = binary();
    let work = alone(&binary);
    at_once(&binary, &work);
}

/// The durable commits of one engagement: bytes of each row of the store, and the files of each Git
/// commit.
struct Work {
    rows: Vec<usize>,
    commits: Vec<Vec<(String, Vec<u8>)>>,
    events: usize,
}

impl Work {
    fn of(home: &Path) -> Work {
        let store = Connection::open(home.join("cloudcrew.db")).expect("the store");
        let sizes = |sql: &str| -> Vec<usize> {
            let mut select = store.prepare(sql).expect("a table");
            let rows = select.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
            rows.map(|size| size.expect("a number") as usize).collect()
        };
        let events = sizes("SELECT length(payload) FROM entry");
        let number = events.len();
        let rows = [
            events,
            sizes("SELECT length(row) FROM ledger"),
            sizes("SELECT length(bytes) FROM blob"),
        ]
        .concat();
        let repository = Repository::open(home.join("repos/demo.git")).expect("a repository");
        let mut walk = repository.revwalk().expect("a walk");
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE).expect("sorted");
        walk.push_ref("refs/heads/cloudcrew/demo").expect("a branch");
        let commits = walk.map(|id| written(&repository, id.expect("a commit"))).collect();
        Work { rows, commits, events: number }
    }
}

fn written(repository: &Repository, commit: Oid) -> Vec<(String, Vec<u8>)> {
    let commit = repository.find_commit(commit).expect("a commit");
    let parent = commit.parent(0).ok().map(|parent| parent.tree().expect("a tree"));
    let tree = commit.tree().expect("a tree");
    let diff = repository.diff_tree_to_tree(parent.as_ref(), Some(&tree), None).expect("a diff");
    let file = |delta: git2::DiffDelta<'_>| {
        let path = delta.new_file().path().expect("a path").to_string_lossy().into_owned();
        (path, repository.find_blob(delta.new_file().id()).expect("a blob").content().to_vec())
    };
    diff.deltas().map(file).collect()
}

/// One bare connection: the minimum for every durable commit to the database.
fn bare(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("a store");
    connection.busy_timeout(Duration::from_secs(60)).expect("set");
    let pragmas = "PRAGMA journal_mode = wal; PRAGMA synchronous = FULL; CREATE TABLE IF NOT \
        EXISTS row (bytes BLOB);";
    connection.execute_batch(pragmas).expect("a table");
    connection
}

/// Writes the same rows, each in its own transaction.
fn bare_rows(connection: &Connection, rows: &[usize]) {
    for size in rows {
        connection
            .execute("INSERT INTO row VALUES (zeroblob(?1))", [*size as i64])
            .expect("written");
    }
}

/// Makes the same Git commits with libgit2, with syncing enabled.
fn bare_commits(repository: &Repository, commits: &[Vec<(String, Vec<u8>)>]) {
    let empty = repository.treebuilder(None).and_then(|builder| builder.write()).expect("a tree");
    let (mut tree, mut head): (Oid, Option<Oid>) = (empty, None);
    for files in commits {
        let mut update = TreeUpdateBuilder::new();
        for (path, bytes) in files {
            update.upsert(path.as_str(), repository.blob(bytes).expect("a blob"), FileMode::Blob);
        }
        let base = repository.find_tree(tree).expect("a tree");
        tree = update.create_updated(repository, &base).expect("a tree");
        let (author, made) = (
            Signature::now("bench", "bench@cloudcrew.invalid").expect("a name"),
            repository.find_tree(tree),
        );
        let parent = head.map(|head| repository.find_commit(head).expect("a commit"));
        let parents: Vec<_> = parent.iter().collect();
        let commit = repository.commit(
            Some("refs/heads/bench"),
            &author,
            &author,
            "bench",
            &made.expect("a tree"),
            &parents,
        );
        head = Some(commit.expect("a commit"));
    }
}

fn bare_repository(path: &Path) -> Repository {
    // Opening one of our repositories enables syncing in libgit2.
    drop(GitRepo::create(path, "bench").expect("a repository"));
    Repository::open(path).expect("a repository")
}

fn run(binary: &Path, home: &Path, project: &str) -> Command {
    let mut command = Command::new(binary);
    command.arg("-C").arg(root()).arg("--home").arg(home).args([
        "run",
        "--project",
        project,
        "--approve",
        "all",
        "--sow",
    ]);
    command.arg(root().join(SOW));
    command
}

fn alone(binary: &Path) -> Work {
    let (mut engine, mut floor): (Vec<Took>, Vec<Duration>) = (Vec::new(), Vec::new());
    let mut work = None;
    for _ in 0..RUNS {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().join("home");
        engine.push(took(&mut run(binary, &home, "demo")));
        let work = work.get_or_insert_with(|| Work::of(&home));
        let connection = bare(&folder.path().join("bare.db"));
        let repository = bare_repository(&folder.path().join("bare.git"));
        let began = Instant::now();
        bare_rows(&connection, &work.rows);
        bare_commits(&repository, &work.commits);
        floor.push(began.elapsed());
    }
    let work = work.expect("at least one run");
    let wall = median(&engine.iter().map(|took| took.wall).collect::<Vec<_>>());
    let cpu = median(&engine.iter().map(|took| took.cpu).collect::<Vec<_>>());
    let peak = {
        let folder = tempfile::tempdir().expect("a folder");
        peak_kib(&run(binary, folder.path(), "demo"))
    };
    let floor = median(&floor);
    println!("a full rehearsal of `delivery`, medians of {RUNS} runs in separate processes");
    println!("  wall                    {}", ms(wall));
    println!("  CPU                     {}", ms(cpu));
    println!("  peak memory             {:.1} MiB", peak as f64 / 1024.0);
    println!("  events                  {}", work.events);
    println!(
        "  the same {} rows and {} Git commits alone, each synced",
        work.rows.len(),
        work.commits.len()
    );
    println!("    wall                  {}", ms(floor));
    println!("  engine over bare        {:.2}x", wall.as_secs_f64() / floor.as_secs_f64());
    work
}

fn at_once(binary: &Path, work: &Work) {
    let (mut processes, mut one, mut bare_processes, mut bare_one) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let rate = |began: Instant| (AT_ONCE * work.events) as f64 / began.elapsed().as_secs_f64();
    for _ in 0..RUNS.min(5) {
        let folder = tempfile::tempdir().expect("a folder");
        let began = Instant::now();
        let children: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                let mut command = run(binary, &folder.path().join("home"), &format!("demo-{n}"));
                command
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .expect("it starts")
            })
            .collect();
        for mut child in children {
            assert!(child.wait().expect("an end").success());
        }
        processes.push(rate(began));
        one.push(in_one(&folder.path().join("one"), work.events));
        // Eight connections to one file, as with eight processes; two that enable the log at the
        // same time would refuse each other.
        drop(bare(&folder.path().join("bare.db")));
        let began = Instant::now();
        std::thread::scope(|scope| {
            for n in 0..AT_ONCE {
                let folder = folder.path();
                scope.spawn(move || {
                    bare_rows(&bare(&folder.join("bare.db")), &work.rows);
                    bare_commits(
                        &bare_repository(&folder.join(format!("bare-{n}.git"))),
                        &work.commits,
                    );
                });
            }
        });
        bare_processes.push(rate(began));
        bare_one.push(bare_in_one(folder.path(), work));
    }
    let (processes, one, bare_processes, bare_one) =
        (median(&processes), median(&one), median(&bare_processes), median(&bare_one));
    println!(
        "{AT_ONCE} engagements at once in one home, medians of {} runs; bare: the same rows and \
         Git commits, no engine",
        RUNS.min(5)
    );
    println!("  {AT_ONCE} processes             {processes:>7.0} events/s");
    println!(
        "  {AT_ONCE} bare connections      {bare_processes:>7.0} events/s   ratio {:.2}",
        processes / bare_processes
    );
    println!("  one process             {one:>7.0} events/s");
    println!(
        "  {AT_ONCE} bare writers grouped  {bare_one:>7.0} events/s   ratio {:.2}",
        one / bare_one
    );
}

/// Eight engagements driven in this process, sharing one store.
fn in_one(home: &Path, events: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(home).expect("a store");
        let mut drivers = Vec::new();
        for n in 0..AT_ONCE {
            let project = format!("demo-{n}");
            let repo = begun(home, &store, &project).await;
            let ports = ports(&store, repo, &project).await;
            let options = Options { approve_all: true, ..Options::default() };
            drivers.push(
                Driver::open(ports, &project, &this_process(), options).await.expect("the lease"),
            );
        }
        let began = Instant::now();
        let driven =
            drivers.into_iter().map(|driver| tokio::spawn(async move { driver.drive().await }));
        for rest in join_all(driven).await {
            rest.expect("no panic").expect("it ends");
        }
        let took = began.elapsed().as_secs_f64();
        let head = store.head("demo-0").await.expect("read").expect("a journal");
        assert!(head.seq as usize + 20 > events, "the engagements came to their ends");
        (AT_ONCE * events) as f64 / took
    })
}

/// Eight writers in this process, whose rows one thread commits in groups, and the same Git commits
/// by eight more threads.
fn bare_in_one(folder: &Path, work: &Work) -> f64 {
    let (send, receive) = std::sync::mpsc::channel::<(usize, std::sync::mpsc::SyncSender<()>)>();
    let began = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let connection = bare(&folder.join("grouped.db"));
            while let Ok(first) = receive.recv() {
                let group: Vec<_> =
                    std::iter::once(first).chain(receive.try_iter().take(255)).collect();
                connection.execute_batch("BEGIN IMMEDIATE").expect("begun");
                bare_rows(&connection, &group.iter().map(|(size, _)| *size).collect::<Vec<_>>());
                connection.execute_batch("COMMIT").expect("committed");
                group.iter().for_each(|(_, reply)| reply.send(()).expect("someone waits"));
            }
        });
        for n in 0..AT_ONCE {
            let send = send.clone();
            scope.spawn(move || {
                for size in &work.rows {
                    let (reply, answer) = std::sync::mpsc::sync_channel(1);
                    send.send((*size, reply)).expect("the writer lives");
                    answer.recv().expect("an answer");
                }
                bare_commits(
                    &bare_repository(&folder.join(format!("grouped-{n}.git"))),
                    &work.commits,
                );
            });
        }
        drop(send);
    });
    (AT_ONCE * work.events) as f64 / began.elapsed().as_secs_f64()
}
