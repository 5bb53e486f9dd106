//! What changed since someone last decided on a phase.

use axum::Json;
use axum::extract::{Path, State};
use cloudcrew_runtime::engagement::Request;
use cloudcrew_views::api::{Against, Basis, Since};
use cloudcrew_views::compared::{MOST, contents, is_approved, pairs};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::body::Asked;
use crate::problem::{Kind, Problem};

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
        Against::Base | Against::Run => Vec::new(),
    };
    let last = decided.iter().rev().find(|one| one.phase == request.phase);
    let repo = app.ports().repos.open(&opened).await?;
    let pairs = pairs(&opened, &*repo, request, &decided).await?;
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
    let (files, too_many) = contents(&*repo, pairs).await?;
    let compared = tokio::task::spawn_blocking(move || {
        let mut since = Since::new(&basis, &files);
        since.cut |= too_many;
        since
    });
    let fault = |error: tokio::task::JoinError| Problem::new(Kind::Fault, error.to_string());
    Ok(Json(compared.await.map_err(fault)?))
}

fn is_by(request: &Request, caller: &str) -> bool {
    request.answer.iter().chain(&request.votes).any(|answer| answer.actor == caller)
}
