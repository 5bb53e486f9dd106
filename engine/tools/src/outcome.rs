//! The outcome of a tool call.

use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::memory::{MemoryRecord, MemorySource, Trust};
use cloudcrew_ports::model::Attachment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::workplace::{Broken, Recalled};

/// What a tool returns.
#[derive(Debug)]
pub enum Outcome {
    /// The call succeeded; the text is for the agent.
    Done(String, Done),
    /// The call returns something that is not text.
    Shows(String, Attachment),
    /// The call asks the customer a question.
    Asks {
        /// Short name of the question.
        name: String,
        /// The question.
        question: String,
        /// How it may be answered.
        form: AnswerForm,
    },
}

/// How a question may be answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerForm {
    /// The answers to choose from; empty for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Whether the customer may skip it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The call of a tool that it is about, if it is not the agent who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallQuestion>,
    /// The questions, when there are several: each is answered on a line of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// One of several questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// The question.
    pub question: String,
    /// The answers to choose from; empty for any text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Whether it may be skipped, with an empty line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl Part {
    /// Its choices in brackets behind a question, such as ` (yes / no)`; empty without any.
    pub fn offered(&self) -> String {
        match self.choices.as_slice() {
            [] => String::new(),
            choices => format!(" ({})", choices.join(" / ")),
        }
    }

    /// How it may be answered.
    fn form(&self) -> AnswerForm {
        let (choices, optional) = (self.choices.clone(), self.optional);
        AnswerForm { choices, optional, ..AnswerForm::default() }
    }
}

/// A question about a call of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum CallQuestion {
    /// The tool needs to know something. The agent calls it again with the answer.
    Input {
        /// Name of the tool.
        tool: String,
        /// Hex SHA-256 of the arguments, so that an answer is for this call alone.
        #[serde(default)]
        input: String,
    },
    /// A process ended during the call, and it is not known whether the call had its effect.
    Effect {
        /// Name of the tool.
        tool: String,
    },
}

impl CallQuestion {
    /// What the agent does with the answer, in a sentence.
    pub fn advice(&self) -> String {
        match self {
            CallQuestion::Input { tool, .. } => {
                format!("Call {tool} again with the same arguments to go on; it gets this answer.")
            }
            CallQuestion::Effect { tool } => {
                format!("Call {tool} again only if this says that it had no effect.")
            }
        }
    }
}

impl AnswerForm {
    /// Who asks, when `agent` is at work.
    pub fn asker(&self, agent: &str) -> String {
        match &self.call {
            None => agent.to_owned(),
            Some(CallQuestion::Input { tool, .. }) => format!("{tool}, called by {agent},"),
            Some(CallQuestion::Effect { .. }) => "CloudCrew".to_owned(),
        }
    }

    /// Whether it asks if a call had its effect.
    pub fn is_effect(&self) -> bool {
        matches!(self.call, Some(CallQuestion::Effect { .. }))
    }

    /// Whether an agent asks for any text.
    pub fn is_default(&self) -> bool {
        *self == AnswerForm::default()
    }

    /// Whether any text is an answer, and one is needed.
    pub fn is_free(&self) -> bool {
        self.choices.is_empty() && !self.optional && self.parts.is_empty()
    }

    /// The first of several questions that a text does not answer, with its number from 1.
    pub fn unanswered(&self, text: &str) -> Option<(usize, &Part)> {
        let mut lines = text.trim_end().lines();
        let fits = |part: &Part, line: &str| part.form().answer(line).is_some();
        let unfit = self.parts.iter().enumerate().find_map(|(n, part)| {
            let line = lines.next().unwrap_or_default();
            (!fits(part, line)).then_some((n + 1, part))
        });
        // What is left over answers nothing, so that it may stand on the wrong line.
        let more = lines.next().is_some();
        unfit.or_else(|| self.parts.last().filter(|_| more).map(|part| (self.parts.len(), part)))
    }

