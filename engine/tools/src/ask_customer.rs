//! `ask_customer`: asks the customer a question, or several that belong together.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{AnswerForm, Outcome, Part, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct AskCustomer;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// One question, with what you would assume without an answer
    #[schemars(length(min = 1, max = 2000))]
    question: String,
    /// Two to six answers to choose from, the one you would take first. Without them, the customer
    /// answers in words
    #[serde(default)]
    #[schemars(length(max = 6), inner(length(min = 1, max = 200)))]
    choices: Vec<String>,
    /// Whether the customer may skip it. You then go on with your assumption
    #[serde(default)]
    optional: bool,
    /// Further questions that belong to it, asked in the same request
    #[serde(default)]
    #[schemars(length(max = 9))]
    more: Vec<Further>,
}

/// A further question.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Further {
    /// One question, with what you would assume without an answer
    #[schemars(length(min = 1, max = 2000))]
    question: String,
    /// Two to six answers to choose from
    #[serde(default)]
    #[schemars(length(max = 6), inner(length(min = 1, max = 200)))]
    choices: Vec<String>,
    /// Whether the customer may skip it
    #[serde(default)]
    optional: bool,
}

#[async_trait]
impl TypedTool for AskCustomer {
    type Arguments = Arguments;
    const NAME: &'static str = "ask_customer";
    const DESCRIPTION: &'static str = "Asks the customer a question, or several that belong \
                                       together. The phase waits for the answer: ask only what \
                                       changes the work.";
    const CAPABILITY: Capability = Capability::Ask;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = false;

    async fn run(&self, _: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let first = Further { question: a.question, choices: a.choices, optional: a.optional };
        let mut parts = Vec::new();
        for Further { question, choices, optional } in std::iter::once(first).chain(a.more) {
            parts.push(Part { question, choices: plain(choices)?, optional });
        }
        let (question, form) = match parts.len() {
            1 => {
                let Part { question, choices, optional } = parts.remove(0);
                (question, AnswerForm { choices, optional, ..AnswerForm::default() })
            }
            count => {
                let each = parts
                    .iter()
                    .enumerate()
                    .map(|(n, part)| format!("\n{}. {}", n + 1, part.question));
                let question = format!("{count} questions:{}", each.collect::<String>());
                (question, AnswerForm { parts, ..AnswerForm::default() })
            }
        };
        Ok(Outcome::Asks { name: "question".into(), question, form })
    }
}

/// Choices on one line each, which differ.
fn plain(given: Vec<String>) -> Result<Vec<String>, ToolError> {
    let mut choices: Vec<String> = Vec::new();
    for choice in given {
        let choice = row(choice.trim()).into_owned();
        // By its number, an answer names a choice.
        if choice.is_empty() || choice.parse::<u64>().is_ok() {
            let why = format!("`{choice}` is no choice: write a few words");
            return Err(ToolError::Refused(why));
        }
        if choices.iter().any(|there| there.to_lowercase() == choice.to_lowercase()) {
            return Err(ToolError::Refused(format!("`{choice}` is listed twice")));
        }
        choices.push(choice);
    }
    if choices.len() == 1 {
        let why = "One choice is none: give at least two, or ask for words";
        return Err(ToolError::Refused(why.to_owned()));
    }
    Ok(choices)
}
