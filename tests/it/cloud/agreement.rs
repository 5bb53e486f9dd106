//! Generated engagements, executed by the real machine with the real programs: machine and journal
//! visit the same states, whatever happens on the way.

use serde_json::{Value, json};

use super::{Machine, approved, plan_states, variables, visited};
use crate::remote::server_with;
use crate::support::chance::{Chance, number};
use crate::support::edited;

/// Phases of the shipped crew, each with a member who does what is unexpected.
const PHASES: [(&str, &str); 3] = [("discovery", "sa"), ("architecture", "sa"), ("poc", "data")];

/// A rehearsal of these phases in which some things go wrong.
fn rehearsal(phases: &[(&str, &str)], chance: &mut Chance) -> String {
    let (mut agents, mut reviews) = (String::new(), String::new());
    for (phase, agent) in phases {
        match chance.below(4) {
            0 => agents.push_str(&format!(
                "  - {{ agent: {agent}, phase: {phase}, asks: \"Which region?\" }}\n"
            )),
            1 => agents
                .push_str(&format!("  - {{ agent: {agent}, phase: {phase}, fails: model }}\n")),
            2 => reviews.push_str(&format!(
                "  - {{ phase: {phase}, finds: \"A risk is missing.\", times: 1 }}\n"
            )),
            _ => {}
        }
    }
    let mut text = "version: 1\nrehearsal: bends\nsow: examples/sow/retail-orders.md\n".to_owned();
    for (name, lines) in [("agents", agents), ("reviews", reviews)] {
        if !lines.is_empty() {
            text.push_str(&format!("{name}:\n{lines}"));
        }
    }
    text
}

#[tokio::test]
#[ignore = "needs the AWS rig, git, python3 and openssl: see tests/rigs/README.md"]
async fn generated_engagements_visit_the_states_of_their_machines() {
    let (count, seed) = (number("CLOUDCREW_CLOUD_AGREEMENTS", 2), number("CLOUDCREW_SEED", 1));
    let git = server_with(false, false);
    for n in 0..count {
        let mut chance = Chance::of(seed * 1_000 + n);
        let mut phases = PHASES[..1 + chance.below(PHASES.len())].to_vec();
        if phases.len() > 1 && chance.one_in(4) {
            phases.remove(0);
        }
        let names: Vec<&str> = phases.iter().map(|(phase, _)| *phase).collect();
        let workflow = format!("version: 1\nworkflow: delivery\nphases: [{}]\n", names.join(", "));
        let bends = rehearsal(&phases, &mut chance);
        let workspace = edited();
        for (path, text) in
            [("workflows/delivery.yaml", &workflow), ("rehearsals/bends.yaml", &bends)]
        {
            std::fs::write(workspace.workspace().join(path), text).expect("it is written");
        }
        workspace.run(&["generate"]).exits(0);
        let mut machine = Machine::new(workspace.workspace(), &variables(&git.url)).await;
        let id = format!("agrees-{n}");
        let mut decisions = Vec::new();
        machine.begins(&id, &git.url, json!({ "rehearsal": "bends" }));
        let end = machine.answers(&id, |request| {
            if request["kind"] == "question" {
                let request = request["id"].as_str()?;
                let path = format!("/projects/{id}/interrupt/{request}/respond");
                return Some((path, json!({ "answer": "eu-west-1" })));
            }
            // The inbox may lag behind a decision.
            let of_request = |made: &&(Value, u64)| made.0 == request["id"];
            let chosen = match decisions.iter().find(of_request) {
                Some((_, chosen)) => *chosen,
                None => {
                    let chosen = chance.next() % 5;
                    decisions.push((request["id"].clone(), chosen));
                    chosen
                }
            };
            let revisions = decisions.iter().filter(|(_, chosen)| *chosen == 0).count();
            match chosen {
                0 if revisions <= 2 => {
                    let revise = json!({ "request": request["id"], "digest": request["digest"],
                        "words": "Name who is responsible." });
                    Some((format!("/projects/{id}/revise"), revise))
                }
                1 if chance.one_in(4) => Some((format!("/projects/{id}/cancel"), json!({}))),
                _ => approved(request),
            }
        });
        let what = format!("{seed} {n} {names:?} {decisions:?}\n{bends}");
        assert_eq!(plan_states(&end), visited(&machine.table, &id).await, "{what}\n{end:#}");
        let status = machine.ask("GET", &format!("/projects/{id}/status"), None).is(200).json();
        let (state, how) = (&status["state"], &end["status"]);
        assert_eq!(state == "done", how == "SUCCEEDED", "{what}\n{end:#}\n{status:#}");
        println!("{n}: {names:?} {how} {state}");
    }
}
