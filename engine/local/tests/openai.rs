//! Servers that say they speak OpenAI's protocol, and what the swarm gets of what they say. The server is raw bytes over a socket.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudcrew_local::openai::{MaxTokensKey, OpenAiModel, OpenAiSettings};
use cloudcrew_runtime::ports::model::{
    Attachment, AttachmentFormat, Block, CallContext, FaultKind, Listener, Message, Model, ModelFault, ModelReply, ModelRequest,
    Nobody, Reasoning, Role, ToolResult, ToolSpec, ToolStatus, ToolUse,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

// ---- the server ---------------------------------------------------------------------------------

/// What a server does with a request, in order; after the last it hangs up.
enum Act {
    Write(Vec<u8>),
    Wait(u64),
}

/// What it was asked: the head, and the body.
type Asked = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Answers one request after the other, each on a connection of its own.
async fn server(answers: Vec<Vec<Act>>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("its address"));
    let asked = Asked::default();
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        for acts in answers {
            let (mut socket, _) = listener.accept().await.expect("a caller");
            let mut bytes = Vec::new();
            let request = loop {
                let mut piece = [0; 4096];
                let read = socket.read(&mut piece).await.expect("a request");
                assert!(read > 0, "the caller hung up before it had asked");
                bytes.extend_from_slice(&piece[..read]);
                let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap_or(0);
                if bytes.len() >= end + 4 + length {
                    break (head, bytes[end + 4..].to_vec());
                }
            };
            heard.lock().expect("no panic").push(request);
            for act in acts {
                match act {
                    // The caller may have hung up: that is its right.
                    Act::Write(bytes) => drop(socket.write_all(&bytes).await),
                    Act::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                }
            }
            let _ = socket.shutdown().await;
        }
    });
    (url, asked)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<Act> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    vec![Act::Write(bytes)]
}

fn whole(body: &Value) -> Vec<Act> {
    answer("200 OK", "content-type: application/json\r\n", body.to_string().as_bytes())
}

fn refusal(status: &str, body: &Value) -> Vec<Act> {
    answer(status, "content-type: application/json\r\n", body.to_string().as_bytes())
}

/// A stream of these bytes.
fn raw(body: impl AsRef<[u8]>) -> Vec<Act> {
    answer("200 OK", "content-type: text/event-stream\r\n", body.as_ref())
}

/// A stream of these chunks, and a proper end.
fn stream(chunks: &[Value]) -> Vec<Act> {
    raw(events(chunks) + "data: [DONE]\n\n")
}

