//! `survey`: what people think of an engagement after its end.

use std::collections::BTreeMap;

use cloudcrew_runtime::engagement::{Engagement, survey_questions};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

/// The survey.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct Survey {
    /// Whether it can be answered: the engagement has ended.
    pub open: bool,
    /// Its questions, at most five; each is rated 1 to 5.
    pub questions: Vec<String>,
    /// The last answer of each person.
    pub answers: Vec<SurveyAnswer>,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// The answer of a person.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct SurveyAnswer {
    /// The person.
    pub actor: String,
    /// Ratings by question.
    pub ratings: BTreeMap<String, u8>,
    /// What the person says, or nothing.
    pub words: String,
}

impl Survey {
    /// The survey of an engagement.
    pub fn new(engagement: &Engagement) -> Survey {
        let answers = engagement.state.surveys.values().map(|survey| SurveyAnswer {
            actor: survey.actor.clone(),
            ratings: survey.ratings.iter().cloned().collect(),
            words: survey.words.clone(),
        });
        Survey {
            open: engagement.state.end.is_some(),
            questions: survey_questions(engagement),
            answers: answers.collect(),
            as_of: engagement.head.seq,
        }
    }
}
