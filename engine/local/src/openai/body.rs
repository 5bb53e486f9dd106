//! Builds the body of a chat completions request. Keys have a fixed order and the messages come
//! last, so a longer conversation starts with the bytes of the shorter one: these servers cache
//! prefixes.

use cloudcrew_ports::model::{
    Attachment, AttachmentFormat, Block, Message, ModelRequest, Role, ToolResult, ToolSpec,
    ToolStatus, ToolUse,
};
use serde_json::{Map, Value, json};

use super::OpenAiSettings;

/// Maximum length of a function name.
const NAME: usize = 64;

/// The request as JSON.
pub fn body(request: &ModelRequest<'_>, settings: &OpenAiSettings) -> Vec<u8> {
    let mut body = Map::new();
    body.insert("model".into(), settings.id.as_str().into());
    body.insert("stream".into(), settings.streaming.into());
    if settings.streaming {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    body.insert(settings.max_tokens_key.name().into(), request.max_tokens.into());
    if !request.tools.is_empty() {
        body.insert("tools".into(), request.tools.iter().map(tool).collect());
    }
    let mut messages = vec![json!({ "role": "system", "content": request.system })];
    for message in request.messages {
        match message.role {
            Role::Assistant => messages.push(assistant(message)),
            Role::User => user(message, &mut messages),
        }
    }
    body.insert("messages".into(), messages.into());
    serde_json::to_vec(&body).expect("a JSON value has a text")
}

fn tool(tool: &ToolSpec) -> Value {
    let function =
        json!({ "name": tool.name, "description": tool.description, "parameters": tool.schema });
    json!({ "type": "function", "function": function })
}

/// Thoughts are dropped unless there are calls: servers agree on no place for them. Next to calls,
/// unknown fields from the server are returned unchanged, because some servers refuse the
/// conversation without them.
fn assistant(message: &Message) -> Value {
    let text = texts(message);
    let uses = message
        .content
        .iter()
        .filter_map(|block| if let Block::ToolUse(call) = block { Some(call) } else { None });
    let calls: Vec<Value> = uses.map(call).collect();
    if calls.is_empty() {
        return json!({ "role": "assistant", "content": text });
    }
    let text = if text.is_empty() { Value::Null } else { text.into() };
    let mut said = json!({ "role": "assistant", "content": text, "tool_calls": calls });
    for thought in message
        .content
        .iter()
        .filter_map(|block| if let Block::Reasoning(r) = block { Some(r) } else { None })
    {
        for (key, value) in
            thought.opaque.get("message").and_then(Value::as_object).into_iter().flatten()
        {
            said[key.as_str()] = value.clone();
        }
        for (place, fields) in
            thought.opaque.get("calls").and_then(Value::as_object).into_iter().flatten()
        {
            let call = place
                .parse::<usize>()
                .ok()
                .and_then(|place| said["tool_calls"].get_mut(place)?.as_object_mut());
            if let (Some(call), Some(fields)) = (call, fields.as_object()) {
                call.extend(fields.clone());
            }
        }
    }
    said
}

fn call(call: &ToolUse) -> Value {
    // Arguments that a server cannot parse break its template, and with it every later request.
    let arguments = if call.input.is_object() { call.input.to_string() } else { "{}".to_owned() };
    json!({ "id": call.id, "type": "function", "function": { "name": function_name(&call.name),
        "arguments": arguments } })
}

/// Makes a name valid: a model may write any name, and servers refuse a conversation with an
/// impossible one.
fn function_name(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let name: String = name.chars().map(kept).take(NAME).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

/// Results come first, because they must follow the calls. Attachments are sent as the user: a
/// `tool` message holds text only.
fn user(message: &Message, messages: &mut Vec<Value>) {
    let results = || {
        message
            .content
            .iter()
            .filter_map(|block| if let Block::ToolResult(r) = block { Some(r) } else { None })
    };
    messages.extend(results().map(result));
    let text = texts(message);
    let shown: Vec<Value> =
        results().flat_map(|result| result.attachments.iter()).flat_map(attachment).collect();
    if shown.is_empty() {
        if !text.is_empty() {
            messages.push(json!({ "role": "user", "content": text }));
        }
        return;
    }
    let words = (!text.is_empty()).then(|| json!({ "type": "text", "text": text }));
    let content: Vec<Value> = words.into_iter().chain(shown).collect();
    messages.push(json!({ "role": "user", "content": content }));
}

fn result(result: &ToolResult) -> Value {
    let text = match result.status {
        ToolStatus::Success => result.text.clone(),
        ToolStatus::Error => format!("Error: {}", result.text),
    };
    json!({ "role": "tool", "tool_call_id": result.id, "content": text })
}

fn attachment(attachment: &Attachment) -> [Value; 2] {
    let url = format!("data:{};base64,{}", attachment.format.media_type(), attachment.data);
    let shown = if attachment.format == AttachmentFormat::Pdf {
        json!({ "type": "file", "file": { "filename": attachment.name, "file_data": url } })
    } else {
        json!({ "type": "image_url", "image_url": { "url": url } })
    };
    [json!({ "type": "text", "text": format!("Attached: {}", attachment.name) }), shown]
}

/// All text of a message as one string: many templates do not accept a list of parts.
fn texts(message: &Message) -> String {
    let texts: Vec<&str> = message
        .content
        .iter()
        .filter_map(|block| if let Block::Text(text) = block { Some(text.as_str()) } else { None })
        .collect();
    texts.join("\n\n")
}
