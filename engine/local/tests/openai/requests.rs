//! The requests that are sent.

use cloudcrew_local::openai::{MaxTokensKey, OpenAiModel, OpenAiSettings};
use cloudcrew_ports::model::{
    Attachment, AttachmentFormat, Block, Message, Nobody, Reasoning, Role, ToolResult, ToolStatus,
    ToolUse,
};
use serde_json::{Value, json};

use crate::caller::{ask, call, said, settings, tools};
use crate::server::{calls, delta, end, message, server, stream, text, whole};

fn conversation() -> Vec<Message> {
    let tool_use = |id: &str, name: &str, input: Value| {
        Block::ToolUse(ToolUse { id: id.into(), name: name.into(), input })
    };
    let attached =
        |format, name: &str| Attachment { format, name: name.into(), data: "QUJD".into() };
    let result = |id: &str, status, text: &str, attachments| {
        Block::ToolResult(ToolResult { id: id.into(), status, text: text.into(), attachments })
    };
    let shown = vec![
        attached(AttachmentFormat::Png, "plan.png"),
        attached(AttachmentFormat::Pdf, "sow.pdf"),
    ];
    vec![
        said(Role::User, vec![Block::Text("go on".into()), Block::Text("quickly".into())]),
        said(
            Role::Assistant,
            vec![
                Block::Reasoning(Reasoning { text: "hm".into(), ..Reasoning::default() }),
                tool_use("c1", "repo_read", json!({ "z": 1, "a": 2 })),
                tool_use("c2", "no such tool!", json!("{broken")),
            ],
        ),
        said(
            Role::User,
            vec![
                result("c1", ToolStatus::Success, "the file", shown),
                result("c2", ToolStatus::Error, "there is no such tool", vec![]),
                Block::Text("The customer says: hurry.".into()),
            ],
        ),
        said(Role::Assistant, vec![Block::Text("Done.".into())]),
        said(Role::User, vec![Block::Text("Sure?".into())]),
    ]
}

#[tokio::test]
async fn a_conversation_is_sent_in_the_common_form() {
    let (url, asked) = server(vec![stream(&[text("a"), end("stop")])]).await;
    call(&OpenAiModel::new(settings(&url)), &conversation(), &Nobody).await.expect("a reply");
    let (head, body) = asked.lock().expect("no panic").remove(0);
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    for header in [
        "authorization: Bearer sk-very-secret",
        "content-type: application/json",
        "accept: text/event-stream, application/json",
    ] {
        assert!(head.lines().any(|line| line == header), "{header} in {head}");
    }
    let expected = json!({
        "model": "qwen3:8b",
        "stream": true,
        "stream_options": { "include_usage": true },
        "max_tokens": 500,
        "tools": tools().iter().map(|t| json!({
            "type": "function",
            "function": { "name": t.name, "description": t.description, "parameters": t.schema },
        })).collect::<Vec<_>>(),
        "messages": [
            { "role": "system", "content": "You build." },
            { "role": "user", "content": "go on\n\nquickly" },
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "c1", "type": "function", "function": { "name": "repo_read",
                    "arguments": "{\"z\":1,\"a\":2}" } },
                { "id": "c2", "type": "function", "function": { "name": "no_such_tool_",
                    "arguments": "{}" } },
            ] },
            { "role": "tool", "tool_call_id": "c1", "content": "the file" },
            { "role": "tool", "tool_call_id": "c2", "content": "Error: there is no such tool" },
            { "role": "user", "content": [
                { "type": "text", "text": "The customer says: hurry." },
                { "type": "text", "text": "Attached: plan.png" },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,QUJD" } },
                { "type": "text", "text": "Attached: sow.pdf" },
                { "type": "file", "file": { "filename": "sow.pdf",
                    "file_data": "data:application/pdf;base64,QUJD" } },
            ] },
            { "role": "assistant", "content": "Done." },
            { "role": "user", "content": "Sure?" },
        ],
    });
    assert_eq!(String::from_utf8(body).expect("a text"), expected.to_string());
}

