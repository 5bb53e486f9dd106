//! Following live: server-sent events and WebSocket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{approval, by, small};
use crate::support::service::{Asked, Service, asked, events, get, post};

#[test]
fn a_stream_that_is_cut_again_and_again_shows_every_entry_once() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let (mut seen, mut cuts) = (Vec::<u64>::new(), 0);
    let mut approved = false;
    loop {
        let last = seen.last().copied().unwrap_or(0);
        let asked = get("/projects/demo/events/stream").header("last-event-id", &last.to_string());
        let body = read_some(&service, &asked, 400 + 977 * (cuts % 7));
        cuts += 1;
        for (id, kind, data) in events(&body) {
            let Some(seq) = id else { continue };
            assert_eq!((data["seq"].as_u64(), &data["kind"]), (Some(seq), &json!(kind)));
            seen.push(seq);
            if kind == "request_opened" && !approved {
                approved = true;
                let status = service.reaches("demo", "waiting");
                let path = "/projects/demo/approve";
                service.send(&post(path, &approval(&status))).is(200);
            }
        }
        let status = service.status("demo");
        if status["state"] == "done" && status["as_of"].as_u64() == seen.last().copied() {
            break;
        }
        assert!(cuts < 2_000, "{seen:?}");
    }
    let all: Vec<u64> = (1..=seen.len() as u64).collect();
    assert_eq!(seen, all, "after {cuts} cuts");
    let from = get("/projects/demo/events/stream?after=3&limit=2");
    let few: Vec<_> = events(&service.send(&from).is(200).body).into_iter().map(|e| e.0).collect();
    assert_eq!(few, [Some(4), Some(5)]);
}

/// Reads this many bytes of a reply, or what comes within a moment, and hangs up.
fn read_some(service: &Service, asked: &Asked, most: usize) -> String {
    let mut stream = TcpStream::connect(&service.address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let asked = asked.bytes(&service.address);
    stream.write_all(&asked).expect("sent");
    let (mut all, mut part) = (Vec::new(), [0; 256]);
    while all.len() < most {
        match stream.read(&mut part) {
            Ok(read @ 1..) => all.extend_from_slice(&part[..read]),
            _ => break,
        }
    }
    unchunked(&all)
}

/// The body of a chunked reply, as far as it came.
fn unchunked(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let Some((_, body)) = text.split_once("\r\n\r\n") else { return String::new() };
    let (mut rest, mut all) = (body, String::new());
    while let Some((size, more)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        let Some(chunk) = more.get(..size) else { break };
        all.push_str(chunk);
        rest = more.get(size + 2..).unwrap_or_default();
    }
    all
}

/// Connects with a ticket; the status of the refusal otherwise.
fn connect(
    service: &Service,
    query: &str,
    headers: &[(&str, &str)],
) -> Result<tungstenite::WebSocket<TcpStream>, u16> {
    use tungstenite::client::IntoClientRequest as _;
    let url = format!("ws://{}/ws?{query}", service.address);
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in headers {
        let name: tungstenite::http::HeaderName = name.parse().expect("a name");
        request.headers_mut().insert(name, value.parse().expect("a value"));
    }
    let stream = TcpStream::connect(&service.address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(refused))) => {
            Err(refused.status().as_u16())
        }
        Err(error) => unreachable!("{error}"),
    }
}

/// The next message as JSON.
fn next(socket: &mut tungstenite::WebSocket<TcpStream>) -> Value {
    loop {
        if let tungstenite::Message::Text(text) = socket.read().expect("a message") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

#[test]
fn a_socket_follows_several_engagements_and_ends_with_the_right_to_see_them() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("one", json!({})).is(201);
    service.reaches("one", "waiting");
    let viewer = asked("PUT", "/projects/one/members/vic")
        .header("content-type", "application/json")
        .body(json!({ "role": "viewer" }).to_string());
    service.send(&viewer).is(200);
    let ticket = |asked: Asked| -> String {
        service.send(&asked).is(201).json()["ticket"].as_str().unwrap().to_owned()
    };
    let all = json!({ "projects": "all" });
    let first = by("vic", post("/tickets", &json!({ "projects": ["one"] })));
    let made = service.send(&first).is(201).json();
    let expires: jiff::Timestamp = made["expires"].as_str().unwrap().parse().expect("a time");
    let left = expires.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((1..=30).contains(&left), "a ticket lasts half a minute: {left} s");
    let first = made["ticket"].as_str().unwrap().to_owned();
    service
        .send(&by("zoe", post("/tickets", &json!({ "projects": ["one"] }))))
        .refused(404, "unknown");

    for (query, headers, status) in [
        ("ticket=wrong", &[][..], 401),
        ("", &[], 400),
        (&format!("ticket={first}&after=one"), &[], 400),
        (&format!("ticket={first}"), &[("origin", "http://evil.example")], 403),
    ] {
        assert_eq!(connect(&service, query, headers).err(), Some(status), "{query}");
    }
    // None of them used it up.
    let mut vic = connect(&service, &format!("ticket={first}&after=one:0"), &[]).expect("open");
    assert_eq!(connect(&service, &format!("ticket={first}"), &[]).err(), Some(401), "used up");
    let status = service.status("one");
    for seq in 1..=status["as_of"].as_u64().unwrap() {
        assert_eq!(next(&mut vic)["seq"], seq);
    }

    // An engagement that starts later is followed too.
    let ticket = ticket(post("/tickets", &all));
    let mut operator = connect(&service, &format!("ticket={ticket}"), &[]).expect("open");
    service.begin("two", json!({})).is(201);
    service.send(&post("/projects/one/approve", &approval(&status))).is(200);
    let (mut one, mut two) = (Vec::new(), Vec::new());
    while one.last() != Some(&"ended".to_owned()) || two.is_empty() {
        let message = next(&mut operator);
        let seen = if message["project"] == "one" { &mut one } else { &mut two };
        seen.push(message["kind"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(one[0], "request_answered");

    let gone = asked("DELETE", "/projects/one/members/vic");
    service.send(&gone).is(204);
    while next(&mut vic)["gone"] != true {}
    assert_eq!(service.stop(), 0);
    let end = loop {
        match operator.read() {
            Ok(tungstenite::Message::Close(frame)) => {
                break frame.map(|frame| u16::from(frame.code));
            }
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(end, Some(1012), "the service restarts");
}
