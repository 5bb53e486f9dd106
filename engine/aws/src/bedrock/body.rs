//! The body of a ConverseStream request. It is written here rather than by the SDK, because the SDK
//! keeps JSON objects in hash maps. Their order differs between processes, and a prompt cache
//! requires an identical prefix.
//!
//! A conversation is sent again with every turn, so the body borrows from it and allocates only the
//! bytes.

use std::collections::BTreeMap;

use cloudcrew_definition::crew::Reasoning;
use cloudcrew_ports::model::{
    Attachment, AttachmentFormat, Block, Message, ModelRequest, Role, ToolSpec, ToolStatus,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::Settings;

/// Estimated bytes per token, to decide whether a prefix is long enough to cache.
const BYTES_PER_TOKEN: u64 = 4;

/// Maximum documents in a request.
const DOCUMENTS: usize = 5;
/// Maximum images in a request.
const IMAGES: usize = 20;

/// The system prompt; the part shared with other visits is a block of its own.
fn system<'a>(request: &ModelRequest<'a>) -> Vec<Part<'a>> {
    let (steady, rest) =
        request.system.split_at_checked(request.steady).unwrap_or((request.system, ""));
    [steady, rest].into_iter().filter(|text| !text.is_empty()).map(Part::Text).collect()
}

/// The request as JSON. Keys have a fixed order; arguments and schemas keep the order in which they
/// were written.
pub fn body(request: &ModelRequest<'_>, settings: &Settings) -> Vec<u8> {
    let mut body = Body {
        system: system(request),
        tool_config: Tools { tools: request.tools.iter().map(tool).collect() },
        messages: request.messages.iter().map(Sent::of).collect(),
        inference_config: json!({ "maxTokens": request.max_tokens }),
        guardrail_config: settings.guardrail.as_ref().map(|guardrail| {
            json!({ "guardrailIdentifier": guardrail.id,
                "guardrailVersion": guardrail.version, "trace": "enabled" })
        }),
        additional_model_request_fields: settings.reasoning.map(|reasoning| match reasoning {
            Reasoning::Tokens(tokens) => json!({ "thinking": { "type": "enabled",
                "budget_tokens": tokens } }),
            Reasoning::Effort(effort) => json!({ "thinking": { "type": "adaptive" },
                "output_config": { "effort": effort } }),
        }),
    };
    body.fit_attachments();
    if let Some(least) = settings.cache_minimum {
        body.add_cache_points(least);
    }
    let mut bytes = serde_json::to_vec(&body).expect("plain data with text keys has a text");
    // It stays in memory while the model works.
    bytes.shrink_to_fit();
    bytes
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    system: Vec<Part<'a>>,
    #[serde(skip_serializing_if = "Tools::is_empty")]
    tool_config: Tools<'a>,
    messages: Vec<Sent<'a>>,
    inference_config: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    guardrail_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_request_fields: Option<Value>,
}

#[derive(Serialize)]
struct Tools<'a> {
    tools: Vec<Part<'a>>,
}

#[derive(Serialize)]
struct Sent<'a> {
    role: &'static str,
    content: Vec<Part<'a>>,
}

/// A block as it is sent; also a tool, or a cache point.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Part<'a> {
    ToolSpec {
        name: &'a str,
        description: &'a str,
        input_schema: Schema<'a>,
    },
    Text(&'a str),
    #[serde(rename = "text")]
    Note(String),
    ToolUse {
        tool_use_id: &'a str,
        name: &'a str,
        input: &'a Value,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: Vec<Part<'a>>,
        status: &'static str,
    },
    ReasoningContent(Thought<'a>),
    Image {
        format: &'static str,
        source: Source<'a>,
    },
    Document {
        format: &'static str,
        name: String,
        source: Source<'a>,
    },
    CachePoint {
        r#type: &'static str,
    },
}

#[derive(Serialize)]
struct Schema<'a> {
    json: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Thought<'a> {
    ReasoningText {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<&'a str>,
    },
    RedactedContent(&'a str),
}

#[derive(Serialize)]
struct Source<'a> {
    bytes: &'a str,
}

impl<'a> Body<'a> {
    /// The service limits the number of documents and images, and document names must be unique.
    /// The oldest ones above the limit are omitted, and repeated names are numbered.
    fn fit_attachments(&mut self) {
        let (mut documents, mut images) = (0_usize, 0_usize);
        for part in self.shown() {
            match part {
                Part::Document { .. } => documents += 1,
                _ => images += 1,
            }
        }
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        let (mut too_old, mut too_old_images) =
            (documents.saturating_sub(DOCUMENTS), images.saturating_sub(IMAGES));
        for part in self.shown() {
            let left = match part {
                Part::Document { name, .. } => {
                    let times = names.entry(name.clone()).or_default();
                    *times += 1;
                    if *times > 1 {
                        name.push_str(&format!(" ({times})"));
                    }
                    &mut too_old
                }
                _ => &mut too_old_images,
            };
            if *left > 0 {
                *left -= 1;
                *part = Part::Note("[shown before, left out here]".to_owned());
            }
        }
    }

