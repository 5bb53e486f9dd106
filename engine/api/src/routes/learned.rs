//! What many engagements taught: notes, patterns, months and costs.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use cloudcrew_ports::memory::Space;
use cloudcrew_runtime::engagement::Event;
use cloudcrew_runtime::engagement::memory::{
    accept as accept_note, kept, tell, withdraw as withdraw_note,
};
use cloudcrew_runtime::metrics::months;
use cloudcrew_runtime::patterns::all;
use cloudcrew_views::analytics::{CostDocument, Trend, costs, trend};
use cloudcrew_views::api::{NotePage, NoteRow, PatternPage, PatternRow, ProjectNotes};
use cloudcrew_views::memory::MemoryWhy;
use cloudcrew_views::patterns::PatternMetadata;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::decide::{MAX_WORDS, json_reply};
use super::refusals::{OfCaller, OfReader, OfWriter};
use crate::access::{Caller, Opened, Operate, Read};
use crate::app::App;
use crate::body::{Asked, Body};
use crate::once::{KeyHeader, Once};
use crate::people::Person;
use crate::problem::{Kind, Problem};

/// Notes per page.
const PAGE: usize = 200;

/// Which notes to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteFilter {
    /// List those of rehearsals, which have their own.
    #[serde(default)]
    rehearsals: bool,
    /// Where the page starts: `next` of the page before.
    #[param(pattern = "^m-[0-9a-f]{24}$")]
    after: Option<String>,
}

/// The notes that the caller's engagements share.
#[utoipa::path(get, path = "/memory",
    operation_id = "list_notes", tag = "learned",
    params(NoteFilter), responses((status = 200, body = NotePage), OfCaller))]
pub(crate) async fn notes(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(NoteFilter { rehearsals, after }): Asked<NoteFilter>,
) -> Result<Json<NotePage>, Problem> {
    if after.as_deref().is_some_and(|after| !is_id(after)) {
        return Err(Problem::new(Kind::Malformed, "`after` is not the id of a note"));
    }
    let space = Space { rehearsal: rehearsals, owner: caller.name.clone() };
    let found = app.ports().memory.list(&space, after.as_deref(), PAGE).await?;
    let next = (found.len() == PAGE).then(|| found.last().map(|kept| kept.record.id.clone()));
    Ok(Json(NotePage { notes: found.iter().map(NoteRow::new).collect(), next: next.flatten() }))
}

/// Whether this is the id of a note: `m-` and 24 hexadecimal digits.
fn is_id(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("m-").is_some_and(|id| id.len() == 24 && id.bytes().all(digit))
}

/// The notes of an engagement, and the files that were written after notes were shown.
#[utoipa::path(get, path = "/projects/{id}/memory",
    operation_id = "list_project_notes", tag = "learned",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = ProjectNotes), OfReader))]
pub(crate) async fn of_project(opened: Opened<Read>) -> Json<ProjectNotes> {
    let why = MemoryWhy::new(&opened, None, &[]);
    Json(ProjectNotes::new(&kept(&opened), why, opened.head.seq))
}

/// Why a note is withdrawn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Withdrawal {
    /// The reason.
    #[schema(min_length = 1, max_length = 65536)]
    reason: String,
}

/// A note was withdrawn.
#[derive(Serialize, ToSchema)]
pub(crate) struct Withdrawn {
    /// Its id.
    id: String,
}

/// Withdraws a note: it is no longer shown to anyone.
#[utoipa::path(post, path = "/projects/{id}/memory/{note}/withdraw",
    operation_id = "withdraw_note", tag = "learned",
    params(
        ("id" = String, Path, description = "The engagement that made it"),
        ("note" = String, Path, description = "The note"),
        KeyHeader),
    request_body = Withdrawal,
    responses((status = 200, description = "It is withdrawn", body = Withdrawn), OfWriter))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    mut opened: Opened<Operate>,
    Path((_, note)): Path<(String, String)>,
    once: Once,
    Body(Withdrawal { reason }): Body<Withdrawal>,
) -> Result<Response, Problem> {
    if reason.trim().is_empty() || reason.len() > MAX_WORDS {
        let detail = format!("`reason` has 1 to {MAX_WORDS} bytes");
        return Err(Problem::new(Kind::Invalid, detail));
    }
    let actor = opened.caller.name.clone();
    let reply = json!(Withdrawn { id: note.clone() }).to_string();
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let place = app.record().answering(&receipt);
    let (clock, memory) = (&*app.ports().clock, &*app.ports().memory);
    let what = (note.as_str(), actor.as_str(), reason.as_str());
    if let Err(error) = withdraw_note(place, clock, memory, &mut opened, what).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    let (ledger, what) = (&*app.ports().ledger, (note.as_str(), reason.as_str()));
    match tell(app.record(), memory, ledger, &opened, what).await {
        Ok(told) => told.iter().for_each(|project| app.ports().changes.grown(project)),
        // The note is withdrawn; the same call again tells the rest.
        Err(error) => return Err(opened.failed(error)),
    }
    Ok(json_reply(reply))
}

