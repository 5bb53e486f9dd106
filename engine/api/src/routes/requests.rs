//! What waits for a person.

use axum::Json;
use axum::extract::{Path, State};
use cloudcrew_ports::index::Which;
use cloudcrew_views::api::{
    InboxPage, InboxRow, OpenRequest, ProjectRow, RequestDetail, RequestPage,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::projects::{MOST, PAGE, page, read_cursor};
use super::refusals::{OfCaller, OfReader};
use crate::access::{Caller, Opened, Read};
use crate::app::App;
use crate::body::Asked;
use crate::problem::{Kind, Problem};

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPage {
    /// Where the page starts: `next` of the page before.
    #[param(pattern = "^[0-9]{1,15}[.][a-z0-9-]{1,63}$")]
    cursor: Option<String>,
    /// Engagements per page, at most 500.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<usize>,
}

/// Everything that waits for the caller, by engagement, in the order they were started.
#[utoipa::path(get, path = "/inbox",
    operation_id = "inbox", tag = "requests",
    params(OfPage), responses((status = 200, body = InboxPage), OfCaller))]
pub(crate) async fn inbox(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(OfPage { cursor, limit }): Asked<OfPage>,
) -> Result<Json<InboxPage>, Problem> {
    let limit = limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("`limit` must be from 1 to {MOST}");
        return Err(Problem::new(Kind::Malformed, detail));
    }
    let after = cursor.as_deref().map(read_cursor).transpose()?;
    // Whoever has approved waits for the others.
    let asks_caller = |request: &OpenRequest| !request.voters.contains(&caller.name);
    let asks = |row: &ProjectRow| row.waiting.iter().any(asks_caller);
    let (found, next) = page(&app, &caller, Which::Waiting, after, limit, asks).await?;
    let mut requests = Vec::new();
    for row in found {
        let (project, rehearsal, as_of) = (row.id, row.rehearsal, row.as_of);
        let waiting = row.waiting.into_iter().filter(asks_caller);
        let of_project =
            waiting.map(|request| InboxRow { project: project.clone(), rehearsal, request, as_of });
        requests.extend(of_project);
    }
    Ok(Json(InboxPage { requests, next }))
}

/// The requests of an engagement, answered or not.
#[utoipa::path(get, path = "/projects/{id}/requests",
    operation_id = "list_requests", tag = "requests",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = RequestPage), OfReader))]
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
    responses((status = 200, body = RequestDetail), OfReader))]
pub(crate) async fn one(
    opened: Opened<Read>,
    Path((_, request)): Path<(String, String)>,
) -> Result<Json<RequestDetail>, Problem> {
    let none = || Problem::new(Kind::Unknown, format!("no request `{request}`"));
    let found = opened.state.request(&request).ok_or_else(none)?;
    Ok(Json(RequestDetail::new(&opened, found)))
}
