//! Calls the model, and summarizes the result of a call in one line.

use std::time::Duration;

use cloudcrew_local::openai::{MaxTokensKey, OpenAiModel, OpenAiSettings};
use cloudcrew_ports::model::{
    Block, CallContext, FaultKind, Listener, Message, Model, ModelFault, ModelReply, ModelRequest,
    Nobody, Role, ToolSpec,
};
use serde_json::json;

use crate::server::{Act, server};

pub(crate) fn settings(url: &str) -> OpenAiSettings {
    OpenAiSettings {
        id: "qwen3:8b".into(),
        base_url: url.into(),
        key: Some("sk-very-secret".into()),
        key_name: Some("TEAM_KEY".into()),
        streaming: true,
        silence: Duration::from_secs(20),
        max_tokens_key: MaxTokensKey::default(),
    }
}

pub(crate) fn tools() -> Vec<ToolSpec> {
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: format!("does {name}"),
        schema: json!({ "type": "object", "properties": { "path": { "type": "string" } } }).into(),
    };
    vec![tool("repo_read"), tool("repo_write")]
}

pub(crate) fn said(role: Role, content: Vec<Block>) -> Message {
    Message { role, content }
}

pub(crate) fn question() -> Vec<Message> {
    vec![said(Role::User, vec![Block::Text("go on".into())])]
}

pub(crate) async fn call(
    model: &OpenAiModel,
    messages: &[Message],
    listener: &dyn Listener,
) -> Result<ModelReply, ModelFault> {
    let (context, tools) = (CallContext::alone("demo"), tools());
    let request = ModelRequest {
        context: &context,
        agent: "builder",
        model: "small",
        system: "You build.",
        steady: 0,
        messages,
        tools: &tools,
        max_tokens: 500,
        listener,
    };
    model.complete(request).await
}

pub(crate) async fn ask(settings: OpenAiSettings) -> Result<ModelReply, ModelFault> {
    call(&OpenAiModel::new(settings), &question(), &Nobody).await
}

/// The result, in one line.
pub(crate) fn summary(result: &Result<ModelReply, ModelFault>) -> String {
    match result {
        Ok(reply) => {
            let block = |block: &Block| match block {
                Block::Text(text) => format!("{text:?}"),
                Block::ToolUse(call) => format!("{}={}({})", call.id, call.name, call.input),
                Block::Reasoning(thought) => format!("<{}>", thought.text),
                Block::ToolResult(_) => "a result".into(),
            };
            let blocks: Vec<String> = reply.content.iter().map(block).collect();
            let usage = reply.usage.map_or("?".to_owned(), |u| {
                format!("{}+{} in, {} out", u.input_tokens, u.cache_read_tokens, u.output_tokens)
            });
            format!("{} | {} | {usage}", blocks.join(" "), reply.stop_reason)
        }
        Err(fault) => {
            let kind = match fault.kind {
                FaultKind::Transient { retry_after: None } => "later".to_owned(),
                FaultKind::Transient { retry_after: Some(wait) } => {
                    format!("in {} s", wait.as_secs_f64())
                }
                FaultKind::InputTooLong => "too long".to_owned(),
                FaultKind::Permanent => "never".to_owned(),
                FaultKind::Denied => "once fixed".to_owned(),
            };
            format!("{kind}: {}: {}", fault.error, fault.message)
        }
    }
}

/// A story: what the server does, and the expected result.
pub(crate) type Story = (&'static str, Vec<Act>, &'static str);

pub(crate) async fn holds(stories: Vec<Story>, streaming: bool) {
    for (story, acts, expected) in stories {
        let (url, _) = server(vec![acts]).await;
        let got = summary(&ask(OpenAiSettings { streaming, ..settings(&url) }).await);
        let got = got.replace(url.as_str(), "URL");
        assert!(
            got == expected
                || expected.strip_suffix('…').is_some_and(|begin| got.starts_with(begin)),
            "{story}\n got: {got}\nwant: {expected}"
        );
    }
}
