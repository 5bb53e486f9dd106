//! Versions of a file, and what changed between two of them.

use axum::Json;
use axum::extract::State;
use cloudcrew_ports::journal::Head;
use cloudcrew_runtime::engagement::{CommitRecord, Engagement, Request, content};
use cloudcrew_views::api::{FileDiff, Time, Version};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::body::Asked;
use crate::problem::{Kind, Problem};

/// Entries to read at once.
const PAGE: usize = 500;
/// Maximum bytes of a file to compare.
const MOST: usize = 1024 * 1024;

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPath {
    /// Path of the file in the repository.
    path: String,
}

/// The versions of a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    /// The versions that the crew wrote, oldest first.
    versions: Vec<Version>,
    /// Number of the journal entry that this shows.
    as_of: u64,
}

/// The versions of a file that the crew wrote.
#[utoipa::path(get, path = "/projects/{id}/history",
    operation_id = "read_history", tag = "engagements",
    params(("id" = String, Path, description = "The engagement"), OfPath),
    responses((status = 200, body = History), OfReader))]
pub(crate) async fn history(
    State(app): State<App>,
    opened: Opened<Read>,
    Asked(OfPath { path }): Asked<OfPath>,
) -> Result<Json<History>, Problem> {
    let (project, as_of) = (opened.project.clone(), opened.head.seq);
    drop(opened);
    let (mut versions, mut at) = (Vec::new(), Head::default());
    while at.seq < as_of {
        let read = app.ports().journal.read(&project, &at, PAGE).await?;
        let Some(last) = read.last() else { break };
        at = Head { seq: last.seq, hash: last.hash.clone() };
        for entry in read.iter().filter(|entry| entry.kind == "committed") {
            let payload = content(&*app.ports().blobs, &project, entry).await?;
            let Ok(record) = serde_json::from_value::<CommitRecord>(payload) else { continue };
            let written = record.paths.into_iter().find(|(written, _)| *written == path);
            versions.extend(written.map(|(_, oid)| Version {
                seq: entry.seq,
                at: Time(entry.at),
                commit: record.commit,
                author: record.author,
                oid: Some(oid).filter(|oid| !oid.is_empty()),
            }));
        }
    }
    Ok(Json(History { versions, as_of }))
}

/// Which versions to compare.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Between {
    /// Path of the file in the repository.
    path: String,
    /// The older version: a commit of the engagement, `base` for the customer's code, `approved`
    /// for the version that was last approved, or `mine` for the one that the caller last decided
    /// on. Defaults to `approved`, or to `base` before that.
    from: Option<String>,
    /// The newer version: a commit of the engagement, or `head`. Defaults to `head`.
    to: Option<String>,
}

/// What changed in a file between two versions, line by line.
#[utoipa::path(get, path = "/projects/{id}/diff",
    operation_id = "read_diff", tag = "engagements",
    params(("id" = String, Path, description = "The engagement"), Between),
    responses(
        (status = 200, body = FileDiff),
        (status = 422, body = Problem, content_type = "application/problem+json"), OfReader))]
pub(crate) async fn diff(
    State(app): State<App>,
    opened: Opened<Read>,
    Asked(Between { path, from, to }): Asked<Between>,
) -> Result<Json<FileDiff>, Problem> {
    let repo = app.ports().repos.open(&opened).await?;
    let caller = opened.caller.name.clone();
    let (old, new) =
        (place(&opened, &path, from.as_deref(), &caller)?, commit(&opened, to.as_deref())?);
    let old = match &old {
        Place::Nothing => None,
        Place::Commit(commit) => repo.read(commit, &path).await?,
        Place::Blob(oid) => Some(repo.blob(oid).await?),
    };
    let new = match &new {
        Some(commit) => repo.read(commit, &path).await?,
        None => None,
    };
    if old.is_none() && new.is_none() {
        return Err(Problem::new(Kind::Unknown, format!("no file `{path}`")));
    }
    let text = |bytes: Option<Vec<u8>>| {
        let bytes = bytes.unwrap_or_default();
        if bytes.len() > MOST {
            let detail = format!("`{path}` has more than {MOST} bytes");
            return Err(Problem::new(Kind::Invalid, detail));
        }
        String::from_utf8(bytes)
            .map_err(|_| Problem::new(Kind::Invalid, format!("`{path}` is not text")))
    };
    Ok(Json(FileDiff::new(path.clone(), &text(old)?, &text(new)?, opened.head.seq)))
}

/// Where an older version is.
enum Place {
    Nothing,
    Commit(String),
    Blob(String),
}

fn place(e: &Engagement, path: &str, from: Option<&str>, caller: &str) -> Result<Place, Problem> {
    let base = || match &e.state.started.base {
        Some(base) => Place::Commit(base.commit.clone()),
        None => Place::Nothing,
    };
    let approved = || e.state.approved(path).map(|oid| Place::Blob(oid.to_owned()));
    // What a person decided on, before or with others.
    let mine = || {
        let by_caller = |request: &&Request| {
            request.answer.iter().chain(&request.votes).any(|answer| answer.actor == caller)
        };
        let decided = e.state.requests.iter().rev().filter(by_caller);
        let mut subjects = decided.flat_map(|request| &request.subject);
        subjects.find(|(there, _)| there == path).map(|(_, oid)| Place::Blob(oid.clone()))
    };
    match from {
        Some("mine") => Ok(mine().unwrap_or_else(base)),
        Some("base") => Ok(base()),
        Some("approved") => {
            let none = || Problem::new(Kind::Unknown, format!("`{path}` was not approved yet"));
            approved().ok_or_else(none)
        }
        None => Ok(approved().unwrap_or_else(base)),
        commit_id => Ok(commit(e, commit_id)?.map_or(Place::Nothing, Place::Commit)),
    }
}

/// A commit of the engagement; others of the repository are not shown.
fn commit(e: &Engagement, given: Option<&str>) -> Result<Option<String>, Problem> {
    match given {
        None | Some("head") => Ok(e.state.head.clone()),
        Some(given) => {
            let is_ours = e.state.commits.values().any(|record| record.commit == given);
            let none = || Problem::new(Kind::Unknown, format!("no commit `{given}`"));
            is_ours.then(|| Some(given.to_owned())).ok_or_else(none)
        }
    }
}
