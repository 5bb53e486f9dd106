//! Limits on a model's reply. Every reply is recorded, and records are read again whenever someone
//! looks.

use serde_json::Value;

use super::json::{MAX_ARGUMENTS, depth_of};
use super::model::{Block, ModelFault, ModelReply};
use super::reply::MAX_REPLY;
use super::secret::{redact, redact_value};

/// Maximum tool calls to run in one reply.
pub const MAX_CALLS: usize = 256;
/// Maximum blocks of one reply.
const MAX_BLOCKS: usize = 512;
/// Maximum bytes of an id, a name or a stop reason.
const MAX_NAME: usize = 512;
/// Maximum bytes of a provider's error message.
const MAX_MESSAGE: usize = 4 * 1024;
/// Maximum lines of a guardrail's findings.
const MAX_FINDINGS: usize = 100;

impl ModelReply {
    /// Limits the reply before it is recorded. Calls beyond [`MAX_CALLS`] are omitted and the reply
    /// says so. Arguments nested deeper than [`MAX_ARGUMENTS`] become text, and the model learns
    /// that they are not valid arguments.
    ///
    /// # Errors
    /// Fails when the reply is larger than [`MAX_REPLY`].
    pub fn bounded(mut self) -> Result<ModelReply, ModelFault> {
        if self.content.iter().map(bytes).sum::<usize>() > MAX_REPLY {
            return Err(ModelFault { usage: self.usage, ..ModelFault::too_large() });
        }
        let (mut calls, mut left_out) = (0, 0);
        self.content.retain(|block| {
            let is_call = matches!(block, Block::ToolUse(_));
            calls += usize::from(is_call);
            let kept = !is_call || calls <= MAX_CALLS;
            left_out += usize::from(!kept);
            kept
        });
        self.content.truncate(MAX_BLOCKS);
        for block in &mut self.content {
            if let Block::Text(text) = block {
                redact(text);
            }
            if let Block::ToolUse(call) = block {
                redact(&mut call.name);
                [&mut call.id, &mut call.name].into_iter().for_each(|text| cut(text, MAX_NAME));
                if depth_of(&call.input) > MAX_ARGUMENTS {
                    call.input = Value::String(call.input.to_string());
                }
                // Only now that the depth is bounded: `redact_value` recurses.
                redact_value(&mut call.input);
            }
            if let Block::Reasoning(thought) = block
                && thought.signature.is_none()
            {
                // With a signature, the provider expects it back as it was.
                redact(&mut thought.text);
            }
            if let Block::Reasoning(thought) = block
                && thought.opaque.values().any(|value| depth_of(value) > MAX_ARGUMENTS)
            {
                thought.opaque.clear();
            }
        }
        if left_out > 0 {
            self.content.push(Block::Text(format!(
                "({left_out} more tool calls were left out: at most \
                    {MAX_CALLS} are run in one reply)"
            )));
        }
        cut(&mut self.stop_reason, MAX_NAME);
        self.guardrail.truncate(MAX_FINDINGS);
        self.guardrail.iter_mut().for_each(|line| cut(line, MAX_MESSAGE));
        Ok(self)
    }
}

impl ModelFault {
    /// Limits the fault before it is recorded.
    #[must_use]
    pub fn bounded(mut self) -> ModelFault {
        cut(&mut self.error, MAX_NAME);
        redact(&mut self.message);
        cut(&mut self.message, MAX_MESSAGE);
        self
    }
}

fn bytes(block: &Block) -> usize {
    match block {
        Block::Text(text) => text.len(),
        Block::ToolUse(call) => call.id.len() + call.name.len() + weight(&call.input),
        Block::ToolResult(result) => result.text.len(),
        Block::Reasoning(thought) => {
            let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            let opaque: usize =
                thought.opaque.iter().map(|(key, value)| key.len() + weight(value)).sum();
            thought.text.len() + length(&thought.signature) + length(&thought.hidden) + opaque
        }
    }
}

/// Approximate bytes of a value.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| key.len() + weight(value) + 4).sum::<usize>() + 2
        }
        _ => 8,
    }
}

/// The beginning and the end of a text of more than `most` bytes, and how much is left out between
/// them: what failed is often said last.
pub fn both_ends(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let first = text.floor_char_boundary(most / 2);
    let last = text.ceil_char_boundary(text.len() - most / 2);
    format!("{}\n[{} bytes left out]\n{}", &text[..first], last - first, &text[last..])
}

/// Truncates a text at the last character that fits.
pub fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
    }
}
