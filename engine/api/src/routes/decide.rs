//! Decisions of people. The first one counts; whoever comes later learns who was first.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use cloudcrew_runtime::engagement::{Decision, Event, Request, Submission, readable, record};
use cloudcrew_views::api::Quorum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::refusals::OfWriter;
use super::remarks::{NewRemark, anchored};
use crate::access::{Decide, Opened};
use crate::app::App;
use crate::body::Body;
use crate::once::{KeyHeader, Once};
use crate::people::{Right, by_role};
use crate::problem::{Kind, Problem};

/// Maximum bytes of a person's words.
pub(super) const MAX_WORDS: usize = 64 * 1024;

/// A rating, from 1 to 5.
#[derive(ToSchema)]
#[schema(minimum = 1, maximum = 5)]
#[expect(dead_code, reason = "for the document: the engine checks ratings")]
pub(crate) struct Rating(u8);

/// An approval.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// Id of the request.
    request: String,
    /// Digest of what the person saw, in full. It is refused when the files have changed.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    digest: String,
    /// Ratings by name, each 1 to 5.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Rating>)]
    ratings: BTreeMap<String, u8>,
    /// Remarks to record with the decision.
    #[serde(default)]
    #[schema(max_items = 40)]
    remarks: Vec<NewRemark>,
}

/// A request for changes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revision {
    /// Id of the request.
    request: String,
    /// Digest of what the person saw, in full. It is refused when the files have changed.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    digest: String,
    /// What should change.
    #[schema(min_length = 1, max_length = 65536)]
    words: String,
    /// The earlier phase to which the work returns: one of `revise_to` of the request. By default,
    /// only the phase of the gate runs again.
    #[schema(max_length = 64)]
    to: Option<String>,
    /// Ratings by name, each 1 to 5.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Rating>)]
    ratings: BTreeMap<String, u8>,
    /// Remarks to record with the decision.
    #[serde(default)]
    #[schema(max_items = 40)]
    remarks: Vec<NewRemark>,
}

/// An answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    /// The answer to a question, or nothing to skip one that is optional; for a budget, the new
    /// limit or `stop`.
    #[schema(max_length = 65536)]
    answer: String,
}

/// A recorded decision.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decided {
    /// Id of the request.
    request: String,
    /// Whether the request is decided.
    decided: bool,
    /// `approved`, `revised` or `answered`.
    decision: String,
    /// Approvals so far, and how many are needed.
    quorum: Quorum,
}

/// Approves a phase. The engagement continues at once.
#[utoipa::path(post, path = "/projects/{id}/approve",
    operation_id = "approve", tag = "requests",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    request_body = Approval,
    responses((status = 200, body = Decided), OfWriter))]
pub(crate) async fn approve(
    State(app): State<App>,
    opened: Opened<Decide>,
    once: Once,
    Body(Approval { request, digest, ratings, remarks }): Body<Approval>,
) -> Result<Response, Problem> {
    let decision = Decision::Approve { ratings: ratings.into_iter().collect() };
    decide(&app, opened, &once, (request, Some(digest), remarks), decision).await
}

/// Requests changes. The phase runs again with the words as feedback, or all phases from `to` on.
#[utoipa::path(post, path = "/projects/{id}/revise",
    operation_id = "request_changes", tag = "requests",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    request_body = Revision,
    responses((status = 200, body = Decided), OfWriter))]
pub(crate) async fn revise(
    State(app): State<App>,
    opened: Opened<Decide>,
    once: Once,
    Body(Revision { request, digest, words, to, ratings, remarks }): Body<Revision>,
) -> Result<Response, Problem> {
    bounded(&words)?;
    let decision = Decision::Revise { words, to, ratings: ratings.into_iter().collect() };
    decide(&app, opened, &once, (request, Some(digest), remarks), decision).await
}

/// Answers a question, or raises a budget.
#[utoipa::path(post, path = "/projects/{id}/interrupt/{request}/respond",
    operation_id = "answer", tag = "requests",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("request" = String, Path, description = "The request"),
        KeyHeader),
    request_body = Reply,
    responses((status = 200, body = Decided), OfWriter))]
pub(crate) async fn respond(
    State(app): State<App>,
    opened: Opened<Decide>,
    Path((_, request)): Path<(String, String)>,
    once: Once,
    Body(Reply { answer }): Body<Reply>,
) -> Result<Response, Problem> {
    let skips = opened.state.request(&request).is_some_and(Request::is_optional);
    if !(skips && answer.trim().is_empty()) {
        bounded(&answer)?;
    }
    let decision = Decision::Answer { value: Value::String(answer) };
    decide(&app, opened, &once, (request, None, Vec::new()), decision).await
}

/// Checks the size of a person's words.
pub(super) fn bounded(words: &str) -> Result<(), Problem> {
    if words.trim().is_empty() {
        return Err(Problem::new(Kind::Invalid, "the text is empty"));
    }
    if words.len() <= MAX_WORDS {
        return Ok(());
    }
    Err(Problem::new(Kind::Invalid, format!("at most {MAX_WORDS} bytes of text")))
}

async fn decide(
    app: &App,
    mut opened: Opened<Decide>,
    once: &Once,
    (request, digest, remarks): (String, Option<String>, Vec<NewRemark>),
    decision: Decision,
) -> Result<Response, Problem> {
    let ports = app.ports();
    if let Some(there) = opened.state.request(&request) {
        let asked = there.groups();
        let is_asked = opened.caller.groups.iter().any(|group| asked.contains(&group.as_str()));
        if !is_asked && !by_role(&opened.caller, &opened, Right::Decide) {
            let detail = format!("`{request}` does not ask a group of {}", opened.caller.name);
            return Err(Problem::new(Kind::Forbidden, detail));
        }
    }
    if let (Decision::Approve { .. }, Some(there)) = (&decision, opened.state.request(&request)) {
        readable(&*ports.repos.open(&opened).await?, there).await?;
    }
    let remarks = anchored(app, &opened, &opened.caller.name, remarks).await?;
    let before = opened.state.request(&request).map_or((0, 1), Request::quorum);
    let reply = |decided: bool, have: u32| {
        let quorum = Quorum { have, need: before.1 };
        let (request, decision) = (request.clone(), decision.name().to_owned());
        json!(Decided { request, decided, decision, quorum }).to_string()
    };
    let approves = matches!(decision, Decision::Approve { .. });
    let receipt = |events: &[Event]| {
        let body = match events {
            [.., Event::Voted { have, .. }] => reply(false, *have),
            _ => reply(true, if approves { before.1 } else { before.0 }),
        };
        once.receipt(200, &body)
    };
    let given = Submission {
        request: request.clone(),
        decision: decision.clone(),
        actor: opened.caller.name.clone(),
        groups: opened.caller.groups.clone(),
        channel: match &opened.caller.by {
            Some(operator) => format!("api, by {operator}"),
            None => "api".into(),
        },
        digest,
        remarks,
        email: opened.caller.email.clone(),
        unverified: opened.caller.vouched && opened.caller.email.is_none(),
    };
    let place = app.record().answering(&receipt);
    match record(place, &*ports.clock, &mut opened, given).await {
        Ok(recorded) => {
            ports.changes.grown(&opened.project);
            ports.wakes.wake(&opened.project);
            Ok(json_reply(reply(recorded.decided, recorded.request.quorum().0)))
        }
        Err(error) => Err(opened.failed(error)),
    }
}

/// A reply whose JSON is text already.
pub(super) fn json_reply(text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (kind, text).into_response()
}
