//! The refusals of routes, for the document: each route names one of these.
#![expect(dead_code, reason = "only the document is made of them")]

use utoipa::IntoResponses;

use crate::problem::Problem;

/// Of a route that needs a caller alone.
#[derive(IntoResponses)]
pub(crate) enum OfCaller {
    /// The request is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The caller is unknown.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
}

/// Of a route that reads an engagement.
#[derive(IntoResponses)]
pub(crate) enum OfReader {
    /// The request is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The caller is unknown.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// There is no such thing, or the caller may not see it.
    #[response(status = 404, content_type = "application/problem+json")]
    Hidden(Problem),
}

/// Of a route with an effect.
#[derive(IntoResponses)]
pub(crate) enum OfWriter {
    /// The request is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// The caller is unknown.
    #[response(status = 401, content_type = "application/problem+json")]
    Unknown(Problem),
    /// The caller may not do this.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// There is no such thing, or the caller may not see it.
    #[response(status = 404, content_type = "application/problem+json")]
    Hidden(Problem),
    /// Someone else was first, something has changed, or it does not allow this now.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
    /// The request makes no sense here.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
}
