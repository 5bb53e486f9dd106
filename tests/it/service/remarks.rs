//! Remarks on passages: anchored, answered by the crew, settled by a person.

use serde_json::json;

use super::{approval, small};
use crate::support::service::{Service, get, post};

#[test]
fn a_remark_is_anchored_answered_by_the_crew_and_settled_by_a_person() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    let files = service.send(&get("/projects/demo/artifacts")).is(200).json();
    let files = files["artifacts"].as_array().expect("files");
    let file = files.iter().find(|file| file["path"] == "docs/proposal.md").expect("the file");
    let path = file["path"].as_str().expect("a path").to_owned();
    let encoded = path.replace('/', "%2F");
    let text = service.send(&get(&format!("/projects/demo/artifacts/{encoded}"))).is(200).body;
    let quote = text.lines().find(|line| line.len() > 10).expect("a line");

    let remark = |oid: &str, quote: &str| {
        let words = "Say it shorter.";
        json!({ "path": path, "oid": oid, "quote": quote, "words": words })
    };
    let oid = file["oid"].as_str().expect("an id");
    let make = |body| service.send(&post("/projects/demo/remarks", &body));
    make(remark(&"0".repeat(40), quote)).refused(422, "invalid");
    make(remark(oid, "words that are not there")).refused(422, "invalid");
    make(remark(oid, "  ")).refused(422, "invalid");
    let alone = make(remark(oid, quote)).is(201).json()["id"].clone();

    // With a request for changes, remarks are recorded in the same moment.
    let mut changes = approval(&status);
    changes["words"] = json!("See my remarks.");
    changes["remarks"] = json!([remark(oid, quote)]);
    service.send(&post("/projects/demo/revise", &changes)).is(200);
    service.until("demo", |now| now["state"] == "waiting" && now["waiting"] != status["waiting"]);
    let remarks = service.send(&get("/projects/demo/remarks")).is(200).json();
    let all = remarks["remarks"].as_array().expect("remarks");
    assert_eq!(all.len(), 2, "{remarks:#}");
    for remark in all {
        assert_eq!(
            (&remark["answer"]["by"], &remark["answer"]["outcome"]),
            (&json!("writer"), &json!("applied")),
            "{remark:#}"
        );
        assert_eq!(remark.get("settled_by"), None, "only a person settles it");
    }

    let at = |id: &serde_json::Value| format!("/projects/demo/remarks/{}", id.as_str().unwrap());
    service.send(&post(&at(&alone), &json!({}))).refused(422, "invalid");
    service.send(&post(&at(&alone), &json!({ "outcome": "kept" }))).refused(422, "invalid");
    service.send(&post(&at(&json!("r-none")), &json!({ "close": true }))).refused(404, "unknown");
    service.send(&post(&at(&alone), &json!({ "close": true }))).is(200);
    service.send(&post(&at(&alone), &json!({ "close": true }))).refused(409, "ended");
    let remarks = service.send(&get("/projects/demo/remarks")).is(200).json();
    assert_eq!(remarks["remarks"][0]["settled_by"], "customer");
}

#[test]
fn a_document_is_read_as_blocks_a_board_shows_the_work_and_a_diff_begins_at_my_decision() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    let read = get("/projects/demo/artifacts/docs%2Fproposal.md?as=blocks");
    let document = service.send(&read).is(200).json();
    let blocks = document["blocks"].as_array().expect("blocks");
    assert!(blocks.iter().any(|block| block["block"] == "heading"), "{document:#}");
    assert_eq!(document["path"], "docs/proposal.md");
    let files = service.send(&get("/projects/demo/artifacts")).is(200).json();
    let files = files["artifacts"].as_array().expect("files");
    let file = files.iter().find(|file| file["path"] == "docs/proposal.md").expect("the file");
    assert_eq!(document["oid"], file["oid"]);
    let board = service.send(&get("/projects/demo/board")).is(200).json();
    let card = &board["cards"][0];
    assert_eq!((&card["path"], &card["state"]), (&json!("docs/proposal.md"), &json!("written")));

    let diff = "/projects/demo/diff?path=docs%2Fproposal.md&from=mine";
    let before = service.send(&get(diff)).is(200).json();
    assert_ne!(before["hunks"], json!([]), "nothing was decided yet: all of it is new");
    let early = post("/projects/demo/survey", &json!({ "ratings": { "overall": 5 } }));
    service.send(&early).refused(409, "ended");
    service.send(&post("/projects/demo/approve", &approval(&status))).is(200);
    service.reaches("demo", "done");
    // After the end, people say how it was.
    let survey = "/projects/demo/survey";
    let asked = service.send(&get(survey)).is(200).json();
    assert_eq!((&asked["open"], &asked["questions"]), (&json!(true), &json!(["overall"])));
    let good = json!({ "ratings": { "overall": 5 }, "words": "Thank you." });
    service.send(&post(survey, &good)).is(200);
    service.send(&post(survey, &json!({ "ratings": { "overall": 6 } }))).refused(422, "invalid");
    service.send(&post(survey, &json!({ "ratings": { "speed": 1 } }))).refused(422, "invalid");
    service.send(&post(survey, &json!({}))).refused(422, "invalid");
    let said = service.send(&get(survey)).is(200).json();
    assert_eq!(said["answers"][0]["ratings"]["overall"], 5);

    let after = service.send(&get(diff)).is(200).json();
    assert_eq!(after["hunks"], json!([]), "nothing has changed since the decision");
    let board = service.send(&get("/projects/demo/board")).is(200).json();
    assert_eq!(board["cards"][0]["state"], "approved");
}
