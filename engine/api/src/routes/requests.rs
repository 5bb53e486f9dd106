//! What waits for a person.

use axum::Json;
use axum::extract::{Path, State};
use cloudcrew_ports::index::Which;
use cloudcrew_views::api::{InboxPage, InboxRow, RequestDetail, RequestPage};

use super::projects::rows;
use crate::access::{Caller, Opened, Read};
use crate::app::App;
use crate::problem::{Kind, Problem};

/// Everything that waits for the caller, oldest first.
#[utoipa::path(get, path = "/inbox",
    operation_id = "inbox", tag = "requests", responses(
    (status = 200, body = InboxPage),
    (status = 401, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn inbox(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<InboxPage>, Problem> {
    let mut requests = Vec::new();
    for (_, row) in rows(&app, &caller, Which::Waiting).await? {
        let (project, as_of) = (row.id, row.as_of);
        let of_project = row.waiting.into_iter().map(|request| InboxRow {
            project: project.clone(),
            request,
            as_of,
        });
        requests.extend(of_project);
    }
    requests.sort_by(|a, b| {
        (a.request.opened, &a.project, &a.request.id).cmp(&(
            b.request.opened,
            &b.project,
            &b.request.id,
        ))
    });
    Ok(Json(InboxPage { requests }))
}

/// The requests of an engagement, answered or not.
#[utoipa::path(get, path = "/projects/{id}/requests",
    operation_id = "list_requests", tag = "requests",
    params(("id" = String, Path, description = "The engagement")),
    responses(
        (status = 200, body = RequestPage),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(opened: Opened<Read>) -> Json<RequestPage> {
    let detail = |request| RequestDetail::new(&opened, request);
    let requests = opened.state.requests.iter().map(detail).collect();
    Json(RequestPage { requests, as_of: opened.head.seq })
}

/// A request with everything that the person needs to decide.
#[utoipa::path(get, path = "/projects/{id}/requests/{request}",
    operation_id = "read_request", tag = "requests",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("request" = String, Path, description = "The request")),
    responses(
        (status = 200, body = RequestDetail),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn one(
    opened: Opened<Read>,
    Path((_, request)): Path<(String, String)>,
) -> Result<Json<RequestDetail>, Problem> {
    let none = || Problem::new(Kind::Unknown, format!("no request `{request}`"));
    let found = opened.state.request(&request).ok_or_else(none)?;
    Ok(Json(RequestDetail::new(&opened, found)))
}
