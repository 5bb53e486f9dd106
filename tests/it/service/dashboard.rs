//! What the dashboard needs of the service: its pages, and what they read.

use serde_json::{Value, json};

use crate::support::service::{Service, asked, get, post};
use crate::support::{crew, root};

#[test]
fn pages_have_addresses_of_their_own_and_a_strict_policy() {
    let crew = crew();
    let service = Service::start(&crew, &[]);
    for path in ["/", "/app", "/app/p/any/review/thing"] {
        let page = service.send(&get(path));
        // 404 explains how to build it, where it was not built.
        assert!(matches!(page.status, 200 | 404), "{path}: {page:?}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(page.body.starts_with("<!doctype html>"), "{path}");
    }
    // What is not there is never the page.
    for path in ["/assets/none.js", "/assets/../index.html", "/api/projects", "/frame/x", "/appx"] {
        service.send(&get(path)).refused(404, "unknown");
    }
    service.send(&asked("DELETE", "/app")).refused(405, "method");
    // A page of another site reads nothing but files that hold no secrets.
    service.send(&get("/inbox").header("origin", "null")).refused(403, "origin");
    service.send(&get("/assets/none.js").header("origin", "null")).refused(404, "unknown");
    let foreign = get("/assets/none.js").header("origin", "https://evil.example");
    service.send(&foreign).refused(403, "origin");
}

#[test]
fn a_statement_of_work_is_read_before_anything_starts() {
    let crew = crew();
    let service = Service::start(&crew, &[]);
    let text = "# Shop\n\n## Requirements\n\n5. It takes orders.\n6. It keeps [TBD] them.\n";
    let sow = json!({ "sow": { "name": "shop.md", "text": text } });
    let read = service.send(&post("/statements", &sow)).is(200).json();
    assert_eq!(read["title"], "Shop");
    let sections = read["sections"].as_array().unwrap();
    let requirements = sections.iter().find(|section| section["name"] == "requirements").unwrap();
    assert_eq!(
        requirements["items"][0],
        json!({ "id": "R1", "number": "5", "text": "It takes orders.", "line": 5 })
    );
    assert!(!read["open_points"].as_array().unwrap().is_empty(), "{read}");
    let listed = service.send(&get("/projects")).is(200).json();
    assert_eq!(listed["projects"], json!([]));
    for wrong in [
        json!({ "sow": { "name": "../a.md", "text": "x" } }),
        json!({ "sow": { "name": "a.md" } }),
        json!({ "sow": { "name": "a.md", "text": " " } }),
        json!({ "sow": { "name": "a.md", "text": "x" }, "workflow": "none" }),
    ] {
        service.send(&post("/statements", &wrong)).refused(422, "invalid");
    }
}

#[test]
fn what_changed_is_computed_from_what_the_caller_last_decided_on() {
    let crew = crew();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({ "model": "rehearsal" })).is(201);
    let first = service.reaches("demo", "waiting");
    let at = |request: &str| get(&format!("/projects/demo/requests/{request}/changes"));
    let changes = service.send(&at("discovery-1")).is(200).json();
    assert_eq!((&changes["against"], &changes["cut"]), (&json!("base"), &json!(false)));
    let file = &changes["files"][0];
    assert_eq!((&file["change"], &file["removed"]), (&json!("new"), &json!(0)));
    let old = file["oid"].as_str().unwrap().to_owned();

    let gate = &first["waiting"][0];
    let words = json!({ "request": gate["id"], "digest": gate["digest"], "words": "Shorter." });
    service.send(&post("/projects/demo/revise", &words)).is(200);
    service.until("demo", |status| status["waiting"][0]["id"] == "discovery-2");
    let changes = service.send(&at("discovery-2")).is(200).json();
    assert_eq!(changes["against"], "mine");
    let file = &changes["files"][0];
    assert_eq!((&file["change"], &file["from"]), (&json!("changed"), &json!(old)));
    let sections = file["sections"].as_array().unwrap();
    let is_new = |section: &Value| section["change"] == "added";
    assert!(sections.iter().any(is_new), "{sections:?}");
    service.send(&at("discovery-9")).refused(404, "unknown");

    // The older version can still be read; other objects of the repository cannot.
    let path = "/projects/demo/artifacts/docs%2Fproject-plan%2Fplan.md";
    let before = service.send(&get(&format!("{path}?oid={old}"))).is(200);
    let now = service.send(&get(path)).is(200);
    assert_ne!(before.body, now.body);
    let other = "0".repeat(40);
    service.send(&get(&format!("{path}?oid={other}"))).refused(404, "unknown");
    let elsewhere = get(&format!("/projects/demo/artifacts/docs%2Fsow.md?oid={old}"));
    service.send(&elsewhere).refused(404, "unknown");
}

#[test]
fn pages_on_aws_have_the_same_policies() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let (here, there) = (read("engine/api/src/pages.rs"), read("infra/terraform/dashboard.tf"));
    for name in ["POLICY", "FRAME_POLICY"] {
        let begin = here.find(&format!("const {name}: &str = \"")).unwrap();
        let policy = &here[begin..];
        let policy = &policy[policy.find('"').unwrap() + 1..policy.find("\";").unwrap()];
        let policy = policy.replace("\\\n", "");
        for directive in policy.split(';').map(str::trim) {
            let quoted = format!("\"{directive}\"");
            assert!(there.contains(&quoted), "{name}: Terraform lacks {directive}");
        }
    }
}
