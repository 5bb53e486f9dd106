//! The Bedrock adapter over the wire, against a small server without the SDK: the requests it
//! sends, and the replies it builds from answers.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use std::sync::Mutex;
use std::time::Duration;

use cloudcrew_aws::bedrock::{BedrockModel, Guardrail, Place, Service, Settings};
use cloudcrew_definition::crew::Reasoning as Effort;
use cloudcrew_ports::model::{
    Attachment, AttachmentFormat, Block, CallContext, FaultKind, Listener, Message, Model,
    ModelFault, ModelReply, ModelRequest, Nobody, Reasoning, Role, ToolResult, ToolSpec,
    ToolStatus, ToolUse, Usage,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The CRC-32 of event streams, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// One event of a stream.
fn event(kind: &str, value: &Value) -> Vec<u8> {
    let headers =
        [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(name.len() as u8);
        head.extend(name.as_bytes());
        head.push(7);
        head.extend((value.len() as u16).to_be_bytes());
        head.extend(value.as_bytes());
    }
    let payload = value.to_string().into_bytes();
    let mut message = ((16 + head.len() + payload.len()) as u32).to_be_bytes().to_vec();
    message.extend((head.len() as u32).to_be_bytes());
    message.extend(crc(&message).to_be_bytes());
    message.extend(head);
    message.extend(payload);
    let sum = crc(&message);
    message.extend(sum.to_be_bytes());
    message
}

/// Serves one request; returns it with the adapter's result.
async fn asked(
    settings: Settings,
    request: &ModelRequest<'_>,
    answer: Vec<u8>,
) -> (Value, Result<ModelReply, ModelFault>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        let body = loop {
            let mut piece = [0; 4096];
            let read = client.read(&mut piece).await.unwrap();
            all.extend(&piece[..read]);
            let Some(head) = all.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let text = String::from_utf8_lossy(&all[..head]).to_lowercase();
            assert!(text.contains("authorization: aws4-hmac-sha256"), "{text}");
            let length: usize = text
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "))
                .unwrap()
                .parse()
                .unwrap();
            if all.len() >= head + 4 + length {
                break all[head + 4..].to_vec();
            }
        };
        client.write_all(&answer).await.unwrap();
        client.shutdown().await.unwrap();
        serde_json::from_slice(&body).unwrap()
    });
    // The standard chain would depend on the environment of the test run.
    let service = Service::with_credentials(
        &Place { region: Some("eu-central-1".into()), endpoint: Some(endpoint) },
        "key",
        "secret",
    )
    .await;
    let said = BedrockModel::new(service, settings).complete(request.clone()).await;
    (server.await.unwrap(), said)
}

