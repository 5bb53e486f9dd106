//! An engagement that is driven inside the test process, with real ports.

use std::path::Path;
use std::sync::Arc;

use cloudcrew_local::clock::RehearsalClock;
use cloudcrew_local::holder::identity;
use cloudcrew_local::rehearsal::RehearsalModel;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_plan::checks::load;
use cloudcrew_ports::journal::{Head, Journal as _};
use cloudcrew_ports::lease::Holder;
use cloudcrew_ports::model::{Block, ModelReply, ToolUse, Usage};
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_runtime::engagement::{
    Begin, Engagement, Event, Record, SowFile, Started, begin, open,
};
use cloudcrew_runtime::ports::Ports;
use cloudcrew_runtime::watch::{Live, Watch};

use super::{root, sources};

/// The id of the engagement.
pub const PROJECT: &str = "demo";

struct Nobody;

impl Watch for Nobody {
    fn happened(&self, _: u64, _: i64, _: &Event, _: &Engagement) {}
    fn live(&self, _: &str, _: Live<'_>) {}

    fn stop_wanted(&self) -> bool {
        false
    }
}

/// A process that has ended, so that its lease is free. Each has its own number.
pub fn dead(number: u32) -> Holder {
    Holder { pid: 0x7000_0000 + number, started: 1, ..cloudcrew_local::holder::this_process() }
}

fn repo_of(home: &Path) -> GitRepo {
    GitRepo::create(&home.join("repos/demo.git"), PROJECT).expect("a repository")
}

/// The real ports of a home.
pub async fn ports(home: &Path) -> (Ports, Store, GitRepo) {
    let store = Store::open(home).expect("a store");
    let repo = repo_of(home);
    let engagement = open(Record::of(&store), PROJECT).await.expect("an engagement");
    let rehearsal = engagement
        .state
        .started
        .rehearsal
        .as_deref()
        .and_then(|name| engagement.definition.rehearsal(name))
        .cloned();
    let clock = RehearsalClock::default();
    clock.not_before(engagement.state.times.1);
    let ports = Ports {
        journal: Arc::new(store.clone()),
        leases: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        ledger: Arc::new(store.clone()),
        repo: Arc::new(repo.clone()),
        model: Arc::new(RehearsalModel::new(engagement.definition.clone(), rehearsal)),
        knowledge: Arc::new(cloudcrew_local::knowledge::Index::default()),
        memory: Arc::new(store.clone()),
        metrics: Arc::new(store.clone()),
        patterns: Arc::new(store.clone()),
        programs: Arc::new(cloudcrew_ports::program::NoPrograms("none here".into())),
        servers: Arc::new(cloudcrew_ports::server::NoServers("none here".into())),
        tools: Arc::new(cloudcrew_tools::Toolbox::built_in()),
        clock: Arc::new(clock),
        watch: Arc::new(Nobody),
    };
    (ports, store, repo)
}

/// Starts the engagement in a home.
pub async fn start(home: &Path, workspace: &Path, sow: &str, rehearsal: Option<&str>) {
    let named = Named { actor: "customer", identity: &identity(), date: "2026-01-05" };
    start_named(home, workspace, sow, rehearsal, named).await;
}

/// Starts the engagement of the shipped crew in a home, as another one was started elsewhere.
pub async fn start_as(home: &Path, other: &Started, sow: &str) {
    let named = Named { actor: &other.owner, identity: &other.identity, date: &other.date };
    start_named(home, &root(), sow, None, named).await;
}

/// What artifacts may show of a start.
struct Named<'a> {
    actor: &'a str,
    identity: &'a str,
    date: &'a str,
}

async fn start_named(
    home: &Path,
    workspace: &Path,
    sow: &str,
    rehearsal: Option<&str>,
    named: Named<'_>,
) {
    let definition = load(&sources(workspace), &catalogue()).definition.expect("the crew is right");
    let plan = cloudcrew_plan::build(&definition, "delivery").expect("a plan");
    let store = Store::open(home).expect("a store");
    std::fs::create_dir_all(home.join("repos")).expect("a folder");
    let repo = repo_of(home);
    let text = std::fs::read_to_string(root().join("examples/sow").join(sow)).expect("the file");
    let start = Begin {
        project: PROJECT,
        actor: named.actor,
        definition: &definition,
        plan: &plan,
        entry: None,
        sow: SowFile { name: sow.into(), text },
        inputs: Default::default(),
        overlay: None,
        after: None,
        model: None,
        agent_models: Vec::new(),
        voice: cloudcrew_runtime::engagement::RunMode::Rehearsal,
        rehearsal: rehearsal.map(str::to_owned),
        repo: home.join("repos/demo.git").display().to_string(),
        remote: None,
        branch: repo.branch().to_owned(),
        identity: named.identity.to_owned(),
        base: None,
        date: named.date.to_owned(),
        now: 1_767_600_000_000,
    };
    begin(Record::of(&store), start).await.expect("it begins");
}

/// Kinds of the entries of the journal.
pub async fn kinds(store: &Store) -> Vec<String> {
    let (mut kinds, mut head) = (Vec::new(), Head::default());
    loop {
        let page = store.read(PROJECT, &head, 500).await.expect("entries");
        let Some(last) = page.last() else { return kinds };
        head = Head { seq: last.seq, hash: last.hash.clone() };
        kinds.extend(page.into_iter().map(|entry| entry.kind));
    }
}

/// The reply of a scripted agent: these calls, or the end of its turn.
pub fn reply(turn: u32, calls: Vec<(&str, serde_json::Value)>) -> ModelReply {
    let stop_reason = if calls.is_empty() { "end_turn" } else { "tool_use" }.to_owned();
    let call = |(n, (name, input)): (usize, (&str, serde_json::Value))| {
        Block::ToolUse(ToolUse { id: format!("t{turn}-{n}"), name: name.to_owned(), input })
    };
    ModelReply {
        content: calls.into_iter().enumerate().map(call).collect(),
        stop_reason,
        usage: Some(Usage::default()),
        guardrail: Vec::new(),
        took: Some(std::time::Duration::ZERO),
    }
}
