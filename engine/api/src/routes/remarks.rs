//! Remarks on passages of files.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cloudcrew_runtime::engagement::{
    Engagement, Event, RemarkAnswer, RemarkRecord, answer_remark, remark as record_remark,
};
use cloudcrew_views::api::{RemarkEnd, Remarks, prose};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::artifacts::wrote;
use super::decide::{bounded, json_reply};
use super::refusals::{OfReader, OfWriter};
use crate::access::{Decide, Opened, Read};
use crate::app::App;
use crate::body::Body;
use crate::once::{KeyHeader, Once};
use crate::problem::{Kind, Problem};

/// Maximum bytes of a quoted passage.
const MAX_QUOTE: usize = 4 * 1024;
/// Maximum number of remarks with one decision.
const MOST: usize = 40;
/// Maximum bytes of all of them: they are recorded in one append.
const MOST_BYTES: usize = 128 * 1024;

/// A remark on a passage.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRemark {
    /// Path of the file.
    path: String,
    /// Object id of the version that the person reads.
    #[schema(pattern = "^([0-9a-f]{40}|[0-9a-f]{64})$")]
    oid: String,
    /// The passage, word for word: as in that version, or as its Markdown reads.
    #[schema(min_length = 1, max_length = 4096)]
    quote: String,
    /// What the person says about it.
    #[schema(min_length = 1, max_length = 65536, pattern = "\\S")]
    words: String,
}

/// A remark that was recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct Made {
    /// Its id.
    id: String,
}

/// Checks remarks against the versions that they quote, and gives them ids.
pub(super) async fn anchored(
    app: &App,
    e: &Engagement,
    actor: &str,
    new: Vec<NewRemark>,
) -> Result<Vec<RemarkRecord>, Problem> {
    if new.len() > MOST {
        return Err(Problem::new(Kind::Invalid, format!("at most {MOST} remarks at once")));
    }
    let bytes: usize = new.iter().map(|new| new.quote.len() + new.words.len()).sum();
    if bytes > MOST_BYTES {
        let detail = format!("remarks have at most {MOST_BYTES} bytes together");
        return Err(Problem::new(Kind::Invalid, detail));
    }
    let mut records = Vec::new();
    for NewRemark { path, oid, quote, words } in new {
        bounded(&words)?;
        let invalid = |why: String| Problem::new(Kind::Invalid, why);
        if quote.trim().is_empty() || quote.len() > MAX_QUOTE {
            return Err(invalid(format!("`quote` must have 1 to {MAX_QUOTE} bytes of text")));
        }
        if !wrote(e, &path, &oid) {
            return Err(invalid(format!("the crew wrote no version `{oid}` of `{path}`")));
        }
        let bytes = app.ports().repos.open(e).await?.blob(&oid).await?;
        if !has_passage(&String::from_utf8_lossy(&bytes), &quote) {
            return Err(invalid(format!("this version of `{path}` does not contain the quote")));
        }
        let id = format!("r-{}", &(app.ports().secret)()[..12]);
        let actor = actor.to_owned();
        records.push(RemarkRecord { id, actor, path, oid, quote, words });
    }
    Ok(records)
}

/// Whether a file has a passage, as it is written or as Markdown reads.
fn has_passage(text: &str, quote: &str) -> bool {
    let on_one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.contains(quote) || on_one_line(&prose(text)).contains(&on_one_line(quote))
}

/// Makes a remark on a passage. Whoever owns the file answers it in the next run of its phase.
#[utoipa::path(post, path = "/projects/{id}/remarks",
    operation_id = "make_remark", tag = "requests",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    request_body = NewRemark,
    responses((status = 201, description = "It is recorded", body = Made), OfWriter))]
pub(crate) async fn make(
    State(app): State<App>,
    mut opened: Opened<Decide>,
    once: Once,
    Body(new): Body<NewRemark>,
) -> Result<Response, Problem> {
    let actor = opened.caller.name.clone();
    let mut made = anchored(&app, &opened, &actor, vec![new]).await?;
    let Some(remark) = made.pop() else { return Err(Problem::new(Kind::Fault, "no remark")) };
    let reply = json!(Made { id: remark.id.clone() }).to_string();
    let receipt = |_: &[Event]| once.receipt(201, &reply);
    let place = app.record().answering(&receipt);
    if let Err(error) = record_remark(place, &*app.ports().clock, &mut opened, remark).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    Ok((StatusCode::CREATED, json_reply(reply)).into_response())
}

/// All remarks, and what became of them.
#[utoipa::path(get, path = "/projects/{id}/remarks",
    operation_id = "list_remarks", tag = "requests",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = Remarks), OfReader))]
pub(crate) async fn list(opened: Opened<Read>) -> Json<Remarks> {
    Json(Remarks::new(&opened))
}

/// What became of a remark.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// The outcome; absent to settle it as it is.
    #[serde(default)]
    outcome: Option<RemarkEnd>,
    /// What was changed, why it was kept, or the answer. Needed with an outcome.
    #[serde(default)]
    #[schema(max_length = 65536)]
    words: Option<String>,
    /// Whether it is settled.
    #[serde(default)]
    close: bool,
}

/// Says what became of a remark, or settles it.
#[utoipa::path(post, path = "/projects/{id}/remarks/{remark}",
    operation_id = "answer_remark", tag = "requests",
    params(
        ("id" = String, Path, description = "The engagement"),
        ("remark" = String, Path, description = "The remark"),
        KeyHeader),
    request_body = Outcome,
    responses((status = 200, description = "It is recorded", body = Made), OfWriter))]
pub(crate) async fn answer(
    State(app): State<App>,
    mut opened: Opened<Decide>,
    Path((_, remark)): Path<(String, String)>,
    once: Once,
    Body(Outcome { outcome, words, close }): Body<Outcome>,
) -> Result<Response, Problem> {
    let actor = opened.caller.name.clone();
    let answer = match (outcome, words) {
        (Some(outcome), Some(words)) => {
            bounded(&words)?;
            let (remark, by, outcome) = (remark.clone(), actor.clone(), outcome.into());
            Some(RemarkAnswer { remark, by, outcome, words })
        }
        (None, None) if close => None,
        _ => {
            let detail = "needs `outcome` and `words`, or `close`";
            return Err(Problem::new(Kind::Invalid, detail));
        }
    };
    let reply = json!(Made { id: remark.clone() }).to_string();
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let place = app.record().answering(&receipt);
    let by = (remark.as_str(), actor.as_str());
    let clock = &*app.ports().clock;
    if let Err(error) = answer_remark(place, clock, &mut opened, by, answer, close).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    Ok(json_reply(reply))
}
