//! Errors as problem details (RFC 9457). The one table from refusals to statuses is here.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::receipt::Receipt;
use cloudcrew_runtime::engagement::{EngagementError, Refusal, RefusalKind};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An error. `type` is stable; `detail` is for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// What went wrong, for programs: `urn:cloudcrew:decided`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What went wrong, in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What went wrong here, and what to do.
    pub detail: String,
    /// Who decided first, when a decision came too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
    /// Anything else that a program may need.
    #[serde(flatten)]
    pub more: Box<Map<String, Value>>,
    /// The reply to send instead: that of the same request before.
    #[serde(skip)]
    #[schema(ignore)]
    pub(crate) instead: Option<Box<Receipt>>,
}

impl Problem {
    /// A problem of a kind: its name, status and title.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        let (name, status, title) = kind.row();
        Problem {
            kind: name,
            title,
            status: status.as_u16(),
            detail: detail.into(),
            winner: None,
            more: Box::default(),
            instead: None,
        }
    }

    /// No such engagement, or not the caller's: the words are the same, so that callers cannot tell
    /// which.
    pub fn hidden(project: &str) -> Problem {
        Problem::new(Kind::Unknown, format!("no project named `{project}`"))
    }
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is not HTTP, JSON or a query as it should be.
    Malformed,
    /// The caller is unknown.
    Unauthenticated,
    /// Known, but without the right.
    Forbidden,
    /// A page of another site sends the request.
    Origin,
    /// No such resource.
    Unknown,
    /// The resource has no such method.
    Method,
    /// The resource speaks WebSocket.
    Upgrade,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is not JSON.
    MediaType,
    /// Well-formed, but it makes no sense here.
    Invalid,
    /// The name is taken.
    Exists,
    /// Someone decided first.
    Decided,
    /// The subject has changed.
    Changed,
    /// The deadline has passed.
    Expired,
    /// It has ended, or cannot be retried.
    Ended,
    /// The definitions do not fit what was approved.
    Incompatible,
    /// The same key was used for another request.
    KeyReused,
    /// The same request is being answered.
    InProgress,
    /// The repository must be repaired first.
    Repository,
    /// This deployment offers it elsewhere, or not at all.
    Elsewhere,
    /// The service cannot do it now.
    Unavailable,
    /// A fault of the service.
    Fault,
}

