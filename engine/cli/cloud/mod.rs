//! The programs of a deployment on AWS. Each opens an engagement, does one state of its plan, and
//! reports the outcome once the journal has it.

mod answer;
mod api;
pub mod functions;
pub mod phase;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cloudcrew_plan::{Kind, Outcome};
use cloudcrew_ports::lease::{Holder, LeaseError, Leases as _};
use cloudcrew_runtime::engagement::{Driver, Engagement, Event, Options, Rest, State};
use cloudcrew_runtime::watch::{Live, Watch};
use serde_json::json;

use crate::exit::Failure;
use crate::wiring::aws::{Callback, Cloud, Report};
use crate::wiring::holder::{identity, this_process};

/// How long to wait for the lease of a process that died.
const PATIENCE: Duration = Duration::from_secs(75);
/// How often to try.
const PAUSE: Duration = Duration::from_millis(500);

/// This process. Environments that are restored from one snapshot may look alike, so each has a
/// number of its own.
pub fn holder() -> Holder {
    static OWN: LazyLock<String> = LazyLock::new(identity);
    let process = this_process();
    Holder { host: format!("{}-{}", process.host, *OWN), ..process }
}

/// Passes on only the request to stop, so that no words of people or agents are logged.
#[derive(Default)]
pub struct Silent(AtomicBool);

impl Silent {
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Watch for Silent {
    fn happened(&self, _: u64, _: i64, _: &Event, _: &Engagement) {}

    fn live(&self, _: &str, _: Live<'_>) {}

    fn stop_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Drives an engagement while it is in one of these states, and through an end.
pub async fn drive(
    cloud: &Cloud,
    project: &str,
    states: &[String],
    watch: &Arc<Silent>,
) -> Result<Rest, Failure> {
    let began = std::time::Instant::now();
    let holder = holder();
    // Before the clone is made: whoever has the lease may still push to the repository.
    let lease = loop {
        match cloud.store.acquire(project, &holder).await {
            Ok(lease) => break lease,
            Err(LeaseError::Held { .. }) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(LeaseError::Held { holder, .. }) => {
                let who = &holder.name;
                return Err(Failure::world(format!("`{project}` is driven by {who}")));
            }
            Err(LeaseError::Store(error)) => return Err(error.into()),
        }
    };
    let driver = match driver(cloud, project, states, watch, &holder).await {
        Ok(driver) => driver,
        Err(failure) => {
            cloud.store.release(project, &lease).await?;
            return Err(failure);
        }
    };
    let rest = Box::pin(driver.drive()).await;
    let released = driver.release().await;
    let units = cloud.store.units();
    tracing::info!(writes = units.writes(), reads = units.reads(), "capacity of the table so far");
    let rest = rest?;
    released?;
    Ok(rest)
}

/// A driver for an engagement whose lease this process has.
async fn driver(
    cloud: &Cloud,
    project: &str,
    states: &[String],
    watch: &Arc<Silent>,
    holder: &Holder,
) -> Result<Driver, Failure> {
    let engagement = cloud.open(project).await?;
    let ports = cloud.ports(&engagement, watch.clone()).await?;
    let options = Options { only: Some(states.to_vec()), ..Options::default() };
    Ok(Driver::acquire(ports, engagement, holder, options).await?)
}

/// Stores the callback of a state's entry. From then on, any process can report the outcome if this
/// one does not.
pub async fn expect(
    cloud: &Cloud,
    project: &str,
    name: &str,
    entered: &str,
    id: &str,
) -> Result<(), Failure> {
    let engagement = cloud.open(project).await?;
    let state = &engagement.state;
    let entry = match &state.before {
        _ if state.at == name => state.entered,
        // Back from its park, the swarm is entered again.
        _ if parks(&state.at).as_deref() == Some(name) => state.entered + 1,
        Some((before, _)) if before == name => state.entered - 1,
        // Scheduler and journal are out of step.
        _ => 0,
    };
    Ok(cloud.store.expect(project, &Callback::new(name, entered, entry, id)).await?)
}

/// The swarm that a park state belongs to.
fn parks(name: &str) -> Option<String> {
    name.strip_suffix(".park").map(|phase| format!("{phase}.swarm"))
}

/// Reports recorded outcomes to the waiting scheduler. An entry into a state that the engagement is
/// neither in nor has just left is reported as a mismatch: scheduler and journal are out of step.
/// Safe to repeat.
pub async fn report(cloud: &Cloud, project: &str) -> Result<(), Failure> {
    let waiting = cloud.store.known(project).await?.callbacks;
    if waiting.is_empty() {
        return Ok(());
    }
    let engagement = cloud.open(project).await?;
    let state = &engagement.state;
    for callback in waiting {
        if state.entered <= callback.entry {
            continue;
        }
        let outcome = outcome(state, &callback);
        let parted = outcome.is_none();
        let report = outcome.unwrap_or(Report::Error("CloudCrew.Mismatch"));
        // If it was already used, it is only removed.
        if cloud.scheduler.report(&callback, &report).await? && parted {
            let (waits, at) = (&callback.state, &state.at);
            tracing::error!("the scheduler waits for `{waits}`, but `{project}` is in `{at}`");
        }
        cloud.store.forget(project, &callback).await?;
    }
    Ok(())
}

/// The outcome of an entry that the engagement has just left.
fn outcome(state: &State, callback: &Callback) -> Option<Report> {
    let (before, on) = state.before.as_ref()?;
    if *before != callback.state || state.entered != callback.entry + 1 {
        return None;
    }
    let kind = state.plan().state(before)?.kind;
    if *on == Outcome::Cancelled && matches!(kind, Kind::Gate | Kind::Question) {
        return Some(Report::Error("CloudCrew.Cancelled"));
    }
    let mut output = json!({ "on": on.name() });
    if *on == Outcome::Parked {
        // Without a time, whoever left it died before it was recorded.
        let until = state.parked.as_ref().map(|parked| parked.until);
        let until = until.and_then(|until| jiff::Timestamp::from_millisecond(until).ok());
        let until = until.unwrap_or_else(jiff::Timestamp::now);
        output["until"] = until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    }
    Some(Report::Outcome(output))
}
