//! A live run on the terminal, and the state it leaves when it is killed in the middle of a reply.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{SOW, Through, rehearsed, rehearsed_to_the_gate, served, ways};
use crate::support::{Crew, Done, root};

/// Slows the script down at the first words of `agent`.
fn slow(script: &mut Value, agent: &str, turn: usize, words: &str) {
    let turn = &mut script["model"]["agents"][agent]["turns"][turn];
    turn["text"] = words.into();
    turn["eventDelayMs"] = 100.into();
}

/// Starts a run, and returns it in the middle of the reply that contains `words`.
fn in_the_middle(crew: &Crew, words: &str) -> std::process::Child {
    let sow = root().join("examples/sow").join(SOW);
    let mut command = crew.command(&[
        "run",
        "--project",
        "demo",
        "--approve",
        "all",
        "--format",
        "json",
        "--sow",
    ]);
    let mut child = command
        .arg(sow)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut heard = String::new();
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    while !heard.contains(words) {
        let line = lines.next().expect("more output").expect("a line");
        let event: Value = serde_json::from_str(&line).expect("JSON Lines");
        assert!(
            !(event["event"] == "swarm_input" && line.contains(words)),
            "the reply is there before its words were heard"
        );
        if event["event"] == "live" {
            heard.push_str(event["text"].as_str().unwrap_or_default());
        }
    }
    // Read the rest too, so that the process does not block on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

#[test]
#[ignore = "needs python3"]
fn after_a_kill_only_the_interrupted_call_is_repeated_and_both_are_charged() {
    for through in ways() {
        let mut script = rehearsed();
        let turns = script["model"]["agents"]["sa"]["turns"].as_array_mut().expect("turns");
        // The server repeats its answer to the same call.
        let again = turns[1].clone();
        turns.insert(1, again);
        let calls: usize = script["model"]["agents"]
            .as_object()
            .expect("agents")
            .values()
            .map(|a| a["turns"].as_array().map_or(0, Vec::len))
            .sum();
        slow(
            &mut script,
            "sa",
            1,
            "I look at this from all sides, one after another, and say what I see.",
        );
        let (server, crew) = served(&script, through);
        let mut child = in_the_middle(&crew, "one after another");
        child.kill().expect("killed");
        child.wait().expect("an end");
        crew.run(&["resume", "demo", "--approve", "all"])
            .exits(0)
            .says("the previous process died here");
        let requests = server.requests();
        assert_eq!(requests.len(), calls, "only the call that was lost is made again");
        let mine: Vec<&Value> = requests.iter().filter(|r| r["agent"] == "sa").collect();
        assert_eq!(mine[1]["body"], mine[2]["body"], "the very same call");
        let cost = crew.run(&["cost", "demo", "--format", "json"]).json();
        let meter = server.meter();
        assert_eq!(cost["total"]["uncertain_calls"], 1);
        assert_eq!(cost["total"]["usage"]["input_tokens"], meter["complete"]["inputTokens"]);
        let cut = meter["cut"]["inputTokens"].as_u64().expect("a number")
            + meter["cut"]["outputTokens"].as_u64().expect("a number");
        assert!(cost["total"]["uncertain_tokens"].as_u64().expect("a number") >= cut);
    }
}

#[test]
#[ignore = "needs python3"]
fn a_lost_call_is_charged_even_if_the_engagement_is_not_resumed() {
    let mut script = rehearsed();
    slow(
        &mut script,
        "sa",
        1,
        "I look at this from all sides, one after another, and say what I see.",
    );
    let (server, crew) = served(&script, Through::OpenAi);
    let mut child = in_the_middle(&crew, "one after another");
    child.kill().expect("killed");
    child.wait().expect("an end");
    let lost = |when: &str| {
        let cost = crew.run(&["cost", "demo", "--format", "json"]).json();
        let cut = server.meter()["cut"]["inputTokens"].as_u64().expect("a number");
        assert_eq!(cost["total"]["uncertain_calls"], 1, "{when}: {cost:#}");
        assert!(cost["total"]["uncertain_tokens"].as_u64().expect("a number") >= cut, "{when}");
    };
    lost("after the kill");
    crew.run(&["cancel", "demo"]).exits(0);
    lost("after the end");
}

#[test]
#[ignore = "needs python3"]
fn ctrl_c_stops_after_the_current_reply_and_the_engagement_can_be_resumed() {
    let mut script = rehearsed();
    slow(
        &mut script,
        "sa",
        1,
        "I look at this from all sides, one after another, and say what I see.",
    );
    let (server, crew) = served(&script, Through::OpenAi);
    let mut child = in_the_middle(&crew, "one after another");
    let ended = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(ended.success());
    assert_eq!(child.wait().expect("an end").code(), Some(10));
    assert!(
        crew.journal().iter().any(
            |(_, kind, payload)| kind == "swarm_input" && payload.contains("one after another")
        )
    );
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
    let cost = crew.run(&["cost", "demo", "--format", "json"]).json();
    assert_eq!(cost["total"]["uncertain_calls"], 0);
    assert_eq!(cost["total"]["usage"]["output_tokens"], server.meter()["complete"]["outputTokens"]);
}

#[test]
#[ignore = "needs python3"]
fn text_is_streamed_by_line_and_withdrawn_if_the_call_fails() {
    let mut script = rehearsed();
    let turns = script["model"]["agents"]["pm"]["turns"].as_array_mut().expect("turns");
    let broken = json!({ "text": "A first line.\nA second one that is never said to its \
        end.", "chunkChars": 8,
        "streamError": { "type": "ConnectionClosed", "afterEvents": 5 } });
    turns.insert(1, broken);
    let (_server, crew) = served(&script, Through::OpenAi);
    crew.start(SOW, &["--approve", "all"])
        .exits(0)
        .says("pm │ A first line.")
        .says("pm │ (interrupted; ignore the lines above)")
        .says("ConnectionError");
}

#[test]
#[ignore = "needs python3"]
fn a_recording_is_replayed_without_a_server_and_strictly() {
    let (server, crew) = served(&rehearsed(), Through::OpenAi);
    let cassette = crew.folder.path().join("said.jsonl");
    let cassette = cassette.to_str().expect("a path");
    let key = crew.workspace().join("prompts/pm.md");
    let prompt = std::fs::read_to_string(&key).expect("a prompt");
    std::fs::write(&key, format!("{prompt}\nThe key is AKIAIOSFODNN7EXAMPLE, tell nobody.\n"))
        .expect("written");
    crew.start(SOW, &["--approve", "all", "--record", cassette]).exits(0).says("recorded to");
    let tree = crew.tree();
    assert!(
        !std::fs::read_to_string(cassette).expect("a cassette").contains("AKIAIOSFODNN7EXAMPLE"),
        "a secret is on the cassette"
    );
    drop(server);
    let again = |home: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        command.arg("-C").arg(crew.workspace()).arg("--home").arg(crew.folder.path().join(home));
        command.args(["run", "--approve", "all", "--replay", cassette, "--sow"]);
        Done::from(
            command.arg(root().join("examples/sow").join(SOW)).output().expect("the binary starts"),
        )
    };
    again("again").exits(0).says("replayed from");
    let repo = crew.folder.path().join("again/repos/demo.git");
    let output = std::process::Command::new("git")
        .arg("-C")
        .arg(repo)
        .args(["rev-parse", "cloudcrew/demo:app"])
        .output()
        .expect("git");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        crew.git(&["rev-parse", &format!("{tree}:app")])
    );
    let data = crew.workspace().join("prompts/data.md");
    let prompt = std::fs::read_to_string(&data).expect("a prompt");
    std::fs::write(&data, format!("{prompt}\nAlways write in verse.\n")).expect("written");
    again("changed").exits(10).says("CassetteMismatch").says("Always write in verse");
}

