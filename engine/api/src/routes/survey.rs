//! The survey after the end.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use cloudcrew_runtime::engagement::{Event, SurveyRecord, survey as record_survey};
use cloudcrew_runtime::metrics::{counts, whole};
use cloudcrew_views::survey::Survey;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::decide::{MAX_WORDS, Rating, json_reply};
use super::refusals::{OfReader, OfWriter};
use crate::access::{Decide, Opened, Read};
use crate::app::App;
use crate::body::Body;
use crate::once::{KeyHeader, Once};
use crate::problem::{Kind, Problem};

/// An answer to the survey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnswer {
    /// Ratings by question, each 1 to 5. A question may be left out.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Rating>)]
    ratings: BTreeMap<String, u8>,
    /// What the person says.
    #[serde(default)]
    #[schema(max_length = 65536)]
    words: String,
}

/// The survey and its answers.
#[utoipa::path(get, path = "/projects/{id}/survey",
    operation_id = "read_survey", tag = "requests",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = Survey), OfReader))]
pub(crate) async fn read(opened: Opened<Read>) -> Json<Survey> {
    Json(Survey::new(&opened))
}

/// Answers the survey after the end. The last answer of a person counts.
#[utoipa::path(post, path = "/projects/{id}/survey",
    operation_id = "answer_survey", tag = "requests",
    params(("id" = String, Path, description = "The engagement"), KeyHeader),
    request_body = NewAnswer,
    responses((status = 200, description = "It is recorded", body = Recorded), OfWriter))]
pub(crate) async fn answer(
    State(app): State<App>,
    mut opened: Opened<Decide>,
    once: Once,
    Body(NewAnswer { ratings, words }): Body<NewAnswer>,
) -> Result<Response, Problem> {
    if words.len() > MAX_WORDS {
        return Err(Problem::new(Kind::Invalid, format!("at most {MAX_WORDS} bytes of text")));
    }
    if ratings.is_empty() && words.trim().is_empty() {
        return Err(Problem::new(Kind::Invalid, "an answer has ratings or words"));
    }
    let actor = opened.caller.name.clone();
    let reply = json!(Recorded { actor: actor.clone() }).to_string();
    let receipt = |_: &[Event]| once.receipt(200, &reply);
    let place = app.record().answering(&receipt);
    let survey = SurveyRecord { actor, ratings: ratings.into_iter().collect(), words };
    if let Err(error) = record_survey(place, &*app.ports().clock, &mut opened, survey).await {
        return Err(opened.failed(error));
    }
    if counts(&opened) {
        // The answer is recorded; `doctor --rebuild` makes up for a store that is away.
        if let Err(error) = whole(&*app.ports().metrics, &opened).await {
            tracing::warn!(%error, "the answer to a survey is not in the metrics");
        }
    }
    app.ports().changes.grown(&opened.project);
    Ok(json_reply(reply))
}

/// An answer was recorded.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recorded {
    /// The person.
    actor: String,
}
