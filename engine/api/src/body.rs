//! Bodies, queries and paths whose faults are problems.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// Maximum bytes of a body.
pub(crate) const MAX_BODY: usize = 4 * 1024 * 1024;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Problem> {
        let json = axum::Json::<T>::from_request(request, state).await;
        json.map(|axum::Json(value)| Body(value)).map_err(|rejection| {
            let kind = match (rejection.status(), &rejection) {
                (StatusCode::PAYLOAD_TOO_LARGE, _) => Kind::TooLarge,
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => Kind::MediaType,
                (_, JsonRejection::JsonDataError(_)) => Kind::Invalid,
                _ => Kind::Malformed,
            };
            Problem::new(kind, plain(&rejection.body_text()))
        })
    }
}

/// A query string.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Asked<T>, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(value)| Asked(value))
            .map_err(|rejection| Problem::new(Kind::Malformed, plain(&rejection.body_text())))
    }
}

/// What the framework says about a request, in words for its sender.
fn plain(text: &str) -> String {
    const WORDS: [(&str, &str); 4] = [
        ("Failed to deserialize the JSON body into the target type: ", "the body does not fit: "),
        ("Failed to parse the request body as JSON: ", "the body is not valid JSON: "),
        ("Failed to deserialize query string: ", "the query does not fit: "),
        (
            "Expected request with `Content-Type: application/json`",
            "send `content-type: application/json`",
        ),
    ];
    let found =
        WORDS.iter().find_map(|(from, to)| Some(format!("{to}{}", text.strip_prefix(from)?)));
    found.unwrap_or_else(|| text.to_owned())
}
