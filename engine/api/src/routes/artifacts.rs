//! The files of an engagement.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use cloudcrew_views::api::{Artifacts, Deliverable};
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::problem::{Kind, Problem};

/// The files that the crew wrote.
#[utoipa::path(get, path = "/projects/{id}/artifacts",
    operation_id = "list_artifacts", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = Artifacts), OfReader))]
pub(crate) async fn list(opened: Opened<Read>) -> Json<Artifacts> {
    Json(Artifacts::new(&opened))
}

/// A file of the branch, as it is.
///
/// It is sent as an attachment of no particular type, so that no browser renders it.
#[utoipa::path(get, path = "/projects/{id}/artifacts/{path}",
    operation_id = "read_artifact", tag = "engagements",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("path" = String, Path, description = "Path of the file; its slashes may be encoded")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), OfReader))]
pub(crate) async fn read(
    State(app): State<App>,
    opened: Opened<Read>,
    Path((_, path)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let none = || Problem::new(Kind::Unknown, format!("no file `{path}`"));
    let head = opened.state.head.clone().ok_or_else(none)?;
    let repo = app.ports().repos.open(&opened)?;
    let bytes = repo.read(&head, &path).await?.ok_or_else(none)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
    ];
    Ok((headers, bytes).into_response())
}

/// What each phase owes.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deliverables {
    /// In the order of the phases.
    deliverables: Vec<Deliverable>,
    /// Number of the journal entry that this shows.
    as_of: u64,
}

/// The deliverables of all phases.
#[utoipa::path(get, path = "/projects/{id}/deliverables",
    operation_id = "list_deliverables", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = Deliverables), OfReader))]
pub(crate) async fn deliverables(opened: Opened<Read>) -> Json<Deliverables> {
    let phases = opened.state.plan().entries.iter();
    let deliverables =
        phases.flat_map(|(phase, _)| Deliverable::of_phase(&opened, phase)).collect();
    Json(Deliverables { deliverables, as_of: opened.head.seq })
}
