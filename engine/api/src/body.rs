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
            Problem::new(kind, rejection.body_text())
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
            .map_err(|rejection| Problem::new(Kind::Malformed, rejection.body_text()))
    }
}
