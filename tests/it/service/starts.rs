//! What a person who starts an engagement over HTTP chooses.

use serde_json::json;

use super::{approval, by, small};
use crate::support::service::{Service, asked, get, post};

#[test]
fn inputs_variants_and_an_earlier_engagement_are_chosen() {
    let crew = small();
    let proposal = crew.read("workflows/delivery.yaml");
    crew.write(
        "workflows/delivery.yaml",
        &(proposal + "inputs:\n  region: { choices: [here, there] }\n"),
    );
    crew.write(
        "workflows/again.yaml",
        "version: 1\nworkflow: again\nphases: [proposal]\nafter: \
                                        [delivery]\n",
    );
    let prompt = crew.read("prompts/writer.md");
    let region = "{% if inputs.region is defined %}In {{ inputs.region }}.{% endif %}\n";
    crew.write("prompts/writer.md", &(prompt + region));
    let rehearsal = crew.read("rehearsals/delivery.yaml") + "inputs: { region: here }\n";
    crew.write("rehearsals/delivery.yaml", &rehearsal);
    crew.run(&["check"]).exits(0);
    let service = Service::start(&crew, &[]);
    let offered = service.send(&get("/workflows")).is(200).json();
    let of = |name: &str| {
        let all = offered["workflows"].as_array().expect("workflows").iter();
        all.clone().find(|workflow| workflow["name"] == name).expect("offered").clone()
    };
    assert_eq!(of("again")["after"], json!(["delivery"]));
    assert_eq!(of("delivery")["inputs"][0]["choices"], json!(["here", "there"]));

    let start = |id: &str, more: serde_json::Value| service.begin(id, more);
    let first = json!({ "workflow": "delivery" });
    start("demo", first.clone()).refused(422, "invalid");
    let with = |value: &str| json!({ "workflow": "delivery", "inputs": { "region": value } });
    start("demo", with("nowhere")).refused(422, "invalid");
    start("demo", with("here")).is(201);
    let again = json!({ "workflow": "again", "after": "demo" });
    start("next", json!({ "workflow": "again" })).refused(422, "invalid");
    let status = service.reaches("demo", "waiting");
    start("next", again.clone()).refused(422, "invalid");
    service.send(&post("/projects/demo/approve", &approval(&status))).is(200);
    service.reaches("demo", "done");
    start("next", json!({ "workflow": "again", "after": "other" })).refused(404, "unknown");
    let body = json!({ "id": "next", "sow": { "name": "a.md", "text": "# A\n" }, "workflow":
        "again", "after": "demo", "model": "rehearsal" });
    service.send(&by("zoe", post("/projects", &body))).refused(404, "unknown");
    let member = asked("PUT", "/projects/demo/members/zoe")
        .header("content-type", "application/json")
        .body(json!({ "role": "viewer" }).to_string());
    service.send(&member).is(200);
    service.send(&by("zoe", post("/projects", &body))).refused(403, "forbidden");
    start("next", again).is(201);
    service.reaches("next", "waiting");
    crew.run(&["show", "next"]).exits(0).says("continues: demo (delivery)");
    let _ = service.stop();
}
