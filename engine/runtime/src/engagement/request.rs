//! Requests: everything that a person must answer.

use cloudcrew_definition::crew::Approvers;
use cloudcrew_definition::syntax::OnExpiry;
use cloudcrew_tools::AnswerForm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Answered, Decision, Finding};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RequestKind {
    /// A gate: approve or revise.
    Approval {
        /// Names of the ratings that the gate asks for.
        ratings: Vec<String>,
        /// Whether the customer may still ask for changes.
        may_revise: bool,
        /// Earlier phases to which the customer may return the work.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        revise_to: Vec<String>,
        /// Open findings of the last review.
        findings: Vec<Finding>,
    },
    /// An agent's question.
    Question {
        /// Name of the agent that asks.
        agent: String,
        /// The question.
        question: String,
        /// Id of the question in its swarm.
        interrupt: String,
        /// How it may be answered.
        #[serde(default, skip_serializing_if = "AnswerForm::is_default")]
        form: AnswerForm,
    },
    /// A budget is used up: raise it, or let the engagement end.
    Budget {
        /// Its YAML key: `agents.yaml agents.pm.budget.tokens`.
        budget: String,
        /// Its unit.
        unit: Unit,
        /// The amount used.
        spent: u64,
        /// The most that the next call may take.
        needed: u64,
        /// Its limit.
        limit: u64,
    },
}

/// The unit of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Input and output tokens.
    Tokens,
    /// Millionths of a US dollar.
    MicroUsd,
}

impl Unit {
    /// Formats an amount for display.
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
    /// Raise the limit to this amount, in the budget's unit.
    To(u64),
    /// End the engagement.
    Stop,
}

impl Raise {
    /// Parses an answer: `stop`, or the new limit as a number of tokens or dollars. Returns `None`
    /// for anything else.
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

/// Removes `_` and thousands separators from a number; `None` where a comma may be a decimal comma.
fn ungrouped(number: &str) -> Option<String> {
    let number = number.replace('_', "");
    let whole = number.split('.').next().unwrap_or_default();
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = groups.all(|group| group.len() == 3) && (1..=3).contains(&first.len());
    let after = &number[whole.len()..];
    (!after.contains(',') && (!whole.contains(',') || grouped)).then(|| number.replace(',', ""))
}

/// Something that a person must answer. Once recorded, an answer never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// Id, unique in the engagement: `discovery-1` for the gate after the first run,
    /// `architecture-q-2-0-0` for a question.
    pub id: String,
    /// What it asks for.
    #[serde(flatten)]
    pub kind: RequestKind,
    /// The phase.
    pub phase: String,
    /// Run of the phase, from 1.
    pub revision: u32,
    /// Digest of what is asked about. An answer names the digest that the person saw.
    pub digest: String,
    /// The deliverables it covers: path and object id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject: Vec<(String, String)>,
    /// The role that may answer.
    pub answerer: String,
    /// When it was opened, milliseconds since 1970 UTC.
    pub opened: i64,
    /// Interval between reminders, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_after: Option<i64>,
    /// When it expires, milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// What happens when it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_expiry: Option<OnExpiry>,
    /// The people who must approve; absent when one person who may decide is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvers: Option<Approvers>,
    /// E-mail addresses of people who wrote part of what it covers, where they may not approve it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Approvals before the last one that was needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Answered>,
    /// The group that decides as well after the first deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<String>,
    /// Whether that deadline has passed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub escalated: bool,
    /// Number of reminders sent.
    #[serde(default)]
    pub reminders: u32,
    /// When the last reminder was sent, milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded: Option<i64>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answered>,
    /// When it was answered, milliseconds since 1970 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<i64>,
    /// Whether it expired before it was answered.
    #[serde(default)]
    pub expired: bool,
    /// Whether another request replaced it because its subject changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
}

impl Request {
    /// Whether it may be answered with nothing.
    pub fn is_optional(&self) -> bool {
        matches!(&self.kind, RequestKind::Question { form, .. } if form.optional)
    }

    /// The first characters of the digest, as shown to people and accepted from them.
    pub fn short_digest(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }

    /// Whether it is waiting for an answer.
    pub fn is_open(&self) -> bool {
        self.answer.is_none() && !self.expired && !self.superseded
    }

    /// The phase that must change, if the answer asks for changes: its own, or the earlier one to
    /// which the work returns.
    pub fn sends_back(&self) -> Option<&str> {
        match &self.answer.as_ref()?.decision {
            Decision::Revise { to, .. } => Some(to.as_deref().unwrap_or(&self.phase)),
            _ => None,
        }
    }

    /// Number of approvals so far, and how many are needed.
    pub fn quorum(&self) -> (u32, u32) {
        let need = self.approvers.as_ref().map_or(1, |approvers| approvers.quorum.max(1));
        let have = u32::try_from(self.votes.len()).unwrap_or(u32::MAX);
        let approved = self
            .answer
            .as_ref()
            .is_some_and(|answer| matches!(answer.decision, Decision::Approve { .. }));
        (if approved { need } else { have }, need)
    }

    /// Groups whose members may decide; empty for anyone who may decide in the engagement.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self
            .approvers
            .iter()
            .flat_map(|approvers| &approvers.groups)
            .map(String::as_str)
            .collect();
        if !groups.is_empty() && self.escalated {
            groups.extend(self.escalate_to.as_deref());
        }
        groups
    }

    /// When the next reminder or the expiry is due, milliseconds since 1970 UTC. Reminders are
    /// timed from the last one, so a clock jump sends one reminder rather than thousands.
    pub fn due(&self) -> Option<i64> {
        let since = self.reminded.unwrap_or(self.opened);
        let remind = self.remind_after.map(|every| since.saturating_add(every.max(1)));
        [remind, self.expires].into_iter().flatten().min().filter(|_| self.is_open())
    }
}
