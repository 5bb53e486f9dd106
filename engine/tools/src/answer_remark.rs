//! `answer_remark`: says what became of a remark of the customer.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Done, Outcome, RemarkAnswer, RemarkOutcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

/// Its name. Definitions do not grant it: whoever owns a file with a remark has it.
pub const ANSWER_REMARK: &str = "answer_remark";

pub(super) struct AnswerRemark;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Id of the remark
    id: String,
    /// What became of it
    outcome: RemarkOutcome,
    /// What you changed, why you kept the passage, or your answer
    #[schemars(length(min = 1, max = 4000))]
    words: String,
}

#[async_trait]
impl TypedTool for AnswerRemark {
    type Arguments = Arguments;
    const NAME: &'static str = ANSWER_REMARK;
    const DESCRIPTION: &'static str = "Reports the outcome of a customer's remark. Change the \
                                       file first; the customer decides whether it is settled.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        if !at.has_remark(&a.id).await {
            let why = format!("`{}` is not an open remark on a file of {}", a.id, at.agent().name);
            return Err(ToolError::Refused(why));
        }
        let text = format!("Recorded for {}.", a.id);
        let (remark, agent) = (a.id, at.agent().name.clone());
        let answer = RemarkAnswer { remark, by: agent, outcome: a.outcome, words: a.words };
        Ok(Outcome::Done(text, Done { remark: Some(answer), ..Done::default() }))
    }
}
