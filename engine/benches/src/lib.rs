//! Shared by the benchmarks: measuring processes, medians, building the binary, creating an
//! engagement.

pub mod home;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::load;
use cloudcrew_definition::source::Sources;
use cloudcrew_local::clock::RehearsalClock;
use cloudcrew_local::rehearsal::RehearsalModel;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_runtime::engagement::{
    Begin, Engagement, Event, Record, RunMode, SowFile, begin, open,
};
use cloudcrew_runtime::ports::Ports;
use cloudcrew_runtime::watch::{Live, Watch};
use nix::sys::resource::{UsageWho, getrusage};

/// The shipped workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The statement of work to rehearse.
pub const SOW: &str = "examples/sow/retail-orders.md";

/// Builds the release binary; returns its path. `CLOUDCREW_BINARY` names one that is built already.
pub fn binary() -> PathBuf {
    if let Some(built) = std::env::var_os("CLOUDCREW_BINARY") {
        return built.into();
    }
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet"])
        .current_dir(root())
        .status();
    assert!(built.is_ok_and(|status| status.success()), "the binary does not build");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release/cloudcrew")
}

/// Time used by a process.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// From start to end.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
}

/// Runs a command that must succeed, discarding its output.
pub fn took(command: &mut Command) -> Took {
    let (took, status) = ran(command);
    assert!(status.success(), "{command:?}: {status}");
    took
}

/// As [`took`], whatever the exit status.
pub fn ran(command: &mut Command) -> (Took, std::process::ExitStatus) {
    let (before, began) = (measured_cpu(), Instant::now());
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it starts");
    let wall = began.elapsed();
    (Took { wall, cpu: measured_cpu().saturating_sub(before) }, status)
}

/// User and system time of all finished children.
pub fn measured_cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("children are counted");
    let time = |t: nix::sys::time::TimeVal| {
        Duration::from_micros((t.tv_sec() * 1_000_000 + t.tv_usec()).unsigned_abs())
    };
    time(usage.user_time()) + time(usage.system_time())
}

/// Largest resident set of any finished child, in KiB.
pub fn peak_of_children_kib() -> i64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("children are counted").max_rss()
}

/// Holds the command that [`measure_if_asked`] runs.
const MEASURE: &str = "CLOUDCREW_BENCH_MEASURE";

/// Largest resident set of a command, in KiB. A process knows it only for all its children
/// together, so the command runs below another process.
pub fn peak_kib(command: &Command) -> i64 {
    let mut words = vec![command.get_program()];
    words.extend(command.get_args());
    let words: Vec<_> = words.into_iter().map(|word| word.to_string_lossy()).collect();
    let mut measuring = Command::new(std::env::current_exe().expect("this program"));
    let output = measuring
        .env(MEASURE, serde_json::json!(words).to_string())
        .stderr(Stdio::null())
        .output()
        .expect("it starts");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}

/// The other side of [`peak_kib`]: runs the command, prints the figure and ends the process.
pub fn measure_if_asked() {
    let Ok(words) = std::env::var(MEASURE) else { return };
    let words: Vec<String> = serde_json::from_str(&words).expect("words");
    ran(Command::new(&words[0]).args(&words[1..]));
    println!("{}", peak_of_children_kib());
    std::process::exit(0);
}

/// The median.
pub fn median<T: Copy + PartialOrd>(values: &[T]) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    sorted[sorted.len() / 2]
}

/// Milliseconds with one decimal.
pub fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// Every file of a workspace, by relative path.
pub fn files(workspace: &Path) -> Vec<(String, Vec<u8>)> {
    let parts = ["agents.yaml", "phases", "workflows", "prompts", "templates"]
        .map(|part| workspace.join(part));
    let (mut paths, mut files): (Vec<PathBuf>, _) =
        (parts.into_iter().filter(|path| path.exists()).collect(), Vec::new());
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(
                std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()),
            );
        } else {
            let name = path.strip_prefix(workspace).expect("inside").to_string_lossy().into_owned();
            files.push((name, std::fs::read(&path).expect("a file")));
        }
    }
    files
}

/// Loads the definition in a workspace's files, or returns its errors.
pub fn defined(files: &[(String, Vec<u8>)]) -> Result<Definition, String> {
    let mut sources = Sources::new();
    files.iter().for_each(|(name, bytes)| {
        sources.add(name.clone(), bytes);
    });
    let loaded = load(&sources, &catalogue());
    loaded.definition.ok_or_else(|| format!("{:?}", loaded.report))
}

/// The input of an engagement.
pub struct Work<'a> {
    /// Its definition.
    pub definition: &'a Definition,
    /// Name of the workflow.
    pub workflow: &'a str,
    /// The statement of work.
    pub sow: String,
    /// How the models run.
    pub voice: RunMode,
}

/// Begins a rehearsal of the shipped delivery in a home that other engagements may share.
pub async fn begun(home: &Path, store: &Store, project: &str) -> GitRepo {
    let definition = &defined(&files(&root())).expect("the shipped crew is right");
    let sow = std::fs::read_to_string(root().join(SOW)).expect("a file");
    begun_with(
        home,
        store,
        project,
        Work { definition, workflow: "delivery", sow, voice: RunMode::Rehearsal },
    )
    .await
}

/// As [`begun`], with other input.
pub async fn begun_with(home: &Path, store: &Store, project: &str, work: Work<'_>) -> GitRepo {
    let plan = cloudcrew_plan::build(work.definition, work.workflow).expect("a plan");
    std::fs::create_dir_all(home.join("repos")).expect("a folder");
    let path = home.join(format!("repos/{project}.git"));
    let repo = GitRepo::create(&path, project).expect("a repository");
    let start = Begin {
        project,
        actor: "bench",
        definition: work.definition,
        plan: &plan,
        entry: None,
        sow: SowFile { name: "sow.md".into(), text: work.sow },
        inputs: Default::default(),
        overlay: None,
        after: None,
        model: None,
        agent_models: Vec::new(),
        voice: work.voice,
        rehearsal: None,
        repo: path.display().to_string(),
        remote: None,
        branch: repo.branch().to_owned(),
        identity: cloudcrew_local::holder::identity(),
        base: None,
        date: "2026-01-05".into(),
        now: 1_767_600_000_000,
    };
    begin(Record::of(store), start).await.expect("it begins");
    repo
}

/// The ports of an engagement, as the command line wires them.
pub async fn ports(store: &Store, repo: GitRepo, project: &str) -> Ports {
    let engagement = open(Record::of(store), project).await.expect("an engagement");
    Ports {
        journal: Arc::new(store.clone()),
        leases: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        ledger: Arc::new(store.clone()),
        repo: Arc::new(repo),
        model: Arc::new(RehearsalModel::new(engagement.definition.clone(), None)),
        knowledge: Arc::new(cloudcrew_local::knowledge::Index::default()),
        memory: Arc::new(store.clone()),
        metrics: Arc::new(store.clone()),
        patterns: Arc::new(store.clone()),
        programs: Arc::new(cloudcrew_ports::program::NoPrograms("none here".into())),
        servers: Arc::new(cloudcrew_ports::server::NoServers("none here".into())),
        tools: Arc::new(cloudcrew_tools::Toolbox::built_in()),
        clock: Arc::new(RehearsalClock::default()),
        watch: Arc::new(Nobody),
    }
}

struct Nobody;

impl Watch for Nobody {
    fn happened(&self, _: u64, _: i64, _: &Event, _: &Engagement) {}
    fn live(&self, _: &str, _: Live<'_>) {}

    fn stop_wanted(&self) -> bool {
        false
    }
}
