//! The dashboard: files that a browser loads. It is no part of the interface that programs use.
//!
//! Pages live below `/app`, so that none of their addresses is also one of the interface.

use std::borrow::Cow;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::problem::{Kind, Problem};

/// Reads a file of the dashboard by its path: `index.html`, `assets/main-1a2b3c.js`. A path that
/// ends with `.br` is the same file, compressed with Brotli.
pub type Pages = fn(&str) -> Option<Cow<'static, [u8]>>;

/// What pages may do: run and load only what comes from here, and make no markup of text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob:; connect-src 'self'; font-src 'self'; worker-src 'self'; \
    frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What the frame that draws diagrams may do: nothing but run its own script, in an origin of its
/// own, so that a diagram reaches neither the page nor the service.
const FRAME_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'self'; \
    style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Shown when the program was built without the dashboard.
const WITHOUT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>CloudCrew</title><h1>This build has no dashboard</h1>\
    <p>The service is running. To add the dashboard, build it with Node.js 20.19 or later, then \
    rebuild the program:</p>\
    <pre>npm --prefix dashboard ci\nnpm --prefix dashboard run build\ncargo build</pre>";

/// Handles every path that no route of the interface matches.
pub(crate) async fn page(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    let file = match path {
        "/" | "/app" => "index.html",
        _ if path.starts_with("/app/") => "index.html",
        "/favicon.svg" | "/frame/diagram.html" => &path[1..],
        _ if path.starts_with("/assets/") => &path[1..],
        _ => return unknown(),
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::new(Kind::Method, "pages support only GET and HEAD").into_response();
    }
    let pages = app.ports().pages;
    match (pages(file), file) {
        (Some(plain), _) => {
            let packed =
                accepts_brotli(request.headers()).then(|| pages(&format!("{file}.br"))).flatten();
            served(file, plain, packed)
        }
        (None, "index.html") => {
            let html =
                [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
            (StatusCode::NOT_FOUND, html, WITHOUT).into_response()
        }
        (None, _) => unknown(),
    }
}

fn unknown() -> Response {
    Problem::new(Kind::Unknown, "no such resource; see /openapi.json").into_response()
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let given = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut codings = given.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    // `br;q=0` refuses it.
    codings.any(|coding| match coding.split_once(';') {
        None => coding.trim() == "br",
        Some((name, weight)) => name.trim() == "br" && weight.trim() != "q=0",
    })
}

fn served(file: &str, plain: Cow<'static, [u8]>, packed: Option<Cow<'static, [u8]>>) -> Response {
    let kind = match file.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    };
    // The name of an asset changes with its content.
    let is_asset = file.starts_with("assets/");
    let kept = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
    let is_frame = file.starts_with("frame/");
    let headers: [(HeaderName, &'static str); 7] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, kept),
        (header::VARY, "accept-encoding"),
        (header::CONTENT_SECURITY_POLICY, if is_frame { FRAME_POLICY } else { POLICY }),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        // The frame has an origin of its own, from which it loads its script.
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            if is_asset { "cross-origin" } else { "same-origin" },
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    let mut response = match packed {
        Some(packed) => {
            let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("br"))];
            (encoding, packed.into_owned()).into_response()
        }
        None => plain.into_owned().into_response(),
    };
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