fn stream(events: &[(&str, Value)]) -> Vec<u8> {
    let body: Vec<u8> = events.iter().flat_map(|(kind, value)| event(kind, value)).collect();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ncontent-length: \
         {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

fn done(stop: &str) -> [(&'static str, Value); 2] {
    [
        ("messageStop", json!({ "stopReason": stop })),
        (
            "metadata",
            json!({ "usage": { "inputTokens": 10, "outputTokens": 4, "totalTokens": 14,
                "cacheReadInputTokens": 900, "cacheWriteInputTokens": 80 },
                    "metrics": { "latencyMs": 1 } }),
        ),
    ]
}

fn settings() -> Settings {
    let (cache_minimum, reasoning, guardrail) = (None, None, None);
    Settings {
        id: "eu.anthropic.claude-x".into(),
        cache_minimum,
        reasoning,
        guardrail,
        silence: Duration::from_secs(5),
    }
}

fn request<'a>(
    context: &'a CallContext,
    messages: &'a [Message],
    tools: &'a [ToolSpec],
    listener: &'a dyn Listener,
) -> ModelRequest<'a> {
    ModelRequest {
        context,
        agent: "pm",
        model: "opus",
        system: "You plan.",
        steady: 0,
        messages,
        tools,
        max_tokens: 500,
        listener,
    }
}

fn says(role: Role, content: Vec<Block>) -> Message {
    Message { role, content }
}

fn tool() -> ToolSpec {
    let schema = json!({ "type": "object", "required": ["zeta", "alpha"],
        "properties": { "zeta": { "type": "string" }, "alpha": {} } });
    ToolSpec { name: "look".into(), description: "Looks.".into(), schema: schema.into() }
}

#[tokio::test]
async fn thoughts_and_attachments_are_sent_back_unchanged() {
    let thought =
        Reasoning { text: "Hm.".into(), signature: Some("seal".into()), ..Reasoning::default() };
    let hidden = Reasoning { hidden: Some("c2VjcmV0".into()), ..Reasoning::default() };
    let call =
        ToolUse { id: "t1".into(), name: "look".into(), input: json!({ "zeta": "z", "alpha": 1 }) };
    let shown = |format, name: &str| Attachment { format, name: name.into(), data: "QUJD".into() };
    let result = ToolResult {
        id: "t1".into(),
        status: ToolStatus::Success,
        text: "docs/plan.pdf: application/pdf".into(),
        attachments: vec![
            shown(AttachmentFormat::Png, "a.png"),
            shown(AttachmentFormat::Pdf, "docs/plan_v2.pdf"),
        ],
    };
    let messages = [
        says(Role::User, vec![Block::Text("Look.".into())]),
        says(
            Role::Assistant,
            vec![Block::Reasoning(thought), Block::Reasoning(hidden), Block::ToolUse(call)],
        ),
        says(Role::User, vec![Block::ToolResult(result)]),
    ];
    let (context, tools) = (CallContext::alone("demo"), [tool()]);
    let settings = Settings {
        reasoning: Some(Effort::Tokens(2048)),
        guardrail: Some(Guardrail { id: "gr-1".into(), version: "3".into() }),
        ..settings()
    };
    let (sent, _) =
        asked(settings, &request(&context, &messages, &tools, &Nobody), stream(&done("end_turn")))
            .await;
    assert_eq!(
        sent["messages"],
        json!([
            { "role": "user", "content": [{ "text": "Look." }] },
            { "role": "assistant", "content": [
                { "reasoningContent": { "reasoningText": { "text": "Hm.", "signature": "seal" } } },
                { "reasoningContent": { "redactedContent": "c2VjcmV0" } },
                { "toolUse": { "toolUseId": "t1", "name": "look", "input": { "zeta": "z",
                    "alpha": 1 } } },
            ] },
            { "role": "user", "content": [{ "toolResult": { "toolUseId": "t1", "content": [
                { "text": "docs/plan.pdf: application/pdf" },
                { "image": { "format": "png", "source": { "bytes": "QUJD" } } },
                { "document": { "format": "pdf", "name": "docs plan v2 \
                    pdf", "source": { "bytes": "QUJD" } } },
            ], "status": "success" } }] },
        ])
    );
    // Key order is kept: a prompt cache requires identical bytes.
    assert!(
        sent.to_string().contains(r#""input":{"zeta":"z","alpha":1}"#)
            && sent.to_string().contains(r#""required":["zeta","alpha"]"#)
    );
    assert_eq!(sent["inferenceConfig"], json!({ "maxTokens": 500 }));
    assert_eq!(
        sent["guardrailConfig"],
        json!({ "guardrailIdentifier": "gr-1", "guardrailVersion": "3", "trace": "enabled" })
    );
    assert_eq!(
        sent["additionalModelRequestFields"],
        json!({ "thinking": { "type": "enabled", "budget_tokens": 2048 } })
    );
}

#[tokio::test]
async fn repeated_documents_are_numbered_and_only_five_are_kept() {
    let shown = || Attachment {
        format: AttachmentFormat::Pdf,
        name: "a.b.pdf".into(),
        data: "QUJD".into(),
    };
    let mut messages = vec![says(Role::User, vec![Block::Text("Look.".into())])];
    for turn in 0..7 {
        let id = format!("t{turn}");
        messages.push(says(
            Role::Assistant,
            vec![Block::ToolUse(ToolUse { id: id.clone(), name: "look".into(), input: json!({}) })],
        ));
        let result = ToolResult {
            id,
            status: ToolStatus::Success,
            text: "a.b.pdf".into(),
            attachments: vec![shown()],
        };
        messages.push(says(Role::User, vec![Block::ToolResult(result)]));
    }
    let context = CallContext::alone("demo");
    let (sent, _) =
        asked(settings(), &request(&context, &messages, &[], &Nobody), stream(&done("end_turn")))
            .await;
    let second =
        |n: usize| sent["messages"][2 * n + 2]["content"][0]["toolResult"]["content"][1].clone();
    assert_eq!(second(0), json!({ "text": "[shown before, left out here]" }));
    assert_eq!(second(1), second(0));
    let names: Vec<Value> = (2..7).map(|n| second(n)["document"]["name"].clone()).collect();
    assert_eq!(names, ["a b pdf (3)", "a b pdf (4)", "a b pdf (5)", "a b pdf (6)", "a b pdf (7)"]);
}

/// Records what it receives.
#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Listener for Recorder {
    fn hears(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[tokio::test]
async fn a_reply_is_assembled_while_its_text_is_streamed() {
    let delta = |block: u32, delta: Value| {
        ("contentBlockDelta", json!({ "contentBlockIndex": block, "delta": delta }))
    };
    let mut events = vec![
        ("messageStart", json!({ "role": "assistant" })),
        delta(0, json!({ "reasoningContent": { "text": "I wonder" } })),
        delta(0, json!({ "reasoningContent": { "text": "." } })),
        delta(0, json!({ "reasoningContent": { "signature": "se" } })),
        delta(0, json!({ "reasoningContent": { "signature": "al" } })),
        delta(1, json!({ "reasoningContent": { "redactedContent": "c2VjcmV0" } })),
        delta(2, json!({ "text": "I " })),
        delta(2, json!({ "text": "look." })),
        (
            "contentBlockStart",
            json!({ "contentBlockIndex": 3, "start": { "toolUse": { "toolUseId": "t9",
                "name": "look" } } }),
        ),
        delta(3, json!({ "toolUse": { "input": "{\"zeta\":" } })),
        delta(3, json!({ "toolUse": { "input": "\"z\"}" } })),
        (
            "contentBlockStart",
            json!({ "contentBlockIndex": 4, "start": { "toolUse": { "toolUseId": "t10",
                "name": "look" } } }),
        ),
        delta(4, json!({ "toolUse": { "input": "{\"zeta\": \"bro" } })),
        (
            "contentBlockStart",
            json!({ "contentBlockIndex": 5, "start": { "toolUse": { "toolUseId": "t11",
                "name": "look" } } }),
        ),
    ];
    events.extend(done("tool_use"));
    let (context, messages, recorded) = (
        CallContext::alone("demo"),
        [says(Role::User, vec![Block::Text("Look.".into())])],
        Recorder::default(),
    );
    let (_, said) =
        asked(settings(), &request(&context, &messages, &[], &recorded), stream(&events)).await;
    let reply = said.unwrap();
    let call = |id: &str, input: Value| {
        Block::ToolUse(ToolUse { id: id.into(), name: "look".into(), input })
    };
    let expected = vec![
        Block::Reasoning(Reasoning {
            text: "I wonder.".into(),
            signature: Some("seal".into()),
            ..Reasoning::default()
        }),
        Block::Reasoning(Reasoning { hidden: Some("c2VjcmV0".into()), ..Reasoning::default() }),
        Block::Text("I look.".into()),
        call("t9", json!({ "zeta": "z" })),
        call("t10", json!("{\"zeta\": \"bro")),
        call("t11", json!({})),
    ];
    assert_eq!((reply.content, reply.stop_reason.as_str()), (expected, "tool_use"));
    let usage = Usage {
        input_tokens: 10,
        output_tokens: 4,
        cache_read_tokens: 900,
        cache_write_tokens: 80,
    };
    assert_eq!(reply.usage, Some(usage));
    assert_eq!(*recorded.0.lock().unwrap(), ["I ", "look."]);
}

#[tokio::test]
async fn a_guardrails_findings_are_reported() {
    let (context, messages) =
        (CallContext::alone("demo"), [says(Role::User, vec![Block::Text("Say it.".into())])]);
    let mut events = done("guardrail_intervened");
    events.last_mut().unwrap().1["trace"] = json!({ "guardrail": {
        "inputAssessment": { "gr-1": {
            "topicPolicy": { "topics": [{ "name": "Investment", "type": "DENY",
                "action": "BLOCKED" }] },
            "contentPolicy": { "filters": [
                { "type": "INSULTS", "confidence": "LOW", "action": "NONE", "detected": true },
                { "type": "HATE", "confidence": "NONE", "action": "NONE", "detected": false },
            ] },
        } },
        "outputAssessments": { "gr-1": [{
            "wordPolicy": {
                "customWords": [{ "match": "moonshot", "action": "BLOCKED" }],
                "managedWordLists": [{ "match": "damn", "type": "PROFANITY", "action": "BLOCKED" }],
            },
            "sensitiveInformationPolicy": {
                "piiEntities": [{ "match": "ada@example.org", "type": "EMAIL",
                    "action": "ANONYMIZED" }],
                "regexes": [{ "name": "case \
                 number", "match": "C-17", "regex": "C-[0-9]+", "action": "BLOCKED" }],
            },
            "contextualGroundingPolicy": { "filters": [
                { "type": "GROUNDING", "threshold": 0.75, "score": 0.3, "action": "BLOCKED" },
            ] },
        }] },
    } });
    let (_, said) =
        asked(settings(), &request(&context, &messages, &[], &Nobody), stream(&events)).await;
    let reply = said.unwrap();
    assert_eq!(reply.stop_reason, "guardrail_intervened");
    assert_eq!(
        reply.guardrail,
        [
            "what was asked: insults with low confidence, let through",
            "what was asked: topic Investment, blocked",
            "what was said: a listed word, blocked",
            "what was said: a word of the list profanity, blocked",
            "what was said: email, masked",
            "what was said: grounding 0.30 where 0.75 is asked, blocked",
            "what was said: pattern case number, blocked",
        ]
    );
}

#[tokio::test]
async fn cache_points_follow_the_conversation_when_the_prefix_is_long_enough() {
    let (context, tools) = (CallContext::alone("demo"), [tool()]);
    let words = |n: usize| "word ".repeat(n);
    let mut messages = vec![says(Role::User, vec![Block::Text(words(100))])];
    let settings = Settings { cache_minimum: Some(200), ..settings() };
    let points = |sent: &Value| sent.to_string().matches("cachePoint").count();
    // Tools and prompt are too short, and so is the first message.
    let (sent, _) = asked(
        settings.clone(),
        &request(&context, &messages, &tools, &Nobody),
        stream(&done("end_turn")),
    )
    .await;
    assert_eq!(points(&sent), 0);
    let mut before: Option<Value> = None;
    for turn in 0..4 {
        messages.push(says(Role::Assistant, vec![Block::Text(words(100))]));
        messages.push(says(Role::User, vec![Block::Text(words(100))]));
        let (sent, _) = asked(
            settings.clone(),
            &request(&context, &messages, &tools, &Nobody),
            stream(&done("end_turn")),
        )
        .await;
        let last = sent["messages"].as_array().unwrap();
        assert!(
            last[last.len() - 1].to_string().contains("cachePoint"),
            "the end of turn {turn} is a cache point"
        );
        assert!(points(&sent) <= 4 && !sent["system"].to_string().contains("cachePoint"));
        if let Some(before) = before.filter(|b: &Value| b.to_string().contains("cachePoint")) {
            let ended = before["messages"].as_array().unwrap().len() - 1;
            assert_eq!(
                sent["messages"][ended], before["messages"][ended],
                "the cached prefix is sent again"
            );
        }
        before = Some(sent);
    }
    let long = ToolSpec { description: words(300), ..tool() };
    let tools = [long];
    let (sent, _) = asked(
        settings.clone(),
        &request(&context, &messages, &tools, &Nobody),
        stream(&done("end_turn")),
    )
    .await;
    assert_eq!(points(&sent), 4);
    assert!(sent["toolConfig"]["tools"][1].to_string().contains("cachePoint"));
    let point = json!({ "cachePoint": { "type": "default" } });
    assert_eq!(sent["system"], json!([{ "text": "You plan." }, point]));
    // The part of a prompt shared with other visits is a block of its own, and cached.
    let shared =
        ModelRequest { steady: "You".len(), ..request(&context, &messages, &tools, &Nobody) };
    let (sent, _) = asked(settings, &shared, stream(&done("end_turn"))).await;
    assert_eq!(
        (points(&sent), &sent["system"]),
        (4, &json!([{ "text": "You" }, point, { "text": " plan." }]))
    );
}

#[tokio::test]
async fn a_truncated_or_invalid_stream_may_be_retried() {
    let (context, messages) =
        (CallContext::alone("demo"), [says(Role::User, vec![Block::Text("Look.".into())])]);
    let early = stream(&[(
        "contentBlockDelta",
        json!({ "contentBlockIndex": 0, "delta": { "text": "I" } }),
    )]);
    let mut broken = stream(&done("end_turn"));
    let last = broken.len() - 9;
    broken[last] ^= 0xff;
    let page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 21\r\n\r\n<html>a \
        proxy</html>\r\n"
        .to_vec();
    for (answer, error) in [
        (early, "ConnectionError"),
        (page, "InvalidResponse"),
        (b"SSH-2.0-OpenSSH_9\r\n".to_vec(), "ConnectionError"),
    ] {
        let (_, said) =
            asked(settings(), &request(&context, &messages, &[], &Nobody), answer).await;
        let fault = said.unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Transient { .. }), "{fault:?}");
        assert_eq!(fault.error, error, "{fault:?}");
        assert!(!fault.unpaid, "the model may have replied");
    }
    // Broken after the reply was complete: the reply counts, and its report is missing.
    let (_, said) = asked(settings(), &request(&context, &messages, &[], &Nobody), broken).await;
    assert_eq!(said.unwrap().usage, None);
}