    /// The answer that a text stands for: one of the choices, by its words or its number, or the
    /// text itself; empty when the question is skipped. `None` when it does not fit.
    pub fn answer(&self, text: &str) -> Option<String> {
        if !self.parts.is_empty() {
            return self.unanswered(text).is_none().then(|| self.answers(text));
        }
        let text = text.trim();
        if text.is_empty() {
            return self.optional.then(String::new);
        }
        if self.choices.is_empty() {
            return Some(text.to_owned());
        }
        let by_words = |choice: &&String| choice.to_lowercase() == text.to_lowercase();
        let number = || text.parse::<usize>().ok()?.checked_sub(1);
        let chosen = self.choices.iter().find(by_words);
        chosen.or_else(|| self.choices.get(number()?)).cloned()
    }

    /// Each question with its answer.
    fn answers(&self, text: &str) -> String {
        let mut lines = text.trim_end().lines();
        let each = self.parts.iter().map(|part| {
            let answer = part.form().answer(lines.next().unwrap_or_default()).unwrap_or_default();
            let answer = if answer.is_empty() { "(skipped)" } else { &answer };
            format!("{}\n  {answer}\n", part.question)
        });
        each.collect()
    }
}

impl Outcome {
    /// Text of a file for the agent.
    pub fn of_file(
        text: impl Into<String>,
        shown: Vec<MemorySource>,
    ) -> Result<Outcome, ToolError> {
        Ok(Outcome::Done(text.into(), Done { shown, ..Done::default() }))
    }

    /// Text for the agent, without recorded effects.
    pub fn text(text: impl Into<String>) -> Result<Outcome, ToolError> {
        Ok(Outcome::Done(text.into(), Done::default()))
    }
}

/// Why a tool call failed.
#[derive(Debug)]
pub enum ToolError {
    /// The agent asked for something that is not allowed or does not exist. It gets the reason and
    /// continues.
    Refused(String),
    /// Something outside failed; the phase stops.
    Failed(Broken),
}

impl From<Broken> for ToolError {
    fn from(broken: Broken) -> Self {
        ToolError::Failed(broken)
    }
}

/// Effects of a call that are recorded with its result.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Ids of the ledger rows it wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger: Vec<String>,
    /// The verdict that the call gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// What became of a remark of the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<RemarkAnswer>,
    /// A change of a work item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<ItemChange>>,
    /// What the call did with a pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Box<PatternAct>>,
    /// The score that the call gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Box<DeliverableScore>>,
    /// What became of a row of the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settlement>,
    /// Files that it showed to the agent, which a note may be taken from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<MemorySource>,
    /// Whether it showed the ledger.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ledger_shown: bool,
    /// Notes of earlier work that it showed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalled: Vec<Recollection>,
    /// What the agent noted for later work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remembered: Option<Box<MemoryRecord>>,
}

/// What an agent did with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum PatternAct {
    /// Wrote its files.
    Used {
        /// Its name.
        name: String,
        /// Digest of its files.
        digest: String,
        /// What was written.
        paths: Vec<String>,
    },
    /// Added it to the library.
    Contributed {
        /// Its name.
        name: String,
        /// Digest of its files.
        digest: String,
    },
    /// Had it promoted.
    Promoted {
        /// Its name.
        name: String,
        /// Digest of its files.
        digest: String,
    },
}

/// A score of a deliverable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeliverableScore {
    /// Its path.
    pub path: String,
    /// 1 to 5.
    pub score: u8,
    /// What shows it.
    pub evidence: String,
    /// The agent that gave it.
    pub by: String,
    /// The version that was scored.
    pub of: MemorySource,
}

/// What became of an assumption or a blocker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settlement {
    /// Id of the row.
    pub row: String,
    /// What became of it.
    pub outcome: Settled,
}

/// What became of an assumption or a blocker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It holds.
    Confirmed,
    /// It is resolved or no longer matters.
    Closed,
}

