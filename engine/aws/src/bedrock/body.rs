//! The body of a ConverseStream request. It is written here and not by the SDK: the SDK keeps JSON objects in hash maps, whose
//! order differs from process to process, and a prompt cache holds only while every byte of the beginning stays the same.

use cloudcrew_definition::crew::Reasoning;
use cloudcrew_runtime::ports::model::{Attachment, AttachmentFormat, Block, Message, ModelRequest, Role, ToolResult, ToolStatus};
use serde_json::{Map, Value, json};

use super::Settings;

/// Bytes that stand for one token, for telling whether a beginning is long enough to be cached.
const BYTES_PER_TOKEN: u64 = 4;

/// The request's JSON. Keys come in a fixed order, arguments and schemas in the order in which they were written.
pub fn body(request: &ModelRequest<'_>, settings: &Settings) -> Vec<u8> {
    let tools: Vec<Value> = request.tools.iter().map(tool).collect();
    let system = vec![json!({ "text": request.system })];
    let messages: Vec<Value> = request.messages.iter().map(message).collect();
    let mut parts = Parts { tools, system, messages };
    if let Some(least) = settings.cache_minimum {
        parts.add_cache_points(least);
    }
    let mut body = Map::new();
    body.insert("system".into(), parts.system.into());
    if !parts.tools.is_empty() {
        body.insert("toolConfig".into(), json!({ "tools": parts.tools }));
    }
    body.insert("messages".into(), parts.messages.into());
    body.insert("inferenceConfig".into(), json!({ "maxTokens": request.max_tokens }));
    if let Some(guardrail) = &settings.guardrail {
        body.insert(
            "guardrailConfig".into(),
            json!({ "guardrailIdentifier": guardrail.id, "guardrailVersion": guardrail.version }),
        );
    }
    if let Some(reasoning) = settings.reasoning {
        let fields = match reasoning {
            Reasoning::Tokens(tokens) => json!({ "thinking": { "type": "enabled", "budget_tokens": tokens } }),
            Reasoning::Effort(effort) => json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": effort } }),
        };
        body.insert("additionalModelRequestFields".into(), fields);
    }
    serde_json::to_vec(&body).expect("a JSON value has a text")
}

struct Parts {
    tools: Vec<Value>,
    system: Vec<Value>,
    messages: Vec<Value>,
}

impl Parts {
    /// Four points at most, in the order in which the provider reads: after the tools, after the system prompt, where the last
    /// request ended, and where this one ends. A point before which too little stands would be of no use and is left out.
    fn add_cache_points(&mut self, least: u64) {
        let least = least.saturating_mul(BYTES_PER_TOKEN);
        let point = || json!({ "cachePoint": { "type": "default" } });
        let mut before = 0;
        for fixed in [&mut self.tools, &mut self.system] {
            before += fixed.iter().map(size).sum::<u64>();
            if !fixed.is_empty() && before >= least {
                fixed.push(point());
            }
        }
        let last = self.messages.len().saturating_sub(1);
        for (number, message) in self.messages.iter_mut().enumerate() {
            before += size(message);
            let ends_a_request = number == last || number + 2 == last;
            if ends_a_request
                && before >= least
                && let Some(content) = message["content"].as_array_mut()
            {
                content.push(point());
            }
        }
    }
}

/// Bytes of the texts in a value: close to what a model reads of it.
fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() as u64 + size(value)).sum(),
        _ => 4,
    }
}

fn tool(tool: &cloudcrew_runtime::ports::model::ToolSpec) -> Value {
    json!({ "toolSpec": { "name": tool.name, "description": tool.description, "inputSchema": { "json": tool.schema } } })
}

fn message(message: &Message) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    json!({ "role": role, "content": message.content.iter().map(block).collect::<Vec<_>>() })
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({ "text": text }),
        Block::ToolUse(call) => json!({ "toolUse": { "toolUseId": call.id, "name": call.name, "input": call.input } }),
        Block::ToolResult(result) => json!({ "toolResult": tool_result(result) }),
        Block::Reasoning(thought) => match &thought.hidden {
            Some(hidden) => json!({ "reasoningContent": { "redactedContent": hidden } }),
            None => {
                let mut text = json!({ "text": thought.text });
                if let Some(signature) = &thought.signature {
                    text["signature"] = signature.as_str().into();
                }
                json!({ "reasoningContent": { "reasoningText": text } })
            }
        },
    }
}

fn tool_result(result: &ToolResult) -> Value {
    let status = match result.status {
        ToolStatus::Success => "success",
        ToolStatus::Error => "error",
    };
    let content: Vec<Value> =
        std::iter::once(json!({ "text": result.text })).chain(result.attachments.iter().map(attachment)).collect();
    json!({ "toolUseId": result.id, "content": content, "status": status })
}

fn attachment(attachment: &Attachment) -> Value {
    let (format, source) = (attachment.format.name(), json!({ "bytes": attachment.data }));
    if attachment.format == AttachmentFormat::Pdf {
        json!({ "document": { "format": format, "name": document_name(&attachment.name), "source": source } })
    } else {
        json!({ "image": { "format": format, "source": source } })
    }
}

/// The service takes letters, digits, single spaces, hyphens, parentheses and square brackets.
fn document_name(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
    let name: String = name.chars().map(kept).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { "document".to_owned() } else { name.chars().take(200).collect() }
}
