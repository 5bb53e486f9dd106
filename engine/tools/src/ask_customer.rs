//! `ask_customer`: asks the customer one question.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{AnswerForm, Outcome, ToolError};
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
}

#[async_trait]
impl TypedTool for AskCustomer {
    type Arguments = Arguments;
    const NAME: &'static str = "ask_customer";
    const DESCRIPTION: &'static str = "Asks the customer one question. The phase waits for the \
                                       answer: ask only what changes the work.";
    const CAPABILITY: Capability = Capability::Ask;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = false;

    async fn run(&self, _: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let mut choices: Vec<String> = Vec::new();
        for choice in a.choices {
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
        let form = AnswerForm { choices, optional: a.optional, call: None };
        Ok(Outcome::Asks { name: "question".into(), question: a.question, form })
    }
}
