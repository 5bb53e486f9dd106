//! Notifications: signed, in order, at least once, and nowhere that they must not go.

use std::collections::BTreeMap;

use ring::hmac;
use serde_json::{Value, json};

use super::{approval, small};
use crate::support::Crew;
use crate::support::receiver::{MailServer, Received, Receiver};
use crate::support::service::{Service, asked, eventually, post};

/// A secret of 24 bytes, as it is passed on.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

fn serve(crew: &Crew, settings: &Value) -> Service {
    let file = crew.home().with_file_name("notify.json");
    std::fs::write(&file, settings.to_string()).expect("written");
    let words = ["--notify", file.to_str().expect("a path")];
    Service::start_with(crew, &words, &[("HOOK", SECRET)])
}

/// One channel to a receiver on this machine.
fn hook(port: u16) -> Value {
    let webhook = format!("http://127.0.0.1:{port}/hook");
    json!({ "channels": { "ops": { "webhook": webhook, "secret_env": "HOOK" } },
        "private_hosts": ["127.0.0.1"] })
}

/// The content of a webhook whose signature is right.
fn signed(received: &Received) -> Value {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"0123456789abcdef01234567");
    let (id, at) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let text = format!("{id}.{at}.{}", received.body);
    let signature = received.header("webhook-signature").strip_prefix("v1,").expect("a version");
    let wanted = crate::support::issuer::url64(hmac::sign(&key, text.as_bytes()));
    let given = signature.trim_end_matches('=').replace('+', "-").replace('/', "_");
    assert_eq!(given, wanted, "{received:?}");
    serde_json::from_str(&received.body).expect("JSON")
}

#[test]
fn each_event_is_sent_in_order_and_at_least_once_whatever_happens_to_the_receiver_or_the_service() {
    let (crew, receiver) = (small(), Receiver::start());
    receiver.answers(500);
    let service = serve(&crew, &hook(receiver.port));
    for id in ["one", "two"] {
        service.begin(id, json!({})).is(201);
        service.reaches(id, "waiting");
    }
    eventually(|| receiver.received().len() >= 2);
    service.kill();
    receiver.answers(204);
    let service = serve(&crew, &hook(receiver.port));
    for id in ["one", "two"] {
        let status = service.reaches(id, "waiting");
        service.send(&post(&format!("/projects/{id}/approve"), &approval(&status))).is(200);
        service.reaches(id, "done");
    }
    let seen = || {
        let mut seen = BTreeMap::<String, Vec<(u64, String)>>::new();
        for received in receiver.received() {
            let sent = signed(&received);
            let data = &sent["data"];
            assert_eq!(received.header("webhook-id"), data["id"]);
            let of = (data["seq"].as_u64().expect("a number"), sent["type"].to_string());
            let all = seen.entry(data["project"].to_string()).or_default();
            // It may be sent again, but never after a later one.
            assert!(all.last().is_none_or(|last| last.0 <= of.0), "{all:?} {of:?}");
            if all.last() != Some(&of) {
                all.push(of);
            }
        }
        seen
    };
    let ends = |all: &[(u64, String)]| all.last().is_some_and(|last| last.1.contains("end"));
    eventually(|| seen().len() == 2 && seen().values().all(|all| ends(all)));
    for (project, all) in seen() {
        let kinds: Vec<&str> = all.iter().map(|(_, kind)| kind.trim_matches('"')).collect();
        assert_eq!(kinds, ["cloudcrew.gate", "cloudcrew.phase", "cloudcrew.end"], "{project}");
    }
}

#[test]
fn nothing_in_a_private_network_is_reached() {
    let crew = small();
    let (hidden, lured) = (Receiver::start(), Receiver::start());
    let file = crew.home().with_file_name("notify.json");
    for url in [
        "http://hooks.example/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://2130706433/x",
        "file:///etc/passwd",
    ] {
        let settings = json!({ "channels": { "bad": { "chat": url } } });
        std::fs::write(&file, settings.to_string()).expect("written");
        let notify = file.to_str().expect("a path");
        crew.run(&["serve", "--listen", "127.0.0.1:0", "--notify", notify]).exits(2).says("`bad`");
    }
    let sending = Receiver::sending_to(&format!("http://127.0.0.1:{}/x", lured.port));
    sending.answers(302);
    let settings = json!({ "channels": {
        "by-name": { "chat": format!("https://localhost:{}/x", hidden.port) },
        "sent-on": { "chat": format!("http://127.0.0.1:{}/x", sending.port) } },
        "private_hosts": ["127.0.0.1"] });
    let service = serve(&crew, &settings);
    service.begin("demo", json!({})).is(201);
    service.reaches("demo", "waiting");
    eventually(|| !sending.received().is_empty());
    assert!(hidden.received().is_empty() && lured.received().is_empty());
}

#[test]
fn people_get_mail_about_what_concerns_them() {
    let (crew, server) = (small(), MailServer::start());
    let mail = |name: &str| json!({ "mail": format!("{name}@crew.example") });
    let settings = json!({
        "mail": { "server": format!("smtp://127.0.0.1:{}", server.port),
            "from": "Crew <crew@crew.example>" },
        "people": { "bea": mail("bea"), "vic": mail("vic"),
            "late": { "mail": "late@crew.example", "digest": "00:00", "zone": "UTC" } } });
    let service = serve(&crew, &settings);
    service.begin("demo", json!({})).is(201);
    let role = json!({ "role": "approver" }).to_string();
    for person in ["bea", "late"] {
        let member = asked("PUT", &format!("/projects/demo/members/{person}"));
        service.send(&member.header("content-type", "application/json").body(role.clone())).is(200);
    }
    let status = service.reaches("demo", "waiting");
    service.send(&post("/projects/demo/approve", &approval(&status))).is(200);
    service.reaches("demo", "done");
    let told = || server.mails().iter().any(|mail| mail.contains("demo:") && mail.contains("bea@"));
    eventually(told);
    for mail in server.mails() {
        assert!(mail.contains("RCPT TO:<bea@crew.example>"), "{mail}");
        assert!(mail.contains("MAIL FROM:<crew@crew.example>"), "{mail}");
    }
}
