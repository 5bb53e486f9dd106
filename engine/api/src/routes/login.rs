//! Login in a browser, through the identity provider.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusals::OfReader;
use crate::app::{App, Live};
use crate::body::Asked;
use crate::oidc::{Begun, LoggedIn, Oidc};
use crate::problem::{Kind, Problem};
use crate::sessions::{self, cookie};

/// Name of the cookie that binds a login to its browser.
const STATE: &str = "cloudcrew_login";
/// Maximum bytes of a parameter.
const MOST: usize = 4096;

/// What pages need to know of the service.
#[derive(Serialize, ToSchema)]
pub(crate) struct Config {
    /// Version of the service.
    version: String,
    /// Where a browser logs in; absent when people have tokens of this service.
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    /// Where a page follows engagements: a path of this service, or a URL; absent where it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    websocket: Option<String>,
}

/// What pages need to know of the service.
#[utoipa::path(get, path = "/config.json",
    operation_id = "read_config", tag = "operations", security(()),
    responses((status = 200, body = Config)))]
pub(crate) async fn config(State(app): State<App>) -> Json<Config> {
    Json(Config {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        login: app.logs_in().then(|| "/login".to_owned()),
        websocket: match &app.ports().live {
            Live::Here => Some("/ws".to_owned()),
            Live::Elsewhere(url) => Some(url.clone()),
            Live::Nowhere => None,
        },
    })
}

/// Where to go after a login.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Then {
    /// A path of this service. Defaults to `/`.
    #[param(max_length = 4096)]
    then: Option<String>,
}

/// Sends a browser to the login page of the identity provider.
#[utoipa::path(get, path = "/login",
    operation_id = "log_in", tag = "operations", security(()),
    params(Then),
    responses(
        (status = 303, description = "To the identity provider", headers(("location" = String))),
        (status = 422, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"), OfReader))]
pub(crate) async fn begin(
    State(app): State<App>,
    Asked(Then { then }): Asked<Then>,
) -> Result<Response, Problem> {
    let (oidc, back) = provider(&app)?;
    let then = then.unwrap_or_else(|| "/".to_owned());
    if !is_path(&then) {
        return Err(Problem::new(Kind::Invalid, "`then` must be a path of this service"));
    }
    let ports = app.ports();
    let (state, now) = ((ports.secret)(), ports.clock.wall());
    let begun = oidc.begin(app.passes(), ports.secret, (&state, &back, then), now).await;
    let url = begun
        .map_err(|why| Problem::new(Kind::Unavailable, format!("the identity provider: {why}")))?;
    let secure = app.secure();
    let cookie = format!("{STATE}={state}; HttpOnly; SameSite=Lax; Path=/; Max-Age=600{secure}");
    goes_to(&url, Some(&cookie))
}

/// What the identity provider sends with the browser.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Sent {
    /// The code of the login.
    code: Option<String>,
    /// The secret of the login.
    state: Option<String>,
    /// Error code of the provider, sent instead of a code.
    error: Option<String>,
}

/// Ends a login: the browser returns from the identity provider. Its session cookie is set by the
/// next request, which comes from a page of this site.
#[utoipa::path(get, path = "/callback",
    operation_id = "end_login", tag = "operations", security(()),
    params(Sent),
    responses(
        (status = 200, description = "A page that continues", body = String,
            content_type = "text/html"),
        (status = 503, body = Problem, content_type = "application/problem+json"), OfReader))]
pub(crate) async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    Asked(Sent { code, state, error }): Asked<Sent>,
) -> Result<Response, Problem> {
    let (oidc, back) = provider(&app)?;
    let ports = app.ports();
    let now = ports.clock.wall();
    let refused = |why: &str| Problem::new(Kind::Unauthenticated, why);
    let state = state.filter(|state| state.len() <= MOST).unwrap_or_default();
    // The cookie proves that the login began in this browser.
    if state.is_empty() || cookie(&headers, STATE) != Some(state.as_str()) {
        return Err(refused("this login did not begin in this browser; start again at /login"));
    }
    let begun = Begun::take(app.passes(), &state, now).await?;
    let begun = begun.ok_or_else(|| refused("the login took too long; start again at /login"))?;
    if error.is_some() {
        return Err(refused("the identity provider did not log you in; start again at /login"));
    }
    let code = code.filter(|code| (1..=MOST).contains(&code.len()));
    let code = code.ok_or_else(|| refused("the identity provider sent no code"))?;
    let person = oidc.exchange(&begun, &code, &back, now).await;
    let person = person
        .map_err(|why| Problem::new(Kind::Unavailable, format!("the identity provider: {why}")))?
        .ok_or_else(|| refused("the identity provider's tokens are not valid for this service"))?;
    let once = (ports.secret)();
    begun.finish(app.passes(), &once, (person, &state), now).await?;
    // The secret consists of hex digits.
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>CloudCrew</title>\
         <meta http-equiv=\"refresh\" content=\"0;url=/callback/done?once={once}\">\
         <a href=\"/callback/done?once={once}\">Continue</a>"
    );
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, html)], page).into_response())
}

/// The end of a login.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Done {
    /// The secret of the page before.
    once: String,
}

/// Sets the session cookie of a login.
#[utoipa::path(get, path = "/callback/done",
    operation_id = "set_session", tag = "operations", security(()),
    params(Done),
    responses(
        (status = 303, description = "To where the login began",
            headers(("location" = String), ("set-cookie" = String))), OfReader))]
pub(crate) async fn done(
    State(app): State<App>,
    headers: HeaderMap,
    Asked(Done { once }): Asked<Done>,
) -> Result<Response, Problem> {
    let ports = app.ports();
    let now = ports.clock.wall();
    // Only the browser that began the login may finish it.
    let state = cookie(&headers, STATE).unwrap_or_default();
    let done = LoggedIn::take(app.passes(), (&once, state), now).await?;
    let LoggedIn { person, then, .. } = done.ok_or_else(|| {
        Problem::new(Kind::Unauthenticated, "this login has expired; start again at /login")
    })?;
    let session = sessions::begin(app.passes(), &person, &(ports.secret)(), now).await?;
    let session = session + app.secure();
    let ends = format!("{STATE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0{}", app.secure());
    let mut response = goes_to(&then, Some(&session))?;
    response.headers_mut().append(header::SET_COOKIE, value(&ends)?);
    Ok(response)
}

fn provider(app: &App) -> Result<(&Oidc, String), Problem> {
    let none = || Problem::new(Kind::Unknown, "the service has no identity provider");
    let oidc = app.ports().oidc.as_deref().ok_or_else(none)?;
    let public = app.ports().public.as_ref().ok_or_else(none)?;
    Ok((oidc, format!("{}/callback", public.origin())))
}

/// Whether a text is a path of this service and of no other.
fn is_path(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= MOST
        && bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn goes_to(url: &str, cookie: Option<&str>) -> Result<Response, Problem> {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, value(url)?)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, value(cookie)?);
    }
    Ok(response)
}

fn value(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|error| Problem::new(Kind::Fault, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_login_a_browser_stays_on_this_site() {
        for path in ["/", "/projects/a?b=c#d"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "x"] {
            assert!(!is_path(path), "{path}");
        }
    }
}
