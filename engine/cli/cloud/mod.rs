//! The programs of a deployment on AWS. Each opens an engagement, does one state of its plan, and
//! reports the outcome once the journal has it.

mod answer;
mod api;
mod edge;
pub mod functions;
mod heard;
pub mod notices;
pub mod phase;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use cloudcrew_plan::{Kind, Outcome};
use cloudcrew_ports::lease::{Holder, Lease, LeaseError, Leases as _};
use cloudcrew_runtime::engagement::{Driver, EngagementError, Options, Rest, State};
use serde_json::json;

use crate::exit::Failure;
use crate::wiring::aws::{Callback, Cloud, Report};
use crate::wiring::holder::{identity, this_process};
use heard::Heard;

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

/// Drives an engagement while it is in one of these states, and through an end.
pub async fn drive(
    cloud: &Cloud,
    project: &str,
    states: &[String],
    watch: &Arc<Heard>,
) -> Result<Rest, Failure> {
    let (holder, _) = take(cloud, project).await?;
    let driver = driver(cloud, project, (states, false), watch, &holder).await?;
    let rest = Box::pin(driver.drive()).await;
    gives_back(cloud, &driver, rest).await
}

/// Gives back the lease of a driver that has come to rest.
async fn gives_back(
    cloud: &Cloud,
    driver: &Driver,
    rest: Result<Rest, EngagementError>,
) -> Result<Rest, Failure> {
    let released = driver.release().await;
    let units = cloud.store.units();
    tracing::info!(writes = units.writes(), reads = units.reads(), "capacity of the table so far");
    let rest = rest?;
    released?;
    Ok(rest)
}

/// Takes a lease: that of an engagement before anything is cloned, because whoever has it may still
/// push to the repository. Waits for a process that died.
async fn take(cloud: &Cloud, name: &str) -> Result<(Holder, Lease), Failure> {
    let (holder, began) = (holder(), Instant::now());
    loop {
        match cloud.store.acquire(name, &holder).await {
            Ok(lease) => return Ok((holder, lease)),
            Err(LeaseError::Held { .. }) if began.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(LeaseError::Held { holder, .. }) => {
                return Err(Failure::world(format!("`{name}` is held by {}", holder.name)));
            }
            Err(LeaseError::Store(error)) => return Err(error.into()),
        }
    }
}

/// A driver for an engagement whose lease this process has. If there is none, the lease is given
/// back.
async fn driver(
    cloud: &Cloud,
    project: &str,
    (states, lingers): (&[String], bool),
    watch: &Arc<Heard>,
    holder: &Holder,
) -> Result<Driver, Failure> {
    let acquired = async {
        let engagement = cloud.open(project).await?;
        let ports = cloud.ports(&engagement, watch.clone()).await?;
        let options = Options { only: Some(states.to_vec()), lingers, ..Options::default() };
        Ok(Driver::acquire(ports, engagement, holder, options).await?)
    };
    let acquired: Result<Driver, Failure> = acquired.await;
    // It may have a later epoch than the one that was taken.
    if acquired.is_err()
        && let Some((lease, _)) = cloud.store.lease(project).await?
        && lease.holder == *holder
    {
        cloud.store.release(project, &lease).await?;
    }
    acquired
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
    let engagement = cloud.look(project).await?;
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
    let engagement = cloud.look(project).await?;
    let state = &engagement.state;
    for callback in waiting {
        // Its own task continues after an answer, and died before it could note that.
        let is_back = state.at == callback.state && was_asked(state);
        if state.entered <= callback.entry || is_back {
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

/// The phase of a state.
fn phase_of<'s>(state: &'s State, name: &str) -> Option<&'s str> {
    state.plan().state(name)?.phase.as_deref()
}

/// Whether the state before was a question.
fn was_asked(state: &State) -> bool {
    let before = state.before.as_ref().and_then(|(before, _)| state.plan().state(before));
    before.is_some_and(|before| before.kind == Kind::Question)
}

/// The outcome of an entry that the engagement has just left.
fn outcome(state: &State, callback: &Callback) -> Option<Report> {
    let (before, on) = state.before.as_ref()?;
    // Its own task went through a question that the scheduler has not seen.
    let is_cancelled = *on == Outcome::Cancelled
        && was_asked(state)
        && phase_of(state, before) == phase_of(state, &callback.state)
        && state.entered == callback.entry + 2;
    if is_cancelled {
        return Some(Report::Outcome(json!({ "on": on.name() })));
    }
    if *before != callback.state || state.entered != callback.entry + 1 {
        return None;
    }
    let kind = state.plan().state(before)?.kind;
    if *on == Outcome::Cancelled && matches!(kind, Kind::Gate | Kind::Question) {
        return Some(Report::Error("CloudCrew.Cancelled"));
    }
    let mut output = json!({ "on": on.name() });
    if *on == Outcome::Returned {
        output["to"] = state.phase().into();
    }
    if *on == Outcome::Parked {
        // Without a time, whoever left it died before it was recorded.
        let until = state.parked.as_ref().map(|parked| parked.until);
        let until = until.and_then(|until| jiff::Timestamp::from_millisecond(until).ok());
        let until = until.unwrap_or_else(jiff::Timestamp::now);
        output["until"] = until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into();
    }
    Some(Report::Outcome(output))
}
