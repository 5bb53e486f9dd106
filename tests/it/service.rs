//! The service, as its callers see it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::service::{Asked, Reply, Service, TOKEN, asked, events, get, post};
use crate::support::{Crew, Done, copied, crew, edited, root};

/// A crew of one agent and one phase.
fn small() -> Crew {
    copied(&root().join("examples/minimal"))
}

/// Approves what waits, as it is now.
fn approval(status: &Value) -> Value {
    let waiting = &status["waiting"][0];
    json!({ "request": waiting["id"], "digest": waiting["digest"] })
}

#[test]
fn an_engagement_is_started_read_decided_and_followed() {
    let crew = crew();
    let service = Service::start(&crew, &[]);
    let text = std::fs::read_to_string(root().join("examples/sow/retail-orders.md")).unwrap();
    let new = json!({ "sow": { "name": "Retail orders.md", "text": text } });
    let started = service.send(&post("/projects", &new)).is(201);
    assert_eq!(started.json(), json!({ "id": "retail-orders" }));
    assert_eq!(started.header("location"), Some("/projects/retail-orders"));
    let id = "retail-orders";

    let status = service.reaches(id, "waiting");
    assert_eq!(
        (&status["phase"], &status["waiting"][0]["kind"]),
        (&json!("discovery"), &json!("gate"))
    );
    let inbox = service.send(&get("/inbox")).is(200).json();
    assert_eq!(inbox["requests"][0]["project"], id);
    let request =
        service.send(&get(&format!("/projects/{id}/requests/discovery-1"))).is(200).json();
    assert_eq!(request["subject"][0]["path"], "docs/project-plan/plan.md");
    assert_eq!(
        (&request["next"], &request["forecast"]["phase"]),
        (&json!("architecture.swarm"), &json!("architecture"))
    );
    let plan =
        service.send(&get(&format!("/projects/{id}/artifacts/docs%2Fproject-plan%2Fplan.md")));
    assert!(plan.clone().is(200).body.starts_with("# "), "{plan:?}");
    assert_eq!(plan.header("content-disposition"), Some("attachment"));

    let revised = json!({ "request": "discovery-1", "digest": request["digest"],
        "words": "Name the owner of each risk.", "ratings": { "quality": 3 } });
    service.send(&post(&format!("/projects/{id}/revise"), &revised)).is(200);
    let status = service.until(id, |status| status["waiting"][0]["id"] == "discovery-2");
    // What the command line shows is the same.
    crew.run(&["show", id]).exits(0).says("discovery, run 2");
    crew.run(&["inbox"]).exits(0).says("discovery-2");
    for phase in ["discovery", "architecture", "poc", "production", "handoff"] {
        let status =
            service.until(id, |status| status["state"] == "waiting" && status["phase"] == phase);
        let approved = service.send(&post(&format!("/projects/{id}/approve"), &approval(&status)));
        assert_eq!(approved.is(200).json()["decision"], "approved");
    }
    let done = service.reaches(id, "done");
    assert!(status["as_of"].as_u64() < done["as_of"].as_u64());
    let cost = service.send(&get(&format!("/projects/{id}/cost"))).is(200).json();
    assert_eq!(cost["total"]["micro_usd"], done["spend"]["micro_usd"]);
    let ledger = service.send(&get(&format!("/projects/{id}/ledger"))).is(200).json();
    assert!(ledger["rows"].as_array().unwrap().iter().any(|row| row["kind"] == "feedback"));
    let owed = service.send(&get(&format!("/projects/{id}/deliverables"))).is(200).json();
    assert!(owed["deliverables"].as_array().unwrap().iter().all(|file| file["written"] == true));
    let found = service.send(&get("/projects?state=done")).is(200).json();
    assert_eq!(found["projects"][0]["id"], id);
    assert_eq!(service.stop(), 0);
}

