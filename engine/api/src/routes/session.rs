//! Sessions of browsers.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::refusals::OfWriter;
use crate::access::unknown_caller;
use crate::app::{App, Peer};
use crate::body::Body;
use crate::problem::{Kind, Problem};
use crate::sessions;

/// Who wants a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSession {
    /// The token of the service.
    token: String,
}

/// Exchanges a token for a session cookie, which scripts of a page cannot read.
#[utoipa::path(post, path = "/session",
    operation_id = "begin_session", tag = "operations", security(()),
    request_body = NewSession,
    responses(
        (status = 204, description = "The cookie is set",
            headers(("set-cookie" = String))),
        OfWriter))]
pub(crate) async fn begin(
    State(app): State<App>,
    from: Option<Extension<Peer>>,
    headers: HeaderMap,
    Body(NewSession { token }): Body<NewSession>,
) -> Result<Response, Problem> {
    let ports = app.ports();
    let person = ports.people.with_token(token.trim()).cloned().ok_or_else(unknown_caller)?;
    if !app.may_use(&person, from.as_ref().map(|Extension(from)| from), &headers) {
        return Err(unknown_caller());
    }
    let (secret, now) = ((ports.secret)(), ports.clock.wall());
    let cookie = sessions::begin(app.passes(), &person, &secret, now).await?;
    let cookie = cookie + app.secure();
    with_cookie(&cookie)
}

/// Ends the session, and removes its cookie.
#[utoipa::path(post, path = "/logout",
    operation_id = "end_session", tag = "operations", security(()),
    responses(
        (status = 204, description = "The session has ended", headers(("set-cookie" = String))),
        (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn end(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    with_cookie(&sessions::end(app.passes(), &headers, app.ports().clock.wall()).await?)
}

fn with_cookie(cookie: &str) -> Result<Response, Problem> {
    let value = HeaderValue::from_str(cookie)
        .map_err(|error| Problem::new(Kind::Fault, error.to_string()))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, value)]).into_response())
}
