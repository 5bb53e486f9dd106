//! One test: an engagement that runs to its end or its first unanswered request, with a real store
//! and repository in a temporary home.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::wiring::clock::SystemClock;
use crate::wiring::holder;
use crate::wiring::repo::GitRepo;
use crate::wiring::store::Store;
use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::syntax::Written;
use cloudcrew_plan::build;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::program::NoPrograms;
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{
    Begin, Driver, Engagement, Event, Options, Record, RunMode, begin, open,
};
use cloudcrew_runtime::watch::{Live, Watch};

use super::expect::{Seen, misses};
use super::{Miss, Test, Verdict};
use crate::exit::Failure;
use crate::sow::statement_of_work;
use crate::{wiring, workspace};

/// The date of every test, so that artifacts do not depend on when it runs.
const DAY: &str = "2026-01-05";

pub fn run(root: &Path, definition: &Definition, test: &Test<'_>) -> Verdict {
    let began = Instant::now();
    // The command already runs in a runtime, so each test gets its own on a separate thread.
    let rehearsed = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(rehearse(root, definition, test))
    };
    let rehearsed = std::thread::scope(|scope| scope.spawn(rehearsed).join());
    let rehearsed =
        rehearsed.unwrap_or_else(|_| Err(Failure::world("internal error: the test panicked")));
    let misses = rehearsed.unwrap_or_else(|failure| vec![Miss::new(None, failure.to_string())]);
    Verdict {
        name: test.name.to_owned(),
        description: test.description.to_owned(),
        took: began.elapsed(),
        misses,
    }
}

async fn rehearse(
    root: &Path,
    definition: &Definition,
    test: &Test<'_>,
) -> Result<Vec<Miss>, Failure> {
    let home = tempfile::tempdir()?;
    let store = Store::open(home.path())?;
    let path = home.path().join("repo.git");
    let repo = GitRepo::create(&path, test.name)?;
    let workflow = workspace::workflow(
        definition,
        test.written.workflow.as_ref().and_then(Written::get).map(String::as_str),
    )?;
    let plan = build(definition, &workflow)
        .ok_or_else(|| Failure::failed(format!("`{workflow}` has no phases")))?;
    let sow = test.written.sow.as_ref().and_then(Written::get).map(|sow| root.join(sow));
    let sow = sow.ok_or_else(|| Failure::failed("no statement of work"))?;
    let flow = definition
        .workflow(&workflow)
        .ok_or_else(|| Failure::failed(format!("no workflow named `{workflow}`")))?;
    let given = definition.rehearsal(test.name).map(|r| r.inputs.clone()).unwrap_or_default();
    let start = Begin {
        project: test.name,
        actor: "test",
        definition,
        plan: &plan,
        entry: None,
        sow: statement_of_work(root, &sow)?,
        inputs: flow.inputs(&given).map_err(Failure::failed)?,
        overlay: None,
        after: None,
        model: None,
        agent_models: Vec::new(),
        voice: RunMode::Rehearsal,
        rehearsal: Some(test.name.to_owned()),
        repo: path.display().to_string(),
        remote: None,
        branch: repo.branch().to_owned(),
        identity: String::new(),
        base: None,
        date: DAY.to_owned(),
        now: SystemClock::default().now(),
    };
    begin(Record::of(&store), start).await?;
    let engagement = open(Record::of(&store), test.name).await?;
    // The watcher sees later states only; the first one has been entered already.
    let way = Arc::new(Way(Mutex::new(vec![engagement.state.at.clone()])));
    let mut ports = wiring::ports(&store, &engagement, way.clone()).await?;
    // A test is about the work of the crew, and says the same on every machine.
    ports.programs = Arc::new(NoPrograms("a test runs none".to_owned()));
    let (holder, options) =
        (holder::this_process(), Options { approve_all: true, ..Options::default() });
    let driver = Driver::acquire(ports, engagement, &holder, options).await?;
    let rest = driver.drive().await?;
    let commit = driver.look(|e| e.state.head.clone()).await;
    let expected = test
        .written
        .expect
        .as_ref()
        .and_then(Written::get)
        .and_then(|e| e.deliverables.as_ref()?.get());
    let mut texts = Vec::new();
    for path in expected.into_iter().flatten().filter_map(|d| d.get()?.path.get()) {
        let bytes = match &commit {
            Some(commit) => repo.read(commit, path).await?,
            None => None,
        };
        texts.push((path.as_str(), bytes.map(|b| String::from_utf8_lossy(&b).into_owned())));
    }
    let states = std::mem::take(&mut *way.0.lock().unwrap_or_else(PoisonError::into_inner));
    let seen = |engagement: &Engagement| {
        misses(test.written, &Seen { rest: &rest, states: &states, texts: &texts, engagement })
    };
    let found = driver.look(seen).await;
    driver.release().await?;
    Ok(found)
}

/// Records the states that were entered.
struct Way(Mutex<Vec<String>>);

impl Watch for Way {
    fn happened(&self, _: u64, _: i64, event: &Event, _: &Engagement) {
        if let Event::Entered { state, .. } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(state.clone());
        }
    }

    fn live(&self, _: &str, _: Live<'_>) {}

    fn stop_wanted(&self) -> bool {
        false
    }
}
