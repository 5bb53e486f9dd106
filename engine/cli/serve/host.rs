//! Drives engagements side by side, each under its lease, until it waits for a person.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cloudcrew_api::Wakes;
use cloudcrew_api::changes::Changes;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::index::{Index as _, Listing, Which};
use cloudcrew_runtime::engagement::{
    Driver, Engagement, EngagementError, Event, Options, Record, Rest, open,
};
use cloudcrew_runtime::watch::{Live, Watch};
use cloudcrew_views::api::LiveText;
use cloudcrew_views::standings;
use tokio::sync::{Notify, Semaphore};

use crate::exit::Failure;
use crate::out::note;
use crate::wiring::clock::SystemClock;
use crate::wiring::holder;
use crate::wiring::store::Store;
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
    root: PathBuf,
    changes: Changes,
    driven: Mutex<Driven>,
    turns: Semaphore,
    stopping: Arc<AtomicBool>,
    rested: Notify,
}

#[derive(Default)]
struct Driven {
    /// By id: whether it was woken while it was driven.
    running: HashMap<String, bool>,
    /// Engagements that failed: since when, and how often in a row.
    failed: HashMap<String, (Instant, u32)>,
}

impl Host {
    pub fn new(store: Store, root: PathBuf, changes: Changes) -> Host {
        Host(Arc::new(Inner {
            store,
            root,
            changes,
            driven: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
            stopping: Arc::new(AtomicBool::new(false)),
            rested: Notify::new(),
        }))
    }

    /// Asks all drivers to stop after their current step.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
        if self.driven().running.is_empty() {
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
                        if listing.driver.is_none() && !self.is_left_alone(&listing.engagement) {
                            self.wake(&listing.engagement);
                        }
                    }
                }
                Err(error) => note!("cloudcrew: {error}"),
            }
            tokio::time::sleep(SWEEP).await;
        }
    }

    /// Fills in the rows of journals that an older version wrote: the next sweep knows them.
    async fn fill(&self, listings: Vec<Listing>) {
        let (store, now) = (&self.0.store, SystemClock::default().now());
        let settle = async |_: &mut Engagement| Ok::<(), StoreError>(());
        if let Err(error) = standings::of(Record::of(store), store, listings, now, settle).await {
            note!("cloudcrew: {error}");
        }
    }

    fn driven(&self) -> std::sync::MutexGuard<'_, Driven> {
        self.0.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_left_alone(&self, project: &str) -> bool {
        self.driven().failed.get(project).is_some_and(|(since, times)| {
            let rest = REST.saturating_mul(1 << (times - 1).min(16)).min(LONGEST);
            since.elapsed() < rest
        })
    }

    /// Drives an engagement until nothing more can be done, however often it is woken.
    async fn drive(self, project: String) {
        loop {
            let driven = match self.0.turns.acquire().await {
                Ok(_turn) => self.to_next_wait(&project).await,
                Err(_) => return,
            };
            let failed = match driven {
                Ok(()) => false,
                Err(failure) => {
                    // Another process drives it, and will go on.
                    if !failure.held {
                        note!("cloudcrew: {project}: {failure}");
                    }
                    !failure.held
                }
            };
            let mut all = self.driven();
            if failed {
                let times = all.failed.get(&project).map_or(0, |(_, times)| *times);
                all.failed.insert(project.clone(), (Instant::now(), times + 1));
            } else {
                all.failed.remove(&project);
            }
            let again = all.running.get_mut(&project).is_some_and(std::mem::take);
            if again && !self.stops() {
                continue;
            }
            all.running.remove(&project);
            if all.running.is_empty() && self.stops() {
                self.0.rested.notify_one();
            }
            return;
        }
    }

    /// A driver ended by a fault of ours: the engagement is left alone for a while.
    fn lost(&self, project: &str) {
        note!("cloudcrew: {project}: the driver ended unexpectedly; it is tried again");
        let mut all = self.driven();
        all.running.remove(project);
        let times = all.failed.get(project).map_or(0, |(_, times)| *times);
        all.failed.insert(project.to_owned(), (Instant::now(), times + 1));
        if all.running.is_empty() && self.stops() {
            self.0.rested.notify_one();
        }
    }

    async fn to_next_wait(&self, project: &str) -> Result<(), Failure> {
        let store = &self.0.store;
        let engagement = open(Record::of(store), project).await?;
        if engagement.state.end.is_some() || self.stops() {
            return Ok(());
        }
        let watch = Arc::new(Watcher {
            changes: self.0.changes.clone(),
            stopping: Arc::clone(&self.0.stopping),
        });
        let rerouted = workspace::rerouted(&self.0.root, &engagement);
        let ports = wiring::ports(store, &engagement, watch).await?;
        let holder = holder::this_process();
        let driver = Driver::acquire(ports, engagement, &holder, Options::default()).await?;
        let driven = async {
            driver.reroute(rerouted).await?;
            driver.drive().await
        };
        let rest: Result<Rest, EngagementError> = driven.await;
        let released = driver.release().await;
        rest?;
        Ok(released?)
    }
}

impl Wakes for Host {
    fn wake(&self, project: &str) {
        if self.stops() {
            return;
        }
        let mut all = self.driven();
        match all.running.get_mut(project) {
            Some(again) => *again = true,
            None => {
                all.running.insert(project.to_owned(), false);
                let (host, project) = (self.clone(), project.to_owned());
                tokio::spawn(async move {
                    let driven = tokio::spawn(host.clone().drive(project.clone())).await;
                    if driven.is_err() {
                        host.lost(&project);
                    }
                });
            }
        }
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
        let (agent, text) = match live {
            Live::Says { agent, text } => (agent, Some(text.to_owned())),
            Live::Forget { agent } => (agent, None),
        };
        self.changes.words(project, LiveText { agent: agent.to_owned(), text });
    }

    fn stop_wanted(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
