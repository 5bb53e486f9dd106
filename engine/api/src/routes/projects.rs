//! Engagements: the list, one of them, and a new one.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloudcrew_ports::index::{Listing, Place, Which};
use cloudcrew_runtime::engagement::{Engagement, Request, Standing};
use cloudcrew_views::api::ProjectStatus;
use cloudcrew_views::api::{Lifecycle, ProjectCost, ProjectDetail, ProjectPage, ProjectRow};
use cloudcrew_views::standings::{self, Found};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::refusals::{OfCaller, OfReader, OfWriter};
use crate::access::{Caller, Opened, Read};
use crate::app::{App, New};
use crate::body::{Asked, Body};
use crate::once::{KeyHeader, Once};
use crate::people::{Person, Right, may, sees};
use crate::problem::{Kind, Problem};

/// Which engagements to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Only those in this state.
    state: Option<Lifecycle>,
    /// Only those of this workflow.
    workflow: Option<String>,
    /// Where the page starts: `next` of the page before.
    #[param(pattern = "^[0-9]{1,15}[.][a-z0-9-]{1,63}$")]
    cursor: Option<String>,
    /// Engagements per page, at most 500.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<usize>,
}

/// Engagements per page, unless the caller asks for another number.
pub(super) const PAGE: usize = 50;
/// Maximum engagements per page.
pub(super) const MOST: usize = 500;

/// The engagements that the caller may see, in the order they were started.
#[utoipa::path(get, path = "/projects",
    operation_id = "list_projects", tag = "engagements",
    params(Filter), responses((status = 200, body = ProjectPage), OfCaller))]
pub(crate) async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(filter): Asked<Filter>,
) -> Result<Json<ProjectPage>, Problem> {
    let limit = filter.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        let detail = format!("`limit` must be from 1 to {MOST}");
        return Err(Problem::new(Kind::Malformed, detail));
    }
    let after = filter.cursor.as_deref().map(read_cursor).transpose()?;
    let wanted = |row: &ProjectRow| {
        filter.state.is_none_or(|state| state == row.state)
            && filter.workflow.as_ref().is_none_or(|workflow| *workflow == row.workflow)
    };
    let (projects, next) = page(&app, &caller, Which::All, after, limit, wanted).await?;
    Ok(Json(ProjectPage { projects, next }))
}

/// A page of the rows that a person may see and wants, and where the next one starts.
pub(super) async fn page(
    app: &App,
    caller: &Person,
    which: Which,
    mut after: Option<Place>,
    limit: usize,
    wanted: impl Fn(&ProjectRow) -> bool,
) -> Result<(Vec<ProjectRow>, Option<String>), Problem> {
    let (index, mut rows) = (&app.ports().index, Vec::new());
    // One more than needed says whether there is another page.
    let mut many = limit + 1;
    loop {
        let listings = index.page(which, after.as_ref(), many).await?;
        let whole = listings.len() == many;
        for (place, row) in visible(app, caller, listings).await? {
            if rows.len() == limit {
                let last: &(Place, ProjectRow) = &rows[limit - 1];
                let next = write_cursor(&last.0);
                return Ok((rows.into_iter().map(|(_, row)| row).collect(), Some(next)));
            }
            after = Some(place.clone());
            if row.as_ref().is_some_and(&wanted) {
                rows.extend(row.map(|row| (place, row)));
            }
        }
        if !whole {
            return Ok((rows.into_iter().map(|(_, row)| row).collect(), None));
        }
        many = MOST + 1;
        tokio::task::yield_now().await;
    }
}

fn write_cursor(place: &Place) -> String {
    format!("{}.{}", place.created, place.engagement)
}

/// Reads the cursor of a page.
pub(super) fn read_cursor(text: &str) -> Result<Place, Problem> {
    let parts = text.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id)));
    match parts {
        Some((created, id)) => Ok(Place { created, engagement: id.to_owned() }),
        None => Err(Problem::new(Kind::Malformed, "`cursor` is not one of a page")),
    }
}

/// The rows of listings, with their places; none for an engagement that the person may not see or
/// that cannot be read.
async fn visible(
    app: &App,
    caller: &Person,
    listings: Vec<Listing>,
) -> Result<Vec<(Place, Option<ProjectRow>)>, Problem> {
    let now = app.ports().clock.now();
    let settled = async |_: &mut Engagement| Ok::<(), Problem>(());
    let found = standings::of(app.record(), &*app.ports().index, listings, now, settled).await?;
    let row = |found: Found| {
        let listing = &found.listing;
        let place = Place { created: listing.created, engagement: listing.engagement.clone() };
        let is_visible = |standing: &&Standing| {
            let groups = standing.requests.iter().flat_map(Request::groups);
            sees(caller, &standing.owner, &standing.members, groups)
        };
        let standing = found.standing.as_ref().ok().filter(is_visible);
        (place, standing.map(|standing| ProjectRow::new(listing, standing, now)))
    };
    Ok(found.into_iter().map(row).collect())
}

/// All rows that a person may see.
pub(super) async fn rows(
    app: &App,
    caller: &Person,
    which: Which,
) -> Result<Vec<ProjectRow>, Problem> {
    let listings = app.ports().index.list(which).await?;
    Ok(visible(app, caller, listings).await?.into_iter().filter_map(|(_, row)| row).collect())
}

/// An engagement that was started.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    /// Its id.
    id: String,
}

/// Starts an engagement.
///
/// The definitions of the service are read again. The crew begins at once.
#[utoipa::path(post, path = "/projects",
    operation_id = "start_project", tag = "engagements",
    params(KeyHeader),
    request_body = New,
    responses(
        (status = 201, body = Begun, headers(("location" = String))), OfWriter))]
pub(crate) async fn start(
    State(app): State<App>,
    Caller(caller): Caller,
    once: Once,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    if let Some(after) = &new.after {
        let earlier = app.kept().open(app.record(), after).await?;
        if !may(&caller, &earlier, Right::Read) {
            return Err(Problem::hidden(after));
        }
        if !may(&caller, &earlier, Right::Operate) {
            let detail = format!("{} has no role in `{after}` that allows this", caller.name);
            return Err(Problem::new(Kind::Forbidden, detail));
        }
    }
    let receipt = |id: &str| once.receipt(201, &begun(id));
    let started = app.ports().starts.start(new, &caller.name, &receipt).await?;
    app.ports().wakes.wake(&started.id);
    let mut response = (StatusCode::CREATED, begun(&started.id)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(location) = HeaderValue::from_str(&format!("/projects/{}", started.id)) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

fn begun(id: &str) -> String {
    json!(Begun { id: id.to_owned() }).to_string()
}

/// An engagement: its phases, its progress and what waits.
#[utoipa::path(get, path = "/projects/{id}",
    operation_id = "read_project", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = ProjectDetail), OfReader))]
pub(crate) async fn detail(opened: Opened<Read>) -> Json<ProjectDetail> {
    Json(ProjectDetail::new(&opened))
}

/// What happens in an engagement now, and what waits for a person.
#[utoipa::path(get, path = "/projects/{id}/status",
    operation_id = "read_status", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = ProjectStatus), OfReader))]
pub(crate) async fn status(opened: Opened<Read>) -> Json<ProjectStatus> {
    Json(ProjectStatus::new(&opened))
}

/// Tokens and money by agent, phase and model.
#[utoipa::path(get, path = "/projects/{id}/cost",
    operation_id = "read_cost", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = ProjectCost), OfReader))]
pub(crate) async fn cost(opened: Opened<Read>) -> Json<ProjectCost> {
    Json(ProjectCost::new(&opened))
}