#[test]
fn an_agents_question_is_answered() {
    let crew = edited();
    // Nobody answers in place of the customer.
    let file = "rehearsals/question.yaml";
    let text = std::fs::read_to_string(crew.workspace().join(file)).unwrap();
    let answers = &text[text.find("answers:").unwrap()..text.find("expect:").unwrap()];
    crew.edit(file, answers, "");
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({ "rehearsal": "question" })).is(201);
    let status = service.reaches("demo", "waiting");
    service.send(&post("/projects/demo/approve", &approval(&status))).is(200);
    let status = service.until("demo", |status| status["waiting"][0]["kind"] == "question");
    let request = status["waiting"][0]["id"].as_str().unwrap();
    let path = format!("/projects/demo/interrupt/{request}/respond");
    service.send(&post(&path, &json!({ "answer": " " }))).refused(422, "invalid");
    service.send(&post(&path, &json!({ "answer": "Orders of the web shop only" }))).is(200);
    let lost =
        service.send(&post(&path, &json!({ "answer": "All orders" }))).refused(409, "decided");
    assert_eq!(lost.json()["winner"], "customer");
    service.until("demo", |status| status["waiting"][0]["kind"] == "gate");
}

#[test]
fn a_request_that_is_sent_twice_acts_once() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let text = "# Orders\n\n## Requirements\n\n- Take orders.\n";
    let new = json!({ "sow": { "name": "orders.md", "text": text } });
    let start = post("/projects", &new).key("one");
    let first = service.send(&start).is(201);
    let again = service.send(&start).is(201);
    assert_eq!((first.json(), again.header("idempotency-replayed")), (again.json(), Some("true")));
    let other = json!({ "sow": { "name": "other.md", "text": text } });
    service.send(&post("/projects", &other).key("one")).refused(422, "key-reused");
    assert_eq!(service.send(&post("/projects", &new)).is(201).json()["id"], "orders-2");
    let all = service.send(&get("/projects")).is(200).json();
    assert_eq!(all["projects"].as_array().unwrap().len(), 2);

    // A refusal is repeated too, even when it would be accepted by now.
    let status = service.reaches("orders", "waiting");
    let stale = json!({ "request": status["waiting"][0]["id"], "digest": "0".repeat(64) });
    let refused = service.send(&post("/projects/orders/approve", &stale).key("two"));
    let refused = refused.refused(409, "changed");
    let approve = post("/projects/orders/approve", &approval(&status)).key("three");
    let decided = service.send(&approve).is(200);
    assert_eq!(service.send(&approve).is(200).body, decided.body);
    let again = service.send(&post("/projects/orders/approve", &stale).key("two"));
    assert_eq!(again.is(409).body, refused.body);
    // Without its key, the same approval was given before.
    service.send(&post("/projects/orders/approve", &approval(&status))).is(200);
    assert_eq!(service.send(&start).is(201).body, first.body, "after everything else");
}

/// Number of gates to race for: `CLOUDCREW_GATES` for more.
fn gates() -> usize {
    std::env::var("CLOUDCREW_GATES").ok().and_then(|n| n.parse().ok()).unwrap_or(40).min(1000) / 4
}

#[test]
fn of_sixty_four_callers_one_decides() {
    let crew = small();
    let mut service = Service::start(&crew, &[]);
    for gate in 0..gates().max(2) {
        let id = format!("gate-{gate}");
        service.begin(&id, json!({})).is(201);
        let status = service.reaches(&id, "waiting");
        let kills = gate % 10 == 1;
        let replies: Vec<(usize, Option<Reply>)> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..64)
                .map(|caller| {
                    let asked = decision(&id, &status, caller);
                    let service = &service;
                    scope.spawn(move || (caller, service.try_send(&asked).ok()))
                })
                .collect();
            if kills {
                std::thread::sleep(Duration::from_millis(gate as u64 % 7));
                let pid = rustix::process::Pid::from_raw(service.pid() as i32).unwrap();
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            }
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        if kills {
            drop(service);
            service = Service::start(&crew, &[]);
        }
        let path =
            format!("/projects/{id}/requests/{}", status["waiting"][0]["id"].as_str().unwrap());
        let won = service.send(&get(&path)).is(200).json()["answer"]["decision"].clone();
        let mut winners = BTreeSet::new();
        for (caller, reply) in &replies {
            let Some(reply) = reply else {
                assert!(kills, "caller {caller} got no reply");
                continue;
            };
            match reply.status {
                200 => {
                    assert_eq!(reply.json()["decision"], won, "{reply:?}");
                    winners.insert(if won == "approved" { 0 } else { *caller });
                }
                409 if caller % 4 == 3 => {
                    let kind = &reply.json()["type"];
                    assert!(kind == "urn:cloudcrew:changed" || kind == "urn:cloudcrew:decided");
                }
                409 => assert!(!reply.json()["detail"].as_str().unwrap().is_empty(), "{reply:?}"),
                _ => panic!("caller {caller}: {reply:?}"),
            }
        }
        assert!(winners.len() <= 1, "{winners:?} all decided {id}");
        assert!(kills || winners.len() == 1, "nobody decided {id}");
        if won.is_null() {
            continue;
        }
        let answers = service.send(&get(&format!("/projects/{id}/events?kind=request_answered")));
        assert_eq!(answers.is(200).json()["events"].as_array().unwrap().len(), 1, "{id}");
    }
}