#[test]
#[ignore = "needs python3"]
fn a_live_contact_answers_messages_with_its_tools_and_passes_a_question_on() {
    for through in ways() {
        let mut script = rehearsed_to_the_gate();
        let mut then = |agent: &str, turn: Value| {
            let turns = &mut script["model"]["agents"][agent]["turns"];
            turns.as_array_mut().expect("turns").push(turn);
        };
        let usage = json!({ "input": 1000, "output": 50 });
        then(
            "pm",
            json!({ "text": "Let me look.", "usage": usage,
            "tools": [{ "name": "ledger_read", "input": {} }] }),
        );
        then("pm", json!({ "text": "It is ready on Monday.", "usage": usage }));
        then(
            "pm",
            json!({ "text": "", "usage": usage, "tools": [{ "name": "handoff_to_agent",
            "input": { "agent_name": "sa", "message": "Which database?" } }] }),
        );
        then("sa", json!({ "text": "PostgreSQL, as requirement 2 asks.", "usage": usage }));
        let (server, crew) = served(&script, through);
        crew.start(SOW, &[]).exits(10);
        let before = server.requests().len();
        crew.run(&["message", "demo", "When?"]).exits(0).says("It is ready on Monday.");
        let sa = crew.run(&["message", "demo", "Which database?"]).exits(0);
        sa.says("sa:").says("PostgreSQL, as requirement 2 asks.");
        assert_eq!(server.requests().len(), before + 4);
        let asked = server.requests()[before..].iter().map(Value::to_string).collect::<String>();
        assert!(asked.contains("customer writes:") && !asked.contains("repo_write"), "{asked}");
        let cost = crew.run(&["cost", "demo", "--format", "json"]).json();
        let total = &cost["total"]["usage"]["output_tokens"];
        assert_eq!(*total, server.meter()["complete"]["outputTokens"]);
    }
}
