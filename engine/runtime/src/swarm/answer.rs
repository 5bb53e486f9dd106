//! Answers to questions, and resuming after a rest.

use serde_json::Value;

use super::machine::{At, SlotState, Swarm};
use super::record::{Status, VisitStatus};
use cloudcrew_ports::model::{ToolResult, ToolStatus};

/// Why a swarm cannot resume; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// `malformed_answer`, `unknown_interrupt` or `not_resumable`.
    pub kind: &'static str,
    /// The reason, for a person.
    pub text: String,
}

fn refused<T>(kind: &'static str, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { kind, text: text.into() })
}

impl Swarm {
    /// Accepts answers: a list of `{"interrupt": id, "answer": any JSON}`. Questions without an
    /// answer stay open.
    ///
    /// # Errors
    /// When the value is not such a list, an id is not an open question, or no question is open.
    /// Nothing is changed then.
    pub fn answer(&mut self, answers: &Value) -> Result<(), Refusal> {
        if self.status != Status::Interrupted {
            return refused("not_resumable", "no question is open");
        }
        let Some(list) = answers.as_array() else {
            return refused("malformed_answer", "answers must be a list");
        };
        let mut given: Vec<(&str, &Value)> = Vec::new();
        for answer in list {
            let Some(map) = answer.as_object() else {
                return refused("malformed_answer", "an answer must be an object");
            };
            let (Some(id), Some(value), 2) =
                (map.get("interrupt").and_then(Value::as_str), map.get("answer"), map.len())
            else {
                return refused(
                    "malformed_answer",
                    "an answer must have `interrupt` and `answer`, and nothing else",
                );
            };
            if given.iter().any(|(known, _)| *known == id) {
                return refused("malformed_answer", format!("`{id}` is answered twice"));
            }
            given.push((id, value));
        }
        let open = self.questions();
        if let Some((id, _)) = given.iter().find(|(id, _)| !open.iter().any(|q| q.id == *id)) {
            return refused("unknown_interrupt", format!("no open question `{id}`"));
        }
        for (id, value) in &given {
            self.put(id, value);
        }
        if !given.is_empty() && given.len() == open.len() {
            self.status = Status::Running;
            self.reason = None;
            if let Some(record) = self.record() {
                record.status = VisitStatus::Running;
            }
            self.after_tools();
        }
        Ok(())
    }

    fn put(&mut self, id: &str, value: &Value) {
        let Some(At::Tools(slots)) = self.visit.as_mut().map(|v| &mut v.at) else { return };
        for slot in slots {
            if let SlotState::Asking(q) = &slot.state
                && q.id == id
            {
                let words = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let text = match &q.form.call {
                    None => format!("Customer answered: {words}"),
                    Some(call) => format!("A person answered: {words}\n{}", call.advice()),
                };
                let result = ToolResult {
                    id: slot.call.id.clone(),
                    status: ToolStatus::Success,
                    text,
                    attachments: Vec::new(),
                };
                slot.state = SlotState::Done { result, started: true, asked: true };
            }
        }
    }

    /// Resumes after the provider was unavailable or refused, with the same call of the same visit.
    ///
    /// # Errors
    /// When the outcome is final.
    pub fn resume(&mut self) -> Result<(), Refusal> {
        match self.status {
            Status::Running | Status::Interrupted => return Ok(()),
            _ if !self.resumable() => return refused("not_resumable", "the outcome is final"),
            _ => {}
        }
        self.status = Status::Running;
        self.reason = None;
        if let Some(record) = self.record() {
            record.status = VisitStatus::Running;
        }
        if let Some(visit) = &mut self.visit {
            visit.attempts = 0;
            visit.at = At::Model;
        }
        Ok(())
    }
}
