//! Whole engagements with a faulty provider: none is lost, and the recorded usage matches the meter
//! of the server.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::{Value, json};

use super::faults::{self, Fault};
use super::proxy::{self, Proxy, Spoil};
use super::{SOW, Through, crew_at, rehearsed, script, served, ways};
use crate::support::chance::{Chance, number};
use crate::support::service::eventually;
use crate::support::{Crew, edited, root};

/// Faults in one engagement.
const EACH: usize = 20;
/// Maximum resumes of a waiting engagement.
const MOST_RESUMES: usize = 30;

/// Drives the engagement to its end. Returns the number of resumes.
#[track_caller]
fn to_the_end(crew: &Crew, what: &dyn std::fmt::Debug) -> usize {
    let mut done = crew.start(SOW, &["--approve", "all"]);
    for resumes in 0..MOST_RESUMES {
        match done.exit {
            0 => return resumes,
            10 => {
                let last = done.err.lines().rev().take(3).collect::<Vec<_>>().join(" ");
                assert!(
                    last.contains("cloudcrew resume demo"),
                    "it is not waiting for a resume after {what:?}: {last}"
                );
                done = crew.run(&["resume", "demo", "--approve", "all"]);
            }
            other => assert_eq!(other, 0, "lost after {what:?}:\n{}\n{}", done.out, done.err),
        }
    }
    assert_eq!(done.exit, 0, "it did not end after {what:?}:\n{}\n{}", done.out, done.err);
    MOST_RESUMES
}

/// Compares input tokens, output tokens and replies with what the server counted as complete.
#[track_caller]
fn recorded_as_served(crew: &Crew, meter: &Value, spoiled: usize, what: &dyn std::fmt::Debug) {
    let cost = crew.run(&["cost", "demo", "--format", "json"]).exits(0).json();
    let (total, whole, cut) = (&cost["total"], &meter["complete"], &meter["cut"]);
    let pairs = [("input_tokens", "inputTokens"), ("output_tokens", "outputTokens")];
    for (ours, theirs) in pairs {
        assert_eq!(
            total["usage"][ours], whole[theirs],
            "{ours} after {what:?}\n{cost:#}\n{meter:#}"
        );
    }
    let number = |value: &Value| value.as_u64().expect("a number");
    let cut_tokens = number(&cut["inputTokens"]) + number(&cut["outputTokens"]);
    assert!(number(&total["uncertain_tokens"]) >= cut_tokens, "{total:#} is below {cut:#}");
    let unsettled = crew
        .journal()
        .into_iter()
        .filter(|(_, kind, text)| kind == "swarm_input" && !text.contains("\"settled\""));
    let unsettled: Vec<String> =
        unsettled.filter(|(.., text)| text.contains("\"fault\"")).map(|(.., text)| text).collect();
    assert!(
        number(&total["uncertain_calls"]) <= number(&cut["answers"]) + spoiled as u64,
        "{total:#} {cut:#} {spoiled} after {what:?}\n{}",
        unsettled.join("\n")
    );
}

fn deliverables(crew: &Crew) -> Vec<String> {
    let files: Vec<Value> =
        serde_json::from_str(&crew.run(&["artifacts", "demo", "--format", "json"]).exits(0).out)
            .expect("a list");
    files.iter().map(|file| file["path"].as_str().expect("a path").to_owned()).collect()
}

#[test]
#[ignore = "needs python3"]
fn a_rehearsal_also_runs_live_with_every_provider() {
    let script = rehearsed();
    for through in ways() {
        let (server, crew) = served(&script, through);
        crew.start(SOW, &["--approve", "all"]).exits(0).says("· live");
        recorded_as_served(&crew, &server.meter(), 0, &through);
        assert!(deliverables(&crew).contains(&"app/tests/test-plan.md".to_owned()));
        assert!(!crew.file("docs/engagement-summary.md").contains("Rehearsed"));
    }
}

#[test]
#[ignore = "needs python3"]
fn no_engagement_is_lost_to_faults_of_the_provider() {
    let engagements = number("CLOUDCREW_FAULTS", 40) as usize / EACH;
    let seed = number("CLOUDCREW_SEED", 1);
    let script = rehearsed();
    let mut seen: Vec<Fault> = Vec::new();
    for engagement in 0..engagements.max(1) {
        let through = ways()[engagement % ways().len()];
        let mut chance = Chance::of(seed * 1000 + engagement as u64);
        let mut spoiled = script.clone();
        let put = faults::put(&mut spoiled, EACH, &mut chance);
        let (server, crew) = served(&spoiled, through);
        let what = (seed, engagement, through, &put);
        let resumes = to_the_end(&crew, &what);
        // What is nothing to the server may have cost something as far as we know: a connection
        // that closes without an answer, and an error that something in between may have given.
        let unanswered = put.iter().map(|(fault, _)| match fault {
            Fault::NoAnswer => 1,
            Fault::ServerError => 2,
            _ => 0,
        });
        let unanswered = unanswered.sum();
        recorded_as_served(&crew, &server.meter(), unanswered, &what);
        println!("{engagement}: {} faults through {through:?}, {resumes} resumes", put.len());
        seen.extend(put.iter().map(|(fault, _)| *fault));
    }
    let missing: Vec<&Fault> = faults::ALL.iter().filter(|fault| !seen.contains(fault)).collect();
    assert!(missing.is_empty(), "never tried: {missing:?}");
}