fn events(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

fn delta(delta: Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
}

fn text(words: &str) -> Value {
    delta(json!({ "content": words }))
}

fn calls(calls: Value) -> Value {
    delta(json!({ "tool_calls": calls }))
}

fn end(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

fn message(message: Value, reason: Value) -> Value {
    json!({ "choices": [{ "index": 0, "message": message, "finish_reason": reason }] })
}

fn usage(usage: Value) -> Value {
    json!({ "choices": [], "usage": usage })
}

// ---- the caller -----------------------------------------------------------------------------------

fn settings(url: &str) -> OpenAiSettings {
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

fn tools() -> Vec<ToolSpec> {
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: format!("does {name}"),
        schema: json!({ "type": "object", "properties": { "path": { "type": "string" } } }).into(),
    };
    vec![tool("repo_read"), tool("repo_write")]
}

fn said(role: Role, content: Vec<Block>) -> Message {
    Message { role, content }
}

fn question() -> Vec<Message> {
    vec![said(Role::User, vec![Block::Text("go on".into())])]
}

async fn call(model: &OpenAiModel, messages: &[Message], listener: &dyn Listener) -> Result<ModelReply, ModelFault> {
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

async fn ask(settings: OpenAiSettings) -> Result<ModelReply, ModelFault> {
    call(&OpenAiModel::new(settings), &question(), &Nobody).await
}

/// What came, in one line.
fn told(result: &Result<ModelReply, ModelFault>) -> String {
    match result {
        Ok(reply) => {
            let block = |block: &Block| match block {
                Block::Text(text) => format!("{text:?}"),
                Block::ToolUse(call) => format!("{}={}({})", call.id, call.name, call.input),
                Block::Reasoning(thought) => format!("<{}>", thought.text),
                Block::ToolResult(_) => "a result".into(),
            };
            let blocks: Vec<String> = reply.content.iter().map(block).collect();
            let usage = reply
                .usage
                .map_or("?".to_owned(), |u| format!("{}+{} in, {} out", u.input_tokens, u.cache_read_tokens, u.output_tokens));
            format!("{} | {} | {usage}", blocks.join(" "), reply.stop_reason)
        }
        Err(fault) => {
            let kind = match fault.kind {
                FaultKind::Transient { retry_after: None } => "later".to_owned(),
                FaultKind::Transient { retry_after: Some(wait) } => format!("in {} s", wait.as_secs_f64()),
                FaultKind::InputTooLong => "too long".to_owned(),
                FaultKind::Permanent => "never".to_owned(),
                FaultKind::Denied => "once mended".to_owned(),
            };
            format!("{kind}: {}: {}", fault.error, fault.message)
        }
    }
}

/// A story: what the server does, and what comes of it.
type Story = (&'static str, Vec<Act>, &'static str);

async fn holds(stories: Vec<Story>, streaming: bool) {
    for (story, acts, expected) in stories {
        let (url, _) = server(vec![acts]).await;
        let got = told(&ask(OpenAiSettings { streaming, ..settings(&url) }).await);
        let got = got.replace(url.as_str(), "URL");
        assert!(
            got == expected || expected.strip_suffix('…').is_some_and(|begin| got.starts_with(begin)),
            "{story}\n got: {got}\nwant: {expected}"
        );
    }
}

// ---- replies ----------------------------------------------------------------------------------------

#[tokio::test]
async fn a_streamed_reply_is_put_together() {
    let fragment = |index: u64, more: &str| calls(json!([{ "index": index, "function": { "arguments": more } }]));
    let first = |index: u64, id: &str, name: &str| {
        calls(json!([{ "index": index, "id": id, "type": "function", "function": { "name": name, "arguments": "" } }]))
    };
    holds(
        vec![
            (
                "words come in pieces, and a report in a last chunk without a choice",
                stream(&[
                    delta(json!({ "role": "assistant", "content": "" })),
                    text("Hel"),
                    text("lo"),
                    end("stop"),
                    usage(json!({ "prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": { "cached_tokens": 60 } })),
                ]),
                r#""Hello" | end_turn | 40+60 in, 7 out"#,
            ),
            ("a server that reports nothing is not made up for", stream(&[text("Hi"), end("stop")]), r#""Hi" | end_turn | ?"#),
            (
                "a report in every chunk counts once, the last",
                stream(&[
                    json!({ "choices": [{ "delta": { "content": "a" } }], "usage": { "prompt_tokens": 5, "completion_tokens": 1 } }),
                    json!({ "choices": [{ "delta": { "content": "b" }, "finish_reason": "stop" }], "usage": { "prompt_tokens": 5, "completion_tokens": 2 } }),
                ]),
                r#""ab" | end_turn | 5+0 in, 2 out"#,
            ),
            (
                "arguments come in fragments, two calls at once",
                stream(&[
                    text("Reading."),
                    first(0, "c1", "repo_read"),
                    fragment(0, "{\"path\":"),
                    first(1, "c2", "repo_write"),
                    fragment(0, "\"a\"}"),
                    fragment(1, "{}"),
                    end("tool_calls"),
                ]),
                r#""Reading." c1=repo_read({"path":"a"}) c2=repo_write({}) | tool_use | ?"#,
            ),
            (
                "calls come whole, without number and without id",
                stream(&[
                    calls(json!([{ "function": { "name": "repo_read", "arguments": "{\"path\":\"a\"}" } }])),
                    calls(json!([{ "id": "", "function": { "name": "repo_read", "arguments": "{\"path\":\"b\"}" } }])),
                    end("stop"),
                ]),
                r#"call-1=repo_read({"path":"a"}) call-2=repo_read({"path":"b"}) | tool_use | ?"#,
            ),
            (
                "every call has the number 0 and the same id",
                stream(&[
                    calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read", "arguments": "{\"path\":\"a\"}" } }])),
                    calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read", "arguments": "{\"path\":\"b\"}" } }])),
                    end("tool_calls"),
                ]),
                r#"x=repo_read({"path":"a"}) call-2=repo_read({"path":"b"}) | tool_use | ?"#,
            ),
            (
                "the number is missing and id and name come with each fragment",
                stream(&[
                    calls(json!([{ "id": "x", "function": { "name": "repo_read", "arguments": "{\"path\"" } }])),
                    calls(json!([{ "id": "x", "function": { "name": "repo_read", "arguments": ":\"a\"}" } }])),
                    calls(json!([{ "id": "x", "function": { "name": "repo_read", "arguments": "" } }])),
                    end("tool_calls"),
                ]),
                r#"x=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "arguments are an object and not a text",
                stream(&[calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read", "arguments": { "path": "a" } } }])), end("tool_calls")]),
                r#"x=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "arguments that are no object stay as they were written",
                stream(&[calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read", "arguments": "{\"path\": " } }])), end("tool_calls")]),
                r#"x=repo_read("{\"path\": ") | tool_use | ?"#,
            ),
            (
                "the server never says why it stops, but that it is done",
                stream(&[calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read", "arguments": "{}" } }]))]),
                "x=repo_read({}) | tool_use | ?",
            ),
            (
                "the reply reached its bound",
                stream(&[text("and so"), end("length")]),
                r#""and so" | max_tokens | ?"#,
            ),
            ("a filter stopped it", stream(&[text("no"), end("content_filter")]), r#""no" | content_filtered | ?"#),
            ("an old server calls one function", stream(&[delta(json!({ "function_call": { "name": "repo_read", "arguments": "{}" } })), end("function_call")]), "call-1=repo_read({}) | tool_use | ?"),
            (
                "thoughts come under one name, or under both",
                stream(&[
                    delta(json!({ "reasoning_content": "hm" })),
                    delta(json!({ "reasoning": "m", "reasoning_content": "m" })),
                    delta(json!({ "reasoning": "." })),
                    text("Yes"),
                    end("stop"),
                ]),
                r#"<hmm.> "Yes" | end_turn | ?"#,
            ),
            (
                "keep-alives, CRLF, bad UTF-8",
                raw(b": PROCESSING\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\xffb\"},\"finish_reason\":\"stop\"}]}\r\n\r\n: still\r\n\r\ndata: [DONE]\r\n\r\n"),
                "\"a\u{fffd}b\" | end_turn | ?",
            ),
            ("the stream just ends after the last chunk", raw(events(&[text("a"), end("stop")])), r#""a" | end_turn | ?"#),
            ("the last event lacks its end", raw(events(&[text("a")]) + &format!("data: {}", end("stop"))), r#""a" | end_turn | ?"#),
            (
                "the server ignores that a stream was asked for",
                whole(&message(json!({ "content": "Hi" }), json!("stop"))),
                r#""Hi" | end_turn | ?"#,
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_whole_reply_is_read() {
    holds(
        vec![
            (
                "as the protocol has it",
                whole(&json!({
                    "choices": [{ "message": { "content": null, "tool_calls": [
                        { "id": "a", "type": "function", "function": { "name": "repo_read", "arguments": "{\"path\":\"a\"}" } },
                        { "id": "a", "type": "function", "function": { "name": "repo_read", "arguments": "{\"path\":\"a\"}" } },
                    ] }, "finish_reason": "tool_calls" }],
                    "usage": { "prompt_tokens": 9, "completion_tokens": 3 },
                })),
                r#"a=repo_read({"path":"a"}) call-2=repo_read({"path":"a"}) | tool_use | 9+0 in, 3 out"#,
            ),
            (
                "stopped, and calls a tool all the same",
                whole(&message(
                    json!({ "content": "", "tool_calls": [{ "function": { "name": "repo_read", "arguments": {} } }] }),
                    json!("stop"),
                )),
                "call-1=repo_read({}) | tool_use | ?",
            ),
            (
                "says why it stops with null",
                whole(&message(
                    json!({ "content": "", "tool_calls": [{ "id": "x", "function": { "name": "repo_read" } }] }),
                    Value::Null,
                )),
                "x=repo_read({}) | tool_use | ?",
            ),
            (
                "content is a list of parts",
                whole(&message(
                    json!({ "content": [{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }] }),
                    json!("stop"),
                )),
                r#""ab" | end_turn | ?"#,
            ),
            ("streams although nobody asked", stream(&[text("a"), end("stop")]), r#""a" | end_turn | ?"#),
            (
                "a call without a name is nothing to act on",
                whole(&message(json!({ "tool_calls": [{ "id": "x", "function": { "arguments": "{}" } }] }), json!("tool_calls"))),
                "later: InvalidResponse: the model called a tool without naming it",
            ),
        ],
        false,
    )
    .await;
}

#[tokio::test]
async fn calls_that_a_model_wrote_into_its_text_are_calls() {
    let call = r#"<tool_call>{"name": "repo_read", "arguments": {"path": "a"}}</tool_call>"#;
    let letters = |words: &str| {
        let mut chunks: Vec<Value> = words.chars().map(|c| text(&c.to_string())).collect();
        chunks.push(end("stop"));
        stream(&chunks)
    };
    holds(
        vec![
            (
                "in letters, two of them, with words around",
                letters(&format!("I read <b>.\n{call}\n{call}\nDone.")),
                "\"I read <b>.\\n\" call-1=repo_read({\"path\":\"a\"}) call-2=repo_read({\"path\":\"a\"}) \"\\nDone.\" | tool_use | ?",
            ),
            (
                "without the second mark, arguments in a text",
                letters(r#"<tool_call>{"name": "repo_read", "arguments": "{\"path\": \"a\"}"}"#),
                r#"call-1=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "a tool that is not on offer is a text",
                letters(r#"<tool_call>{"name": "rm", "arguments": {}}</tool_call>"#),
                r#""<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>" | end_turn | ?"#,
            ),
            ("broken JSON is a text", letters("x <tool_call>{\"name\": <tool"), r#""x <tool_call>{\"name\": <tool" | end_turn | ?"#),
            ("half a mark at the end is a text", letters("a <tool_ca"), r#""a <tool_ca" | end_turn | ?"#),
            (
                "a broken one does not hide the good one after it",
                letters(&format!("<tool_call>oh</tool_call>{call}")),
                r#""<tool_call>oh</tool_call>" call-1=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "where the server gave a call, the text is a text",
                stream(&[text(call), calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_write", "arguments": "{}" } }])), end("tool_calls")]),
                r#""<tool_call>{\"name\": \"repo_read\", \"arguments\": {\"path\": \"a\"}}</tool_call>" x=repo_write({}) | tool_use | ?"#,
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_model_that_writes_nothing_but_marks_is_read_in_time() {
    let marks = "<tool_call>{".repeat(100_000);
    for end_mark in ["", "</tool_call>"] {
        let words = format!("{marks}{end_mark}");
        let (url, _) = server(vec![whole(&message(json!({ "content": words }), json!("stop")))]).await;
        let began = std::time::Instant::now();
        let reply = ask(settings(&url)).await.expect("a reply");
        assert_eq!(reply.content, [Block::Text(words)]);
        assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn words_are_heard_while_they_are_said() {
    struct Ear(Mutex<Vec<String>>);
    impl Listener for Ear {
        fn hears(&self, text: &str) {
            self.0.lock().expect("no panic").push(text.to_owned());
        }
    }
    let written = r#"<tool_call>{"name": "repo_read", "arguments": {}}</tool_call>"#;
    let (url, _) =
        server(vec![stream(&[text("I "), text("read.<tool"), text("_call"), text(&written[10..]), text(" Then."), end("stop")])])
            .await;
    let ear = Ear(Mutex::default());
    call(&OpenAiModel::new(settings(&url)), &question(), &ear).await.expect("a reply");
    // The call itself is never heard.
    assert_eq!(ear.0.into_inner().expect("no panic"), ["I ", "read.", " Then."]);
}

// ---- faults -----------------------------------------------------------------------------------------

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let error = |message: &str, class: &str, code: Value| json!({ "error": { "message": message, "type": class, "code": code } });
    let limited = error("Slow down", "requests", json!("rate_limit_exceeded"));
    holds(
        vec![
            (
                "a key that is not taken, and is not repeated",
                refusal("401 Unauthorized", &error("Incorrect API key: sk-very-secret", "invalid_request_error", json!("invalid_api_key"))),
                "once mended: InvalidApiKey: Incorrect API key: [the key] (URL does not take the key in TEAM_KEY: look whether it is the right one, and what it may do)",
            ),
            (
                "no such model",
                refusal("404 Not Found", &error("model \"qwen3:8b\" not found", "not_found_error", Value::Null)),
                "once mended: NotFoundError: model \"qwen3:8b\" not found (there is no model `qwen3:8b` at URL, or nothing that takes chat completions: look at \
                 `models.*.id` and `models.*.endpoint` in agents.yaml)",
            ),
            (
                "wait for seconds",
                answer("429 Too Many Requests", "retry-after: 2.5\r\n", limited.to_string().as_bytes()),
                "in 2.5 s: RateLimitExceeded: Slow down",
            ),
            (
                "wait until a time, by the server's clock",
                answer(
                    "503 Service Unavailable",
                    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n",
                    b"busy",
                ),
                "in 60 s: Http503: busy",
            ),
            (
                "a time that has passed",
                answer("503 Service Unavailable", "retry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n", b""),
                "in 0 s: Http503: HTTP status 503",
            ),
            (
                "the account is empty: no wait helps",
                refusal("429 Too Many Requests", &error("You exceeded your quota", "insufficient_quota", json!("insufficient_quota"))),
                "once mended: InsufficientQuota: You exceeded your quota (the account has no credit left: look at the provider's billing page)",
            ),
            (
                "too long, says OpenAI",
                refusal("400 Bad Request", &error("Too much", "invalid_request_error", json!("context_length_exceeded"))),
                "too long: ContextLengthExceeded: Too much",
            ),
            (
                "too long, says llama.cpp",
                refusal("400 Bad Request", &error("the request exceeds", "exceed_context_size_error", json!(400))),
                "too long: ExceedContextSizeError: the request exceeds",
            ),
            (
                "too long, says vLLM in its old form",
                refusal("400 Bad Request", &json!({ "object": "error", "message": "This model's maximum context length is 4096 tokens.", "type": "BadRequestError", "code": 400 })),
                "too long: BadRequestError: This model's maximum context length is 4096 tokens.",
            ),
            ("an error that is a text", refusal("500 Internal Server Error", &json!({ "error": "out of memory" })), "later: Http500: out of memory"),
            ("a page of a gateway", answer("502 Bad Gateway", "", b"<html>bad gateway</html>"), "later: Http502: <html>bad gateway</html>"),
            ("a gateway's own status", answer("529 Overloaded", "", b"overloaded"), "later: Http529: overloaded"),
            ("a request that it cannot read", refusal("422 Unprocessable", &json!({ "detail": "no field" })), "never: Http422: no field"),
            (
                "sent elsewhere, not followed",
                answer("308 Permanent Redirect", "location: http://evil.example/v1/chat/completions?k=1\r\n", b""),
                "once mended: Redirected: URL sends on to http://evil.example/v1/chat/completions: write the right URL in `models.*.endpoint` in agents.yaml",
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_stream_that_fails_is_no_reply() {
    let error = |error: Value| stream(&[text("a"), json!({ "error": error })]);
    holds(
        vec![
            ("with a number", error(json!({ "message": "busy", "code": 503 })), "later: Http503: busy"),
            ("with a class", error(json!({ "message": "busy", "type": "rate_limit_error" })), "later: RateLimitError: busy"),
            (
                "with one of ours",
                error(json!({ "message": "no", "type": "ValidationException", "code": 400 })),
                "never: ValidationException: no",
            ),
            ("with words", error(json!("broke")), "later: Http500: broke"),
            (
                "in a field of its own",
                raw("error: {\"code\":500,\"message\":\"slot\",\"type\":\"server_error\"}\n\n"),
                "later: ServerError: slot",
            ),
            (
                "too long",
                error(json!({ "message": "x", "type": "exceed_context_size_error", "code": 400 })),
                "too long: ExceedContextSizeError: x",
            ),
            ("broken off by the model", stream(&[text("a"), end("error")]), "later: StreamError…"),
            (
                "in the midst of the words",
                raw(events(&[text("a")])),
                "later: ConnectionError: the stream ended before the reply was complete",
            ),
            (
                "in the midst of a chunk",
                raw(events(&[text("a")]) + "data: {\"choi"),
                "later: ConnectionError: the stream ended before the reply was complete",
            ),
            (
                "in the midst of a body with a length",
                answer("200 OK", "content-type: application/json\r\ncontent-length: 100\r\n", b"{"),
                "later: ConnectionError: the answer broke off…",
            ),
            ("without a word", stream(&[]), "later: InvalidResponse: the answer holds no reply"),
            (
                "garbage in an event",
                raw("data: <oops>\n\n"),
                "later: InvalidResponse: the answer is no JSON; it begins with `<oops>`",
            ),
            (
                "a page",
                answer("200 OK", "content-type: application/json\r\n", b"<html>"),
                "later: InvalidResponse: the answer is no JSON; it begins with `<html>`",
            ),
            (
                "not even HTTP",
                vec![Act::Write(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())],
                "later: InvalidResponse: what answers at URL is no HTTP server…",
            ),
            ("hangs up at once", vec![], "later: ConnectionError: the connection to URL broke…"),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn an_endless_answer_is_given_up() {
    let megabyte = "x".repeat(1024 * 1024);
    let large = || (0..50).map(|_| Act::Write(events(&[text(&megabyte)]).into_bytes()));
    let streamed: Vec<Act> = raw("").into_iter().chain(large()).collect();
    let whole: Vec<Act> = answer("200 OK", "content-type: application/json\r\n", b"{\"choices\":[{\"message\":{\"content\":\"")
        .into_iter()
        .chain(large())
        .collect();
    let line: Vec<Act> = raw("data: ").into_iter().chain((0..50).map(|_| Act::Write(megabyte.clone().into_bytes()))).collect();
    let empty: Vec<Value> = (0..10_000).map(|index| calls(json!([{ "index": index }]))).collect();
    let expected = "never: ReplyTooLarge: the model's reply is larger than 8 MiB; it was not read to its end";
    holds(
        vec![
            ("in words", streamed, expected),
            ("in one body", whole, expected),
            ("in one line", line, expected),
            ("in calls of nothing", stream(&empty), expected),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_silent_server_is_away() {
    let silence = Duration::from_millis(200);
    let begun = |chunks: &[Value]| raw(events(chunks)).into_iter().chain([Act::Wait(30_000)]).collect::<Vec<_>>();
    for (story, acts, expected) in [
        (
            "from the beginning",
            vec![Act::Wait(30_000)],
            "later: ReadTimeout: the provider said nothing for 0.2 s (`models.*.silence_timeout`)",
        ),
        (
            "after some words",
            begun(&[text("a")]),
            "later: ReadTimeout: the provider said nothing for 0.2 s (`models.*.silence_timeout`)",
        ),
        ("after all was said", begun(&[text("a"), end("stop")]), r#""a" | end_turn | ?"#),
    ] {
        let (url, _) = server(vec![acts]).await;
        assert_eq!(told(&ask(OpenAiSettings { silence, ..settings(&url) }).await), expected, "{story}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_looked_for() {
    let url = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("http://{}/v1", listener.local_addr().expect("its address"))
    };
    let got = told(&ask(settings(&url)).await);
    assert!(got.starts_with(&format!("later: ConnectionError: no connection to {url}: ")), "{got}");
    assert!(
        got.contains("Connection refused")
            && got.ends_with("(is the server running there? `models.*.endpoint` in agents.yaml says where it is)"),
        "{got}"
    );
    for (base, why) in
        [("localhost:11434", "it begins with"), ("", "relative URL"), ("ftp://a/b", "it begins with"), ("http://", "empty host")]
    {
        let got = told(&ask(settings(base)).await);
        assert!(got.starts_with("once mended: InvalidEndpoint: ") && got.contains(why), "{base}: {got}");
    }
}

#[tokio::test]
async fn a_server_with_tls_is_called_with_tls() {
    // Nobody speaks TLS there; that the client was made at all is what counts: without a crypto provider it panics.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/v1", listener.local_addr().expect("its address"));
    tokio::spawn(async move { listener.accept().await.map(drop) });
    let got = told(&ask(settings(&url)).await);
    assert!(got.starts_with("later: ConnectionError: no connection to https://"), "{got}");
}

// ---- requests ---------------------------------------------------------------------------------------

fn conversation() -> Vec<Message> {
    let tool_use = |id: &str, name: &str, input: Value| Block::ToolUse(ToolUse { id: id.into(), name: name.into(), input });
    let attached = |format, name: &str| Attachment { format, name: name.into(), data: "QUJD".into() };
    let result = |id: &str, status, text: &str, attachments| {
        Block::ToolResult(ToolResult { id: id.into(), status, text: text.into(), attachments })
    };
    let shown = vec![attached(AttachmentFormat::Png, "plan.png"), attached(AttachmentFormat::Pdf, "sow.pdf")];
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
async fn a_conversation_is_written_as_every_server_takes_it() {
    let (url, asked) = server(vec![stream(&[text("a"), end("stop")])]).await;
    call(&OpenAiModel::new(settings(&url)), &conversation(), &Nobody).await.expect("a reply");
    let (head, body) = asked.lock().expect("no panic").remove(0);
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    for header in
        ["authorization: Bearer sk-very-secret", "content-type: application/json", "accept: text/event-stream, application/json"]
    {
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
                { "id": "c1", "type": "function", "function": { "name": "repo_read", "arguments": "{\"z\":1,\"a\":2}" } },
                { "id": "c2", "type": "function", "function": { "name": "no_such_tool_", "arguments": "{}" } },
            ] },
            { "role": "tool", "tool_call_id": "c1", "content": "the file" },
            { "role": "tool", "tool_call_id": "c2", "content": "Error: there is no such tool" },
            { "role": "user", "content": [
                { "type": "text", "text": "The customer says: hurry." },
                { "type": "text", "text": "Attached: plan.png" },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,QUJD" } },
                { "type": "text", "text": "Attached: sow.pdf" },
                { "type": "file", "file": { "filename": "sow.pdf", "file_data": "data:application/pdf;base64,QUJD" } },
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
    let (url, asked) = server(vec![whole(&message(json!({ "content": "a" }), json!("stop")))]).await;
    let quiet = OpenAiSettings {
        key: None,
        streaming: false,
        max_tokens_key: MaxTokensKey::MaxCompletionTokens,
        ..settings(&format!("{url}/"))
    };
    ask(quiet).await.expect("a reply");
    let (head, body) = asked.lock().expect("no panic").remove(0);
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n") && !head.contains("authorization"), "{head}");
    assert!(body.starts_with(br#"{"model":"qwen3:8b","stream":false,"max_completion_tokens":500,"tools""#));
}

#[test]
fn a_key_is_never_shown() {
    let settings = settings("http://me:sesame@localhost/v1?token=sesame");
    let shown = format!("{settings:?} {:?}", OpenAiModel::new(settings.clone()));
    assert!(!shown.contains("sk-very") && !shown.contains("sesame"), "{shown}");
}

#[test]
fn each_server_has_its_word_for_the_bound() {
    assert_eq!(MaxTokensKey::at("https://api.openai.com/v1"), MaxTokensKey::MaxCompletionTokens);
    assert_eq!(MaxTokensKey::at("http://localhost:11434/v1"), MaxTokensKey::MaxTokens);
}
