//! What goes wrong says what to do, and is never taken for a reply.

use std::time::Duration;

use cloudcrew_local::openai::OpenAiSettings;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::caller::{ask, holds, settings, told};
use crate::server::{Act, answer, calls, end, events, raw, refusal, server, stream, text};

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let error = |message: &str, class: &str, code: Value| json!({ "error": { "message": message, "type": class, "code": code } });
    let limited = error("Slow down", "requests", json!("rate_limit_exceeded"));
    holds(
        vec![
            (
                "a key that is not taken, and is not repeated",
                refusal(
                    "401 Unauthorized",
                    &error(
                        "Incorrect API key: \
                    sk-very-secret",
                        "invalid_request_error",
                        json!("invalid_api_key"),
                    ),
                ),
                "once mended: InvalidApiKey: Incorrect API key: [the key] (URL does not take the \
                 key in TEAM_KEY: look whether it is the right one, and what it may do)",
            ),
            (
                "no such model",
                refusal(
                    "404 Not Found",
                    &error(
                        "model \"qwen3:8b\" not \
                    found",
                        "not_found_error",
                        Value::Null,
                    ),
                ),
                "once mended: NotFoundError: model \"qwen3:8b\" not found (there is no model \
                 `qwen3:8b` at URL, or nothing that takes chat completions: look at \
                 `models.*.id` and `models.*.endpoint` in agents.yaml)",
            ),
            (
                "wait for seconds",
                answer(
                    "429 Too Many Requests",
                    "retry-after: \
                    2.5\r\n",
                    limited.to_string().as_bytes(),
                ),
                "in 2.5 s: RateLimitExceeded: Slow down",
            ),
            (
                "wait until a time, by the server's clock",
                answer(
                    "503 Service Unavailable",
                    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:37 \
                     GMT\r\n",
                    b"busy",
                ),
                "in 60 s: Http503: busy",
            ),
            (
                "a time that has passed",
                answer(
                    "503 Service Unavailable",
                    "retry-after: Sun, 06 Nov 1994 08:50:37 \
                    GMT\r\n",
                    b"",
                ),
                "in 0 s: Http503: HTTP status 503",
            ),
            (
                "the account is empty: no wait helps",
                refusal(
                    "429 Too Many Requests",
                    &error(
                        "You exceeded your \
                    quota",
                        "insufficient_quota",
                        json!("insufficient_quota"),
                    ),
                ),
                "once mended: InsufficientQuota: You exceeded your quota (the account has no \
                 credit left: look at the provider's billing page)",
            ),
            (
                "too long, says OpenAI",
                refusal(
                    "400 Bad Request",
                    &error(
                        "Too \
                    much",
                        "invalid_request_error",
                        json!("context_length_exceeded"),
                    ),
                ),
                "too long: ContextLengthExceeded: Too much",
            ),
            (
                "too long, says llama.cpp",
                refusal(
                    "400 Bad Request",
                    &error(
                        "the request \
                    exceeds",
                        "exceed_context_size_error",
                        json!(400),
                    ),
                ),
                "too long: ExceedContextSizeError: the request exceeds",
            ),
            (
                "too long, says vLLM in its old form",
                refusal(
                    "400 Bad Request",
                    &json!({ "object": "error", "message": "This model's \
                    maximum context length is 4096 \
                    tokens.", "type": "BadRequestError", "code": 400 }),
                ),
                "too long: BadRequestError: This model's maximum context length is 4096 tokens.",
            ),
            (
                "an error that is a text",
                refusal(
                    "500 Internal Server \
                Error",
                    &json!({ "error": "out of memory" }),
                ),
                "later: Http500: out of memory",
            ),
            (
                "a page of a gateway",
                answer(
                    "502 Bad Gateway",
                    "",
                    b"<html>bad \
                gateway</html>",
                ),
                "later: Http502: <html>bad gateway</html>",
            ),
            (
                "a gateway's own status",
                answer("529 Overloaded", "", b"overloaded"),
                "later: \
                Http529: overloaded",
            ),
            (
                "a request that it cannot read",
                refusal(
                    "422 Unprocessable",
                    &json!({ "detail": "no \
                field" }),
                ),
                "once mended: Http422: no field (URL does not take this request…",
            ),
            (
                "sent elsewhere, not followed",
                answer(
                    "308 Permanent Redirect",
                    "location: \
                    http://evil.example/v1/chat/completions?k=1\r\n",
                    b"",
                ),
                "once mended: Redirected: URL sends on to http://evil.example/v1/chat/completions: \
                 write the right URL in `models.*.endpoint` in agents.yaml",
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
            (
                "with a number",
                error(json!({ "message": "busy", "code": 503 })),
                "later: Http503: \
                busy",
            ),
            (
                "with a class",
                error(json!({ "message": "busy", "type": "rate_limit_error" })),
                "later: RateLimitError: busy",
            ),
            (
                "with one of ours",
                error(json!({ "message": "no", "type": "ValidationException", "code": 400 })),
                "once mended: ValidationException: no",
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
                "once mended: NoModelThere: URL answers with a page (application/json) and not \
                 with a reply; it begins with `<html>`…",
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
    let whole: Vec<Act> = answer(
        "200 OK",
        "content-type: application/json\r\n",
        b"{\"choices\":[{\"message\":{\"content\":\"",
    )
    .into_iter()
    .chain(large())
    .collect();
    let line: Vec<Act> = raw("data: ")
        .into_iter()
        .chain((0..50).map(|_| Act::Write(megabyte.clone().into_bytes())))
        .collect();
    let empty: Vec<Value> = (0..10_000).map(|index| calls(json!([{ "index": index }]))).collect();
    let expected =
        "never: ReplyTooLarge: the model's reply is larger than 8 MiB; it was not read to its end";
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
    let begun = |chunks: &[Value]| {
        raw(events(chunks)).into_iter().chain([Act::Wait(30_000)]).collect::<Vec<_>>()
    };
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
        assert_eq!(
            told(&ask(OpenAiSettings { silence, ..settings(&url) }).await),
            expected,
            "{story}"
        );
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
            && got.ends_with(
                "(is the server running there? `models.*.endpoint` in agents.yaml says where it is)"
            ),
        "{got}"
    );
    for (base, why) in [
        ("localhost:11434", "it begins with"),
        ("", "relative URL"),
        ("ftp://a/b", "it begins with"),
        ("http://", "empty host"),
    ] {
        let got = told(&ask(settings(base)).await);
        assert!(
            got.starts_with("once mended: InvalidEndpoint: ") && got.contains(why),
            "{base}: {got}"
        );
    }
}

#[tokio::test]
async fn a_server_with_tls_is_called_with_tls() {
    // Nobody speaks TLS there; that the client was made at all is what counts: without a crypto
    // provider it panics.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/v1", listener.local_addr().expect("its address"));
    tokio::spawn(async move { listener.accept().await.map(drop) });
    let got = told(&ask(settings(&url)).await);
    assert!(got.starts_with("later: ConnectionError: no connection to https://"), "{got}");
}
