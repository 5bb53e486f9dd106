//! Reads a statement of work before an engagement starts, so that nothing is spent on a document
//! that was misread.

use axum::Json;
use axum::extract::State;
use cloudcrew_views::api::Statement;
use serde::Deserialize;
use utoipa::ToSchema;

use super::refusals::OfWriter;
use crate::access::Caller;
use crate::app::{App, NewSow};
use crate::body::Body;
use crate::problem::Problem;

/// A statement of work to read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToRead {
    /// The statement of work.
    sow: NewSow,
    /// The workflow whose headings it uses. Defaults to `delivery`, or the only one.
    #[serde(default)]
    workflow: Option<String>,
}

/// Reads a statement of work as an engagement would, without starting one: the customer's items by
/// section with their lines, and what is missing, open or contradictory.
#[utoipa::path(post, path = "/statements",
    operation_id = "read_statement", tag = "engagements",
    request_body = ToRead,
    responses((status = 200, body = Statement), OfWriter))]
pub(crate) async fn read(
    State(app): State<App>,
    _: Caller,
    Body(ToRead { sow, workflow }): Body<ToRead>,
) -> Result<Json<Statement>, Problem> {
    let read = app.ports().starts.read(sow, workflow.as_deref()).await?;
    Ok(Json(Statement::new(&read)))
}
