//! Drives engagements side by side, each under its lease, until it waits for a person.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cloudcrew_api::Wakes;
use cloudcrew_api::changes::Changes;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::index::{Index as _, Listing, Which};
use cloudcrew_runtime::engagement::{
    Driver, Engagement, EngagementError, Event, Options, Record, Rest, Standing, converse, open,
};
use cloudcrew_runtime::watch::{Live, Watch};
use cloudcrew_views::api::LiveText;
use cloudcrew_views::standings;
use tokio::sync::{Notify, Semaphore};

use crate::exit::Failure;
use crate::wiring::clock::SystemClock;
use crate::wiring::holder;
use crate::wiring::store::Store;
use crate::workspace::Place;
use crate::{wiring, workspace};

/// Maximum number of engagements to drive at once; the others wait for their turn.
const AT_ONCE: usize = 512;
/// How often to look for engagements that are due, or that another process left.
const SWEEP: Duration = Duration::from_millis(500);
/// How long an engagement that failed is left alone. Doubled with each failure in a row.
const REST: Duration = Duration::from_secs(2);
/// The longest such time.
const LONGEST: Duration = Duration::from_secs(300);

/// The engagements that this process drives.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    store: Store,
    root: Place,
    changes: Changes,
    jobs: Mutex<Jobs>,
    turns: Semaphore,
    stopping: Arc<AtomicBool>,
    rested: Notify,
}

/// What a process does for an engagement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Job {
    /// It drives its phases.
    Drive(String),
    /// It answers its messages.
    Talk(String),
}

impl Job {
    fn project(&self) -> &str {
        match self {
            Job::Drive(project) | Job::Talk(project) => project,
        }
    }
}

#[derive(Default)]
struct Jobs {
    /// Whether it was asked for again while it was done.
    running: HashMap<Job, bool>,
    /// Jobs that failed: since when, and how often in a row.
    failed: HashMap<Job, (Instant, u32)>,
}

impl Host {
    pub fn new(store: Store, root: Place, changes: Changes) -> Host {
        Host(Arc::new(Inner {
            store,
            root,
            changes,
            jobs: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
            stopping: Arc::new(AtomicBool::new(false)),
            rested: Notify::new(),
        }))
    }

