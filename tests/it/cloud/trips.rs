//! How long a decision takes to reach its state machine.

use serde_json::json;

use super::{Machine, approved, entries, variables};
use crate::remote::server_with;
use crate::support::chance::number;
use crate::support::edited;

const WORKFLOW: &str = "\
version: 1
workflow: delivery
phases: [discovery]
";

/// Revisions of one engagement.
const EACH: usize = 9;

/// A measurement: prints the median and the slowest of `CLOUDCREW_ROUND_TRIPS` decisions.
#[tokio::test]
#[ignore = "measures, with CLOUDCREW_ROUND_TRIPS=40; needs the AWS rig, git and python3"]
async fn a_decision_reaches_its_machine() {
    let count = number("CLOUDCREW_ROUND_TRIPS", 0) as usize;
    let workspace = edited();
    std::fs::write(workspace.workspace().join("workflows/delivery.yaml"), WORKFLOW)
        .expect("written");
    workspace.set("phases/discovery.yaml", "gate.max_revisions", &EACH.to_string());
    workspace.run(&["generate"]).exits(0);
    let (git, mut took, mut n) = (server_with(false, false), Vec::new(), 0);
    if count == 0 {
        return println!("CLOUDCREW_ROUND_TRIPS is not set: nothing was measured");
    }
    let mut machine = Machine::new(workspace.workspace(), &variables(&git.url)).await;
    while took.len() < count {
        let id = format!("trip-{n}");
        n += 1;
        machine.begins(&id, &git.url, json!({ "model": "rehearsal" }));
        let mut revisions = Vec::new();
        let end = machine.answers(&id, |request| {
            if !revisions.contains(&request["id"]) {
                revisions.push(request["id"].clone());
            }
            if revisions.len() > EACH {
                return approved(request);
            }
            let revise = json!({ "request": request["id"], "digest": request["digest"],
                "words": "Name who is responsible." });
            Some((format!("/projects/{id}/revise"), revise))
        });
        let answers = entries(&machine.table, &id, "request_answered").await;
        let learnt = end["answered"].as_array().expect("times").iter();
        let learnt = learnt.filter_map(serde_json::Value::as_i64);
        took.extend(answers.iter().zip(learnt).map(|(answer, at)| at - answer.at));
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    println!("{} decisions: median {} ms, p90 {}, slowest {}", took.len(), at(50), at(90), at(100));
}
