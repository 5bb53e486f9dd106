//! Engagements that do not go straight: what people, models and time do to them, over HTTP.

use serde_json::{Value, json};

use super::{Machine, approved, plan_states, variables, visited};
use crate::remote::server_with;
use crate::support::edited;

const WORKFLOW: &str = "\
version: 1
workflow: delivery
phases: [discovery, architecture, poc]
";

const BENDS: &str = "\
version: 1
rehearsal: bends
sow: examples/sow/retail-orders.md
agents:
  - { agent: sa, phase: architecture, asks: \"In which region must personal data stay?\" }
  - { agent: data, phase: poc, fails: model }
reviews:
  - { phase: architecture, finds: \"There is no way back from a failed release.\", times: 1 }
";

#[tokio::test]
#[ignore = "needs the AWS rig, git, python3 and openssl: see tests/rigs/README.md"]
async fn engagements_that_bend_take_the_same_way_as_their_machine() {
    let workspace = edited();
    for (path, text) in [("workflows/delivery.yaml", WORKFLOW), ("rehearsals/bends.yaml", BENDS)] {
        std::fs::write(workspace.workspace().join(path), text).expect("it is written");
    }
    workspace.edit("agents.yaml", "    remind_after: 24h", "    #");
    workspace.set("phases/poc.yaml", "gate.expires_after", "5s");
    workspace.run(&["generate"]).exits(0);
    let git = server_with(false, false);
    let mut machine = Machine::new(workspace.workspace(), &variables(&git.url)).await;

    // A container that is killed, a revision, a rework, a question, a failed and retried task, and
    // a gate that expires.
    machine.begins("bends", &git.url, json!({ "rehearsal": "bends" }));
    let mut revised = false;
    machine.kill_task("bends");
    let ask = json!({ "text": "Who reads the plan?" });
    machine.ask("POST", "/projects/bends/message", Some(&ask)).is(202);
    let end = machine.answers("bends", |request| match request["kind"].as_str()? {
        "question" => {
            let path = format!("/projects/bends/interrupt/{}/respond", request["id"].as_str()?);
            Some((path, json!({ "answer": "In eu-west-1." })))
        }
        _ if request["phase"] == "poc" => None,
        _ if !revised => {
            revised = true;
            let revise = json!({ "request": request["id"], "digest": request["digest"],
                "words": "Name who is responsible for compliance." });
            Some(("/projects/bends/revise".into(), revise))
        }
        _ => approved(request),
    });
    assert_eq!(end["error"], "CloudCrew.Expired", "{end:#}");
    let mut states = plan_states(&end);
    assert_eq!(states[..2], ["discovery.swarm"; 2], "the container that was killed");
    states.remove(0);
    assert_eq!(states, visited(&machine.table, "bends").await);
    for (state, times) in [
        // Again after a revision. The container that was killed is of the same visit.
        ("discovery.swarm", 2),
        ("discovery.gate", 2),
        ("architecture.swarm", 3),
        ("architecture.question", 1),
        ("poc.swarm", 2),
        ("poc.gate", 1),
    ] {
        let entered = states.iter().filter(|name| *name == state).count();
        assert_eq!(entered, times, "{state} in {states:?}");
    }
    let status = machine.ask("GET", "/projects/bends/status", None).is(200).json();
    assert_eq!(status["state"], "expired");

    // A retry is another execution, which begins at the gate.
    machine.ask("POST", "/projects/bends/retry", Some(&json!({}))).is(200);
    let end = machine.answers("bends_1", approved);
    assert_eq!(end["status"], "SUCCEEDED", "{end:#}");
    assert_eq!(plan_states(&end), ["poc.gate", "done"]);

    // A cancellation while a gate waits.
    machine.begins("cancelled", &git.url, json!({ "model": "rehearsal" }));
    let end = machine
        .answers("cancelled", |_: &Value| Some(("/projects/cancelled/cancel".into(), json!({}))));
    assert_eq!(end["error"], "CloudCrew.Cancelled", "{end:#}");
    let status = machine.ask("GET", "/projects/cancelled/status", None).is(200).json();
    assert_eq!(status["state"], "cancelled");

    // Nothing was missed, and looking for it changes nothing.
    machine.invoke("answer", &json!({ "sweep": true })).is(200);
    machine.has_needed_what_it_may(workspace.workspace(), &["execute-api:", "authorize"]);
}