impl Settled {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Settled::Confirmed => "confirmed",
            Settled::Closed => "closed",
        }
    }

    /// The name at the start of a title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Settled::Confirmed => "Confirmed",
            Settled::Closed => "Closed",
        }
    }
}

/// A note of earlier work, as it was shown to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recollection {
    /// Its id.
    pub id: String,
    /// How far it could be believed.
    pub trust: Trust,
    /// The engagement that wrote it; empty for a note that another owner may have published.
    pub project: String,
    /// Hex SHA-256 of its words.
    pub hash: String,
}

impl Recollection {
    /// The note that was shown.
    pub fn of(Recalled { record, trust, own }: &Recalled) -> Recollection {
        let named = *own || *trust != Trust::Published;
        Recollection {
            id: record.id.clone(),
            trust: *trust,
            project: if named { record.project.clone() } else { String::new() },
            hash: sha256(&record.text),
        }
    }
}

/// A new work item, or a change of one. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemChange {
    /// Its name, unique in the phase.
    pub name: String,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How far it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ItemState>,
    /// The agent who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Path of the deliverable that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliverable: Option<String>,
}

/// How far a work item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Not started.
    Todo,
    /// In progress.
    Doing,
    /// Done.
    Done,
    /// No longer needed.
    Dropped,
}

impl ItemState {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ItemState::Todo => "todo",
            ItemState::Doing => "doing",
            ItemState::Done => "done",
            ItemState::Dropped => "dropped",
        }
    }
}

/// A work item of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkItem {
    /// Its name, unique in the phase.
    pub name: String,
    /// The phase.
    pub phase: String,
    /// What is to be done.
    pub title: String,
    /// How far it is.
    pub state: ItemState,
    /// The agent who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Path of the deliverable that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliverable: Option<String>,
}

/// What became of a remark of the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemarkAnswer {
    /// Id of the remark.
    pub remark: String,
    /// The agent or person who says it.
    pub by: String,
    /// What became of it.
    pub outcome: RemarkOutcome,
    /// What was changed, why it was kept, or the answer.
    pub words: String,
}

/// The outcome of a remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemarkOutcome {
    /// The file was changed.
    Applied,
    /// The passage was kept, for a reason.
    Kept,
    /// It was a question, and is answered.
    Answered,
}

/// A verdict on a deliverable, or on a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The agent that gave it.
    pub reviewer: String,
    /// Path of the deliverable; absent when the verdict is on the phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Object id of the reviewed version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// Whether it passes.
    pub passed: bool,
    /// The problems found.
    pub findings: Vec<Finding>,
}

/// A problem with a deliverable or a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Path of the file; empty when the problem is not about one file.
    pub path: String,
    /// A sentence that describes the problem.
    pub text: String,
    /// The related YAML key, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_questions_are_answered_line_by_line() {
        let part = |question: &str, choices: &[&str], optional| {
            let choices = choices.iter().map(|&choice| choice.to_owned()).collect();
            Part { question: question.to_owned(), choices, optional }
        };
        let parts = vec![
            part("Which region?", &["eu-central-1", "us-east-1"], false),
            part("Since when?", &[], true),
            part("Who decides?", &[], false),
        ];
        let form = AnswerForm { parts, ..AnswerForm::default() };
        let wanted = "Which region?\n  us-east-1\nSince when?\n  (skipped)\nWho decides?\n  Bea\n";
        assert_eq!(form.answer("2\n\nBea\n").as_deref(), Some(wanted));
        assert!(!form.is_free());
        for (text, line) in [("", 1), ("3\n\nBea", 1), ("1\nMay", 3), ("1\n\nBea\nmore", 3)] {
            assert_eq!(form.unanswered(text).map(|(line, _)| line), Some(line), "{text:?}");
            assert!(form.answer(text).is_none(), "{text:?}");
        }
    }
}