/// What a caller sends: an approval, a revision, the same approval with a key, or an old digest.
fn decision(id: &str, status: &Value, caller: usize) -> Asked {
    let (approve, revise) = (format!("/projects/{id}/approve"), format!("/projects/{id}/revise"));
    let mut body = approval(status);
    match caller % 4 {
        0 => post(&approve, &body),
        1 => {
            body["words"] = format!("As caller {caller} says.").into();
            post(&revise, &body)
        }
        2 => post(&approve, &body).key(&format!("the-same-{id}")),
        _ => {
            body["digest"] = "0".repeat(64).into();
            post(&approve, &body)
        }
    }
}

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

#[test]
fn a_killed_service_continues_where_it_was() {
    let crew = crew();
    let mut service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    for pause in [3, 11, 29, 60, 150] {
        std::thread::sleep(Duration::from_millis(pause));
        service.kill();
        service = Service::start(&crew, &[]);
    }
    let status = service.reaches("demo", "waiting");
    assert_eq!(status["waiting"][0]["id"], "discovery-1");
    let path = "/projects/demo/events?kind=request_opened";
    assert_eq!(service.send(&get(path)).is(200).json()["events"].as_array().unwrap().len(), 1);
}

#[test]
fn two_processes_share_a_home() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    service.reaches("demo", "waiting");
    crew.run(&["approve", "demo"]).exits(0);
    service.reaches("demo", "done");
    let sow = crew.workspace().join("examples/sow/example.md");
    crew.run(&["run", "--project", "other", "--sow", sow.to_str().unwrap()]).exits(10);
    let status = service.reaches("other", "waiting");
    service.send(&post("/projects/other/approve", &approval(&status))).is(200);
    service.reaches("other", "done");
    let channel = |id: &str| {
        let requests = service.send(&get(&format!("/projects/{id}/requests"))).is(200).json();
        requests["requests"][0]["answer"]["channel"].clone()
    };
    assert_eq!((channel("demo"), channel("other")), (json!("terminal"), json!("api")));
}

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
fn lists_come_in_pages() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let ids: Vec<String> = (1..=7).map(|n| format!("project-{n}")).collect();
    for id in &ids {
        service.begin(id, json!({})).is(201);
    }
    let (mut seen, mut path) = (Vec::new(), "/projects?limit=3".to_owned());
    loop {
        let page = service.send(&get(&path)).is(200).json();
        let rows = page["projects"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/projects?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
}

#[test]
fn it_listens_on_this_machine_only() {
    let crew = small();
    crew.run(&["serve", "--listen", "0.0.0.0:0"]).exits(2).says("is not a loopback address");
    crew.run(&["serve", "--listen", "nowhere"]).exits(2);
}

/// The operator acts for someone.
fn by(person: &str, asked: Asked) -> Asked {
    asked.header("cloudcrew-as", person)
}

/// Two people of finance must approve, and not the one who started the engagement.
fn with_approvers() -> Crew {
    let crew = small();
    let gate = "gate:\n  kind: approval\n";
    let approvers = "  approvers: { groups: [finance], quorum: 2, not_own: true }\n";
    crew.edit("phases/proposal.yaml", gate, &format!("{gate}{approvers}"));
    crew
}

#[test]
fn a_gate_is_decided_by_the_people_it_names() {
    let crew = with_approvers();
    let hash = |token: &str| cloudcrew_definition::digest::sha256(token.as_bytes());
    let people = json!({ "bea": { "token_sha256": hash("beas-token"), "groups": ["finance"] } });
    let file = crew.folder.path().join("people.json");
    std::fs::write(&file, people.to_string()).unwrap();
    let service = Service::start(&crew, &["--people", file.to_str().unwrap()]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    assert_eq!(status["waiting"][0]["quorum"], json!({ "have": 0, "need": 2 }));
    assert_eq!(status["waiting"][0]["groups"], json!(["finance"]));
    let approve = post("/projects/demo/approve", &approval(&status));

    // Whoever started it, and strangers, may not; neither learns more than needed.
    service.send(&approve).refused(403, "forbidden");
    service.send(&by("zoe", approve.clone())).refused(404, "unknown");
    let member = json!({ "role": "approver", "groups": ["finance"] });
    let add = asked("PUT", "/projects/demo/members/cem")
        .header("content-type", "application/json")
        .body(member.to_string());
    service.send(&by("zoe", add.clone())).refused(404, "unknown");
    service.send(&add).is(200);
    let viewer = json!({ "role": "viewer" });
    let vic = asked("PUT", "/projects/demo/members/vic")
        .header("content-type", "application/json")
        .body(viewer.to_string());
    service.send(&vic).is(200);
    service.send(&by("vic", approve.clone())).refused(403, "forbidden");
    service.send(&by("vic", add)).refused(403, "forbidden");
    service.send(&by("vic", get("/projects/demo/status"))).is(200);

    let bea = |asked: &Asked| asked.clone().header("authorization", "Bearer beas-token");
    let first = service.send(&bea(&approve.clone().key("k"))).is(200).json();
    assert_eq!(
        (&first["decided"], &first["quorum"]),
        (&json!(false), &json!({ "have": 1, "need": 2 }))
    );
    // One person counts once, and cannot change a vote.
    assert_eq!(service.send(&bea(&approve.clone().key("k"))).is(200).json(), first);
    assert_eq!(service.send(&bea(&approve)).is(200).json()["decided"], false);
    let mut no = approval(&status);
    no["words"] = "No.".into();
    service.send(&bea(&post("/projects/demo/revise", &no))).refused(409, "decided");
    assert_eq!(service.status("demo")["waiting"][0]["quorum"], json!({ "have": 1, "need": 2 }));
    crew.run(&["inbox"]).exits(0).says("1 of 2");
    assert_eq!(service.send(&bea(&get("/inbox"))).is(200).json()["requests"][0]["project"], "demo");
    assert_eq!(service.send(&by("zoe", get("/projects"))).is(200).json()["projects"], json!([]));

    let second = service.send(&by("cem", approve.clone())).is(200).json();
    assert_eq!(
        (&second["decided"], &second["quorum"]),
        (&json!(true), &json!({ "have": 2, "need": 2 }))
    );
    service.reaches("demo", "done");
    let late = service.send(&bea(&post("/projects/demo/revise", &no))).refused(409, "decided");
    assert_eq!(late.json()["winner"], "cem");
}

#[test]
fn approvals_on_the_command_line_count_one_by_one() {
    let crew = with_approvers();
    let sow = crew.workspace().join("examples/sow/example.md");
    crew.run(&["run", "--project", "demo", "--sow", sow.to_str().unwrap()]).exits(10);
    crew.run(&["approve", "demo"]).exits(2).says("someone else must decide");
    crew.run(&["approve", "demo", "--as", "bea"]).exits(2).says("members of finance may");
    crew.run(&["members", "demo", "add", "bea", "--group", "finance"]).exits(0);
    crew.run(&["members", "demo", "add", "cem", "--group", "finance"]).exits(0);
    crew.run(&["approve", "demo", "--as", "bea"]).exits(10).says("1 of 2");
    crew.run(&["approve", "demo", "--as", "bea"]).exits(10).says("1 of 2");
    crew.run(&["members", "demo", "remove", "cem"]).exits(0);
    crew.run(&["approve", "demo", "--as", "cem"]).exits(2).says("members of finance may");
    crew.run(&["members", "demo", "add", "cem", "--group", "finance"]).exits(0).says("cem");
    crew.run(&["approve", "demo", "--as", "cem"]).exits(0).says("2 of 2");
    crew.run(&["plan"]).exits(0).says("2 of finance who did not start it");
}

#[test]
fn an_overdue_gate_is_escalated_once_and_then_expires() {
    let crew = small();
    let gate = "gate:\n  kind: approval\n";
    let term = "  expires_after: 2s\n  on_expiry: escalate\n  escalate_to: directors\n  approvers: { groups: [finance] }\n";
    crew.edit("phases/proposal.yaml", gate, &format!("{gate}{term}"));
    crew.edit("phases/proposal.yaml", "  remind_after: 24h\n", "");
    let service = Service::start(&crew, &[]);
    for id in ["asked", "silent"] {
        service.begin(id, json!({})).is(201);
        let add = asked("PUT", &format!("/projects/{id}/members/dana"))
            .header("content-type", "application/json")
            .body(json!({ "role": "approver", "groups": ["directors"] }).to_string());
        service.send(&add).is(200);
    }
    let status = service.reaches("asked", "waiting");
    assert_eq!(status["waiting"][0]["on_expiry"], "escalate");
    let approve = post("/projects/asked/approve", &approval(&status));
    service.send(&by("dana", approve.clone())).refused(403, "forbidden");
    service.until("asked", |status| status["waiting"][0]["on_expiry"] == "stop");
    service.send(&by("dana", approve)).is(200);
    service.reaches("asked", "done");
    // Nobody types a command, and yet it ends.
    std::thread::sleep(Duration::from_millis(200));
    service.reaches("silent", "expired");
    let found = service.send(&get("/projects/silent/events?kind=escalated")).is(200).json();
    assert_eq!(found["events"].as_array().unwrap().len(), 1);
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
fn an_upload_becomes_a_statement_of_work() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let upload = |body: &[u8]| asked("POST", "/uploads").body(body);
    service.send(&upload(b"")).refused(422, "invalid");
    service.send(&upload(b"%PDF-1.7\n\0\xff")).refused(422, "invalid");
    let large = vec![b'x'; 21 << 20];
    service.send(&upload(&large)).refused(413, "too-large");
    let text = "# Orders\n\n## Requirements\n\n- Take orders.\n";
    let stored = service.send(&upload(text.as_bytes()).key("up")).is(201).json();
    assert_eq!(service.send(&upload(text.as_bytes()).key("up")).is(201).json(), stored);
    let new = json!({ "id": "demo", "sow": { "name": "orders.md", "upload": stored["upload"] } });
    service.send(&post("/projects", &new)).is(201);
    service.reaches("demo", "waiting");
    let read = get("/projects/demo/artifacts/docs%2Fsow%2Forders.md");
    assert_eq!(service.send(&read).is(200).body, text);
    let none = json!({ "sow": { "upload": "0".repeat(64) } });
    service.send(&post("/projects", &none)).refused(422, "invalid");
}

#[test]
fn versions_are_compared_and_the_chain_is_verified() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    let mut no = approval(&status);
    no["words"] = "Name the shops in the first paragraph.".into();
    service.send(&post("/projects/demo/revise", &no)).is(200);
    service.until("demo", |status| status["waiting"][0]["id"] == "proposal-2");
    let history =
        service.send(&get("/projects/demo/history?path=docs%2Fproposal.md")).is(200).json();
    let versions = history["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    let (old, new) =
        (versions[0]["commit"].as_str().unwrap(), versions[1]["commit"].as_str().unwrap());
    let diff = format!("/projects/demo/diff?path=docs%2Fproposal.md&from={old}&to={new}");
    let diff = service.send(&get(&diff)).is(200).json();
    assert!(diff["added"].as_u64().unwrap() > 0, "{diff}");
    let all = service.send(&get("/projects/demo/diff?path=docs%2Fproposal.md")).is(200).json();
    assert_eq!(all["removed"], 0, "nothing was approved, and there was nothing before");
    let foreign = format!("/projects/demo/diff?path=x&from={}", "0".repeat(40));
    service.send(&get(&foreign)).refused(404, "unknown");

    let audit = service.send(&get("/projects/demo/audit")).is(200).json();
    let mut before = String::new();
    for entry in audit["entries"].as_array().unwrap() {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        for part in [
            before,
            entry["seq"].to_string(),
            entry["at"].to_string(),
            text("kind"),
            text("payload"),
        ] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        before = cloudcrew_definition::digest::sha256(&bytes);
        assert_eq!(before, text("hash"), "{entry}");
    }
    assert_eq!(audit["head"], before);
    let metrics = service.send(&get("/metrics")).is(200).body;
    assert!(metrics.contains("cloudcrew_engagements{state=\"waiting\"} 1\n"), "{metrics}");
    assert!(metrics.contains("cloudcrew_http_replies_total{status=\"404\"} 1\n"), "{metrics}");
}

#[test]
fn the_command_line_works_against_a_service() {
    let crew = crew();
    let service = Service::start(&crew, &[]);
    let server = format!("http://{}", service.address);
    let elsewhere = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| -> Done {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        command.args(words).args(["--server", &server]).env("CLOUDCREW_TOKEN", TOKEN);
        command.current_dir(elsewhere.path()).stdin(std::process::Stdio::null());
        command.output().expect("the binary starts").into()
    };
    let sow = root().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().unwrap();
    run(&["run", "--sow", sow, "--project", "demo"])
        .exits(10)
        .says("docs/project-plan/plan.md")
        .says("cloudcrew approve demo --digest")
        .says(&format!("--server {server}"));
    run(&["run", "--sow", sow, "--project", "demo"]).exits(14).says("already exists");
    run(&["list"]).exits(0).says("waiting for discovery-1");
    run(&["inbox"]).exits(0).says("Approve discovery, or request changes");
    run(&["show", "demo"]).exits(0).says("discovery, run 1");
    run(&["revise", "demo", "Name the owner of each risk."]).exits(10).says("discovery-2");
    run(&["approve", "demo", "--digest", "00000000"]).exits(14).says("has changed");
    run(&["approve", "demo", "--rating", "quality=5"]).exits(10).says("architecture-1");
    run(&["artifacts", "demo"]).exits(0).says("docs/architecture/architecture.md");
    run(&["artifacts", "demo", "docs/project-plan/plan.md"]).exits(0).says("# ");
    run(&["ledger", "demo"]).exits(0).says("feedback");
    run(&["cost", "demo"]).exits(0).says("total");
    run(&["members", "demo", "add", "bea", "--role", "viewer"]).exits(0).says("bea");
    run(&["show", "demo", "--as", "bea"]).exits(0);
    run(&["approve", "demo", "--as", "bea"]).exits(2).says("no role in `demo` that allows this");
    run(&["show", "demo", "--as", "zoe"]).exits(2).says("no project named `demo`");
    run(&["cancel", "demo"]).exits(0);
    service.reaches("demo", "cancelled");
    run(&["watch", "demo"]).exits(13);
    let json = run(&["list", "--format", "json"]).exits(0).json();
    assert_eq!(json["projects"][0]["state"], "cancelled");
    assert_eq!(service.stop(), 0);
    run(&["list"]).exits(3).says(&server);
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
    let first = ticket(by("vic", post("/tickets", &json!({ "projects": ["one"] }))));
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

#[test]
fn a_group_decides_only_what_asks_it() {
    let crew = edited();
    let gate = "gate:\n  kind: approval\n";
    crew.edit(
        "phases/production.yaml",
        gate,
        &format!("{gate}  approvers: {{ groups: [finance] }}\n"),
    );
    let hash = cloudcrew_definition::digest::sha256(b"beas-token");
    let people = json!({ "bea": { "token_sha256": hash, "groups": ["finance"] } });
    let file = crew.folder.path().join("people.json");
    std::fs::write(&file, people.to_string()).unwrap();
    let service = Service::start(&crew, &["--people", file.to_str().unwrap()]);
    service.begin("demo", json!({})).is(201);
    let bea = |asked: Asked| asked.header("authorization", "Bearer beas-token");
    for phase in ["discovery", "architecture", "poc", "production"] {
        let status = service
            .until("demo", |status| status["state"] == "waiting" && status["phase"] == phase);
        service.send(&bea(get("/projects/demo/status"))).is(200);
        let approve = post("/projects/demo/approve", &approval(&status));
        if phase == "production" {
            service.send(&approve).refused(403, "forbidden");
            service.send(&bea(approve)).is(200);
        } else {
            service.send(&bea(approve.clone())).refused(403, "forbidden");
            service.send(&approve).is(200);
        }
    }
}

#[test]
fn whoever_loses_a_role_loses_the_vote_and_the_stream() {
    let crew = with_approvers();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    for person in ["bea", "cem"] {
        let member = asked("PUT", &format!("/projects/demo/members/{person}"))
            .header("content-type", "application/json")
            .body(json!({ "role": "approver", "groups": ["finance"] }).to_string());
        service.send(&member).is(200);
    }
    let approve = post("/projects/demo/approve", &approval(&status));
    service.send(&by("bea", approve.clone())).is(200);
    std::thread::scope(|scope| {
        let stream =
            scope.spawn(|| service.send(&by("bea", get("/projects/demo/events/stream"))).is(200));
        std::thread::sleep(Duration::from_millis(100));
        service.send(&asked("DELETE", "/projects/demo/members/bea")).is(204);
        // It ends by itself, within the patience of the client.
        assert!(stream.join().unwrap().body.contains("event: voted"));
    });
    service.send(&by("bea", get("/projects/demo/status"))).refused(404, "unknown");
    assert_eq!(service.status("demo")["waiting"][0]["quorum"]["have"], 0);
    let vote = service.send(&by("cem", approve)).is(200).json();
    assert_eq!((&vote["decided"], &vote["quorum"]["have"]), (&json!(false), &json!(1)));
    let found = service.send(&get("/projects/demo/events?kind=voted")).is(200).json();
    let by = &found["events"][1]["event"]["answer"]["channel"];
    assert_eq!(by, "api, by customer", "the journal says who acted for cem");
}

#[test]
fn a_ticket_is_never_given_twice() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let ask = post("/tickets", &json!({ "projects": "all" })).key("same");
    let tickets: BTreeSet<String> = (0..3)
        .map(|_| service.send(&ask).is(201).json()["ticket"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tickets.len(), 3);
}

#[tokio::test]
async fn what_a_person_recorded_before_a_crash_is_carried_out() {
    use cloudcrew_local::clock::SystemClock;
    use cloudcrew_local::store::Store;
    use cloudcrew_runtime::engagement::{Record, cancel, open};
    let crew = small();
    let sow = crew.workspace().join("examples/sow/example.md");
    crew.run(&["run", "--project", "demo", "--sow", sow.to_str().unwrap()]).exits(10);
    {
        // A process that died right after the request to cancel was on disk.
        let store = Store::open(&crew.home()).unwrap();
        let mut engagement = open(Record::of(&store), "demo").await.unwrap();
        let clock = SystemClock::default();
        cancel(Record::of(&store), &clock, &mut engagement, "ada").await.unwrap();
    }
    Service::start(&crew, &[]).reaches("demo", "cancelled");
}

#[test]
fn a_home_of_an_older_version_comes_to_rest() {
    let crew = small();
    let sow = crew.workspace().join("examples/sow/example.md");
    crew.run(&["run", "--project", "demo", "--sow", sow.to_str().unwrap()]).exits(10);
    let database = || rusqlite::Connection::open(crew.home().join("cloudcrew.db")).unwrap();
    // As the migration leaves it.
    database().execute("UPDATE engagement SET standing = NULL, active = 1", []).unwrap();
    let service = Service::start(&crew, &[]);
    service.reaches("demo", "waiting");
    std::thread::sleep(Duration::from_secs(1));
    let sql = "SELECT active OR standing IS NULL FROM engagement";
    let stirs: bool = database().query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(!stirs, "the service looks at it again and again");
}
