//! Every failure says what to do, and none is mistaken for a reply.

use std::time::Duration;

use cloudcrew_local::openai::OpenAiSettings;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::caller::{ask, holds, settings, summary};
use crate::server::{Act, answer, calls, end, events, raw, refusal, server, stream, text};

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let error = |message: &str, class: &str, code: Value| {
        json!({ "error": { "message": message,
        "type": class, "code": code } })
    };
    let limited = error("Slow down", "requests", json!("rate_limit_exceeded"));
    holds(
        vec![
            (
                "a refused key, which is not repeated",
                refusal(
                    "401 Unauthorized",
                    &error(
                        "Incorrect API key: \
                    sk-very-secret",
                        "invalid_request_error",
                        json!("invalid_api_key"),
                    ),
                ),
                "once fixed: InvalidApiKey: Incorrect API key: [the key] (URL refused the key in \
                 TEAM_KEY: check that it is the right key and has the permissions needed)",
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
                "once fixed: NotFoundError: model \"qwen3:8b\" not found (no model `qwen3:8b` at \
                 URL, or it does not serve chat completions: check `models.*.id` and \
                 `models.*.endpoint` in agents.yaml)",
            ),
            (
                "a wait in seconds",
                answer(
                    "429 Too Many Requests",
                    "retry-after: \
                    2.5\r\n",
                    limited.to_string().as_bytes(),
                ),
                "in 2.5 s: RateLimitExceeded: Slow down",
            ),
            (
                "a wait until a time, by the server's clock",
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
                "no credit: waiting does not help",
                refusal(
                    "429 Too Many Requests",
                    &error(
                        "You exceeded your \
                    quota",
                        "insufficient_quota",
                        json!("insufficient_quota"),
                    ),
                ),
                "once fixed: InsufficientQuota: You exceeded your quota (the account has no \
                 credit left: check the provider's billing page)",
            ),
            (
                "too long, in OpenAI's form",
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
                "too long, in llama.cpp's form",
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
                "too long, in vLLM's old form",
                refusal(
                    "400 Bad Request",
                    &json!({ "object": "error", "message": "This model's \
                    maximum context length is 4096 \
                    tokens.", "type": "BadRequestError", "code": 400 }),
                ),
                "too long: BadRequestError: This model's maximum context length is 4096 tokens.",
            ),
            (
                "an error as plain text",
                refusal(
                    "500 Internal Server \
                Error",
                    &json!({ "error": "out of memory" }),
                ),
                "later: Http500: out of memory",
            ),
            (
                "a gateway's web page",
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
                "an unreadable request",
                refusal(
                    "422 Unprocessable",
                    &json!({ "detail": "no \
                field" }),
                ),
                "once fixed: Http422: no field (URL rejected this request…",
            ),
            (
                "a redirect, not followed",
                answer(
                    "308 Permanent Redirect",
                    "location: \
                    http://evil.example/v1/chat/completions?k=1\r\n",
                    b"",
                ),
                "once fixed: Redirected: URL redirects to http://evil.example/v1/chat/completions: \
                 set `models.*.endpoint` in agents.yaml to the final URL",
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn a_failed_stream_is_not_a_reply() {
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
                "once fixed: ValidationException: no",
            ),
            ("with words", error(json!("broke")), "later: Http500: broke"),
            (
                "in a separate field",
                raw("error: {\"code\":500,\"message\":\"slot\",\"type\":\"server_error\"}\n\n"),
                "later: ServerError: slot",
            ),
            (
                "too long",
                error(json!({ "message": "x", "type": "exceed_context_size_error", "code": 400 })),
                "too long: ExceedContextSizeError: x",
            ),
            ("aborted by the model", stream(&[text("a"), end("error")]), "later: StreamError…"),
            (
                "in the middle of the text",
                raw(events(&[text("a")])),
                "later: ConnectionError: the stream ended before the reply was complete",
            ),
            (
                "in the middle of a chunk",
                raw(events(&[text("a")]) + "data: {\"choi"),
                "later: ConnectionError: the stream ended before the reply was complete",
            ),
            (
                "in the middle of a body with a length",
                answer("200 OK", "content-type: application/json\r\ncontent-length: 100\r\n", b"{"),
                "later: ConnectionError: the answer was cut off…",
            ),
            (
                "without content",
                stream(&[]),
                "later: InvalidResponse: the answer contains no reply",
            ),
            (
                "garbage in an event",
                raw("data: <oops>\n\n"),
                "later: InvalidResponse: the answer is not JSON; it begins with `<oops>`",
            ),
            (
                "a page",
                answer("200 OK", "content-type: application/json\r\n", b"<html>"),
                "once fixed: NoModelThere: URL answered with a web page (application/json) that \
                 begins with `<html>`…",
            ),
            (
                "not HTTP",
                vec![Act::Write(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())],
                "later: InvalidResponse: the server at URL does not speak HTTP…",
            ),
            (
                "disconnects at once",
                vec![],
                "later: ConnectionError: the connection to URL was lost…",
            ),
        ],
        true,
    )
    .await;
}

#[tokio::test]
async fn an_endless_answer_is_abandoned() {
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
        "never: ReplyTooLarge: the model's reply is larger than 8 MiB, so it was discarded";
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
async fn a_silent_server_times_out() {
    let silence = Duration::from_millis(200);
    let begun = |chunks: &[Value]| {
        raw(events(chunks)).into_iter().chain([Act::Wait(30_000)]).collect::<Vec<_>>()
    };
    for (story, acts, expected) in [
        (
            "from the beginning",
            vec![Act::Wait(30_000)],
            "later: ReadTimeout: the provider sent nothing for 0.2 s (`models.*.silence_timeout`)",
        ),
        (
            "after some text",
            begun(&[text("a")]),
            "later: ReadTimeout: the provider sent nothing for 0.2 s (`models.*.silence_timeout`)",
        ),
        ("after a complete reply", begun(&[text("a"), end("stop")]), r#""a" | end_turn | ?"#),
    ] {
        let (url, _) = server(vec![acts]).await;
        assert_eq!(
            summary(&ask(OpenAiSettings { silence, ..settings(&url) }).await),
            expected,
            "{story}"
        );
    }
}

#[tokio::test]
async fn an_unreachable_server_is_reported_with_its_address() {
    let url = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("http://{}/v1", listener.local_addr().expect("its address"))
    };
    let got = summary(&ask(settings(&url)).await);
    assert!(got.starts_with(&format!("later: ConnectionError: no connection to {url}: ")), "{got}");
    assert!(
        got.contains("Connection refused")
            && got.ends_with(
                "(is the server running there? `models.*.endpoint` in agents.yaml says where it is)"
            ),
        "{got}"
    );
    for (base, why) in [
        ("localhost:11434", "it must start with"),
        ("", "relative URL"),
        ("ftp://a/b", "it must start with"),
        ("http://", "empty host"),
    ] {
        let got = summary(&ask(settings(base)).await);
        assert!(
            got.starts_with("once fixed: InvalidEndpoint: ") && got.contains(why),
            "{base}: {got}"
        );
    }
}

#[tokio::test]
async fn a_server_with_tls_is_called_with_tls() {
    // No server speaks TLS here; the test is that the client was built at all: without a crypto
    // provider it panics.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}/v1", listener.local_addr().expect("its address"));
    tokio::spawn(async move { listener.accept().await.map(drop) });
    let got = summary(&ask(settings(&url)).await);
    assert!(got.starts_with("later: ConnectionError: no connection to https://"), "{got}");
}