impl Kind {
    /// Name, status and title.
    fn row(self) -> (&'static str, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Kind::Elsewhere => {
                ("urn:cloudcrew:elsewhere", S::NOT_IMPLEMENTED, "Not available in this deployment")
            }
            Kind::Malformed => {
                ("urn:cloudcrew:malformed", S::BAD_REQUEST, "The request is malformed")
            }
            Kind::Unauthenticated => {
                ("urn:cloudcrew:unauthenticated", S::UNAUTHORIZED, "The caller is unknown")
            }
            Kind::Forbidden => ("urn:cloudcrew:forbidden", S::FORBIDDEN, "You may not do this"),
            Kind::Origin => {
                ("urn:cloudcrew:origin", S::FORBIDDEN, "The request comes from another site")
            }
            Kind::Unknown => ("urn:cloudcrew:unknown", S::NOT_FOUND, "There is no such thing"),
            Kind::Method => {
                ("urn:cloudcrew:method", S::METHOD_NOT_ALLOWED, "The method is not allowed here")
            }
            Kind::Upgrade => {
                ("urn:cloudcrew:upgrade", S::UPGRADE_REQUIRED, "This resource speaks WebSocket")
            }
            Kind::TooLarge => {
                ("urn:cloudcrew:too-large", S::PAYLOAD_TOO_LARGE, "The body is too large")
            }
            Kind::MediaType => {
                ("urn:cloudcrew:media-type", S::UNSUPPORTED_MEDIA_TYPE, "The body must be JSON")
            }
            Kind::Invalid => (
                "urn:cloudcrew:invalid",
                S::UNPROCESSABLE_ENTITY,
                "The request makes no sense here",
            ),
            Kind::Exists => ("urn:cloudcrew:exists", S::CONFLICT, "The name is taken"),
            Kind::Decided => ("urn:cloudcrew:decided", S::CONFLICT, "Someone else decided first"),
            Kind::Changed => ("urn:cloudcrew:changed", S::CONFLICT, "What you saw has changed"),
            Kind::Expired => ("urn:cloudcrew:expired", S::CONFLICT, "The deadline has passed"),
            Kind::Ended => {
                ("urn:cloudcrew:ended", S::CONFLICT, "The engagement does not allow this now")
            }
            Kind::Incompatible => {
                ("urn:cloudcrew:incompatible", S::CONFLICT, "The definitions do not fit")
            }
            Kind::KeyReused => (
                "urn:cloudcrew:key-reused",
                S::UNPROCESSABLE_ENTITY,
                "The key belongs to another request",
            ),
            Kind::InProgress => {
                ("urn:cloudcrew:in-progress", S::CONFLICT, "The same request is in progress")
            }
            Kind::Repository => {
                ("urn:cloudcrew:repository", S::CONFLICT, "The repository needs a repair")
            }
            Kind::Unavailable => {
                ("urn:cloudcrew:unavailable", S::SERVICE_UNAVAILABLE, "Try again later")
            }
            Kind::Fault => {
                ("urn:cloudcrew:fault", S::INTERNAL_SERVER_ERROR, "A fault of the service")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let Some(receipt) = self.instead {
            return replayed(*receipt);
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM);
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The media type of problems.
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A reply from its receipt.
pub(crate) fn replayed(receipt: Receipt) -> Response {
    let status = StatusCode::from_u16(receipt.status).unwrap_or(StatusCode::OK);
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = if is_error { PROBLEM } else { HeaderValue::from_static("application/json") };
    let mut response = (status, receipt.body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

impl From<EngagementError> for Problem {
    fn from(error: EngagementError) -> Problem {
        match error {
            EngagementError::Unknown(project) => Problem::hidden(&project),
            EngagementError::Exists(_) => Problem::new(Kind::Exists, error.to_string()),
            EngagementError::Answered(receipt) => {
                let detail = "the same request was answered before";
                Problem {
                    instead: Some(Box::new(receipt)),
                    ..Problem::new(Kind::InProgress, detail)
                }
            }
            EngagementError::Refused(refusal) => refusal.into(),
            EngagementError::Held { .. } | EngagementError::LeaseLost { .. } => {
                Problem::new(Kind::Unavailable, error.to_string())
            }
            EngagementError::Store(error) => error.into(),
            EngagementError::World(_) => Problem::new(Kind::Unavailable, error.to_string()),
            EngagementError::Damaged { .. } | EngagementError::Semantics { .. } => {
                Problem::new(Kind::Fault, error.to_string())
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let kind = match (&refusal, refusal.kind()) {
            (Refusal::Decided { .. } | Refusal::Voted { .. }, _) => Kind::Decided,
            (Refusal::Changed { .. } | Refusal::Superseded { .. }, _) => Kind::Changed,
            (Refusal::NoRequest { .. } | Refusal::NoRemark { .. }, _) => Kind::Unknown,
            (_, RefusalKind::NotAllowed) => Kind::Forbidden,
            (_, RefusalKind::Late) => Kind::Expired,
            (_, RefusalKind::Conflict) => Kind::Ended,
            (_, RefusalKind::Incompatible) => Kind::Incompatible,
            (_, RefusalKind::Repository) => Kind::Repository,
            (Refusal::NotEnded { .. }, RefusalKind::Usage) => Kind::Ended,
            (_, RefusalKind::Usage) => Kind::Invalid,
        };
        let mut problem = Problem::new(kind, refusal.to_string());
        if let Refusal::Decided { actor, decision, channel, .. } = refusal {
            problem.winner = Some(actor);
            problem.more.insert("decision".into(), decision.into());
            problem.more.insert("channel".into(), channel.into());
        }
        problem
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::Full { .. } | StoreError::Busy { .. } | StoreError::Unusable { .. } => {
                Problem::new(Kind::Unavailable, error.to_string())
            }
            StoreError::Damaged { .. } | StoreError::Newer { .. } => {
                Problem::new(Kind::Fault, error.to_string())
            }
        }
    }
}