#[test]
#[ignore = "needs python3"]
fn no_engagement_is_lost_to_malformed_responses() {
    let script = rehearsed();
    for through in ways() {
        let server = super::server::Server::start(&script);
        let spoils: BTreeMap<usize, Spoil> =
            proxy::PASSING.into_iter().enumerate().map(|(n, spoil)| (5 + n * 15, spoil)).collect();
        let proxy = Proxy::start(server.port, spoils);
        let crew = crew_at(&proxy.url(), through);
        let what = (through, proxy::PASSING);
        to_the_end(&crew, &what);
        let done = proxy.spoiled();
        assert!(
            done.len() >= proxy::PASSING.len() - 1,
            "only {done:?} of {} requests",
            proxy.seen()
        );
        recorded_as_served(&crew, &server.meter(), done.len(), &what);
    }
}

#[test]
#[ignore = "needs python3"]
fn an_endless_reply_fails_its_swarm() {
    let server = super::server::Server::start(&rehearsed());
    let proxy = Proxy::start(server.port, BTreeMap::from([(5, Spoil::Huge)]));
    let crew = crew_at(&proxy.url(), Through::OpenAi);
    crew.edit("phases/discovery.yaml", "task:", "retry: { max_attempts: 0 }\ntask:");
    crew.start(SOW, &["--approve", "all"]).exits(1).says("is larger than");
    recorded_as_served(&crew, &server.meter(), 1, &"an answer without end");
}

#[test]
#[ignore = "needs python3"]
fn refusals_of_the_swarm_are_shown_with_their_reason() {
    let mut script = rehearsed();
    let turns = script["model"]["agents"]["pm"]["turns"].as_array_mut().expect("turns");
    let to = |agent: &str| {
        json!({ "name": "handoff_to_agent", "input": { "agent_name": agent,
        "message": "Go on." } })
    };
    let unknown = json!({ "name": "launch_missiles", "input": { "at": "once" } });
    turns.insert(1, json!({ "text": "", "tools": [unknown, to("pm"), to("nobody")] }));
    let (_server, crew) = served(&script, Through::OpenAi);
    let done = crew.start(SOW, &["--approve", "all"]).exits(0);
    assert!(!done.out.contains("→ pm: Go on.") && !done.out.contains("→ nobody"), "{}", done.out);
    let done = done.says("refused: launch_missiles: No tool named \"launch_missiles\".");
    done.says("refused: handoff_to_agent: You already have control.")
        .says("refused: handoff_to_agent: No agent named \"nobody\".");
}

#[test]
#[ignore = "needs python3; waits a minute"]
fn an_outage_parks_the_engagement_until_the_provider_is_back() {
    let mut script = rehearsed();
    script["model"]["agents"]["sa"]["turns"][1]["error"] =
        json!({ "type": "ServiceUnavailableException", "message": "scripted outage", "times": 7 });
    let (server, crew) = served(&script, Through::OpenAi);
    let done = crew.start(SOW, &["--approve", "all"]).exits(0);
    done.says("discovery: waiting for the provider").says("scripted outage");
    recorded_as_served(&crew, &server.meter(), 0, &"an outage");
}

#[test]
#[ignore = "needs python3"]
fn a_crew_that_stays_at_work_takes_an_answer_that_comes_soon() {
    let asks = "version: 1\nrehearsal: asks\nsow: examples/sow/clinic-scheduling.md\nagents:\n\
        \x20 - { agent: sa, phase: discovery, asks: \"In which region?\" }\nanswers:\n\
        \x20 - { question: region, answer: \"In eu-west-1.\" }\n";
    let rehearsed = edited();
    std::fs::write(rehearsed.workspace().join("rehearsals/asks.yaml"), asks).expect("written");
    let words = ["--rehearsal", "asks", "--approve", "all", "--format", "json"];
    let (_server, crew) = served(&script(&rehearsed.start(SOW, &words).exits(0)), Through::OpenAi);
    crew.edit("phases/discovery.yaml", "task:", "questions: { linger: 60s }\ntask:");
    let sow = root().join("examples/sow").join(SOW);
    let sow = sow.to_str().expect("a path");
    let run = ["run", "--sow", sow, "--project", "demo", "--approve", "all"];
    let run = crew.command(&run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let run = run.expect("it starts");
    let request = || {
        let inbox = crew.run(&["inbox", "--format", "json"]);
        let first = serde_json::from_str::<Value>(&inbox.out).ok()?["requests"][0].clone();
        first["id"].as_str().map(str::to_owned)
    };
    eventually(|| request().is_some());
    crew.run(&["answer", "demo", "In eu-west-1."]).exits(0);
    let done = run.wait_with_output().expect("it ends");
    let out = String::from_utf8_lossy(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{out}\n{}", String::from_utf8_lossy(&done.stderr));
}