    /// Documents and images, oldest first.
    fn shown(&mut self) -> impl Iterator<Item = &mut Part<'a>> {
        let results =
            self.messages.iter_mut().flat_map(|message| &mut message.content).filter_map(|part| {
                match part {
                    Part::ToolResult { content, .. } => Some(content),
                    _ => None,
                }
            });
        results.flatten().filter(|part| matches!(part, Part::Document { .. } | Part::Image { .. }))
    }

    /// Adds at most four cache points, in the order in which the provider reads: after the tools,
    /// after the constant part of the system prompt, at the end of the last request, and at the end
    /// of this one. A point with too little before it would have no effect and is omitted.
    fn add_cache_points(&mut self, least: u64) {
        let least = least.saturating_mul(BYTES_PER_TOKEN);
        let mut before = self.tool_config.tools.iter().map(Part::size).sum::<u64>();
        if before >= least && !self.tool_config.is_empty() {
            self.tool_config.tools.push(Part::POINT);
        }
        let steady = self.system.first().map_or(0, Part::size);
        if before + steady >= least && steady > 0 {
            self.system.insert(1, Part::POINT);
        }
        before += self.system.iter().map(Part::size).sum::<u64>();
        let last = self.messages.len().saturating_sub(1);
        for (number, message) in self.messages.iter_mut().enumerate() {
            before += message.content.iter().map(Part::size).sum::<u64>();
            let ends_a_request = number == last || number + 2 == last;
            if ends_a_request && before >= least {
                message.content.push(Part::POINT);
            }
        }
    }
}

impl Tools<'_> {
    fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }
}

impl Part<'_> {
    const POINT: Part<'static> = Part::CachePoint { r#type: "default" };

    /// Bytes of its text: close to what a model reads of it.
    fn size(&self) -> u64 {
        let texts = match self {
            Part::ToolSpec { name, description, input_schema } => {
                return (name.len() + description.len()) as u64 + size(input_schema.json);
            }
            Part::ToolUse { tool_use_id, name, input } => {
                return (tool_use_id.len() + name.len()) as u64 + size(input);
            }
            Part::ToolResult { tool_use_id, content, .. } => {
                return tool_use_id.len() as u64 + content.iter().map(Part::size).sum::<u64>();
            }
            Part::Note(text) => text.len(),
            Part::Text(text) | Part::ReasoningContent(Thought::RedactedContent(text)) => text.len(),
            Part::ReasoningContent(Thought::ReasoningText { text, signature }) => {
                text.len() + signature.map_or(0, str::len)
            }
            Part::Image { source, .. } | Part::Document { source, .. } => source.bytes.len(),
            Part::CachePoint { .. } => 0,
        };
        texts as u64
    }
}

fn size(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() as u64 + size(value)).sum(),
        _ => 4,
    }
}

fn tool(tool: &ToolSpec) -> Part<'_> {
    Part::ToolSpec {
        name: &tool.name,
        description: &tool.description,
        input_schema: Schema { json: &tool.schema },
    }
}

impl Sent<'_> {
    fn of(message: &Message) -> Sent<'_> {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        Sent { role, content: message.content.iter().map(part).collect() }
    }
}

fn part(block: &Block) -> Part<'_> {
    match block {
        Block::Text(text) => Part::Text(text),
        Block::ToolUse(call) => {
            Part::ToolUse { tool_use_id: &call.id, name: &call.name, input: &call.input }
        }
        Block::ToolResult(result) => {
            let status = match result.status {
                ToolStatus::Success => "success",
                ToolStatus::Error => "error",
            };
            let content = std::iter::once(Part::Text(&result.text))
                .chain(result.attachments.iter().map(attachment))
                .collect();
            Part::ToolResult { tool_use_id: &result.id, content, status }
        }
        Block::Reasoning(thought) => Part::ReasoningContent(match &thought.hidden {
            Some(hidden) => Thought::RedactedContent(hidden),
            None => Thought::ReasoningText {
                text: &thought.text,
                signature: thought.signature.as_deref(),
            },
        }),
    }
}

fn attachment(attachment: &Attachment) -> Part<'_> {
    let (format, source) = (attachment.format.name(), Source { bytes: &attachment.data });
    if attachment.format == AttachmentFormat::Pdf {
        Part::Document { format, name: document_name(&attachment.name), source }
    } else {
        Part::Image { format, source }
    }
}

/// The service accepts letters, digits, single spaces, hyphens, parentheses and square brackets.
fn document_name(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-()[]".contains(c) { c } else { ' ' };
    let name: String = name.chars().map(kept).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { "document".to_owned() } else { name.chars().take(200).collect() }
}