#[tokio::test]
async fn a_longer_conversation_begins_with_the_bytes_of_the_shorter_one() {
    let answers = || stream(&[text("a"), end("stop")]);
    let (url, asked) = server(vec![answers(), answers(), answers()]).await;
    let model = OpenAiModel::new(settings(&url));
    let all = conversation();
    for length in [1, 3, 5] {
        call(&model, &all[..length], &Nobody).await.expect("a reply");
    }
    let asked = asked.lock().expect("no panic");
    for pair in asked.windows(2) {
        let shorter = pair[0].1.strip_suffix(b"]}").expect("the messages come last");
        assert!(pair[1].1.starts_with(shorter));
    }
}

#[tokio::test]
async fn a_server_without_a_key_gets_none() {
    let (url, asked) =
        server(vec![whole(&message(json!({ "content": "a" }), json!("stop")))]).await;
    let quiet = OpenAiSettings {
        key: None,
        streaming: false,
        max_tokens_key: MaxTokensKey::MaxCompletionTokens,
        ..settings(&format!("{url}/"))
    };
    ask(quiet).await.expect("a reply");
    let (head, body) = asked.lock().expect("no panic").remove(0);
    assert!(
        head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")
            && !head.contains("authorization"),
        "{head}"
    );
    assert!(
        body.starts_with(
            br#"{"model":"qwen3:8b","stream":false,"max_completion_tokens":500,"tools""#
        )
    );
}

#[test]
fn a_key_is_never_shown() {
    let settings = settings("http://me:sesame@localhost/v1?token=sesame");
    let shown = format!("{settings:?} {:?}", OpenAiModel::new(settings.clone()));
    assert!(!shown.contains("sk-very") && !shown.contains("sesame"), "{shown}");
}

#[test]
fn each_server_gets_its_key_for_max_tokens() {
    assert_eq!(MaxTokensKey::at("https://api.openai.com/v1"), MaxTokensKey::MaxCompletionTokens);
    assert_eq!(MaxTokensKey::at("http://localhost:11434/v1"), MaxTokensKey::MaxTokens);
}

#[tokio::test]
async fn unknown_fields_are_sent_back_unchanged() {
    let call_with = json!([{
        "index": 0, "id": "x", "type": "function",
        "function": { "name": "repo_read", "arguments": "{}" },
        "extra_content": { "google": { "thought_signature": "c2ln" } },
    }]);
    let first = vec![
        delta(json!({ "reasoning_content": "I should " })),
        delta(json!({ "reasoning_content": "read.", "reasoning_details": [{ "id": 1 }] })),
        delta(json!({ "reasoning_details": [{ "id": 2 }] })),
        calls(call_with),
        end("tool_calls"),
    ];
    let (url, asked) = server(vec![stream(&first), stream(&[text("Done."), end("stop")])]).await;
    let model = OpenAiModel::new(settings(&url));
    let reply = call(&model, &[said(Role::User, vec![Block::Text("go on".into())])], &Nobody)
        .await
        .expect("a reply");
    // Recorded and read back.
    let recorded: Vec<Block> =
        serde_json::from_str(&serde_json::to_string(&reply.content).expect("JSON")).expect("JSON");
    let result = ToolResult {
        id: "x".into(),
        status: ToolStatus::Success,
        text: "the file".into(),
        attachments: vec![],
    };
    let conversation = [
        said(Role::User, vec![Block::Text("go on".into())]),
        said(Role::Assistant, recorded),
        said(Role::User, vec![Block::ToolResult(result)]),
    ];
    call(&model, &conversation, &Nobody).await.expect("a reply");
    let (_, body) = asked.lock().expect("no panic").remove(1);
    let sent: Value = serde_json::from_slice(body.as_ref()).expect("JSON");
    let message = &sent["messages"][2];
    assert_eq!(message["reasoning_content"], "I should read.");
    assert_eq!(message["reasoning_details"], json!([{ "id": 1 }, { "id": 2 }]));
    assert_eq!(message["tool_calls"][0]["extra_content"]["google"]["thought_signature"], "c2ln");
}
