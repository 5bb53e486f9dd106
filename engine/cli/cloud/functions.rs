//! `lambda FUNCTION`: the functions of a deployment.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudcrew_api::oidc::Oidc;
use cloudcrew_api::pushes::Pushes;
use cloudcrew_runtime::engagement::Rest;
use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use super::heard::Heard;
use super::{answer, api, drive, edge, expect, report};
use crate::args::LogFormat;
use crate::exit::{Exit, Failure};
use crate::serve::{identity, log};
use crate::wiring::aws::{Cloud, Outbox};

/// Why a function failed, as the state machine matches it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: &'static str,
    pub(super) why: String,
}

impl From<Fault> for Diagnostic {
    fn from(fault: Fault) -> Diagnostic {
        Diagnostic { error_type: fault.kind.to_owned(), error_message: fault.why }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        // Logged for operators; it contains no words of people or agents.
        tracing::error!("{failure}");
        Fault { kind: "CloudCrew.Fault", why: failure.to_string() }
    }
}

/// The provider is unavailable, or someone must act first: the state machine tries again later.
fn parked() -> Fault {
    Fault { kind: "CloudCrew.Parked", why: "it cannot go on now".to_owned() }
}

/// Its time is up: the state machine starts it again, and it continues at the same step.
fn stopped() -> Fault {
    Fault { kind: "CloudCrew.Stopped", why: "its time is up".to_owned() }
}

/// How long before its deadline a function is to rest, or a fifth of its time: the step under way
/// may be a long reply of a model.
const RESERVE: Duration = Duration::from_secs(180);

/// An event that the function cannot do anything with.
pub(super) fn misplaced() -> Fault {
    Fault { kind: "CloudCrew.BadEvent", why: "the function accepts other events".to_owned() }
}

#[derive(Deserialize)]
struct OfPhase {
    project: String,
    phase: String,
}

#[derive(Deserialize)]
struct OfRequest {
    project: String,
    phase: String,
    kind: String,
    task_token: String,
    entered: String,
}

#[derive(Deserialize)]
pub(super) struct OfProject {
    pub(super) project: String,
}

/// A function of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Function {
    /// Reviews a phase.
    Review,
    /// Opens a gate, or a question, and keeps the callback.
    Request,
    /// Acts on recorded changes: starts executions, reports outcomes, schedules deadlines.
    Answer,
    /// Records a deadline or a reminder that is due.
    Reminders,
    /// Serves the HTTP interface.
    Api,
    /// Says which requests and connections may reach the interfaces.
    Authorize,
    /// Follows the connections of readers.
    Websocket,
    /// Ends an engagement after its last phase.
    Finalize,
    /// Records an end.
    Ended,
}

pub async fn function(function: Function) -> Result<Exit, Failure> {
    log::start(LogFormat::Json, "info")?;
    let cloud = Cloud::of_environment().await?;
    if function == Function::Api {
        return api::api(cloud).await;
    }
    let parts = Parts::new(&cloud, function).await?;
    let (cloud, parts) = (&cloud, &parts);
    let one = move |event: LambdaEvent<Value>| -> Served<'_> {
        let LambdaEvent { payload, context } = event;
        Box::pin(async move {
            let watch = parts.heard.again();
            let served = tokio::select! {
                served = served(cloud, (function, parts), payload, &watch) => served,
                never = stop_before(context.deadline, &watch) => match never {},
            };
            watch.flush().await;
            served
        })
    };
    run(service_fn(one)).await.map_err(|error| Failure::world(error.to_string()))?;
    Ok(Exit::Done)
}

/// What a function needs besides its stores.
#[derive(Default)]
struct Parts {
    /// Where the words of models go.
    heard: Heard,
    /// The readers of live events, if the deployment has any.
    pushes: Option<Pushes>,
    /// Who vouches for people.
    oidc: Option<Arc<Oidc>>,
    /// What drives the outbox.
    outbox: Option<Outbox>,
}