/// A note was accepted.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoteAccepted {
    /// Its id.
    id: String,
}

/// Accepts a note: later engagements of the owner are shown it.
#[utoipa::path(post, path = "/projects/{id}/memory/{note}/accept",
    operation_id = "accept_note", tag = "learned",
    params(
        ("id" = String, Path, description = "The engagement that made it"),
        ("note" = String, Path, description = "The note"),
        KeyHeader),
    responses((status = 200, description = "It is accepted", body = NoteAccepted), OfWriter))]
pub(crate) async fn accept(
    State(app): State<App>,
    mut opened: Opened<Operate>,
    Path((_, note)): Path<(String, String)>,
    once: Once,
) -> Result<Response, Problem> {
    let actor = opened.caller.name.clone();
    let reply = json!(NoteAccepted { id: note.clone() }).to_string();
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let place = app.record().answering(&receipt);
    let (clock, memory) = (&*app.ports().clock, &*app.ports().memory);
    if let Err(error) = accept_note(place, clock, memory, &mut opened, (&note, &actor)).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    Ok(json_reply(reply))
}

/// The patterns that crews of the caller may use, with the evidence for each.
#[utoipa::path(get, path = "/patterns",
    operation_id = "list_patterns", tag = "learned",
    responses(
        (status = 200, body = PatternPage),
        (status = 409, body = Problem, content_type = "application/problem+json"), OfCaller))]
pub(crate) async fn patterns(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<PatternPage>, Problem> {
    let library = &app.ports().patterns;
    let space = Space { rehearsal: false, owner: caller.name.clone() };
    let (own, least) = app.ports().starts.patterns().await?;
    let found = all(&**library, &space, &own, least).await?;
    // Figures of all engagements are for the operator.
    let months = match caller.operates {
        true => months(&*app.ports().metrics).await?,
        false => Default::default(),
    };
    let row = |found| PatternRow::new(PatternMetadata::new(found, &months));
    Ok(Json(PatternPage { patterns: found.into_iter().map(row).collect() }))
}

/// Which engagements to count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Realm {
    /// Count rehearsals and replays, instead of engagements with live models.
    #[serde(default)]
    rehearsals: bool,
}

/// Metrics by month.
#[utoipa::path(get, path = "/analytics/trend",
    operation_id = "read_trend", tag = "learned",
    params(Realm), responses(
        (status = 200, body = Trend),
        (status = 403, body = Problem, content_type = "application/problem+json"), OfCaller))]
pub(crate) async fn by_month(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(Realm { rehearsals }): Asked<Realm>,
) -> Result<Json<Trend>, Problem> {
    operates(&caller)?;
    Ok(Json(trend(&months(&*app.ports().metrics).await?, !rehearsals)))
}

/// Where the money went, over all months.
#[utoipa::path(get, path = "/analytics/cost",
    operation_id = "read_costs", tag = "learned",
    params(Realm), responses(
        (status = 200, body = CostDocument),
        (status = 403, body = Problem, content_type = "application/problem+json"), OfCaller))]
pub(crate) async fn by_line(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(Realm { rehearsals }): Asked<Realm>,
) -> Result<Json<CostDocument>, Problem> {
    operates(&caller)?;
    Ok(Json(costs(&months(&*app.ports().metrics).await?, !rehearsals)))
}

/// Figures add up the engagements of all owners.
fn operates(caller: &Person) -> Result<(), Problem> {
    if caller.operates {
        return Ok(());
    }
    Err(Problem::new(Kind::Forbidden, "only the operator may read figures of all engagements"))
}
