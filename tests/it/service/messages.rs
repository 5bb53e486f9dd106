//! Talking with the crew over HTTP.

use serde_json::json;

use super::{by, small};
use crate::support::service::{Service, events, get, post};

#[test]
fn a_message_is_accepted_at_once_and_its_answer_comes_as_an_event() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let at_gate = service.reaches("demo", "waiting");
    let path = "/projects/demo/message";
    let asked = post(path, &json!({ "text": "Where are we?" })).key("once");
    let sent = service.send(&asked).is(202);
    let id = sent.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(service.send(&asked).is(202).json(), sent.json(), "the same key sends it once");

    let after = at_gate["as_of"].as_u64().expect("a number");
    let path = format!("/projects/demo/events/stream?after={after}&kind=replied&limit=1");
    let answered = events(&service.send(&get(&path)).is(200).body);
    let (_, _, reply) = &answered[0];
    assert_eq!(
        (&reply["event"]["messages"], &reply["event"]["agent"]),
        (&json!([id]), &json!("writer"))
    );

    let page = service.send(&get("/projects/demo/messages")).is(200).json();
    let messages = page["messages"].as_array().expect("messages");
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(
        (&message["state"], &message["text"]),
        (&json!("answered"), &json!("Where are we?"))
    );
    assert!(message["answer"]["text"].as_str().expect("words").starts_with("Rehearsed answer"));
    let now = service.status("demo");
    assert_eq!((&now["state"], &now["waiting"]), (&at_gate["state"], &at_gate["waiting"]));
}

#[test]
fn only_members_may_write_and_a_viewer_only_reads() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    service.reaches("demo", "waiting");
    let say = |text: &str| post("/projects/demo/message", &json!({ "text": text }));
    service.send(&by("eve", say("hello"))).refused(404, "unknown");
    let role = json!({ "role": "viewer" });
    let member = crate::support::service::asked("PUT", "/projects/demo/members/vic");
    let member = member.header("content-type", "application/json").body(role.to_string());
    service.send(&member).is(200);
    service.send(&by("vic", say("hello"))).refused(403, "forbidden");
    service.send(&by("vic", get("/projects/demo/messages"))).is(200);
    service.send(&say(" \n")).refused(422, "invalid");
    service.send(&say(&"x".repeat(65_537))).refused(422, "invalid");
}

#[test]
fn a_message_that_a_dead_service_left_is_answered_by_the_next() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    service.reaches("demo", "waiting");
    for number in 0..10 {
        let text = format!("Question {number}");
        service.send(&post("/projects/demo/message", &json!({ "text": text }))).is(202);
    }
    service.kill();
    let service = Service::start(&crew, &[]);
    let all = || service.send(&get("/projects/demo/messages")).is(200).json()["messages"].clone();
    let answered = || {
        let all = all();
        let all = all.as_array().expect("messages").clone();
        all.len() == 10 && all.iter().all(|message| message["state"] == "answered")
    };
    crate::support::service::eventually(answered);
}
