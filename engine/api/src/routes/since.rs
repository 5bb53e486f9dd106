//! What changed since someone last decided on a phase.

use axum::Json;
use axum::extract::{Path, State};
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{Decision, Engagement, Request};
use cloudcrew_views::api::{Against, Basis, Since, Versions};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::body::Asked;
use crate::problem::{Kind, Problem};

/// Maximum number of files to compare.
const MOST: usize = 300;
/// Maximum bytes of a file to compare.
const MOST_OF_A_FILE: usize = 1024 * 1024;
/// Bytes of all files after which no more are compared.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Placeholder for content too large to compare: bytes that are not valid text.
const TOO_LARGE: &[u8] = &[0xff];

/// What to compare with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct With {
    /// What to compare with. Defaults to what the caller last decided on, to what was last
    /// approved, or to the customer's code, in this order.
    #[param(inline)]
    since: Option<Earlier>,
}

/// An earlier version.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Earlier {
    /// The version that was last approved.
    Approved,
    /// The version that the caller last decided on.
    Mine,
    /// The customer's code before the engagement.
    Base,
}

/// What changed in the files of a request since someone decided on them: by file and section, with
/// the requirements that they name. It is computed, not written by a model.
#[utoipa::path(get, path = "/projects/{id}/requests/{request}/changes",
    operation_id = "read_changes", tag = "requests",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("request" = String, Path, description = "The request"),
        With),
    responses((status = 200, body = Since), OfReader))]
pub(crate) async fn changes(
    State(app): State<App>,
    opened: Opened<Read>,
    Path((_, request)): Path<(String, String)>,
    Asked(With { since }): Asked<With>,
) -> Result<Json<Since>, Problem> {
    let none = || Problem::new(Kind::Unknown, format!("no request `{request}`"));
    let at = opened.state.requests.iter().position(|one| one.id == request).ok_or_else(none)?;
    let (earlier, request) = (&opened.state.requests[..at], &opened.state.requests[at]);
    let caller = opened.caller.name.as_str();
    let phase = |one: &&Request| one.phase == request.phase;
    let against = match since {
        Some(Earlier::Approved) => Against::Approved,
        Some(Earlier::Mine) => Against::Mine,
        Some(Earlier::Base) => Against::Base,
        None if earlier.iter().filter(phase).any(|one| is_by(one, caller)) => Against::Mine,
        None if earlier.iter().filter(phase).any(is_approved) => Against::Approved,
        None => Against::Base,
    };
    let decided: Vec<&Request> = match against {
        Against::Approved => earlier.iter().filter(|one| is_approved(one)).collect(),
        Against::Mine => earlier.iter().filter(|one| is_by(one, caller)).collect(),
        Against::Base => Vec::new(),
    };
    let last = decided.iter().rev().find(|one| one.phase == request.phase);
    let repo = app.ports().repos.open(&opened).await?;
    // Pairs of versions: those of the request, then those that the phase no longer hands over.
    let mut pairs = Vec::new();
    for (path, oid) in request.subject.iter().take(MOST) {
        let before = before(&opened, &*repo, &decided, path).await?;
        pairs.push((path.clone(), before, Some(oid.clone())));
    }
    for (path, oid) in last.map(|one| &one.subject).into_iter().flatten().take(MOST) {
        if !request.subject.iter().any(|(there, _)| there == path) {
            pairs.push((path.clone(), Some(oid.clone()), None));
        }
    }
    let basis = Basis {
        against,
        phase: request.phase.clone(),
        run: last.map_or(0, |one| one.revision),
        requirements: Basis::requirements(&opened),
        rows: app.ports().ledger.rows(&opened.project).await?,
        as_of: opened.head.seq,
        cut: request.subject.len() > MOST,
    };
    // Others may use the engagement meanwhile: reading and comparing take time.
    drop(opened);
    let (mut files, mut left) = (Vec::new(), MOST_BYTES);
    for (path, old, new) in pairs {
        let old = version(&*repo, old, &mut left).await?;
        let new = version(&*repo, new, &mut left).await?;
        files.push(Versions { path, old, new });
    }
    let compared = tokio::task::spawn_blocking(move || {
        let mut since = Since::new(&basis, &files);
        since.cut |= left == 0;
        since
    });
    let fault = |error: tokio::task::JoinError| Problem::new(Kind::Fault, error.to_string());
    Ok(Json(compared.await.map_err(fault)?))
}

/// A version with its content, or with bytes that are no text when it is too large to compare.
async fn version(
    repo: &dyn Repo,
    oid: Option<String>,
    left: &mut usize,
) -> Result<Option<(String, Vec<u8>)>, Problem> {
    let Some(oid) = oid else { return Ok(None) };
    let bytes = match *left {
        0 => TOO_LARGE.to_vec(),
        _ => repo.blob(&oid).await?,
    };
    *left = left.saturating_sub(bytes.len());
    let bytes = if bytes.len() > MOST_OF_A_FILE { TOO_LARGE.to_vec() } else { bytes };
    Ok(Some((oid, bytes)))
}

fn is_by(request: &Request, caller: &str) -> bool {
    request.answer.iter().chain(&request.votes).any(|answer| answer.actor == caller)
}

fn is_approved(request: &Request) -> bool {
    let answer = request.answer.as_ref();
    answer.is_some_and(|answer| matches!(answer.decision, Decision::Approve { .. }))
}

/// Object id of the version of a file that was last decided on, or that the customer had.
async fn before(
    e: &Engagement,
    repo: &dyn Repo,
    decided: &[&Request],
    path: &str,
) -> Result<Option<String>, Problem> {
    let subjects = decided.iter().rev().flat_map(|one| &one.subject);
    let mut versions = subjects.filter(|(there, _)| there == path);
    if let Some((_, oid)) = versions.next() {
        return Ok(Some(oid.clone()));
    }
    let Some(base) = &e.state.started.base else { return Ok(None) };
    Ok(repo.find(&base.commit, path).await?.map(|found| found.oid))
}
