//! Every form of reply arrives.

use std::sync::Mutex;

use cloudcrew_local::openai::OpenAiModel;
use cloudcrew_ports::model::{Block, Listener};
use serde_json::{Value, json};

use crate::caller::{ask, call, holds, question, settings};
use crate::server::{calls, delta, end, events, message, raw, server, stream, text, usage, whole};

#[tokio::test]
async fn a_streamed_reply_is_assembled() {
    let fragment = |index: u64, more: &str| {
        calls(json!([{ "index": index, "function": { "arguments": more } }]))
    };
    let first = |index: u64, id: &str, name: &str| {
        calls(json!([{ "index": index, "id": id, "type": "function", "function": { "name": name,
                "arguments": "" } }]))
    };
    holds(
        vec![
            (
                "text in pieces, and a report in a last chunk without a choice",
                stream(&[
                    delta(json!({ "role": "assistant", "content": "" })),
                    text("Hel"),
                    text("lo"),
                    end("stop"),
                    usage(json!({ "prompt_tokens": 100, "completion_tokens": 7,
                        "prompt_tokens_details": { "cached_tokens": 60 } })),
                ]),
                r#""Hello" | end_turn | 40+60 in, 7 out"#,
            ),
            ("a server that reports nothing is not made up \
                for", stream(&[text("Hi"), end("stop")]), r#""Hi" | end_turn | ?"#),
            (
                "of reports in every chunk, only the last counts",
                stream(&[
                    json!({ "choices": [{ "delta": { "content": "a" } }],
                        "usage": { "prompt_tokens": 5, "completion_tokens": 1 } }),
                    json!({ "choices": [{ "delta": { "content": "b" }, "finish_reason": "stop" }],
                        "usage": { "prompt_tokens": 5, "completion_tokens": 2 } }),
                ]),
                r#""ab" | end_turn | 5+0 in, 2 out"#,
            ),
            (
                "arguments in fragments, two calls at once",
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
                "whole calls without number and id",
                stream(&[
                    calls(json!([{ "function": { "name": "repo_read",
                        "arguments": "{\"path\":\"a\"}" } }])),
                    calls(json!([{ "id": "", "function": { "name": "repo_read",
                        "arguments": "{\"path\":\"b\"}" } }])),
                    end("stop"),
                ]),
                r#"call-1=repo_read({"path":"a"}) call-2=repo_read({"path":"b"}) | tool_use | ?"#,
            ),
            (
                "calls with the number 0 and the same id",
                stream(&[
                    calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read",
                        "arguments": "{\"path\":\"a\"}" } }])),
                    calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read",
                        "arguments": "{\"path\":\"b\"}" } }])),
                    end("tool_calls"),
                ]),
                r#"x=repo_read({"path":"a"}) call-2=repo_read({"path":"b"}) | tool_use | ?"#,
            ),
            (
                "no number, and id and name in each fragment",
                stream(&[
                    calls(json!([{ "id": "x", "function": { "name": "repo_read",
                        "arguments": "{\"path\"" } }])),
                    calls(json!([{ "id": "x", "function": { "name": "repo_read",
                        "arguments": ":\"a\"}" } }])),
                    calls(json!([{ "id": "x", "function": { "name": "repo_read",
                        "arguments": "" } }])),
                    end("tool_calls"),
                ]),
                r#"x=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "arguments as an object instead of a text",
                stream(&[calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read",
                    "arguments": { "path": "a" } } }])), end("tool_calls")]),
                r#"x=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "arguments other than an object stay as written",
                stream(&[calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read",
                    "arguments": "{\"path\": " } }])), end("tool_calls")]),
                r#"x=repo_read("{\"path\": ") | tool_use | ?"#,
            ),
            (
                "no stop reason, but the end of the stream",
                stream(&[calls(json!([{ "index": 0, "id": "x", "function": { "name": "repo_read",
                    "arguments": "{}" } }]))]),
                "x=repo_read({}) | tool_use | ?",
            ),
            (
                "the reply reached its limit",
                stream(&[text("and so"), end("length")]),
                r#""and so" | max_tokens | ?"#,
            ),
            ("a filter stopped \
                it", stream(&[text("no"), end("content_filter")]),
                    r#""no" | content_filtered | ?"#),
            ("an old server calls one \
                function", stream(&[delta(json!({ "function_call": { "name": "repo_read",
                    "arguments": "{}" } })), end("function_call")]),
                        "call-1=repo_read({}) | tool_use | ?"),
            (
                "thoughts under one name, or under both",
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
                raw(b": PROCESSING\r\n\r\ndata: \
                    {\"choices\":[{\"delta\":{\"content\":\"a\xffb\"},\"finish_reason\":\"stop\"}]}\r\n\r\n: still\r\n\r\ndata: [DONE]\r\n\r\n"),
                "\"a\u{fffd}b\" | end_turn | ?",
            ),
            ("the stream just ends after the last \
                chunk", raw(events(&[text("a"), end("stop")])), r#""a" | end_turn | ?"#),
            ("the last event lacks its end", raw(events(&[text("a")]) + &format!("data: \
                {}", end("stop"))), r#""a" | end_turn | ?"#),
            (
                "the server ignores the requested stream",
                whole(&message(json!({ "content": "Hi" }), json!("stop"))),
                r#""Hi" | end_turn | ?"#,
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn an_unstreamed_reply_is_read() {
    holds(
        vec![
            (
                "as the protocol specifies",
                whole(&json!({
                    "choices": [{ "message": { "content": null, "tool_calls": [
                        { "id": "a", "type": "function", "function": { "name": "repo_read",
                            "arguments": "{\"path\":\"a\"}" } },
                        { "id": "a", "type": "function", "function": { "name": "repo_read",
                            "arguments": "{\"path\":\"a\"}" } },
                    ] }, "finish_reason": "tool_calls" }],
                    "usage": { "prompt_tokens": 9, "completion_tokens": 3 },
                })),
                r#"a=repo_read({"path":"a"}) call-2=repo_read({"path":"a"}) | tool_use | 9+0 in, 3 out"#,
            ),
            (
                "stopped, but with a tool call",
                whole(&message(
                    json!({ "content": "", "tool_calls": [{ "function": { "name": "repo_read",
                        "arguments": {} } }] }),
                    json!("stop"),
                )),
                "call-1=repo_read({}) | tool_use | ?",
            ),
            (
                "a stop reason of null",
                whole(&message(
                    json!({ "content": "", "tool_calls": [{ "id": "x",
                        "function": { "name": "repo_read" } }] }),
                    Value::Null,
                )),
                "x=repo_read({}) | tool_use | ?",
            ),
            (
                "content is a list of parts",
                whole(&message(
                    json!({ "content": [{ "type": "text", "text": "a" }, { "type": "text",
                        "text": "b" }] }),
                    json!("stop"),
                )),
                r#""ab" | end_turn | ?"#,
            ),
            ("streams although nobody \
                asked", stream(&[text("a"), end("stop")]), r#""a" | end_turn | ?"#),
            (
                "a call without a name is an error",
                whole(&message(json!({ "tool_calls": [{ "id": "x",
                    "function": { "arguments": "{}" } }] }), json!("tool_calls"))),
                "later: InvalidResponse: the model called a tool without naming it",
            ),
        ],
        false,
    )
    .await;
}

#[tokio::test]
async fn calls_written_as_text_are_calls() {
    let call = r#"<tool_call>{"name": "repo_read", "arguments": {"path": "a"}}</tool_call>"#;
    let letters = |words: &str| {
        let mut chunks: Vec<Value> = words.chars().map(|c| text(&c.to_string())).collect();
        chunks.push(end("stop"));
        stream(&chunks)
    };
    holds(
        vec![
            (
                "streamed in letters, two calls, with text around",
                letters(&format!("I read <b>.\n{call}\n{call}\nDone.")),
                "\"I read <b>.\\n\" call-1=repo_read({\"path\":\"a\"}) \
                 call-2=repo_read({\"path\":\"a\"}) \"\\nDone.\" | tool_use | ?",
            ),
            (
                "without the end mark, arguments as a text",
                letters(r#"<tool_call>{"name": "repo_read", "arguments": "{\"path\": \"a\"}"}"#),
                r#"call-1=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "an unknown tool is a call, which the swarm refuses",
                letters(r#"<tool_call>{"name": "rm", "arguments": {}}</tool_call>"#),
                "call-1=rm({}) | tool_use | ?",
            ),
            ("invalid JSON is text", letters("x <tool_call>{\"name\": \
                <tool"), r#""x <tool_call>{\"name\": <tool" | end_turn | ?"#),
            ("half a mark at the end is text", letters("a \
                <tool_ca"), r#""a <tool_ca" | end_turn | ?"#),
            (
                "an invalid call does not hide a valid one after it",
                letters(&format!("<tool_call>oh</tool_call>{call}")),
                r#""<tool_call>oh</tool_call>" call-1=repo_read({"path":"a"}) | tool_use | ?"#,
            ),
            (
                "with a call from the server, text is text",
                stream(&[text(call), calls(json!([{ "index": 0, "id": "x",
                    "function": { "name": "repo_write", "arguments": "{}" } }])),
                        end("tool_calls")]),
                r#""<tool_call>{\"name\": \"repo_read\", \"arguments\": {\"path\": \"a\"}}</tool_call>" x=repo_write({}) | tool_use | ?"#,
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_reply_of_nothing_but_marks_is_read_in_linear_time() {
    // Parsing again from each mark would take minutes.
    let marks = "<tool_call>{".repeat(100_000);
    for end_mark in ["", "</tool_call>"] {
        let words = format!("{marks}{end_mark}");
        let (url, _) =
            server(vec![whole(&message(json!({ "content": words }), json!("stop")))]).await;
        let reply = ask(settings(&url)).await.expect("a reply");
        assert_eq!(reply.content, [Block::Text(words)]);
    }
}

#[tokio::test]
async fn text_is_streamed_as_it_arrives() {
    struct Recording(Mutex<Vec<String>>);
    impl Listener for Recording {
        fn hears(&self, text: &str) {
            self.0.lock().expect("no panic").push(text.to_owned());
        }
    }
    let written = r#"<tool_call>{"name": "repo_read", "arguments": {}}</tool_call>"#;
    let (url, _) = server(vec![stream(&[
        text("I "),
        text("read.<tool"),
        text("_call"),
        text(&written[10..]),
        text(" Then."),
        end("stop"),
    ])])
    .await;
    let recording = Recording(Mutex::default());
    call(&OpenAiModel::new(settings(&url)), &question(), &recording).await.expect("a reply");
    // The call itself is never streamed.
    assert_eq!(recording.0.into_inner().expect("no panic"), ["I ", "read.", " Then."]);
}

#[tokio::test]
async fn thoughts_in_the_text_are_neither_streamed_nor_executed() {
    let call = r#"<tool_call>{"name": "repo_read", "arguments": {"path": "a"}}</tool_call>"#;
    let pieces = |words: &str| {
        let mut chunks: Vec<Value> = words
            .as_bytes()
            .chunks(3)
            .map(|c| text(std::str::from_utf8(c).expect("ASCII")))
            .collect();
        chunks.push(end("stop"));
        stream(&chunks)
    };
    holds(
        vec![
            (
                "a call inside a thought",
                pieces(&format!(
                    "<think>One could call {call}, but I ask first.</think>What is the \
                    budget?"
                )),
                "<One could call <tool_call>{\"name\": \"repo_read\", \"arguments\": \
                 {\"path\": \"a\"}}</tool_call>, but I ask first.> \"What is the budget?\" | \
                 end_turn | ?",
            ),
            (
                "a call after the thought",
                pieces(&format!("<think>I read.</think>\n{call}")),
                "<I \
                read.> call-1=repo_read({\"path\":\"a\"}) | tool_use | ?",
            ),
            ("a truncated thought", pieces("<think>and so"), "<and so> | end_turn | ?"),
            (
                "a thought that the template has \
                opened",
                pieces("hm</think>Yes."),
                "\"hm</think>Yes.\" | end_turn | ?",
            ),
            (
                "a thought in one piece that the template has \
                opened",
                whole(&message(json!({ "content": "{hm}</think>Yes." }), json!("stop"))),
                "<{hm}> \"Yes.\" | end_turn | ?",
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn calls_in_other_notations_count_unless_quoted() {
    let said = |words: &str| whole(&message(json!({ "content": words }), json!("stop")));
    let json = r#"{"name": "repo_read", "arguments": {"path": "a"}}"#;
    let is_call = "call-1=repo_read({\"path\":\"a\"}) | tool_use | ?";
    holds(
        vec![
            ("alone", said(json), is_call),
            ("in a fence", said(&format!("```json\n{json}\n```")), is_call),
            ("in Mistral's list", said(&format!("[TOOL_CALLS] [{json}]")), is_call),
            ("as a function", said("<function=repo_read>{\"path\": \"a\"}</function>"), is_call),
            (
                "as a function with parameters",
                said("<function=repo_read>\n<parameter=path>\na\n</parameter>\n</function>"),
                is_call,
            ),
            (
                "in both marks",
                said("<tool_call>\n<function=repo_read>\n<parameter=path>a</parameter>\n</function>\n</tool_call>"),
                is_call,
            ),
            (
                "after text",
                said(&format!("I read.\n```\n{json}\n```")),
                "\"I read.\\n\" call-1=repo_read({\"path\":\"a\"}) | tool_use | ?",
            ),
            ("as an example in another \
                language", said("```python\nrun({})\n```"), "\"```python\\nrun({})\\n```\" | \
                end_turn | ?"),
            ("quoted", said("> <function=repo_read>{}</function>"), "\"> \
                <function=repo_read>{}</function>\" | end_turn | ?"),
            ("in backticks", said("Say `[TOOL_CALLS]` first."), "\"Say `[TOOL_CALLS]` first.\" | \
                end_turn | ?"),
            (
                "data that is not a call",
                said("{\"name\": \"Acme\", \"city\": \"Bern\"}"),
                "\"{\\\"name\\\": \\\"Acme\\\", \\\"city\\\": \\\"Bern\\\"}\" | end_turn | ?",
            ),
        ],
        false,
    )
    .await;
}

#[tokio::test]
async fn unusual_streams_are_assembled_without_duplicates() {
    let part = |name: &str, arguments: &str| {
        calls(json!([{ "index": 0, "id": "x", "function": { "name": name,
                "arguments": arguments } }]))
    };
    let more =
        |arguments: &str| calls(json!([{ "index": 0, "function": { "arguments": arguments } }]));
    let both = |delta: &str, all: &str| {
        json!({ "choices": [{ "delta": { "content": delta },
        "message": { "content": all } }] })
    };
    let read = "x=repo_read({\"path\":\"a\"}) | tool_use | ?";
    let chunk = |bytes: &[u8]| [b"data: ", bytes, b"\n\n"].concat();
    let last = r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    holds(
        vec![
            (
                "an empty object, then the pieces",
                stream(&[
                    part("repo_read", "{}"),
                    more("{\"path\""),
                    more(":\"a\"}"),
                    end("tool_calls"),
                ]),
                read,
            ),
            (
                "a name in two pieces",
                stream(&[
                    part("repo_", ""),
                    calls(json!([{ "index": 0, "function": { "name": "read" } }])),
                    more("{\"path\":\"a\"}"),
                    end("tool_calls"),
                ]),
                read,
            ),
            (
                "arguments that repeat everything so far",
                stream(&[
                    part("repo_read", "{\"pa"),
                    part("repo_read", "{\"path\":"),
                    part("repo_read", "{\"path\":\"a\"}"),
                    part("repo_read", "{\"path\":\"a\"}"),
                    end("tool_calls"),
                ]),
                read,
            ),
            (
                "text that repeats everything so far",
                stream(&[text("Hel"), text("Hello "), text("Hello world"), end("stop")]),
                r#""Hello world" | end_turn | ?"#,
            ),
            (
                "everything so far next to the new part",
                stream(&[both("Hel", "Hel"), both("lo", "Hello"), end("stop")]),
                r#""Hello" | end_turn | ?"#,
            ),
            (
                "half an emoji and a raw line break",
                raw([
                    chunk(b"{\"choices\":[{\"delta\":{\"content\":\"a\\ud83d b\x0bc\"}}]}"),
                    last.as_bytes().to_vec(),
                ]
                .concat()),
                "\"a\u{fffd} b\\u{b}c\" | end_turn | ?",
            ),
            (
                "a report without output tokens",
                stream(&[text("Hi"), end("stop"), usage(json!({ "prompt_tokens": 9 }))]),
                r#""Hi" | end_turn | ?"#,
            ),
            (
                "a report of the total",
                stream(&[
                    text("Hi"),
                    end("stop"),
                    usage(json!({ "prompt_tokens": 9, "total_tokens": 11 })),
                ]),
                r#""Hi" | end_turn | 9+0 in, 2 out"#,
            ),
            (
                "arguments with unambiguous mistakes",
                stream(&[part("repo_read", "```json\n{\"path\":\"a\"}\n```"), end("tool_calls")]),
                read,
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn an_answer_is_read_by_its_content_not_its_declared_type() {
    use std::io::Write as _;
    let packed = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).and_then(|()| packer.finish()).expect("packed")
    };
    let reply = message(json!({ "content": "Hi" }), json!("stop")).to_string();
    let said = events(&[text("Hi"), end("stop")]) + "data: [DONE]\n\n";
    let hi = r#""Hi" | end_turn | ?"#;
    holds(
        vec![
            (
                "JSON as plain text",
                crate::server::answer(
                    "200 OK",
                    "content-type: \
                text/plain\r\n",
                    reply.as_bytes(),
                ),
                hi,
            ),
            (
                "unrequested gzip",
                crate::server::answer(
                    "200 OK",
                    "content-type: \
                application/json\r\ncontent-encoding: gzip\r\n",
                    &packed(reply.as_bytes()),
                ),
                hi,
            ),
            (
                "a compressed stream",
                crate::server::answer(
                    "200 OK",
                    "content-type: \
                text/event-stream\r\ncontent-encoding: gzip\r\n",
                    &packed(said.as_bytes()),
                ),
                hi,
            ),
            (
                "a sign-in page",
                crate::server::answer(
                    "200 OK",
                    "content-type: text/html\r\n",
                    b"<!doctype \
                    html><title>Sign in</title>",
                ),
                "once fixed: NoModelThere: URL answered with a web page (text/html) that begins \
                 with `<!doctype html><title>Sign in</title>`…",
            ),
        ],
        true,
    )
    .await;
}
