//! What every request passes first: it is meant for this server, it does not come from a page of
//! another site, and its sender is known.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::pass::Passes;

use crate::access::Caller;
use crate::app::{App, Peer, PublicUrl};
use crate::body::MAX_BODY;
use crate::oidc::Oidc;
use crate::people::Person;
use crate::problem::{Kind, Problem};
use crate::routes::MAX_UPLOAD;
use crate::sessions;

/// How long a body may take.
const BODY: Duration = Duration::from_secs(30);
/// Maximum bytes of a stranger's body.
const MAX_STRANGE: usize = 64 * 1024;
/// Header in which the operator names the person to act for.
const AS: &str = "cloudcrew-as";

/// Checks the request, and adds its caller.
pub(crate) async fn shield(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (began, method) = (std::time::Instant::now(), request.method().clone());
    let path = request.uri().path().to_owned();
    let mut name = None;
    let response = match same_site(&path, request.headers(), app.ports().public.as_ref()) {
        Err(problem) => problem.into_response(),
        Ok(()) => {
            let from = request.extensions().get::<Peer>().copied();
            let caller = match caller(&app, request.headers(), from).await {
                Ok(caller) => caller,
                Err(problem) => return guarded(problem.into_response()),
            };
            let known = caller.is_some();
            if let Some(caller) = caller {
                name = Some(caller.0.name.clone());
                request.extensions_mut().insert(caller);
            }
            match received(request, known).await {
                Ok(request) => next.run(request).await,
                Err(problem) => problem.into_response(),
            }
        }
    };
    let status = response.status().as_u16();
    app.replied(status);
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (method, name) = (method.as_str(), name.as_deref().unwrap_or("-"));
    // Without the query: it may hold a secret.
    match status {
        500.. => tracing::error!(method, path, status, took, caller = name, "answered"),
        _ => tracing::info!(method, path, status, took, caller = name, "answered"),
    }
    guarded(response)
}

/// Reads the body before anything waits for it: a slow sender holds nothing but its connection. A
/// stranger's body is read only where strangers may send one.
async fn received(request: Request, known: bool) -> Result<Request, Problem> {
    let most = match (request.uri().path(), known) {
        ("/session", _) => MAX_STRANGE,
        (_, false) => return Ok(request),
        ("/uploads", true) => MAX_UPLOAD,
        (_, true) => MAX_BODY,
    };
    let (parts, body) = request.into_parts();
    let late = |_| Problem::new(Kind::Malformed, "the body took too long");
    let read = tokio::time::timeout(BODY, to_bytes(body, most)).await.map_err(late)?;
    let bytes = read.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
        match too_large {
            true => Problem::new(Kind::TooLarge, format!("a body has at most {most} bytes here")),
            false => Problem::new(Kind::Malformed, "the body is incomplete"),
        }
    })?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// A name other than this machine's may have been pointed here by a hostile page; a page of another
/// site names itself.
fn same_site(path: &str, headers: &HeaderMap, public: Option<&PublicUrl>) -> Result<(), Problem> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or_default();
    let public = public.filter(|public| public.host() == host);
    if public.is_none() && !is_local(headers) {
        let detail = "the `Host` must be 127.0.0.1, [::1], localhost or the public address";
        return Err(Problem::new(Kind::Origin, detail));
    }
    let own = public.map_or_else(|| format!("http://{host}"), PublicUrl::origin);
    match text(header::ORIGIN) {
        // The frame that draws diagrams has an origin of its own, and these files no secrets.
        Some("null") if path.starts_with("/assets/") => Ok(()),
        Some(origin) if origin != own => {
            Err(Problem::new(Kind::Origin, "requests from pages of another site are refused"))
        }
        _ => Ok(()),
    }
}

/// Whether a request names this machine.
pub(crate) fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(names_this_machine)
}

/// Whether a `Host` names this machine, with any port.
fn names_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// The person whose token the request carries, or for whom the operator acts.
async fn caller(
    app: &App,
    headers: &HeaderMap,
    from: Option<Peer>,
) -> Result<Option<Caller>, Problem> {
    let Some(person) = person(app, headers, from).await? else { return Ok(None) };
    let Some(name) = headers.get(AS) else { return Ok(Some(Caller(person))) };
    // The operator may act for someone, who then has no more rights than usual.
    match name.to_str() {
        Ok(name) if person.operates && !person.vouched => {
            let named = app.ports().people.named(name);
            Ok(Some(Caller(Person { by: Some(person.name), ..named })))
        }
        _ => {
            let detail = "only the operator's own token may act for someone else";
            Err(Problem::new(Kind::Forbidden, detail))
        }
    }
}

/// The person whose token the request carries.
async fn person(
    app: &App,
    headers: &HeaderMap,
    from: Option<Peer>,
) -> Result<Option<Person>, StoreError> {
    let ports = app.ports();
    let (people, now) = (&ports.people, ports.clock.wall());
    let own = headers.get(header::AUTHORIZATION).and_then(bearer);
    let person = match own.and_then(|token| people.with_token(token)) {
        Some(person) => Some(person.clone()),
        None => vouched(app.passes(), ports.oidc.as_deref(), headers, now).await?,
    };
    // A name from the identity provider must not pass for a person with a token of this service.
    let is_theirs = |person: &Person| {
        !(person.vouched && people.has(&person.name)) && app.may_use(person, from.as_ref(), headers)
    };
    Ok(person.filter(is_theirs))
}

/// The person of the session whose cookie a request carries, or of its token.
async fn vouched(
    passes: &dyn Passes,
    oidc: Option<&Oidc>,
    headers: &HeaderMap,
    now: i64,
) -> Result<Option<Person>, StoreError> {
    let Some(given) = headers.get(header::AUTHORIZATION) else {
        return sessions::of(passes, headers, now).await;
    };
    match (bearer(given), oidc) {
        (Some(token), Some(oidc)) => Ok(oidc.person(token, now).await),
        _ => Ok(None),
    }
}

/// The name of the person who sends a request, for a gateway that asks before the service does.
///
/// # Errors
/// When the store fails.
pub async fn sender(
    passes: &dyn Passes,
    oidc: &Oidc,
    headers: &HeaderMap,
    now: i64,
) -> Result<Option<String>, StoreError> {
    Ok(vouched(passes, Some(oidc), headers, now).await?.map(|person| person.name))
}

/// The token of a header.
fn bearer(given: &HeaderValue) -> Option<&str> {
    let (scheme, token) = given.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A reply is never sniffed, framed, cached or rendered as a page.
fn guarded(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_served() {
        for host in ["127.0.0.1", "127.0.0.1:8400", "localhost:1", "[::1]:8400", "[::1]"] {
            assert!(names_this_machine(host), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example", "127.0.0.1:x", "localhost:80:80"]
        {
            assert!(!names_this_machine(host), "{host}");
        }
    }
}
