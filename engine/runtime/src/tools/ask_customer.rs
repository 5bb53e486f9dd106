//! Asks the customer; the swarm rests until the answer is there.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, arguments, info};

pub(super) struct AskCustomer;

#[derive(Deserialize)]
struct Arguments {
    question: String,
}

#[async_trait]
impl Tool for AskCustomer {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "required": ["question"], "properties": {
            "question": { "type": "string", "minLength": 1, "maxLength": 2000, "description": "One \
             question, with what you would assume without an answer" },
        } });
        info(
            "ask_customer",
            "Asks the customer one question. The phase waits for the answer: ask only what changes \
             the work.",
            Capability::Ask,
            Effect::Pure,
            schema,
        )
    }

    async fn call(&self, _: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let Arguments { question } = arguments(input)?;
        Ok(Said::Asks { name: "question".into(), question })
    }
}
