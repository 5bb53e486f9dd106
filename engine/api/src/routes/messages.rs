//! Talk with the contact of an engagement.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use cloudcrew_runtime::engagement::{Event, NewMessage, message as record_message};
use cloudcrew_views::api::MessagesPage;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::decide::{bounded, json_reply};
use super::refusals::{OfReader, OfWriter};
use crate::access::{Opened, Read, Talk};
use crate::app::App;
use crate::body::Body;
use crate::once::{KeyHeader, Once};
use crate::problem::Problem;

/// A message to the contact.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Its text.
    #[schema(min_length = 1, max_length = 65536, pattern = "\\S")]
    text: String,
}

/// A message that was recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    /// Its id. The answer is an entry `replied` of the journal that names it.
    id: String,
}

/// Sends a message to the contact of an engagement, also after its end.
///
/// If the contact is at work in a phase, it reads the message before its next turn. Otherwise it
/// answers from the ledger and the files at once. The answer is an entry of the journal; its words
/// are streamed as `live` events while the model speaks.
#[utoipa::path(post, path = "/projects/{id}/message",
    operation_id = "send_message", tag = "requests",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    request_body = Written,
    responses((status = 202, description = "It is recorded", body = Sent), OfWriter))]
pub(crate) async fn send(
    State(app): State<App>,
    mut opened: Opened<Talk>,
    once: Once,
    Body(Written { text }): Body<Written>,
) -> Result<Response, Problem> {
    bounded(&text)?;
    let id = format!("m-{}", &(app.ports().secret)()[..16]);
    let reply = json!(Sent { id: id.clone() }).to_string();
    let receipt = |_: &[Event]| once.receipt(202, &reply);
    let message = NewMessage { id, actor: opened.caller.name.clone(), words: text };
    let place = app.record().answering(&receipt);
    if let Err(error) = record_message(place, &*app.ports().clock, &mut opened, message).await {
        return Err(opened.failed(error));
    }
    app.ports().changes.grown(&opened.project);
    app.ports().wakes.talk(&opened.project);
    Ok((StatusCode::ACCEPTED, json_reply(reply)).into_response())
}

/// The last messages and their answers.
#[utoipa::path(get, path = "/projects/{id}/messages",
    operation_id = "list_messages", tag = "requests",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = MessagesPage), OfReader))]
pub(crate) async fn list(opened: Opened<Read>) -> Json<MessagesPage> {
    Json(MessagesPage::new(&opened))
}
