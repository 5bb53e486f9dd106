//! What can be started.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::{OfCaller, OfReader};
use crate::access::Caller;
use crate::app::{App, WorkflowRow};
use crate::problem::{Kind, Problem};

/// The workflows of the service.
#[derive(Serialize, ToSchema)]
pub(crate) struct Workflows {
    /// By name.
    workflows: Vec<WorkflowRow>,
}

/// The workflows that can be started.
#[utoipa::path(get, path = "/workflows",
    operation_id = "list_workflows", tag = "engagements", responses(
    (status = 200, body = Workflows),
    (status = 409, body = Problem, content_type = "application/problem+json"), OfCaller))]
pub(crate) async fn list(State(app): State<App>, _: Caller) -> Result<Json<Workflows>, Problem> {
    Ok(Json(Workflows { workflows: app.ports().starts.workflows().await? }))
}

/// The states of a workflow as a Mermaid graph.
#[utoipa::path(get, path = "/workflows/{name}/graph",
    operation_id = "draw_workflow", tag = "engagements",
    params(("name" = String, Path, description = "The workflow")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 409, body = Problem, content_type = "application/problem+json"), OfReader))]
pub(crate) async fn graph(
    State(app): State<App>,
    _: Caller,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let graph = app.ports().starts.graph(&name).await?;
    let none = || Problem::new(Kind::Unknown, format!("no workflow named `{name}`"));
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], graph.ok_or_else(none)?))
}
