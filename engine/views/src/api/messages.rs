//! The conversation with the customer.

use cloudcrew_runtime::engagement::{Engagement, Exchange};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;

/// The last messages of a conversation, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagesPage {
    /// The messages.
    pub messages: Vec<MessageRow>,
    /// Number of the last entry of the journal.
    pub as_of: u64,
}

/// A message of the customer, and its answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageRow {
    /// Its id.
    pub id: String,
    /// The person who sent it.
    pub actor: String,
    /// When it arrived.
    pub at: Time,
    /// Its text.
    pub text: String,
    /// Name of the agent that answers it.
    pub to: String,
    /// Whether it is answered.
    pub state: MessageState,
    /// The answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<MessageAnswer>,
}

/// Whether a message is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// It waits for an answer.
    Waiting,
    /// It is answered.
    Answered,
    /// It cannot be answered.
    Failed,
}

/// The answer to a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageAnswer {
    /// Name of the agent that answers: the one that was asked, or one that it passed the question
    /// on to.
    pub agent: String,
    /// When it was given.
    pub at: Time,
    /// Its text; empty when there is none.
    pub text: String,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl MessageRow {
    /// A message with its answer.
    pub fn new(exchange: &Exchange) -> MessageRow {
        let Exchange { message, at, reply, replied, .. } = exchange;
        let answer = reply.as_ref().map(|reply| MessageAnswer {
            agent: reply.agent.clone(),
            at: Time(replied.unwrap_or(*at)),
            text: reply.words.clone(),
            fault: reply.fault.as_ref().map(|why| why.text.clone()),
        });
        let state = match &answer {
            None => MessageState::Waiting,
            Some(MessageAnswer { fault: None, .. }) => MessageState::Answered,
            Some(_) => MessageState::Failed,
        };
        MessageRow {
            id: message.id.clone(),
            actor: message.actor.clone(),
            at: Time(*at),
            text: message.words.clone(),
            to: message.to.clone(),
            state,
            answer,
        }
    }
}

impl MessagesPage {
    /// The last messages of an engagement.
    pub fn new(engagement: &Engagement) -> MessagesPage {
        let exchanges = &engagement.state.conversation.exchanges;
        MessagesPage {
            messages: exchanges.iter().map(MessageRow::new).collect(),
            as_of: engagement.head.seq,
        }
    }
}
