//! Remarks on passages, and what became of them.

use cloudcrew_runtime::engagement::{Engagement, Remark, RemarkOutcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time::Time;

/// The remarks of an engagement, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Remarks {
    /// The remarks.
    pub remarks: Vec<RemarkRow>,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// A remark.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemarkRow {
    /// Its id.
    pub id: String,
    /// The person who made it.
    pub actor: String,
    /// When it was made.
    pub at: Time,
    /// Path of the file.
    pub path: String,
    /// Object id of the version that the person read.
    pub oid: String,
    /// Whether the file has changed since.
    pub outdated: bool,
    /// The passage, word for word.
    pub quote: String,
    /// What the person says about it.
    pub words: String,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<RemarkReply>,
    /// The person who settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<String>,
}

/// What became of a remark.
#[derive(Debug, Serialize, ToSchema)]
pub struct RemarkReply {
    /// The agent or person who says it.
    pub by: String,
    /// What became of it.
    pub outcome: RemarkEnd,
    /// What was changed, why it was kept, or the answer.
    pub words: String,
}

/// The outcome of a remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemarkEnd {
    /// The file was changed.
    Applied,
    /// The passage was kept, for a reason.
    Kept,
    /// It was a question, and is answered.
    Answered,
}

impl From<RemarkOutcome> for RemarkEnd {
    fn from(outcome: RemarkOutcome) -> RemarkEnd {
        match outcome {
            RemarkOutcome::Applied => RemarkEnd::Applied,
            RemarkOutcome::Kept => RemarkEnd::Kept,
            RemarkOutcome::Answered => RemarkEnd::Answered,
        }
    }
}

impl From<RemarkEnd> for RemarkOutcome {
    fn from(outcome: RemarkEnd) -> RemarkOutcome {
        match outcome {
            RemarkEnd::Applied => RemarkOutcome::Applied,
            RemarkEnd::Kept => RemarkOutcome::Kept,
            RemarkEnd::Answered => RemarkOutcome::Answered,
        }
    }
}

impl Remarks {
    /// The remarks of an engagement.
    pub fn new(e: &Engagement) -> Remarks {
        let remarks = e.state.remarks.iter().map(|remark| RemarkRow::new(e, remark)).collect();
        Remarks { remarks, as_of: e.head.seq }
    }
}

impl RemarkRow {
    /// A remark of an engagement.
    pub fn new(e: &Engagement, remark: &Remark) -> RemarkRow {
        let Remark { record, at, answer, closed } = remark;
        let now = e.state.artifacts.get(&record.path).map(|file| file.oid.as_str());
        RemarkRow {
            id: record.id.clone(),
            actor: record.actor.clone(),
            at: Time(*at),
            path: record.path.clone(),
            oid: record.oid.clone(),
            outdated: now != Some(record.oid.as_str()),
            quote: record.quote.clone(),
            words: record.words.clone(),
            answer: answer.as_ref().map(|answer| RemarkReply {
                by: answer.by.clone(),
                outcome: answer.outcome.into(),
                words: answer.words.clone(),
            }),
            settled_by: closed.clone(),
        }
    }
}
