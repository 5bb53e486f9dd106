//! `Idempotency-Key`: a request that is sent twice acts once and is answered twice.
//!
//! The reply is kept under the caller and the key, in the transaction of the effect if there is
//! one. A fault of the service is not kept: the request may be sent again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::receipt::{MAX_BODY as MAX_REPLY, Receipt};
use utoipa::IntoParams;

use crate::access::Caller;
use crate::app::App;
use crate::problem::{Kind, Problem, replayed};
use crate::routes::MAX_UPLOAD;

/// The header.
pub(crate) const KEY: &str = "idempotency-key";
/// Routes whose replies are secrets.
const SECRET: [&str; 3] = ["/session", "/logout", "/tickets"];
/// Methods that may have an effect.
const EFFECTS: [Method; 3] = [Method::POST, Method::PUT, Method::DELETE];
/// Maximum bytes of a body. A handler may allow less.
const MOST: usize = MAX_UPLOAD;
/// Maximum bytes of a key.
const MAX_KEY: usize = 200;

/// The header, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct KeyHeader {
    /// A request that is sent again with the same key acts once, and is answered as before.
    #[param(rename = "idempotency-key", pattern = "^[!-~]{1,200}$", max_length = 200)]
    #[expect(dead_code, reason = "read from the header itself")]
    key: Option<String>,
}

/// Keys of the requests that this process is answering.
#[derive(Debug, Default)]
pub(crate) struct InProgress(Arc<Mutex<HashSet<String>>>);

impl InProgress {
    /// Marks a key until the value is dropped; `None` when it is marked already.
    fn begin(&self, key: &str) -> Option<Begun> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key.to_owned()).then(|| Begun { all: Arc::clone(&self.0), key: key.to_owned() })
    }
}

struct Begun {
    all: Arc<Mutex<HashSet<String>>>,
    key: String,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// The key of a request, for a handler that writes its receipt itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Once(Option<Keyed>);

#[derive(Debug, Clone)]
struct Keyed {
    key: String,
    print: String,
    at: i64,
}

impl Once {
    /// The receipt of this request with this reply; `None` when the caller sent no key.
    pub(crate) fn receipt(&self, status: u16, body: &str) -> Option<Receipt> {
        let Keyed { key, print, at } = self.0.clone()?;
        Some(Receipt { key, print, status, body: body.to_owned(), at })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Once, Problem> {
        Ok(parts.extensions.get::<Once>().cloned().unwrap_or_default())
    }
}

/// Answers a repeated request from its receipt, and keeps the reply to one without effect.
pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    match answer(&app, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(app: &App, request: Request, next: Next) -> Result<Response, Problem> {
    // Whoever is unknown is refused as usual.
    let caller = request.extensions().get::<Caller>().cloned();
    let Some(Caller(caller)) = caller.filter(|_| EFFECTS.contains(request.method())) else {
        return Ok(next.run(request).await);
    };
    // A cookie or a ticket is never kept, and never given twice.
    if SECRET.contains(&request.uri().path()) {
        return Ok(next.run(request).await);
    }
    let Some(chosen) = chosen(request.headers())? else { return Ok(next.run(request).await) };
    let (mut parts, body) = request.into_parts();
    let bytes = to_bytes(body, MOST)
        .await
        .map_err(|_| Problem::new(Kind::TooLarge, format!("a body has at most {MOST} bytes")))?;
    let key = sha256(format!("{}\0{chosen}", caller.name).as_bytes());
    let print = print(&parts, &bytes);
    let Some(_begun) = app.in_progress().begin(&key) else {
        let detail = "a request with this `Idempotency-Key` is being answered; send it again later";
        return Err(Problem::new(Kind::InProgress, detail));
    };
    let receipts = &app.ports().receipts;
    let now = app.ports().clock.wall();
    if let Some(there) = receipts.find(&key).await?.filter(|there| there.is_valid(now)) {
        return same(there, &print);
    }
    let keyed = Keyed { key: key.clone(), print: print.clone(), at: now };
    parts.extensions.insert(Once(Some(keyed)));
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let (parts, body) = response.into_parts();
    if parts.status.is_server_error() {
        return Ok(Response::from_parts(parts, body));
    }
    let body =
        to_bytes(body, MOST).await.map_err(|error| Problem::new(Kind::Fault, error.to_string()))?;
    if body.len() <= MAX_REPLY {
        let status = parts.status.as_u16();
        let text = String::from_utf8_lossy(&body).into_owned();
        let receipt = Receipt { key, print: print.clone(), status, body: text, at: now };
        // The effect may have written it already; another process may have been faster.
        let there = receipts.keep(&receipt).await?;
        let other = |there: &Receipt| there.body != receipt.body || there.print != print;
        if let Some(there) = there.filter(other) {
            return same(there, &print);
        }
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The key that the caller chose.
fn chosen(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let is_key = |text: &&str| {
        (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    let text = value.to_str().ok().filter(is_key);
    let text = text.ok_or_else(|| {
        let detail = format!("`Idempotency-Key` must have 1 to {MAX_KEY} visible ASCII characters");
        Problem::new(Kind::Malformed, detail)
    })?;
    Ok(Some(text.to_owned()))
}

/// What identifies a request: its method, its path and its body.
fn print(parts: &Parts, body: &Bytes) -> String {
    let mut text = format!("{} {}\0", parts.method, parts.uri).into_bytes();
    text.extend_from_slice(body);
    sha256(&text)
}

/// The reply to a repeated request, provided that it is the same.
fn same(there: Receipt, print: &str) -> Result<Response, Problem> {
    if there.print == print {
        return Ok(replayed(there));
    }
    let detail = "this `Idempotency-Key` was used for another request; choose a new one";
    Err(Problem::new(Kind::KeyReused, detail))
}
