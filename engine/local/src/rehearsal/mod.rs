//! The rehearsal model: each agent does what its definition requires, without a live model. It is
//! deterministic: a reply depends only on the definition, the rehearsal file and the request, so a
//! repeated call gets the same reply.

mod checks;
mod compose;
mod contact;
mod exercise;
mod knowledge;
mod notes;
mod reviewer;
mod sketch;
mod transcript;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::crew::{AgentBend, Bend, Definition, Phase, Rehearsal};
use cloudcrew_definition::syntax::Failure;
use cloudcrew_plan::forecast::BYTES_PER_TOKEN;
use cloudcrew_ports::model::{
    Billing, Block, FaultKind, Model, ModelFault, ModelReply, ModelRequest, Purpose, ToolUse, Usage,
};
use serde_json::Value;

use transcript::Transcript;

/// Tokens that a model writes per second, for estimates.
const TOKENS_PER_SECOND: u64 = 80;

/// The rehearsal model of one engagement.
pub struct RehearsalModel {
    definition: Arc<Definition>,
    rehearsal: Rehearsal,
}

/// An agent's reply in one turn.
pub(crate) struct Turn {
    text: String,
    calls: Vec<(&'static str, Value)>,
}

impl Turn {
    fn says(text: impl Into<String>) -> Turn {
        Turn { text: text.into(), calls: Vec::new() }
    }

    fn call(mut self, tool: &'static str, input: Value) -> Turn {
        self.calls.push((tool, input));
        self
    }
}

impl RehearsalModel {
    /// A model for the definition that an engagement is pinned to, modified by a rehearsal file.
    pub fn new(definition: Arc<Definition>, rehearsal: Option<Rehearsal>) -> RehearsalModel {
        RehearsalModel { definition, rehearsal: rehearsal.unwrap_or_default() }
    }

    fn bends<'a>(&'a self, request: &'a ModelRequest<'_>) -> impl Iterator<Item = &'a AgentBend> {
        let here = |b: &&AgentBend| {
            b.agent == request.agent && b.phase.as_ref().is_none_or(|p| *p == request.context.phase)
        };
        self.rehearsal.agents.iter().filter(here)
    }

    fn fault(&self, request: &ModelRequest<'_>, phase: &Phase) -> Option<ModelFault> {
        let fault = |kind, error: &str, message: &str| {
            Some(ModelFault {
                kind,
                error: error.into(),
                message: message.into(),
                usage: Some(Usage::default()),
                unpaid: true,
                took: Some(Duration::from_secs(1)),
            })
        };
        self.bends(request).find_map(|b| match b.bend {
            Bend::Fails(Failure::Provider)
                if request.context.earlier_calls < b.times * phase.swarm.provider_max_attempts =>
            {
                let kind = FaultKind::Transient { retry_after: None };
                fault(kind, "ServiceUnavailableException", "rehearsed: the provider is away")
            }
            Bend::Fails(Failure::Model) if request.context.earlier_calls < b.times => {
                fault(FaultKind::Permanent, "ValidationException", "rehearsed: the model refuses")
            }
            _ => None,
        })
    }

    fn reply(&self, turn: Turn, request: &ModelRequest<'_>) -> ModelReply {
        let mut content = Vec::new();
        let mut bytes = turn.text.len();
        if !turn.text.is_empty() {
            content.push(Block::Text(turn.text));
        }
        for (number, (name, input)) in turn.calls.into_iter().enumerate() {
            bytes += name.len() + input.to_string().len();
            let id =
                format!("rehearsed-{}-{}-{number}", request.context.visit, request.context.turn);
            content.push(Block::ToolUse(ToolUse { id, name: name.to_owned(), input }));
        }
        let read =
            request.system.len() + serde_json::to_string(request.messages).map_or(0, |t| t.len());
        let output = bytes as u64 / BYTES_PER_TOKEN;
        let cut = output > u64::from(request.max_tokens);
        let output = output.min(u64::from(request.max_tokens)).max(1);
        let calls = content.iter().any(|b| matches!(b, Block::ToolUse(_)));
        let stop = if cut {
            "max_tokens"
        } else if calls {
            "tool_use"
        } else {
            "end_turn"
        };
        let slow = self
            .bends(request)
            .find_map(|b| if let Bend::Takes(time) = b.bend { Some(time) } else { None });
        let took =
            slow.unwrap_or_else(|| Duration::from_millis(1000 + output * 1000 / TOKENS_PER_SECOND));
        let usage = Usage {
            input_tokens: read as u64 / BYTES_PER_TOKEN,
            output_tokens: output,
            ..Usage::default()
        };
        ModelReply {
            content,
            stop_reason: stop.to_owned(),
            usage: Some(usage),
            guardrail: Vec::new(),
            took: Some(took),
        }
    }
}

#[async_trait]
impl Model for RehearsalModel {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let (Some(phase), Some(agent)) =
            (self.definition.phase(&request.context.phase), self.definition.agent(request.agent))
        else {
            return Ok(self.reply(Turn::says("There is nothing for me to do here."), &request));
        };
        if request.context.purpose == Purpose::Conversation {
            let turn = contact::turn(&request, &Transcript::of(request.messages));
            return Ok(self.reply(turn, &request));
        }
        if let Some(fault) = self.fault(&request, phase) {
            return Err(fault);
        }
        let transcript = Transcript::of(request.messages);
        let turn = match request.context.purpose {
            Purpose::Work => worker::turn(self, &request, phase, agent, &transcript),
            _ => reviewer::turn(self, &request, phase, &transcript),
        };
        Ok(self.reply(contact::answering(turn, &request), &request))
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

/// Whether a tool is on offer.
pub(crate) fn has(request: &ModelRequest<'_>, tool: &str) -> bool {
    request.tools.iter().any(|t| t.name == tool)
}
