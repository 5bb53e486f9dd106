//! Problems of a first setup: no provider, a missing key, an unknown model. Each message says what
//! to do.

use serde_json::json;

use super::server::Server;
use super::{SOW, Through, crew_at, rehearsed, ways};

/// A server that refuses every request in the same way.
fn refusing(kind: &str, message: &str, status: Option<u16>) -> Server {
    let mut error = json!({ "type": kind, "message": message, "times": -1 });
    if let Some(status) = status {
        error["status"] = status.into();
    }
    Server::start(&json!({ "model": { "agents": { "*": { "turns": [{ "error": error }] } } } }))
}

#[test]
#[cfg(feature = "aws")]
#[ignore = "needs python3"]
fn a_refusal_that_can_be_fixed_waits_and_says_how() {
    let refusals = [
        ("AccessDeniedException", "You don't have access to the model", Some(403), "grant it"),
        ("ResourceNotFoundException", "Could not find the model", Some(404), "models.*.id"),
        ("ValidationException", "The provided model identifier is invalid", None, "models.*.id"),
        (
            "ExpiredTokenException",
            "The security token included in the request is expired",
            Some(403),
            "renew them",
        ),
        (
            "UnrecognizedClientException",
            "The security token included in the request is invalid",
            Some(403),
            "AWS_PROFILE",
        ),
    ];
    for (kind, message, status, advice) in refusals {
        let server = refusing(kind, message, status);
        let done = crew_at(&server.url(), Through::Bedrock).start(SOW, &[]);
        done.exits(10).says(kind).says("cloudcrew resume demo").says(advice);
    }
}

#[test]
#[ignore = "needs python3"]
fn a_correction_in_agents_yaml_lets_the_engagement_continue() {
    let wrong = refusing("ResourceNotFoundException", "Could not find the model", Some(404));
    let good = Server::start(&rehearsed());
    for through in ways() {
        let crew = crew_at(&wrong.url(), through);
        crew.start(SOW, &["--approve", "all"]).exits(10).says("models.*.id");
        crew.run(&["inbox"]).exits(0).says("demo  blocked").says("cloudcrew resume demo");
        crew.run(&["list"]).exits(0).says("waiting: The model call failed");
        crew.run(&["show", "demo"]).exits(0).says("continue:  cloudcrew resume demo");
        // Without a change, the refusal is the same.
        crew.run(&["resume", "demo", "--approve", "all"])
            .exits(10)
            .says("ResourceNotFoundException");
        let agents = crew.read("agents.yaml");
        std::fs::write(
            crew.workspace().join("agents.yaml"),
            agents.replace(&wrong.url(), &good.url()),
        )
        .expect("written");
        crew.run(&["resume", "demo", "--approve", "all"])
            .exits(0)
            .says("as configured in agents.yaml");
        assert_eq!(
            crew.journal().iter().filter(|(_, kind, _)| kind == "rerouted").count(),
            2,
            "two models, once"
        );
        crew.run(&["inbox"]).exits(0).says("nothing is waiting");
        good.rewind();
    }
}

#[test]
#[ignore = "needs python3"]
fn a_run_that_cannot_start_leaves_nothing_behind() {
    let crew = crew_at("http://127.0.0.1:9", Through::OpenAi);
    let agents = crew.read("agents.yaml");
    let unpriced: String = agents
        .lines()
        .filter(|line| !line.contains("price:"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(crew.workspace().join("agents.yaml"), &unpriced).expect("written");
    std::fs::write(crew.folder.path().join("old.jsonl"), "{}").expect("written");
    let old = crew.folder.path().join("old.jsonl");
    crew.start(SOW, &["--record", old.to_str().expect("a path")])
        .exits(2)
        .says("record to a new file");
    crew.edit("workflows/delivery.yaml", "finalize:", "budget: { usd: 5 }\nfinalize:");
    crew.run(&["check"]).exits(1).says("budget-without-effect");
    crew.run(&["list"]).exits(0).says("no engagements yet");
}

#[test]
#[ignore = "needs python3"]
fn without_credentials_a_bedrock_run_waits_and_says_where_to_get_them() {
    if !ways().contains(&Through::Bedrock) {
        return;
    }
    let crew = crew_at("http://127.0.0.1:9", Through::Bedrock);
    let sow = crate::support::root().join("examples/sow").join(SOW);
    let mut command = crew.command(&["run", "--project", "demo", "--sow"]);
    command.arg(sow).env("HOME", crew.folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"] {
        command.env_remove(name);
    }
    let done = crate::support::Done::from(command.output().expect("the binary starts"));
    done.exits(10).says("NoCredentials").says("AWS_PROFILE").says("cloudcrew resume demo");
}

#[test]
#[ignore = "needs python3"]
fn doctor_calls_each_model_once_and_reports_the_result() {
    let server = Server::start(&json!({ "model": { "agents": { "*": { "exhausted": "repeat_last",
            "turns": [{ "text": "ready" }] } } } }));
    let crew = crew_at(&server.url(), Through::OpenAi);
    let done = crew.run(&["doctor", "--live", "--model", "qa=opus"]).exits(0);
    done.says("agent qa: opus (--model)")
        .says("agent dev: sonnet (agents.yaml)")
        .says("answered in")
        .says("100 tokens in, 20 out, $0.001");
    assert_eq!(server.requests().len(), 2, "one call a model");
}

#[test]
#[ignore = "needs python3"]
fn prompts_keep_their_beginning_from_call_to_call() {
    let script = rehearsed();
    for through in ways() {
        let (server, crew) = super::served(&script, through);
        crew.start(SOW, &["--approve", "all"]).exits(0);
        let system = usize::from(through == Through::OpenAi);
        // Compare bytes, because JSON values ignore the order of keys.
        let mut before: Option<Vec<String>> = None;
        let mut kept = 0;
        for request in server.requests() {
            let messages = request["body"]["messages"].as_array().expect("messages").iter();
            let messages: Vec<String> = messages.map(serde_json::Value::to_string).collect();
            // A visit starts with only its input.
            if let Some(old) = before.filter(|_| messages.len() > 1 + system) {
                assert!(
                    messages.starts_with(&old) && messages.len() > old.len(),
                    "the beginning changed through {through:?}"
                );
                kept += 1;
            }
            before = Some(messages);
        }
        assert!(kept > 50, "{kept} calls are too few to mean anything");
    }
}