impl Parts {
    async fn new(cloud: &Cloud, function: Function) -> Result<Parts, Failure> {
        let mut parts = Parts::default();
        match function {
            Function::Review => parts.heard = Heard::for_readers(cloud.pushes()?),
            Function::Websocket => parts.pushes = cloud.pushes()?,
            Function::Answer => {
                let outbox = cloud.outbox().await?;
                parts.heard = Heard::for_readers(outbox.pushes.clone());
                parts.outbox = Some(outbox);
            }
            Function::Authorize => {
                let (oidc, _) = identity(&api::settings()?)?;
                let missing = || Failure::usage("set OIDC_ISSUER and OIDC_CLIENT_ID");
                parts.oidc = Some(oidc.ok_or_else(missing)?);
                parts.pushes = cloud.pushes()?;
            }
            _ => {}
        }
        Ok(parts)
    }
}

/// What a function does with an event.
type Served<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

pub(super) fn read<T: serde::de::DeserializeOwned>(event: Value) -> Result<T, Fault> {
    serde_json::from_value(event)
        .map_err(|error| Fault { kind: "CloudCrew.BadEvent", why: error.to_string() })
}

/// Asks for a stop before a deadline, in milliseconds since 1970 UTC, so that the work rests at a
/// step and another invocation continues there.
async fn stop_before(deadline: u64, watch: &Heard) -> Infallible {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(deadline).saturating_sub(since);
    tokio::time::sleep(left - RESERVE.min(left / 5)).await;
    watch.stop();
    std::future::pending().await
}

async fn served(
    cloud: &Cloud,
    (function, parts): (Function, &Parts),
    event: Value,
    watch: &Arc<Heard>,
) -> Result<Value, Fault> {
    cloud.refresh().await?;
    match function {
        Function::Review => {
            let OfPhase { project, phase } = read(event)?;
            let state = format!("{phase}.review");
            match drive(cloud, &project, std::slice::from_ref(&state), watch).await? {
                Rest::Left | Rest::Ended(_) => came(cloud, &project, &state).await,
                Rest::Stopped => Err(stopped()),
                _ => Err(parked()),
            }
        }
        Function::Request => {
            let OfRequest { project, phase, kind, task_token, entered } = read(event)?;
            let state = format!("{phase}.{kind}");
            expect(cloud, &project, &state, &entered, &task_token).await?;
            // Someone may have answered already; then it is left at once.
            drive(cloud, &project, &[state], watch).await?;
            report(cloud, &project).await?;
            Ok(json!({}))
        }
        Function::Answer => match &parts.outbox {
            Some(outbox) => answer::answer(cloud, outbox, event, watch).await,
            None => Err(misplaced()),
        },
        Function::Authorize => match &parts.oidc {
            Some(oidc) => edge::authorize(cloud, (oidc, parts.pushes.as_ref()), event).await,
            None => Err(misplaced()),
        },
        Function::Websocket => match &parts.pushes {
            Some(pushes) => edge::websocket(cloud, pushes, event).await,
            None => Err(misplaced()),
        },
        Function::Reminders => {
            let OfProject { project } = read(event)?;
            answer::settle(cloud, &project, watch).await?;
            Ok(json!({}))
        }
        Function::Api => Err(misplaced()),
        Function::Finalize => {
            let OfProject { project } = read(event)?;
            match drive(cloud, &project, &["finalize".to_owned()], watch).await? {
                Rest::Ended(_) => Ok(json!({})),
                _ => Err(parked()),
            }
        }
        Function::Ended => {
            let OfProject { project } = read(event)?;
            drive(cloud, &project, &[], watch).await?;
            Ok(json!({}))
        }
    }
}

/// The recorded outcome of a state.
async fn came(cloud: &Cloud, project: &str, name: &str) -> Result<Value, Fault> {
    let engagement = cloud.look(project).await?;
    match &engagement.state.before {
        Some((before, on)) if before == name => Ok(json!({ "on": on.name() })),
        _ => {
            let why = format!("the engagement has not just left `{name}`");
            Err(Fault { kind: "CloudCrew.Mismatch", why })
        }
    }
}
