//! A server that writes raw bytes to a socket.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What a server does with a request, in order; after the last act it closes the connection.
pub(crate) enum Act {
    Write(Vec<u8>),
    Wait(u64),
}

/// The requests received: head and body.
pub(crate) type Asked = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Answers one request after the other, each on its own connection.
pub(crate) async fn server(answers: Vec<Vec<Act>>) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("its address"));
    let asked = Asked::default();
    let requests = Arc::clone(&asked);
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
                let length = head
                    .lines()
                    .find_map(|l| l.strip_prefix("content-length: ")?.parse::<usize>().ok())
                    .unwrap_or(0);
                if bytes.len() >= end + 4 + length {
                    break (head, bytes[end + 4..].to_vec());
                }
            };
            requests.lock().expect("no panic").push(request);
            for act in acts {
                match act {
                    // The client may have closed the connection.
                    Act::Write(bytes) => drop(socket.write_all(&bytes).await),
                    Act::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                }
            }
            let _ = socket.shutdown().await;
        }
    });
    (url, asked)
}

pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<Act> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    vec![Act::Write(bytes)]
}

pub(crate) fn whole(body: &Value) -> Vec<Act> {
    answer("200 OK", "content-type: application/json\r\n", body.to_string().as_bytes())
}

pub(crate) fn refusal(status: &str, body: &Value) -> Vec<Act> {
    answer(status, "content-type: application/json\r\n", body.to_string().as_bytes())
}

/// A stream of these bytes.
pub(crate) fn raw(body: impl AsRef<[u8]>) -> Vec<Act> {
    answer("200 OK", "content-type: text/event-stream\r\n", body.as_ref())
}

/// A stream of these chunks, properly terminated.
pub(crate) fn stream(chunks: &[Value]) -> Vec<Act> {
    raw(events(chunks) + "data: [DONE]\n\n")
}

pub(crate) fn events(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

pub(crate) fn delta(delta: Value) -> Value {
    json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] })
}

pub(crate) fn text(words: &str) -> Value {
    delta(json!({ "content": words }))
}

pub(crate) fn calls(calls: Value) -> Value {
    delta(json!({ "tool_calls": calls }))
}

pub(crate) fn end(reason: &str) -> Value {
    json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] })
}

pub(crate) fn message(message: Value, reason: Value) -> Value {
    json!({ "choices": [{ "index": 0, "message": message, "finish_reason": reason }] })
}

pub(crate) fn usage(usage: Value) -> Value {
    json!({ "choices": [], "usage": usage })
}
