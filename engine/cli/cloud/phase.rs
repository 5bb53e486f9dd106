//! `phase`: a task that works on a phase until its swarm rests.

use std::sync::Arc;
use std::time::Duration;

use cloudcrew_runtime::engagement::Rest;

use super::{Silent, drive, expect, report};
use crate::args::LogFormat;
use crate::exit::{Exit, Failure};
use crate::serve::log;
use crate::signals::Signals;
use crate::wiring::aws::Cloud;

/// How often the scheduler hears that the work goes on.
const BEAT: Duration = Duration::from_secs(20);

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
    let watch = Arc::new(Silent::default());
    let states = [state, format!("{phase}.park")];
    let mut signals = Signals::new()?;
    let work = drive(&cloud, project, &states, &watch);
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
    Ok(if rest == Rest::Stopped { Exit::Waiting } else { Exit::Done })
}
