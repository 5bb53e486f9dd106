//! Whom it refuses, and what it does with bad requests.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{approval, small};
use crate::support::service::{Asked, Service, TOKEN, asked, get, post};

#[test]
fn every_route_refuses_whoever_it_does_not_know() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let document = service.send(&get("/openapi.json").header("authorization", "")).is(200).json();
    // Open to anyone; without a token, nobody gets a session.
    let open = BTreeMap::from([
        ("/healthz", 200),
        ("/readyz", 200),
        ("/openapi.json", 200),
        ("/config.json", 200),
        ("/login", 404),
        ("/callback", 404),
        ("/callback/done", 400),
        ("/logout", 204),
        ("/session", 422),
        ("/ws", 400),
    ]);
    let bad = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic dXNlcjpwYXNz",
        "the-operators-token",
        "Bearer the-operators-token2",
        "Bearer the-operators-toke",
        "Token the-operators-token",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJjdXN0b21lciJ9.",
    ];
    let (mut tried, mut names) = (0, BTreeSet::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(names.insert(operation["operationId"].to_string()), "{operation}");
            let real = path
                .replace("{id}", "demo")
                .replace("{request}", "discovery-1")
                .replace("{path}", "x")
                .replace("{name}", "delivery");
            for identity in bad {
                let asked = asked(&method.to_uppercase(), &real)
                    .header("content-type", "application/json")
                    .header("authorization", identity)
                    .body("{}");
                let reply = service.send(&asked);
                match open.get(path.as_str()) {
                    Some(status) => reply.is(*status),
                    None => reply.refused(401, "unauthenticated"),
                };
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "only {tried}");
}

#[test]
fn a_browser_gets_a_cookie_that_other_sites_cannot_use() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let anyone = |asked: Asked| asked.header("authorization", "");
    let wrong = anyone(post("/session", &json!({ "token": "wrong" })));
    service.send(&wrong).refused(401, "unauthenticated");
    let begun = service.send(&anyone(post("/session", &json!({ "token": TOKEN })))).is(204);
    let cookie = begun.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    let with = |asked: Asked| anyone(asked).header("cookie", &format!("theme=dark; {pair}"));
    assert_eq!(service.send(&with(get("/me"))).is(200).json()["name"], "customer");
    let elsewhere = with(get("/me")).header("origin", "http://evil.example");
    service.send(&elsewhere).refused(403, "origin");
    let here = format!("http://{}", service.address);
    service.send(&with(get("/me")).header("origin", &here)).is(200);
    service.send(&with(asked("POST", "/logout"))).is(204);
    service.send(&with(get("/me"))).refused(401, "unauthenticated");
}

#[test]
fn bad_requests_get_a_problem_and_change_nothing() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    let (start, approve) = ("/projects", "/projects/demo/approve");
    let digest = status["waiting"][0]["digest"].as_str().unwrap();
    let raw = |path: &str, body: &str| {
        asked("POST", path).header("content-type", "application/json").body(body)
    };
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let unknown = json!({ "request": "demo-9", "digest": digest });
    let rated = json!({ "request": "proposal-1", "digest": digest, "ratings": { "x": 9 } });
    let sow = |name: &str, text: &str| json!({ "sow": { "name": name, "text": text } });
    let text = "# X\n\n## Requirements\n\n- Y.\n";
    let with = |key: &str, value: Value| {
        let mut new = sow("x.md", text);
        new[key] = value;
        new
    };
    for (asked, code, kind) in [
        (raw(start, ""), 400, "malformed"),
        (raw(start, "null"), 422, "invalid"),
        (raw(start, "[]"), 422, "invalid"),
        (raw(start, "{"), 400, "malformed"),
        (raw(start, &deep), 422, "invalid"),
        (raw(start, "{\"sow\":1}"), 422, "invalid"),
        (raw(start, &" ".repeat(5 << 20)), 413, "too-large"),
        (raw(start, "{}").header("content-type", "text/plain"), 415, "media-type"),
        (post(start, &sow("../x.md", text)), 422, "invalid"),
        (post(start, &sow("x\u{0}.md", text)), 422, "invalid"),
        (post(start, &sow("", text)), 422, "invalid"),
        (post(start, &sow("x.md", "")), 422, "invalid"),
        (post(start, &with("id", json!("Bad Id"))), 422, "invalid"),
        (post(start, &with("id", json!("demo"))), 409, "exists"),
        (post(start, &with("workflow", json!("none"))), 422, "invalid"),
        (post(start, &with("model", json!("none"))), 422, "invalid"),
        (post(start, &with("rehearsal", json!("none"))), 422, "invalid"),
        (post(start, &with("extra", json!(1))), 422, "invalid"),
        (post(start, &with("repo", json!({ "path": "/" }))), 403, "forbidden"),
        (post(approve, &unknown), 404, "unknown"),
        (post(approve, &rated), 422, "invalid"),
        (post(approve, &json!({ "request": "proposal-1", "digest": "x" })), 409, "changed"),
        (post("/projects/demo/retry", &json!({})), 409, "ended"),
        (post("/projects/nobody/approve", &unknown), 404, "unknown"),
        (get("/projects/..%2F..%2Fetc%2Fpasswd/status"), 404, "unknown"),
        (get("/projects/demo/artifacts/..%2F..%2Fx"), 404, "unknown"),
        (get("/projects/demo/artifacts/%252e%252e%252fx"), 404, "unknown"),
        (get("/projects/%ff/status"), 400, "malformed"),
        (get("/projects?limit=0"), 400, "malformed"),
        (get("/projects?limit=x"), 400, "malformed"),
        (get("/projects?cursor=x"), 400, "malformed"),
        (get("/projects?colour=red"), 400, "malformed"),
        (get("/projects/demo/events?after=-1"), 400, "malformed"),
        (get("/projects/demo/events?limit=501"), 400, "malformed"),
        (get("/projects/demo/events/stream?limit=0"), 400, "malformed"),
        (get("/projects/demo/events/stream").header("last-event-id", "x"), 400, "malformed"),
        (post(approve, &unknown).key(&"k".repeat(201)), 400, "malformed"),
        (get("/nowhere"), 404, "unknown"),
        (asked("DELETE", start), 405, "method"),
        (get(start).header("host", "evil.example"), 403, "origin"),
        (get(start).header("origin", "http://evil.example"), 403, "origin"),
    ] {
        service.send(&asked).refused(code, kind);
    }
    for bytes in [
        &b"\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /projects HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ] {
        let reply = service.raw(bytes);
        assert!(reply.as_ref().is_ok_and(|r| r.status == 400) || reply.is_err(), "{reply:?}");
    }
    // Half a request, and then nothing: it holds a connection for a while, and nobody else.
    let mut half = TcpStream::connect(&service.address).unwrap();
    half.write_all(b"POST /projects HTTP/1.1\r\nhost: localhost\r\n").unwrap();
    let after = service.status("demo");
    assert_eq!(after, status);
    assert_eq!(
        service.send(&get("/projects")).is(200).json()["projects"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_slow_sender_holds_nobody_up() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    let mut slow = TcpStream::connect(&service.address).unwrap();
    let head = format!(
        "POST /projects/demo/approve HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        service.address
    );
    slow.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    service.send(&post("/projects/demo/approve", &approval(&status))).is(200);
    service.reaches("demo", "done");
}
