//! Assembles a reply from the pieces in which a provider streams it. Every adapter of a live model
//! uses it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::json::{MAX_ARGUMENTS, depth_of};
use super::mended;
use super::model::{Block, FaultKind, Listener, ModelFault, ModelReply, Reasoning, ToolUse, Usage};

/// Maximum bytes of a reply: more than any model writes under the highest `max_tokens`.
pub const MAX_REPLY: usize = 8 * 1024 * 1024;

/// A reply under construction. Blocks are identified by the provider's number and ordered by it.
pub struct Assembly<'a> {
    listener: &'a dyn Listener,
    parts: BTreeMap<u32, Part>,
    bytes: usize,
}

enum Part {
    Text(String),
    Tool { id: String, name: String, input: String },
    Reasoning(Reasoning),
}

impl<'a> Assembly<'a> {
    /// An empty reply.
    pub fn new(listener: &'a dyn Listener) -> Assembly<'a> {
        Assembly { listener, parts: BTreeMap::new(), bytes: 0 }
    }

    /// Adds text.
    ///
    /// # Errors
    /// All of these fail when the reply is larger than [`MAX_REPLY`].
    pub fn text(&mut self, block: u32, words: &str) -> Result<(), ModelFault> {
        self.grow(words.len())?;
        match self.parts.entry(block).or_insert_with(|| Part::Text(String::new())) {
            Part::Text(text) => text.push_str(words),
            Part::Tool { .. } | Part::Reasoning(_) => return Err(mixed()),
        }
        self.listener.hears(words);
        Ok(())
    }

    /// Begins a tool call.
    ///
    /// # Errors
    /// See [`Assembly::text`].
    pub fn tool(&mut self, block: u32, id: &str, name: &str) -> Result<(), ModelFault> {
        self.grow(id.len() + name.len())?;
        let part = Part::Tool { id: id.to_owned(), name: name.to_owned(), input: String::new() };
        if self.parts.insert(block, part).is_some() {
            return Err(mixed());
        }
        Ok(())
    }

    /// Adds to a tool's arguments.
    ///
    /// # Errors
    /// See [`Assembly::text`].
    pub fn input(&mut self, block: u32, json: &str) -> Result<(), ModelFault> {
        self.grow(json.len())?;
        match self.parts.get_mut(&block) {
            Some(Part::Tool { input, .. }) => input.push_str(json),
            _ => return Err(mixed()),
        }
        Ok(())
    }

    /// Adds thoughts: text, its signature, or hidden thoughts in Base64.
    ///
    /// # Errors
    /// See [`Assembly::text`].
    pub fn thought(&mut self, block: u32, more: &Reasoning) -> Result<(), ModelFault> {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.grow(more.text.len() + length(&more.signature) + length(&more.hidden))?;
        match self.parts.entry(block).or_insert_with(|| Part::Reasoning(Reasoning::default())) {
            Part::Reasoning(all) => {
                all.text.push_str(&more.text);
                for (all, more) in
                    [(&mut all.signature, &more.signature), (&mut all.hidden, &more.hidden)]
                {
                    if let Some(more) = more {
                        all.get_or_insert_default().push_str(more);
                    }
                }
            }
            Part::Text(_) | Part::Tool { .. } => return Err(mixed()),
        }
        Ok(())
    }

    /// Adds fields that the provider expects back unchanged.
    ///
    /// # Errors
    /// See [`Assembly::text`].
    pub fn opaque(&mut self, block: u32, more: Map<String, Value>) -> Result<(), ModelFault> {
        self.grow(Value::Object(more.clone()).to_string().len())?;
        match self.parts.entry(block).or_insert_with(|| Part::Reasoning(Reasoning::default())) {
            Part::Reasoning(all) => all.opaque.extend(more),
            Part::Text(_) | Part::Tool { .. } => return Err(mixed()),
        }
        Ok(())
    }

    /// Completes the reply.
    pub fn finish(self, stop_reason: String, usage: Option<Usage>) -> ModelReply {
        let content = self.parts.into_values().filter_map(|part| match part {
            Part::Text(text) => (!text.is_empty()).then_some(Block::Text(text)),
            Part::Tool { id, name, input } => {
                Some(Block::ToolUse(ToolUse { id, name, input: arguments(input) }))
            }
            Part::Reasoning(reasoning) => Some(Block::Reasoning(reasoning)),
        });
        ModelReply {
            content: content.collect(),
            stop_reason,
            usage,
            guardrail: Vec::new(),
            took: None,
        }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), ModelFault> {
        self.bytes += bytes;
        if self.bytes > MAX_REPLY { Err(ModelFault::too_large()) } else { Ok(()) }
    }
}

/// Arguments as a model wrote them: anything other than a JSON object stays text, and the swarm
/// tells the model.
fn arguments(written: String) -> Value {
    if written.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    match mended::object(&written) {
        Ok(value) if depth_of(&value) <= MAX_ARGUMENTS => value,
        _ => Value::String(written),
    }
}

fn mixed() -> ModelFault {
    ModelFault::garbled("the pieces of the reply are inconsistent")
}

impl ModelFault {
    /// A fault with the provider's error class and message; its kind follows from the HTTP status.
    pub fn of_status(
        status: u16,
        retry_after: Option<std::time::Duration>,
        error: &str,
        message: &str,
    ) -> ModelFault {
        let kind = match status {
            408 | 424 | 429 | 500 | 502 | 503 | 504 => FaultKind::Transient { retry_after },
            401..=404 => FaultKind::Denied,
            _ if says_too_long(message) && status < 500 => FaultKind::InputTooLong,
            _ => FaultKind::Permanent,
        };
        // Other statuses may come from an intermediary while the model keeps running.
        let unpaid = matches!(status, 400..=407 | 409..=423 | 429 | 503);
        ModelFault {
            kind,
            error: error.to_owned(),
            message: message.to_owned(),
            usage: None,
            unpaid,
            took: None,
        }
    }

