//! Roles, groups, quorum and escalation.

use std::time::Duration;

use serde_json::json;

use super::{approval, by, small, with_approvers};
use crate::support::edited;
use crate::support::service::{Asked, Service, asked, get, post};

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
    assert_eq!(service.status("demo")["waiting"][0]["voters"], json!(["bea"]));
    // It waits for the other person, no longer for her.
    assert_eq!(service.send(&bea(&get("/inbox"))).is(200).json()["requests"], json!([]));
    let inbox = service.send(&by("cem", get("/inbox"))).is(200).json();
    assert_eq!(inbox["requests"][0]["project"], "demo");
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
fn an_author_of_a_covered_file_cannot_approve_it() {
    let crew = with_approvers();
    let hash = |token: &str| cloudcrew_definition::digest::sha256(token.as_bytes());
    let person = |name: &str| {
        json!({ "token_sha256": hash(&format!("token-of-{name}")), "groups": ["finance"],
            "email": format!("{name}@crew.example") })
    };
    let people = json!({ "bea": person("bea"), "cem": person("cem"), "dan": person("dan") });
    let file = crew.folder.path().join("people.json");
    std::fs::write(&file, people.to_string()).unwrap();
    let service = Service::start(&crew, &["--people", file.to_str().unwrap()]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    let of = |name: &str, asked: Asked| {
        asked.header("authorization", &format!("Bearer token-of-{name}"))
    };
    service.send(&of("bea", post("/projects/demo/approve", &approval(&status)))).is(200);

    // Bea changes the file herself: her vote is void, and she may not vote again.
    let clone = crew.folder.path().join("clone");
    let git = |words: &[&str]| {
        let author = ["-c", "user.name=Bea", "-c", "user.email=Bea@Crew.example"];
        let mut git = std::process::Command::new("git");
        let done = git.args(author).args(words).output().expect("git starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let (repo, at) = (crew.home().join("repos/demo.git"), clone.to_str().unwrap());
    git(&["clone", "-q", "-b", "cloudcrew/demo", repo.to_str().unwrap(), at]);
    std::fs::write(clone.join("docs/proposal.md"), "# Proposal\n\nMine.\n").unwrap();
    git(&["-C", at, "commit", "-qam", "Write it myself"]);
    git(&["-C", at, "push", "-q", "origin", "cloudcrew/demo"]);
    service.send(&asked("POST", "/projects/demo/resume")).is(200);
    let new = |now: &serde_json::Value| now["waiting"][0]["id"] == "proposal-1-2";
    let status = service.until("demo", new);
    assert_eq!(status["waiting"][0]["quorum"], json!({ "have": 0, "need": 2 }));
    let approve = post("/projects/demo/approve", &approval(&status));
    let refused = service.send(&of("bea", approve.clone())).refused(403, "forbidden");
    assert!(refused.body.contains("wrote part of what it covers"), "{}", refused.body);
    service.send(&of("cem", approve.clone())).is(200);
    service.send(&of("dan", approve)).is(200);
    service.reaches("demo", "done");
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
    let term = "  expires_after: 2s\n  on_expiry: escalate\n  escalate_to: directors\n  \
                approvers: { groups: [finance] }\n";
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
    assert_eq!(status["waiting"][0]["escalate_to"], "directors");
    let approve = post("/projects/asked/approve", &approval(&status));
    service.send(&by("dana", approve.clone())).refused(403, "forbidden");
    service.until("asked", |status| status["waiting"][0]["on_expiry"] == "stop");
    service.send(&by("dana", approve)).is(200);
    service.reaches("asked", "done");
    // Nobody types a command, and yet it ends.
    std::thread::sleep(Duration::from_millis(200));
    service.reaches("silent", "expired");
    for path in ["events", "events/stream"] {
        let path = format!("/projects/silent/{path}?kind=escalate");
        service.send(&get(&path)).refused(400, "malformed");
    }
    let found = service.send(&get("/projects/silent/events?kind=escalated")).is(200).json();
    assert_eq!(found["events"].as_array().unwrap().len(), 1);
}

#[test]
fn a_group_decides_only_what_asks_it() {
    let crew = edited();
    crew.set("phases/production.yaml", "gate.approvers", "{ groups: [finance] }");
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
