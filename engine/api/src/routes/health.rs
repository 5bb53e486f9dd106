//! The service itself.

use std::sync::OnceLock;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use cloudcrew_ports::index::Which;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::OfCaller;
use crate::access::Caller;
use crate::app::App;
use crate::problem::{Kind, Problem};

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The name that the journal records.
    name: String,
    /// Groups of approvers that the caller belongs to.
    groups: Vec<String>,
    /// Whether the caller may do everything in every engagement.
    operates: bool,
}

/// Who the caller is.
#[utoipa::path(get, path = "/me",
    operation_id = "who_am_i", tag = "operations", responses((status = 200, body = Me), OfCaller))]
pub(crate) async fn me(Caller(caller): Caller) -> Json<Me> {
    Json(Me { name: caller.name, groups: caller.groups, operates: caller.operates })
}

/// State of the service.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: String,
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz",
    operation_id = "is_alive", tag = "operations", security(()), responses(
    (status = 200, body = Health)))]
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { status: "ok".to_owned() })
}

/// Whether the store can be read.
#[utoipa::path(get, path = "/readyz",
    operation_id = "is_ready", tag = "operations", security(()), responses(
    (status = 200, body = Health),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    match app.ports().index.page(Which::All, None, 1).await {
        Ok(_) => Ok(Json(Health { status: "ok".to_owned() })),
        // The reason is for the operator, who may be someone else.
        Err(_) => Err(Problem::new(Kind::Unavailable, "the store cannot be read")),
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json",
    operation_id = "read_document", tag = "operations", security(()), responses(
    (status = 200, body = Object)))]
pub(crate) async fn openapi() -> Result<impl IntoResponse, Problem> {
    static TEXT: OnceLock<Option<String>> = OnceLock::new();
    let text = TEXT.get_or_init(|| super::document().ok()).as_deref();
    let none = || Problem::new(Kind::Fault, "the document cannot be written");
    Ok(([(header::CONTENT_TYPE, "application/json")], text.ok_or_else(none)?))
}
