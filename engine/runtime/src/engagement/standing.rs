//! What lists and inboxes show of an engagement. Each append writes it, so they need not read the
//! journal.

use serde::{Deserialize, Serialize};

use super::event::End;
use super::request::Request;
use super::state::State;
use cloudcrew_ports::index::{MAX_ROW, Row};

/// How long a survey stays in the inbox, in milliseconds: 30 days.
const SURVEY_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A summary of an engagement's state, for a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Name of its workflow.
    pub workflow: String,
    /// Whether it calls no live model. Rows of older versions lack it: the journal is read instead.
    pub rehearsal: bool,
    /// The person who owns it; empty in rows of older versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// People with a role, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Name of the state it is in.
    pub state: String,
    /// When to try again to push, milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushes: Option<i64>,
    /// Why a provider, or the Git server at the end, refuses until someone fixes the
    /// cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// Whether someone asked to cancel it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelling: bool,
    /// How often it was retried.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// Whether a message of the customer must be answered outside of a swarm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// Open requests, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Request>,
    /// When the survey was opened, milliseconds since 1970 UTC, if nobody has answered it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<i64>,
    /// Whether its current gate expired before it was decided.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// How it ended; absent until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// Whether something was omitted because it is too large. The journal has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

impl Standing {
    /// Summarizes a state.
    pub fn of(state: &State) -> Standing {
        let behind = state.unpushed.as_ref().filter(|_| state.end.is_none() && state.is_behind());
        Standing {
            pushes: behind.map(|unpushed| unpushed.again),
            workflow: state.started.workflow.clone(),
            rehearsal: state.started.voice.is_rehearsal(),
            owner: state.started.owner.clone(),
            members: state.members.keys().cloned().collect(),
            state: state.at.clone(),
            blocked: state.blocked(),
            cancelling: state.cancel.is_some() && state.end.is_none(),
            retries: state.retries,
            unanswered: state.to_answer().is_some(),
            requests: state.open_requests().cloned().collect(),
            survey: state.surveyed.filter(|_| state.end.is_some() && state.surveys.is_empty()),
            expired: state.end.is_none()
                && state.gate_request().is_some_and(|request| request.expired),
            end: state.end.clone(),
            partial: false,
        }
    }

    /// Whether a person must act.
    fn waits(&self) -> bool {
        !self.requests.is_empty() || self.blocked.is_some()
    }

    /// Whether a survey waits for an answer at this time, in milliseconds since 1970 UTC.
    pub fn asks_survey(&self, now: i64) -> bool {
        self.survey.is_some_and(|opened| now.saturating_sub(opened) < SURVEY_MS)
    }

    /// Whether a process must drive it.
    pub fn runs(&self) -> bool {
        self.end.is_none() && (!self.waits() || self.cancelling)
    }

    /// Converts it to a row of the index.
    pub fn row(&self) -> Row {
        let waits = self.waits();
        let active = self.runs() || self.unanswered;
        let due = self.requests.iter().filter_map(Request::due).chain(self.pushes).min();
        let mut standing = json(self);
        if standing.len() > MAX_ROW {
            let (workflow, state) = (self.workflow.clone(), self.state.clone());
            standing = json(&Standing {
                workflow,
                rehearsal: self.rehearsal,
                pushes: self.pushes,
                owner: self.owner.clone(),
                members: Vec::new(),
                state,
                blocked: None,
                cancelling: self.cancelling,
                retries: self.retries,
                unanswered: self.unanswered,
                requests: Vec::new(),
                survey: self.survey,
                expired: self.expired,
                end: None,
                partial: true,
            });
        }
        Row { standing, waits, active, due }
    }

    /// Reads a row; `None` when the journal must be read instead.
    pub fn read(row: &Row) -> Option<Standing> {
        serde_json::from_str(&row.standing).ok().filter(|standing: &Standing| !standing.partial)
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn json(standing: &Standing) -> String {
    serde_json::to_string(standing).expect("plain data with text keys")
}