    /// Asks all drivers to stop after their current step.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
        if self.jobs().running.is_empty() {
            self.0.rested.notify_one();
        }
    }

    /// Waits until no engagement is driven.
    pub async fn rested(&self) {
        self.0.rested.notified().await;
    }

    /// Continues whatever is due, or was left by a process that died, until it is aborted.
    pub async fn sweep(self) {
        let clock = SystemClock::default();
        loop {
            match self.0.store.list(Which::ToContinue(clock.now())).await {
                Ok(found) => {
                    let (known, unknown): (Vec<_>, Vec<_>) =
                        found.into_iter().partition(|listing| listing.row.is_some());
                    self.fill(unknown).await;
                    for listing in known {
                        self.continued(&listing);
                    }
                }
                Err(error) => tracing::error!("{error}"),
            }
            tokio::time::sleep(SWEEP).await;
        }
    }

    /// Starts what an engagement needs, unless it failed a moment ago.
    fn continued(&self, listing: &Listing) {
        let row = listing.row.as_ref();
        // A row without details is that of a large engagement: both are tried.
        let standing = row.and_then(Standing::read);
        let (runs, talks) = standing.map_or((true, true), |s| {
            let is_due = row.and_then(|row| row.due).is_some();
            (s.runs() || is_due, s.unanswered)
        });
        let project = &listing.engagement;
        if runs && listing.driver.is_none() {
            self.retried(Job::Drive(project.clone()));
        }
        if talks {
            self.retried(Job::Talk(project.clone()));
        }
    }

    fn retried(&self, job: Job) {
        if !self.is_left_alone(&job) {
            self.begin(job, false);
        }
    }

    /// Fills in the rows of journals that an older version wrote: the next sweep knows them.
    async fn fill(&self, listings: Vec<Listing>) {
        let (store, now) = (&self.0.store, SystemClock::default().now());
        let settle = async |_: &mut Engagement| Ok::<(), StoreError>(());
        if let Err(error) = standings::of(Record::of(store), store, listings, now, settle).await {
            tracing::error!("{error}");
        }
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, Jobs> {
        self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_left_alone(&self, job: &Job) -> bool {
        self.jobs().failed.get(job).is_some_and(|(since, times)| {
            let rest = REST.saturating_mul(1 << (times - 1).min(16)).min(LONGEST);
            since.elapsed() < rest
        })
    }

    /// Does a job in a task of its own. `again` asks for it once more when it is being done.
    fn begin(&self, job: Job, again: bool) {
        if self.stops() {
            return;
        }
        let mut all = self.jobs();
        match all.running.get_mut(&job) {
            Some(asked) => *asked |= again,
            None => {
                all.running.insert(job.clone(), false);
                let host = self.clone();
                tokio::spawn(async move {
                    if tokio::spawn(host.clone().work(job.clone())).await.is_err() {
                        host.lost(&job);
                    }
                });
            }
        }
    }

    /// Does a job until nothing more can be done, however often it is asked for.
    async fn work(self, job: Job) {
        loop {
            let done = match self.0.turns.acquire().await {
                Ok(_turn) => match &job {
                    Job::Drive(project) => self.to_next_wait(project).await,
                    Job::Talk(project) => self.answer(project).await,
                },
                Err(_) => return,
            };
            // Another process does it, and will go on.
            let failure = done.err().filter(|failure| !failure.held);
            if let Some(failure) = &failure {
                tracing::error!(project = job.project(), "{failure}");
            }
            let mut all = self.jobs();
            if failure.is_some() {
                all.fail(&job);
            } else {
                all.failed.remove(&job);
            }
            let again = all.running.get_mut(&job).is_some_and(std::mem::take);
            if again && !self.stops() {
                continue;
            }
            self.end(&mut all, &job);
            return;
        }
    }

    /// A job ended by a fault of ours: it is left alone for a while.
    fn lost(&self, job: &Job) {
        tracing::error!(project = job.project(), "a task ended unexpectedly; retrying");
        let mut all = self.jobs();
        all.fail(job);
        self.end(&mut all, job);
    }

    fn end(&self, all: &mut Jobs, job: &Job) {
        all.running.remove(job);
        if all.running.is_empty() && self.stops() {
            self.0.rested.notify_one();
        }
    }

    /// Answers the messages of an engagement.
    async fn answer(&self, project: &str) -> Result<(), Failure> {
        let store = &self.0.store;
        let engagement = open(Record::of(store), project).await?;
        if engagement.state.to_answer().is_none() || self.stops() {
            return Ok(());
        }
        let ports = wiring::talk_ports(store, &engagement, self.watcher()).await?;
        converse(ports, engagement, &holder::this_process()).await?;
        Ok(())
    }

    fn watcher(&self) -> Arc<Watcher> {
        let (changes, stopping) = (self.0.changes.clone(), Arc::clone(&self.0.stopping));
        Arc::new(Watcher { changes, stopping })
    }

    async fn to_next_wait(&self, project: &str) -> Result<(), Failure> {
        let store = &self.0.store;
        let engagement = open(Record::of(store), project).await?;
        if engagement.state.end.is_some() || self.stops() {
            return Ok(());
        }
        let rerouted = workspace::rerouted(&self.0.root, &engagement);
        let ports = wiring::ports(store, &engagement, self.watcher()).await?;
        let holder = holder::this_process();
        let driver = Driver::acquire(ports, engagement, &holder, Options::default()).await?;
        let driven = async {
            driver.reroute(rerouted).await?;
            driver.drive().await
        };
        let rest: Result<Rest, EngagementError> = driven.await;
        let released = driver.release().await;
        let unanswered = driver.look(|e| e.state.to_answer().is_some()).await;
        rest?;
        released?;
        if unanswered {
            self.talk(project);
        }
        Ok(())
    }
}

impl Jobs {
    fn fail(&mut self, job: &Job) {
        let times = self.failed.get(job).map_or(0, |(_, times)| *times);
        self.failed.insert(job.clone(), (Instant::now(), times + 1));
    }
}

impl Wakes for Host {
    fn wake(&self, project: &str) {
        self.begin(Job::Drive(project.to_owned()), true);
    }

    fn talk(&self, project: &str) {
        self.begin(Job::Talk(project.to_owned()), true);
    }

    fn stops(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }
}

/// Tells readers what happens.
struct Watcher {
    changes: Changes,
    stopping: Arc<AtomicBool>,
}

impl Watch for Watcher {
    fn happened(&self, _: u64, _: i64, _: &Event, engagement: &Engagement) {
        self.changes.grown(&engagement.project);
    }

    fn live(&self, project: &str, live: Live<'_>) {
        let (agent, message, text) = match live {
            Live::Says { agent, text, message } => (agent, message, Some(text.to_owned())),
            Live::Forget { agent, message } => (agent, message, None),
        };
        let (agent, message) = (agent.to_owned(), message.map(str::to_owned));
        self.changes.words(project, LiveText { agent, message, text });
    }

    fn stop_wanted(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
