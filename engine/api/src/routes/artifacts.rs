//! The files of an engagement.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::Engagement;
use cloudcrew_views::api::{Artifacts, Board, Deliverable, Document, blocks};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::body::Asked;
use crate::problem::{Kind, Problem};

/// The files that the crew wrote.
#[utoipa::path(get, path = "/projects/{id}/artifacts",
    operation_id = "list_artifacts", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = Artifacts), OfReader))]
pub(crate) async fn list(opened: Opened<Read>) -> Json<Artifacts> {
    Json(Artifacts::new(&opened))
}

/// How to read a file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadAs {
    /// `blocks` reads Markdown as typed blocks; without it, the file is sent as it is.
    #[serde(default, rename = "as")]
    #[param(rename = "as", inline)]
    form: Option<Form>,
    /// Object id of a version that the crew wrote, or that the customer had; the last one without
    /// it.
    #[param(pattern = "^([0-9a-f]{40}|[0-9a-f]{64})$")]
    oid: Option<String>,
}

/// A form of a document.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// Typed blocks.
    Blocks,
}

/// Bytes from which a file is not part of the reply, where large files go past the service.
const LARGE: usize = 3 * 1024 * 1024;
/// Maximum bytes of a document that is read as blocks.
const MOST: usize = 2 * 1024 * 1024;

/// A file of the branch, as it is, or a Markdown document as blocks.
///
/// A file is sent as an attachment of no particular type, so that no browser renders it. A large
/// one may be somewhere else, at a URL that is valid for a few minutes.
#[utoipa::path(get, path = "/projects/{id}/artifacts/{path}",
    operation_id = "read_artifact", tag = "engagements",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("path" = String, Path, description = "Path of the file; its slashes may be encoded"),
        ReadAs),
    responses(
        (status = 200, content(
            (Vec<u8> = "application/octet-stream"), (Document = "application/json"))),
        (status = 307, description = "A large file is there", headers(("location" = String))),
        (status = 422, body = Problem, content_type = "application/problem+json"), OfReader))]
pub(crate) async fn read(
    State(app): State<App>,
    opened: Opened<Read>,
    Path((_, path)): Path<(String, String)>,
    Asked(ReadAs { form, oid }): Asked<ReadAs>,
) -> Result<Response, Problem> {
    let none = || Problem::new(Kind::Unknown, format!("no file `{path}`"));
    let repo = app.ports().repos.open(&opened).await?;
    let (oid, bytes) = match oid {
        Some(oid) => {
            if !is_version(&opened, &*repo, &path, &oid).await? {
                return Err(Problem::new(Kind::Unknown, format!("no version `{oid}` of `{path}`")));
            }
            let bytes = repo.blob(&oid).await?;
            (oid, bytes)
        }
        None => {
            let head = opened.state.head.clone().ok_or_else(none)?;
            let oid = repo.find(&head, &path).await?.ok_or_else(none)?.oid;
            (oid, repo.read(&head, &path).await?.ok_or_else(none)?)
        }
    };
    if form == Some(Form::Blocks) {
        let invalid = |why: &str| Problem::new(Kind::Invalid, format!("`{path}` {why}"));
        if bytes.len() > MOST {
            return Err(invalid("is too large to be read as blocks"));
        }
        let text = String::from_utf8(bytes).map_err(|_| invalid("is not text"))?;
        let as_of = opened.head.seq;
        // Release the engagement first: parsing a long document takes time.
        drop(opened);
        let (blocks, cut) = blocks(&text);
        return Ok(Json(Document { path, oid, blocks, cut, as_of }).into_response());
    }
    if let Some(files) = app.ports().files.as_ref().filter(|_| bytes.len() > LARGE) {
        drop(opened);
        return Ok(Redirect::temporary(&files.hand_out(bytes).await?).into_response());
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
    ];
    Ok((headers, bytes).into_response())
}

/// Whether an object is a version of a file that this engagement shows: one that the crew wrote, or
/// the customer's own. Other objects of the repository are not shown.
async fn is_version(
    e: &Engagement,
    repo: &dyn Repo,
    path: &str,
    oid: &str,
) -> Result<bool, Problem> {
    if wrote(e, path, oid) {
        return Ok(true);
    }
    let Some(base) = &e.state.started.base else { return Ok(false) };
    Ok(repo.find(&base.commit, path).await?.is_some_and(|found| found.oid == oid))
}

/// Whether the crew wrote this version of a file, or a request asked about it: others may have
/// written to the branch.
pub(super) fn wrote(e: &Engagement, path: &str, oid: &str) -> bool {
    let is_it = |(there, id): &(String, String)| there == path && id == oid && !id.is_empty();
    let commits = e.state.commits.values().map(|record| &record.paths);
    let asked = e.state.requests.iter().map(|request| &request.subject);
    commits.chain(asked).any(|paths| paths.iter().any(is_it))
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

/// The work of all phases, deliverable by deliverable.
#[utoipa::path(get, path = "/projects/{id}/board",
    operation_id = "read_board", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = Board), OfReader))]
pub(crate) async fn board(opened: Opened<Read>) -> Json<Board> {
    Json(Board::new(&opened))
}
