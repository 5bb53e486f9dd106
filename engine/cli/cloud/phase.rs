//! `phase`: a task that works on a phase until its swarm rests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudcrew_runtime::engagement::{Driver, Engagement, EngagementError, Rest};

use super::heard::Heard;
use super::{driver, expect, gives_back, report, take};
use crate::args::LogFormat;
use crate::exit::{Exit, Failure};
use crate::serve::log;
use crate::signals::Signals;
use crate::wiring::aws::Cloud;

/// How often the scheduler hears that the work goes on.
const BEAT: Duration = Duration::from_secs(20);
/// Time that a task has beside its swarm, 900 seconds in the plan, less what it needs to start and
/// to end.
const SPARE: Duration = Duration::from_secs(720);

pub async fn phase(
    project: &str,
    phase: &str,
    entered: &str,
    callback: &str,
) -> Result<Exit, Failure> {
    log::start(LogFormat::Json, "info")?;
    if callback.is_empty() {
        return Err(Failure::usage(
            "TASK_TOKEN is not set; `phase` must be started by the state machine",
        ));
    }
    let cloud = Cloud::of_environment().await?;
    let state = format!("{phase}.swarm");
    expect(&cloud, project, &state, entered, callback).await?;
    let watch = Arc::new(Heard::for_readers(cloud.pushes()?));
    let mut signals = Signals::new()?;
    let work = work(&cloud, (project, phase), callback, &watch);
    let beats = async {
        let mut waits = false;
        loop {
            match cloud.scheduler.beat(callback).await {
                Ok(true) => waits = true,
                // It has started another task, which waits for the lease of this one.
                Ok(false) if waits => watch.stop(),
                Ok(false) => {}
                Err(error) => tracing::warn!("no heartbeat: {error}"),
            }
            tokio::time::sleep(BEAT).await;
        }
    };
    let ended = async {
        signals.next().await;
        tracing::info!("stopping after this step");
        watch.stop();
        std::future::pending::<()>().await;
    };
    let rest = tokio::select! {
        rest = work => rest?,
        () = beats => Rest::Stopped,
        () = ended => Rest::Stopped,
    };
    report(&cloud, project).await?;
    watch.flush().await;
    Ok(if rest == Rest::Stopped { Exit::Waiting } else { Exit::Done })
}

/// Works on a phase until its swarm rests. Where the phase says that the crew stays for answers, it
/// continues after one that comes in time: the scheduler, which has not seen the question, still
/// waits for the outcome of the swarm.
async fn work(
    cloud: &Cloud,
    (project, phase): (&str, &str),
    callback: &str,
    watch: &Arc<Heard>,
) -> Result<Rest, Failure> {
    let (holder, _) = take(cloud, project).await?;
    let (swarm, question) = (format!("{phase}.swarm"), format!("{phase}.question"));
    let swarms = [swarm.clone(), format!("{phase}.park")];
    let questions = [question.clone()];
    let began = Instant::now();
    let mut driver = driver(cloud, project, (&swarms, false), watch, &holder).await?;
    loop {
        let rest = Box::pin(driver.drive()).await;
        if !left(&driver, &rest, &question).await || !stays(&driver, phase, began.elapsed()).await {
            return gives_back(cloud, &driver, rest).await;
        }
        driver = self::driver(cloud, project, (&questions, true), watch, &holder).await?;
        let rest = Box::pin(driver.drive()).await;
        if !left(&driver, &rest, &swarm).await {
            return gives_back(cloud, &driver, rest).await;
        }
        let entry = driver.look(|e| e.state.entered).await;
        cloud.store.entered_again(project, &swarm, callback, entry).await?;
        driver = self::driver(cloud, project, (&swarms, false), watch, &holder).await?;
    }
}

/// Whether a driver has left its states for another one.
async fn left(driver: &Driver, rest: &Result<Rest, EngagementError>, other: &str) -> bool {
    matches!(rest, Ok(Rest::Left)) && driver.look(|e| e.state.at == other).await
}

/// Whether the crew stays at work for answers: if the phase says so, and the time that its task has
/// beside the swarm is enough.
async fn stays(driver: &Driver, phase: &str, since: Duration) -> bool {
    let linger = |phase: &str, e: &Engagement| e.definition.phase(phase)?.question_linger;
    let linger = driver.look(|e| linger(phase, e)).await;
    linger.is_some_and(|linger| since + linger < SPARE)
}