    /// No connection could be made.
    pub fn refused(message: impl Into<String>) -> ModelFault {
        ModelFault { unpaid: true, ..ModelFault::connection(message) }
    }

    /// The connection was refused, lost or closed too early.
    pub fn connection(message: impl Into<String>) -> ModelFault {
        ModelFault::transient("ConnectionError", message)
    }

    /// The response is not a valid answer.
    pub fn garbled(message: impl Into<String>) -> ModelFault {
        ModelFault::transient("InvalidResponse", message)
    }

    /// The reply is larger than [`MAX_REPLY`].
    pub fn too_large() -> ModelFault {
        let message = format!(
            "the model's reply is larger than {} MiB, so it was discarded",
            MAX_REPLY / 1024 / 1024
        );
        ModelFault { kind: FaultKind::Permanent, ..ModelFault::transient("ReplyTooLarge", message) }
    }

    /// Nothing arrived for too long.
    pub fn silent(time: std::time::Duration) -> ModelFault {
        let seconds = time.as_secs_f64();
        ModelFault::transient(
            "ReadTimeout",
            format!("the provider sent nothing for {seconds} s (`models.*.silence_timeout`)"),
        )
    }

    /// A call that may work later.
    pub fn transient(error: &str, message: impl Into<String>) -> ModelFault {
        let kind = FaultKind::Transient { retry_after: None };
        ModelFault {
            kind,
            error: error.to_owned(),
            message: message.into(),
            usage: None,
            unpaid: false,
            took: None,
        }
    }

    /// A call that was refused, or not made, until someone changes something outside.
    pub fn denied(error: &str, message: impl Into<String>) -> ModelFault {
        ModelFault {
            kind: FaultKind::Denied,
            unpaid: true,
            ..ModelFault::transient(error, message)
        }
    }
}

/// Whether the message means that the conversation is too long for the model.
fn says_too_long(message: &str) -> bool {
    const SAYS: [&str; 5] = [
        "input is too long",
        "prompt is too long",
        "too many input tokens",
        "exceeds the context window",
        "maximum context length",
    ];
    let message = message.to_lowercase();
    SAYS.iter().any(|says| message.contains(says))
}
