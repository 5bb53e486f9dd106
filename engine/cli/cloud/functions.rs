//! `lambda FUNCTION`: the functions that a state machine calls.

use std::pin::Pin;
use std::sync::Arc;

use cloudcrew_runtime::engagement::Rest;
use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Silent, answer, api, drive, expect, report};
use crate::args::LogFormat;
use crate::exit::{Exit, Failure};
use crate::serve::log;
use crate::wiring::aws::Cloud;

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

/// A function of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Function {
    /// Reviews a phase.
    Review,
    /// Opens a gate, or a question, and keeps the callback.
    Request,
    /// Continues what was recorded: starts executions, reports outcomes, keeps deadlines.
    Answer,
    /// Records a deadline or a reminder that is due.
    Reminders,
    /// Serves the HTTP interface.
    Api,
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
    let cloud = &cloud;
    let one = move |event: LambdaEvent<Value>| -> Served<'_> {
        Box::pin(served(cloud, function, event.payload))
    };
    run(service_fn(one)).await.map_err(|error| Failure::world(error.to_string()))?;
    Ok(Exit::Done)
}

/// What a function does with an event.
type Served<'a> = Pin<Box<dyn Future<Output = Result<Value, Fault>> + Send + 'a>>;

pub(super) fn read<T: serde::de::DeserializeOwned>(event: Value) -> Result<T, Fault> {
    serde_json::from_value(event)
        .map_err(|error| Fault { kind: "CloudCrew.BadEvent", why: error.to_string() })
}

async fn served(cloud: &Cloud, function: Function, event: Value) -> Result<Value, Fault> {
    let watch = Arc::new(Silent::default());
    match function {
        Function::Review => {
            let OfPhase { project, phase } = read(event)?;
            let state = format!("{phase}.review");
            match drive(cloud, &project, std::slice::from_ref(&state), &watch).await? {
                Rest::Left | Rest::Ended(_) => came(cloud, &project, &state).await,
                _ => Err(parked()),
            }
        }
        Function::Request => {
            let OfRequest { project, phase, kind, task_token, entered } = read(event)?;
            let state = format!("{phase}.{kind}");
            expect(cloud, &project, &state, &entered, &task_token).await?;
            // Someone may have answered already; then it is left at once.
            drive(cloud, &project, &[state], &watch).await?;
            report(cloud, &project).await?;
            Ok(json!({}))
        }
        Function::Answer => answer::answer(cloud, event).await,
        Function::Reminders => {
            let OfProject { project } = read(event)?;
            answer::settle(cloud, &project).await?;
            Ok(json!({}))
        }
        Function::Api => Err(Fault { kind: "CloudCrew.BadEvent", why: "not a request".into() }),
        Function::Finalize => {
            let OfProject { project } = read(event)?;
            match drive(cloud, &project, &["finalize".to_owned()], &watch).await? {
                Rest::Ended(_) => Ok(json!({})),
                _ => Err(parked()),
            }
        }
        Function::Ended => {
            let OfProject { project } = read(event)?;
            drive(cloud, &project, &[], &watch).await?;
            Ok(json!({}))
        }
    }
}

/// The recorded outcome of a state.
async fn came(cloud: &Cloud, project: &str, name: &str) -> Result<Value, Fault> {
    let engagement = cloud.open(project).await?;
    match &engagement.state.before {
        Some((before, on)) if before == name => Ok(json!({ "on": on.name() })),
        _ => {
            let why = format!("the engagement has not just left `{name}`");
            Err(Fault { kind: "CloudCrew.Mismatch", why })
        }
    }
}
