//! Everything that a person must answer.

use cloudcrew_definition::syntax::OnExpiry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Answered, Finding};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RequestKind {
    /// A gate: approve or revise.
    Approval {
        /// What may be rated.
        ratings: Vec<String>,
        /// Whether the customer may still ask for changes.
        may_revise: bool,
        /// What the last review still found wrong.
        findings: Vec<Finding>,
    },
    /// An agent's question.
    Question {
        /// Who asks.
        agent: String,
        /// What.
        question: String,
        /// The swarm's own id of the question.
        interrupt: String,
    },
    /// A budget is used up: raise it, or let the engagement end.
    Budget {
        /// Its YAML key: `agents.yaml agents.pm.budget.tokens`.
        budget: String,
        /// Tokens, or millionths of a US dollar.
        unit: Unit,
        /// What was used.
        spent: u64,
        /// What the next call may take.
        needed: u64,
        /// Its limit.
        limit: u64,
    },
}

/// What a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Input and output tokens.
    Tokens,
    /// Millionths of a US dollar.
    MicroUsd,
}

impl Unit {
    /// An amount, for people.
    pub fn show(self, amount: u64) -> String {
        match self {
            Unit::Tokens => format!("{amount} tokens"),
            Unit::MicroUsd => format!("${:.2}", amount as f64 / 1e6),
        }
    }
}

/// An answer to a used-up budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raise {
    /// The new limit, in the budget's unit.
    To(u64),
    /// The engagement ends.
    Stop,
}

impl Raise {
    /// What was answered, when it is plainly one of the two: `stop`, or the new limit as a number,
    /// of tokens or of dollars.
    pub fn of(asked: &RequestKind, answer: &Value) -> Option<Raise> {
        let RequestKind::Budget { unit, .. } = asked else { return None };
        let text = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        let text = text.trim().to_lowercase();
        if text == "stop" {
            return Some(Raise::Stop);
        }
        let number = ungrouped(text.trim_start_matches('$').trim_end_matches("tokens").trim())?;
        match unit {
            Unit::Tokens => number.parse().ok().map(Raise::To),
            Unit::MicroUsd => {
                let dollars: f64 = number
                    .parse()
                    .ok()
                    .filter(|d: &f64| d.is_finite() && (0.0..1e9).contains(d))?;
                Some(Raise::To((dollars * 1e6).round() as u64))
            }
        }
    }
}

/// A number without `_`, and without `,` where it parts groups of three digits; `None` where it may
/// be a decimal comma.
fn ungrouped(number: &str) -> Option<String> {
    let number = number.replace('_', "");
    let whole = number.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = groups.all(|group| group.len() == 3) && (1..=3).contains(&first.len());
    let after = &number[whole.len()..];
    (!after.contains(',') && (!whole.contains(',') || grouped)).then(|| number.replace(',', ""))
}

/// Something that a person must answer: once, for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// Unique in the engagement: `discovery-1` for the gate after the first run,
    /// `architecture-q-2-0-0` for a question.
    pub id: String,
    /// What is asked.
    #[serde(flatten)]
    pub kind: RequestKind,
    /// The phase.
    pub phase: String,
    /// Run of the phase, from 1.
    pub revision: u32,
    /// Digest of what is asked about; an answer names the one it saw.
    pub digest: String,
    /// The deliverables it covers with their object ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject: Vec<(String, String)>,
    /// Who may answer.
    pub answerer: String,
    /// When it was opened, milliseconds since 1970 UTC.
    pub opened: i64,
    /// Reminds again after each such time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_after: Option<i64>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// What follows then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_expiry: Option<OnExpiry>,
    /// Reminders that went out.
    #[serde(default)]
    pub reminders: u32,
    /// When the last reminder went out, milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded: Option<i64>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answered>,
    /// When it was answered, milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<i64>,
    /// Whether nobody answered in time.
    #[serde(default)]
    pub expired: bool,
    /// Whether what it asked about has changed, so that another request took its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
}

impl Request {
    /// The first characters of the digest, as people are shown it and may give it back.
    pub fn short_digest(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }

    /// Whether it waits for an answer.
    pub fn is_open(&self) -> bool {
        self.answer.is_none() && !self.expired && !self.superseded
    }

    /// When the next reminder or the expiry is due, milliseconds since 1970 UTC. A reminder comes
    /// so long after the last one: a clock that jumped sends one and not thousands.
    pub fn due(&self) -> Option<i64> {
        let since = self.reminded.unwrap_or(self.opened);
        let remind = self.remind_after.map(|every| since.saturating_add(every.max(1)));
        [remind, self.expires].into_iter().flatten().min().filter(|_| self.is_open())
    }
}
