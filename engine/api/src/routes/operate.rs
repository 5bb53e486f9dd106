//! What operators and owners do: cancel, resume, retry.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use cloudcrew_runtime::engagement::{
    Event, Retry, cancel as record_cancel, retry as record_retry, waive_push as record_waiver,
};
use cloudcrew_views::api::ProjectStatus;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::decide::json_reply;
use super::refusals::OfWriter;
use crate::access::{Opened, Operate};
use crate::app::App;
use crate::body::Body;
use crate::once::{KeyHeader, Once};
use crate::problem::{Kind, Problem};

/// Cancels an engagement after its current step.
#[utoipa::path(post, path = "/projects/{id}/cancel",
    operation_id = "cancel_project", tag = "operations",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    responses(
        (status = 200, description = "It is recorded", body = Accepted), OfWriter))]
pub(crate) async fn cancel(
    State(app): State<App>,
    mut opened: Opened<Operate>,
    once: Once,
) -> Result<Response, Problem> {
    let reply = accepted(&opened.project);
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let actor = opened.caller.name.clone();
    let place = app.record().answering(&receipt);
    if let Err(error) = record_cancel(place, &*app.ports().clock, &mut opened, &actor).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    app.ports().wakes.wake(&opened.project);
    Ok(json_reply(reply))
}

/// Continues an engagement, such as one whose provider refused.
#[utoipa::path(post, path = "/projects/{id}/resume",
    operation_id = "resume_project", tag = "operations",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    responses((status = 200, body = ProjectStatus), OfWriter))]
pub(crate) async fn resume(
    State(app): State<App>,
    opened: Opened<Operate>,
) -> Result<Json<ProjectStatus>, Problem> {
    if let Some(end) = &opened.state.end {
        return Err(Problem::new(Kind::Ended, end.text.clone()));
    }
    app.ports().wakes.wake(&opened.project);
    Ok(Json(ProjectStatus::new(&opened)))
}

/// Allows an engagement to end although its last commits could not be pushed to the Git server.
#[utoipa::path(post, path = "/projects/{id}/waive-push",
    operation_id = "waive_push", tag = "operations",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    responses(
        (status = 200, description = "It is recorded", body = Accepted), OfWriter))]
pub(crate) async fn waive_push(
    State(app): State<App>,
    mut opened: Opened<Operate>,
    once: Once,
) -> Result<Response, Problem> {
    let reply = accepted(&opened.project);
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let actor = opened.caller.name.clone();
    let place = app.record().answering(&receipt);
    if let Err(error) = record_waiver(place, &*app.ports().clock, &mut opened, &actor).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    app.ports().wakes.wake(&opened.project);
    Ok(json_reply(reply))
}

/// Where to retry.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetryFrom {
    /// The phase to restart; its approval and all later ones are discarded. Defaults to the phase
    /// that failed, or the gate that expired.
    #[serde(default)]
    from: Option<String>,
    /// The definitions to continue with. Defaults to `current` when the failure named a key of the
    /// definitions, else to `pinned`.
    #[serde(default)]
    definitions: Option<WhichDefinitions>,
}

/// Definitions that an engagement can continue with.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WhichDefinitions {
    /// Those that it started with.
    Pinned,
    /// Those that the service has now.
    Current,
}

/// Something was recorded.
#[derive(serde::Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The engagement.
    id: String,
}

/// Retries an engagement that failed or expired. Current definitions must keep the phases that were
/// approved before.
#[utoipa::path(post, path = "/projects/{id}/retry",
    operation_id = "retry_project", tag = "operations",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    request_body = RetryFrom,
    responses(
        (status = 200, description = "It is recorded", body = Accepted), OfWriter))]
pub(crate) async fn retry(
    State(app): State<App>,
    mut opened: Opened<Operate>,
    once: Once,
    Body(RetryFrom { from, definitions }): Body<RetryFrom>,
) -> Result<Response, Problem> {
    let reply = accepted(&opened.project);
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let actor = opened.caller.name.clone();
    let current = match definitions {
        Some(WhichDefinitions::Pinned) => false,
        Some(WhichDefinitions::Current) => opened.state.end.is_some(),
        None => opened.state.end.as_ref().is_some_and(|end| !end.key.is_empty()),
    };
    let current = match current {
        true => Some(app.ports().starts.definitions(&opened.state.started).await?),
        false => None,
    };
    let definitions = current.as_ref().map(|(definition, plan)| (definition, plan));
    let asked = Retry { from: from.as_deref(), definitions, actor: &actor };
    let place = app.record().answering(&receipt);
    if let Err(error) = record_retry(place, &*app.ports().clock, &mut opened, asked).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    app.ports().wakes.wake(&opened.project);
    Ok(json_reply(reply))
}

fn accepted(id: &str) -> String {
    json!(Accepted { id: id.to_owned() }).to_string()
}
