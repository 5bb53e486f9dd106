//! Starting, reading and deciding.

use serde_json::json;

use super::{approval, small};
use crate::support::service::{Service, asked, get, post};
use crate::support::{crew, edited, root};

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
fn an_upload_becomes_a_statement_of_work() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let upload = |body: &[u8]| asked("POST", "/uploads").body(body);
    service.send(&upload(b"")).refused(422, "invalid");
    service.send(&upload(b"\x89PNG\r\n\x1a\n\0\xff")).refused(422, "invalid");
    let pdf = service.send(&upload(b"%PDF-1.7\n\0\xff")).is(201).json();
    assert_eq!(pdf["media_type"], "application/pdf");
    let new = json!({ "sow": { "name": "a.pdf", "upload": pdf["upload"] } });
    service.send(&post("/projects", &new)).refused(422, "invalid");
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
