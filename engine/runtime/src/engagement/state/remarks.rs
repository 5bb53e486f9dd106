//! Remarks on passages, and what became of them.

use super::State;
use crate::engagement::event::{RemarkAnswer, RemarkRecord};

/// A remark.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// The remark.
    pub record: RemarkRecord,
    /// When it was made, milliseconds since 1970 UTC.
    pub at: i64,
    /// What became of it.
    pub answer: Option<RemarkAnswer>,
    /// The person who settled it.
    pub closed: Option<String>,
}

impl State {
    /// A remark by its id.
    pub fn remark(&self, id: &str) -> Option<&Remark> {
        self.remarks.iter().find(|remark| remark.record.id == id)
    }

    /// Remarks that an agent must answer: on files that it owns, without an outcome.
    pub fn remarks_for<'a>(&'a self, agent: &'a str) -> impl Iterator<Item = &'a Remark> {
        self.remarks.iter().filter(move |remark| {
            let owner = self.artifacts.get(&remark.record.path).map(|file| file.owner.as_str());
            remark.closed.is_none() && remark.answer.is_none() && owner == Some(agent)
        })
    }

    /// Notes what became of a remark.
    pub(super) fn remark_answered(&mut self, id: &str, answer: Option<&RemarkAnswer>) {
        let found = self.remarks.iter_mut().find(|remark| remark.record.id == id);
        if let (Some(remark), Some(answer)) = (found, answer) {
            remark.answer = Some(answer.clone());
        }
    }

    /// Settles a remark.
    pub(super) fn remark_closed(&mut self, id: &str, actor: &str) {
        if let Some(remark) = self.remarks.iter_mut().find(|remark| remark.record.id == id) {
            remark.closed = Some(actor.to_owned());
        }
    }
}
