//! The scripted model: the answers of `rigs/bedrock`, as types of the model port.

use std::time::Duration;

use cloudcrew_ports::model::{Block, FaultKind, ModelFault, ModelReply, ToolUse, Usage};
use serde_json::{Value, json};

/// The answer to one request.
#[derive(Clone)]
pub struct Answer {
    /// Label in the rig's log: `turn:tool_use`, `error:ThrottlingException`.
    pub label: String,
    pub delay: Duration,
    pub said: Result<ModelReply, ModelFault>,
    pub served: Option<Served>,
}

/// A complete reply as scripted.
#[derive(Clone)]
pub struct Served {
    pub stop: String,
    pub text: String,
    pub tools: Vec<Value>,
    pub usage: Usage,
}

/// The answers of one agent.
pub struct Script {
    answers: Vec<Answer>,
    after: String,
}

const TOO_LONG: [&str; 5] = [
    "input is too long",
    "prompt is too long",
    "too many input tokens",
    "exceeds the context window",
    "maximum context length",
];

impl Script {
    pub fn read(name: &str, script: &Value, defaults: &Value) -> Script {
        let mut answers = Vec::new();
        for turn in script["turns"].as_array().unwrap() {
            for _ in 0..turn["repeat"].as_u64().unwrap_or(1) {
                if let Some(error) = turn.get("error") {
                    let times = error["times"].as_i64().unwrap_or(1);
                    answers.extend((0..times.max(1)).map(|_| error_answer(error)));
                    if times < 0 {
                        return Script { answers, after: "repeat_last".into() };
                    }
                }
                let ids = format!("tu-{name}-{}", answers.len());
                answers.push(turn_answer(turn, &ids, defaults));
            }
        }
        Script { answers, after: script["exhausted"].as_str().unwrap_or("error").into() }
    }

    pub fn answer(&self, n: usize) -> Answer {
        match self.answers.get(n) {
            Some(answer) => answer.clone(),
            None if self.after == "cycle" => self.answers[n % self.answers.len()].clone(),
            None if self.after == "repeat_last" => self.answers.last().unwrap().clone(),
            None => nothing("fake bedrock: script exhausted"),
        }
    }
}

pub fn nothing(why: &str) -> Answer {
    error_answer(&json!({"type": "ValidationException", "message": why}))
}

fn error_answer(error: &Value) -> Answer {
    let kind = error["type"].as_str().unwrap();
    let retry_after = error["retryAfter"].as_u64().map(Duration::from_secs);
    let said = Err(fault(
        kind,
        error["message"].as_str().unwrap_or(kind),
        error["status"].as_u64(),
        retry_after,
    ));
    Answer { label: format!("error:{kind}"), delay: millis(&error["delayMs"]), said, served: None }
}

fn turn_answer(turn: &Value, ids: &str, defaults: &Value) -> Answer {
    let text = turn["text"].as_str().unwrap_or("").to_owned();
    let delay = millis(turn.get("delayMs").unwrap_or(&defaults["delayMs"]));
    if let Some(error) = turn.get("streamError") {
        let kind = error["type"].as_str().unwrap();
        let message = error["message"].as_str().unwrap_or(kind);
        let said = Err(fault(kind, message, None, None));
        return Answer { label: format!("stream_error:{kind}"), delay, said, served: None };
    }
    let scripted = turn["tools"].as_array().cloned().unwrap_or_default();
    let (mut content, mut tools) = (Vec::new(), Vec::new());
    if !text.is_empty() {
        content.push(Block::Text(text.clone()));
    }
    for (n, call) in scripted.iter().enumerate() {
        let id = call["id"].as_str().map_or_else(|| format!("{ids}-{n}"), str::to_owned);
        let name = call["name"].as_str().unwrap().to_owned();
        let input = call.get("input").cloned().unwrap_or(json!({}));
        tools.push(json!({"toolUseId": id, "name": name, "input": input}));
        content.push(Block::ToolUse(ToolUse { id, name, input: streamed(call, input) }));
    }
    let stop = turn["stop"]
        .as_str()
        .unwrap_or(if scripted.is_empty() { "end_turn" } else { "tool_use" })
        .to_owned();
    let usage = usage(turn.get("usage").or(defaults.get("usage")).unwrap_or(&Value::Null));
    let said = Ok(ModelReply {
        content,
        stop_reason: stop.clone(),
        usage: Some(usage),
        guardrail: Vec::new(),
        took: None,
    });
    Answer {
        label: format!("turn:{stop}"),
        delay,
        said,
        served: Some(Served { stop, text, tools, usage }),
    }
}

/// What the adapter makes of a streamed input: an object, or the raw text.
fn streamed(call: &Value, input: Value) -> Value {
    match call["inputText"].as_str() {
        Some(raw) => serde_json::from_str(raw)
            .ok()
            .filter(Value::is_object)
            .unwrap_or(Value::String(raw.to_owned())),
        None => input,
    }
}

fn usage(spec: &Value) -> Usage {
    Usage {
        input_tokens: spec["input"].as_u64().unwrap_or(100),
        output_tokens: spec["output"].as_u64().unwrap_or(20),
        cache_read_tokens: spec["cacheRead"].as_u64().unwrap_or(0),
        cache_write_tokens: spec["cacheWrite"].as_u64().unwrap_or(0),
    }
}

fn millis(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().unwrap_or(0))
}

fn fault(
    kind: &str,
    message: &str,
    status: Option<u64>,
    retry_after: Option<Duration>,
) -> ModelFault {
    let error = error_class(kind);
    let status = status.unwrap_or_else(|| status_of(&error));
    let lower = message.to_lowercase();
    let kind =
        if error == "ValidationException" && TOO_LONG.iter().any(|words| lower.contains(words)) {
            FaultKind::InputTooLong
        } else if matches!(status, 408 | 424 | 429 | 500 | 502 | 503 | 504) {
            FaultKind::Transient { retry_after }
        } else {
            FaultKind::Permanent
        };
    ModelFault { kind, error, message: message.to_owned(), usage: None, unpaid: false, took: None }
}

/// The error class: the kind with its first letter in upper case.
pub fn error_class(kind: &str) -> String {
    if kind == "ConnectionClosed" {
        return "ConnectionError".to_owned();
    }
    let mut letters = kind.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

fn status_of(error: &str) -> u64 {
    match error {
        "ConnectionError" => 503,
        "ThrottlingException" | "ModelNotReadyException" => 429,
        "AccessDeniedException" => 403,
        "ResourceNotFoundException" => 404,
        "ModelTimeoutException" => 408,
        "ConflictException" => 409,
        "ModelErrorException" | "ModelStreamErrorException" => 424,
        "InternalServerException" => 500,
        "ServiceUnavailableException" => 503,
        _ => 400,
    }
}
