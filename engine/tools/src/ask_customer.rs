//! `ask_customer`: asks the customer one question.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct AskCustomer;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// One question, with what you would assume without an answer
    #[schemars(length(min = 1, max = 2000))]
    question: String,
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
        Ok(Outcome::Asks { name: "question".into(), question: a.question })
    }
}
