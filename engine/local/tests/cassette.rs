//! Recording a live model, and replaying its answers for the same requests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloudcrew_local::cassette::{Player, Recorder, Scrubber};
use cloudcrew_ports::model::{
    Billing, Block, CallContext, FaultKind, Listener, Message, Model, ModelFault, ModelReply,
    ModelRequest, Nobody, Purpose, Role, ToolResult, ToolSpec, ToolStatus, ToolUse, Usage,
};
use serde_json::json;
use tempfile::TempDir;

// ---- the world
// ------------------------------------------------------------------------------------

/// A model that gives these answers in order.
struct Live(Mutex<Vec<Result<ModelReply, ModelFault>>>);

#[async_trait]
impl Model for Live {
    async fn complete(&self, _: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        self.0.lock().expect("no panic").remove(0)
    }

    fn billing(&self) -> Billing {
        Billing::Paid
    }
}

fn live(answers: Vec<Result<ModelReply, ModelFault>>) -> Arc<dyn Model> {
    Arc::new(Live(Mutex::new(answers)))
}

fn says(text: &str) -> Result<ModelReply, ModelFault> {
    let usage = Some(Usage { input_tokens: 7, output_tokens: 3, ..Usage::default() });
    Ok(ModelReply {
        content: vec![Block::Text(text.into())],
        stop_reason: "end_turn".into(),
        usage,
        guardrail: Vec::new(),
        took: None,
    })
}

fn busy() -> Result<ModelReply, ModelFault> {
    Err(ModelFault::transient("ThrottlingException", "slow down"))
}

/// A request, with everything that determines its answer.
#[derive(Clone)]
struct Ask {
    at: CallContext,
    agent: String,
    model: String,
    system: String,
    messages: Vec<Message>,
    tools: Vec<ToolSpec>,
    max_tokens: u32,
}

fn ask(agent: &str, turn: u32, words: &str) -> Ask {
    let at = CallContext {
        project: "acme".into(),
        phase: "build".into(),
        revision: 1,
        purpose: Purpose::Work,
        swarm: 1,
        visit: 1,
        turn,
        earlier_calls: turn,
        date: "2026-01-05".into(),
    };
    let tool = ToolSpec {
        name: "repo_read".into(),
        description: "reads".into(),
        schema: json!({ "type": "object" }).into(),
    };
    Ask {
        at,
        agent: agent.into(),
        model: "small".into(),
        system: "You build.".into(),
        messages: vec![Message { role: Role::User, content: vec![Block::Text(words.into())] }],
        tools: vec![tool],
        max_tokens: 500,
    }
}

async fn stream(
    model: &dyn Model,
    ask: &Ask,
    listener: &dyn Listener,
) -> Result<ModelReply, ModelFault> {
    let request = ModelRequest {
        context: &ask.at,
        agent: &ask.agent,
        model: &ask.model,
        system: &ask.system,
        steady: 0,
        messages: &ask.messages,
        tools: &ask.tools,
        max_tokens: ask.max_tokens,
        listener,
    };
    model.complete(request).await
}

async fn call(model: &dyn Model, ask: &Ask) -> Result<ModelReply, ModelFault> {
    stream(model, ask, &Nobody).await
}

struct Home {
    _folder: TempDir,
    file: PathBuf,
}

fn home() -> Home {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tape.jsonl");
    Home { _folder: folder, file }
}

fn player(file: &Path) -> Player {
    Player::open(file, vec![]).expect("a cassette")
}

/// Records these exchanges.
async fn record(file: &Path, exchanges: Vec<(Ask, Result<ModelReply, ModelFault>)>) {
    let (asks, answers): (Vec<_>, Vec<_>) = exchanges.into_iter().unzip();
    let recorder = Recorder::new(live(answers.clone()), file, vec![]).expect("a new cassette");
    for (ask, answer) in asks.iter().zip(&answers) {
        assert_eq!(&call(&recorder, ask).await, answer, "recording passes the answer through");
    }
}

/// The reason of a refusal to replay.
async fn refusal(player: &Player, ask: &Ask) -> String {
    let fault = call(player, ask).await.expect_err("this was not recorded");
    assert_eq!((fault.kind, fault.error.as_str()), (FaultKind::Denied, "CassetteMismatch"));
    let (_, why) = fault.message.split_once(" has no answer: ").expect("it says why");
    why.to_owned()
}

fn message<T>(result: Result<T, impl std::fmt::Display>) -> String {
    result.err().expect("this does not work").to_string()
}

// ---- stories
// ------------------------------------------------------------------------------------------

#[tokio::test]
async fn each_agents_answers_are_replayed_in_order() {
    let home = home();
    let (a0, a1, b0) = (ask("a", 0, "go"), ask("a", 1, "on"), ask("b", 0, "go"));
    let exchanges = vec![
        (a0.clone(), busy()),
        (a0.clone(), says("one")),
        (b0.clone(), says("bee")),
        (a1.clone(), says("two")),
    ];
    record(&home.file, exchanges).await;
    let player = player(&home.file);
    assert_eq!(player.billing(), Billing::Free);
    // Agents may call in another order; each gets its own answers in sequence.
    assert_eq!(call(&player, &b0).await, says("bee"));
    assert_eq!(call(&player, &a0).await, busy());
    assert_eq!(call(&player, &a0).await, says("one"));
    assert_eq!(call(&player, &a1).await, says("two"));
}

#[tokio::test]
async fn a_replay_streams_the_whole_text_at_once() {
    struct Recording(Mutex<Vec<String>>);
    impl Listener for Recording {
        fn hears(&self, text: &str) {
            self.0.lock().expect("no panic").push(text.into());
        }
    }
    let home = home();
    record(&home.file, vec![(ask("a", 0, "go"), says("all of it"))]).await;
    let recording = Recording(Mutex::default());
    stream(&player(&home.file), &ask("a", 0, "go"), &recording).await.expect("a reply");
    assert_eq!(recording.0.into_inner().expect("no panic"), ["all of it"]);
}

#[tokio::test]
async fn the_name_and_the_day_of_an_engagement_do_not_matter() {
    let home = home();
    record(&home.file, vec![(ask("a", 0, "go"), says("one"))]).await;
    let mut other = ask("a", 0, "go");
    (other.at.project, other.at.date) = ("zeta".into(), "2031-12-31".into());
    assert_eq!(call(&player(&home.file), &other).await, says("one"));
}

#[tokio::test]
async fn commits_have_the_ids_of_the_replay() {
    let home = home();
    let (was, is, other) = ("33cedc1d70b2", "88a2f02534ed", "0123456789ab");
    let history = |turn, id: &str| ask("a", turn, &format!("versions:\n{id}\tpm\n"));
    let again = |id: &str| ask("a", 1, &format!("{id} and {id}"));
    let cites = |id: &str| says(&format!("I compare with {id}."));
    let exchanges = vec![(history(0, was), cites(was)), (again(was), says("done"))];
    record(&home.file, exchanges).await;
    let of_now = player(&home.file);
    assert_eq!(call(&of_now, &history(0, is)).await, cites(is));
    assert_eq!(call(&of_now, &again(is)).await, says("done"));
    // Each id is paired with one other, and only ids may differ.
    let strict = player(&home.file);
    assert_eq!(call(&strict, &history(0, is)).await, cites(is));
    assert!(refusal(&strict, &again(other)).await.contains(other));
    let mut longer = history(0, is);
    longer.system.push_str(" Always.");
    assert!(refusal(&player(&home.file), &longer).await.contains("the system prompt differs"));
}

#[tokio::test]
async fn a_changed_request_is_explained_and_never_answered() {
    let home = home();
    let mut first = ask("a", 0, "go\nnow\nplease");
    first.messages.push(Message {
        role: Role::Assistant,
        content: vec![Block::ToolUse(ToolUse {
            id: "c".into(),
            name: "repo_read".into(),
            input: json!({ "path": "a.md" }),
        })],
    });
    let result = ToolResult {
        id: "c".into(),
        status: ToolStatus::Success,
        text: "12 lines".into(),
        attachments: vec![],
    };
    first.messages.push(Message { role: Role::User, content: vec![Block::ToolResult(result)] });
    record(&home.file, vec![(first.clone(), says("one"))]).await;
    let player = player(&home.file);
    let begin = "call 1 of `a` does not match line 2: ";
    type Change = fn(&mut Ask);
    let changes: [(Change, &str); 8] = [
        (|a| a.model = "large".into(), "the model was `small` and is now `large`"),
        (|a| a.max_tokens = 9, "`max_tokens` was 500 and is now 9"),
        (
            |a| a.system = "You test.".into(),
            "the system prompt differs\n--- recorded\n+++ now\n@@ -1 +1 @@\n-You build.\n+You \
             test.",
        ),
        (
            |a| a.messages[0].content = vec![Block::Text("go\nlater\nplease".into())],
            "message 1 of 3 differs\n--- recorded\n+++ now\n@@ -1,4 +1,4 @@\n user\n \
             go\n-now\n+later\n please",
        ),
        (
            |a| {
                if let Block::ToolUse(call) = &mut a.messages[1].content[0] {
                    call.input = json!({ "path": "b.md" });
                }
            },
            "message 2 of 3 differs\n--- recorded\n+++ now\n@@ -2,4 +2,4 @@\n [calls repo_read as \
             c]\n {\n-  \"path\": \
             \"a.md\"\n+  \"path\": \"b.md\"\n }",
        ),
        (
            |a| a.messages.truncate(1),
            "it had 3 messages and now has 1; the first 1 are equal\n--- recorded\n+++ now\n@@ \
             -1,5 \
             +0,0 @@\n-assistant\n-[calls \
             repo_read as c]\n-{\n-  \"path\": \"a.md\"\n-}",
        ),
        (
            |a| a.tools.clear(),
            "the tools on offer differ\n--- recorded\n+++ now\n@@ -1 +0,0 @@\n-repo_read",
        ),
        (
            |a| a.tools[0].description = "writes".into(),
            "the tool `repo_read` differs\n--- recorded\n+++ now\n@@ -1,3 +1,3 \
             @@\n-reads\n+writes\n {\n   \"type\": \"object\"",
        ),
    ];
    for (change, expected) in changes {
        let mut other = first.clone();
        change(&mut other);
        assert_eq!(refusal(&player, &other).await, format!("{begin}{expected}"));
    }
    // A refusal consumes nothing.
    assert_eq!(call(&player, &first).await, says("one"));
    assert_eq!(
        refusal(&player, &ask("a", 1, "on")).await,
        "call 2 of `a` was not recorded: the last one is at line 2"
    );
    assert_eq!(
        refusal(&player, &ask("b", 0, "go")).await,
        "no call of `b` was recorded: the cassette holds only calls of `a`"
    );
}

#[tokio::test]
async fn a_resumed_engagement_continues_in_the_cassette() {
    let home = home();
    let asks = [ask("a", 0, "go"), ask("a", 1, "on"), ask("a", 2, "and on")];
    for (number, ask) in asks.iter().enumerate() {
        // Each in its own process.
        record(&home.file, vec![(ask.clone(), says(&number.to_string()))]).await;
    }
    let player = player(&home.file);
    assert_eq!(call(&player, &asks[1]).await, says("1"));
    assert_eq!(call(&player, &asks[2]).await, says("2"));
}

#[tokio::test]
async fn a_reply_that_a_killed_process_never_used_is_skipped() {
    let home = home();
    let (first, next) = (ask("a", 0, "go"), ask("a", 1, "on"));
    let mut again = first.clone();
    again.at.earlier_calls += 1;
    record(
        &home.file,
        vec![(first.clone(), says("lost")), (again, says("taken in")), (next.clone(), says("two"))],
    )
    .await;
    let player = player(&home.file);
    assert_eq!(call(&player, &first).await, says("taken in"));
    assert_eq!(call(&player, &next).await, says("two"));
}

#[tokio::test]
async fn a_cassette_belongs_to_one_engagement_and_one_process() {
    let home = home();
    let recorder =
        Recorder::new(live(vec![says("one")]), &home.file, vec![]).expect("a new cassette");
    call(&recorder, &ask("a", 0, "go")).await.expect("a reply");
    for taken in [
        message(Recorder::new(live(vec![]), &home.file, vec![])),
        message(Player::open(&home.file, vec![])),
    ] {
        assert!(
            taken.contains("is in use by another run; it can serve one engagement at a time"),
            "{taken}"
        );
    }
    drop(recorder);
    let two = (player(&home.file), player(&home.file));
    message(Recorder::new(live(vec![]), &home.file, vec![]));
    drop(two);
    // The same file for another engagement: refused before any call is paid.
    let recorder =
        Recorder::new(live(vec![]), &home.file, vec![]).expect("the same engagement may continue");
    let mut other = ask("a", 0, "go");
    other.at.project = "zeta".into();
    let fault = call(&recorder, &other).await.expect_err("it belongs to acme");
    assert_eq!((fault.kind, fault.error.as_str()), (FaultKind::Denied, "CassetteInUse"));
    assert!(
        fault.message.ends_with("belongs to the engagement `acme`: record `zeta` to another file"),
        "{}",
        fault.message
    );
}

#[tokio::test]
async fn every_line_is_written_before_its_call_returns() {
    let home = home();
    let recorder = Recorder::new(live(vec![says("one"), says("two")]), &home.file, vec![])
        .expect("a new cassette");
    for turn in 0..2 {
        call(&recorder, &ask("a", turn, "go")).await.expect("a reply");
        let text = std::fs::read_to_string(&home.file).expect("a text");
        assert_eq!((text.lines().count(), text.ends_with('\n')), (turn as usize + 2, true));
    }
    assert!(std::fs::read_to_string(&home.file).expect("a text").starts_with("{\"cassette\":1}\n"));
}

#[tokio::test]
async fn damage_is_reported_with_its_line() {
    let home = home();
    record(&home.file, vec![(ask("a", 0, "go"), says("one")), (ask("a", 1, "on"), says("two"))])
        .await;
    let good = std::fs::read(&home.file).expect("bytes");
    let deep = format!("{{\"cassette\":1}}\n{}\n", "[".repeat(100_000));
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    let with = |line: &[u8]| [lines[0], lines[1], line].concat();
    let stories: [(&str, Vec<u8>, &str); 9] = [
        ("empty", vec![], "at line 1: it is not the header of a cassette"),
        (
            "something else",
            b"{\"a\": 1}\n".to_vec(),
            "at line 1: it is not the header of a cassette",
        ),
        ("bytes", vec![0xff, 0xfe, b'\n'], "at line 1: it is not the header of a cassette"),
        ("later", b"{\"cassette\":2}\n".to_vec(), "has format 2; this version supports 1"),
        (
            "cut off",
            good[..good.len() - 5].to_vec(),
            "at line 3: it is cut off; continue recording, or delete the line",
        ),
        ("no JSON", with(b"oops\n"), "at line 3: expected value (column 1)"),
        (
            "no call",
            with(b"{\"at\": 1}\n"),
            "at line 3: invalid type: integer `1`, expected struct CallContext (column 8)",
        ),
        ("bad UTF-8", with(b"{\"asked\": \"\xff\"}\n"), "at line 3: invalid unicode code point"),
        ("deep", deep.into_bytes(), "at line 2: "),
    ];
    for (story, bytes, expected) in stories {
        std::fs::write(&home.file, bytes).expect("written");
        let why = message(Player::open(&home.file, vec![]));
        assert!(why.contains(expected), "{story}: {why}");
    }
    std::fs::remove_file(&home.file).expect("it is there");
    assert!(message(Player::open(&home.file, vec![])).contains("cannot use the cassette"));
}

#[tokio::test]
async fn a_huge_line_is_rejected() {
    let home = home();
    let mut bytes = b"{\"cassette\":1}\n".to_vec();
    bytes.resize(65 * 1024 * 1024, b' ');
    std::fs::write(&home.file, bytes).expect("written");
    let why = message(Player::open(&home.file, vec![]));
    assert!(why.ends_with("is damaged at line 2: it is longer than 64 MiB"), "{why}");
}

#[tokio::test]
async fn a_truncated_line_is_recorded_again() {
    let home = home();
    record(&home.file, vec![(ask("a", 0, "go"), says("one")), (ask("a", 1, "on"), says("two"))])
        .await;
    let good = std::fs::read(&home.file).expect("bytes");
    std::fs::write(&home.file, &good[..good.len() - 5]).expect("written");
    record(&home.file, vec![(ask("a", 1, "on"), says("two"))]).await;
    assert_eq!(std::fs::read(&home.file).expect("bytes"), good);
    // A file that is not a cassette is left alone.
    std::fs::write(&home.file, "my notes").expect("written");
    assert!(
        message(Recorder::new(live(vec![]), &home.file, vec![]))
            .contains("it is not the header of a cassette")
    );
    assert_eq!(std::fs::read(&home.file).expect("bytes"), b"my notes");
}

#[tokio::test]
async fn a_cassette_changed_during_replay_is_an_error() {
    let home = home();
    record(&home.file, vec![(ask("a", 0, "go"), says("one"))]).await;
    let player = player(&home.file);
    std::fs::write(&home.file, "").expect("written");
    let fault = call(&player, &ask("a", 0, "go")).await.expect_err("it is gone");
    assert_eq!((fault.kind, fault.error.as_str()), (FaultKind::Denied, "CassetteError"));
    assert!(fault.message.contains("at line 2"), "{}", fault.message);
}

// ---- secrets
// --------------------------------------------------------------------------------------------

#[tokio::test]
async fn secrets_are_redacted_and_the_replay_still_matches() {
    let home = home();
    let key = "team-key-0123";
    let aws = "AKIAIOSFODNN7EXAMPLE";
    let mut asked = ask("a", 0, &format!("use {aws} and {key}"));
    asked.system = format!("The key is {key}.");
    let input = json!({ "env": { "password": "hunter2hunter2" }, "text": format!("{aws}\nx") });
    asked.messages.push(Message {
        role: Role::Assistant,
        content: vec![Block::ToolUse(ToolUse {
            id: format!("call_{aws}"),
            name: format!("write_{key}"),
            input,
        })],
    });
    let result = ToolResult {
        id: format!("call_{aws}"),
        status: ToolStatus::Error,
        text: format!("denied: {key}"),
        attachments: vec![],
    };
    asked.messages.push(Message { role: Role::User, content: vec![Block::ToolResult(result)] });
    let answers = vec![
        Err(ModelFault::denied("Denied", format!("bad key {key}"))),
        says(&format!("I wrote {aws}.")),
    ];
    let recorder =
        Recorder::new(live(answers), &home.file, vec![key.into(), String::new(), "ab".into()])
            .expect("a new cassette");
    call(&recorder, &asked).await.expect_err("denied");
    let answer = call(&recorder, &asked).await.expect("a reply");
    assert_eq!(
        answer.content,
        [Block::Text(format!("I wrote {aws}."))],
        "recording passes the unredacted answer through"
    );
    drop(recorder);
    let text = std::fs::read_to_string(&home.file).expect("a text");
    for secret in [key, aws, "IOSFODNN7EXAMPLE", "hunter2"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let player = Player::open(&home.file, vec![key.into()]).expect("a cassette");
    assert_eq!(
        message(call(&player, &asked).await.map_err(|fault| fault.message)),
        "bad key *************"
    );
    assert_eq!(
        call(&player, &asked).await.expect("a reply").content,
        [Block::Text("I wrote AKIA****************.".into())]
    );
}

#[test]
fn only_secrets_are_redacted() {
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA04up8hoqzS1+APIB\nAAo=\n-----END \
        RSA PRIVATE KEY-----";
    let cut = "-----BEGIN PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA04up8hoqzS1+APIB\\nMIIEpAIB";
    let crossed = [
        ("ASIAIOSFODNN7EXAMPLE,", "ASIA****************,"),
        (
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "aws_secret_access_key = ****************************************",
        ),
        (
            "\"SecretAccessKey\": \"wJalrXUtnFEMI/K7MD\"",
            "\"SecretAccessKey\": \"******************\"",
        ),
        (r#"{\"password\": \"correcthorse\"}"#, r#"{\"password\": \"************\"}"#),
        ("DB_PASSWORD=hunter2hunter\n", "DB_PASSWORD=*************\n"),
        (
            "Authorization: Bearer abcdefghij0123456789",
            "Authorization: Bearer ********************",
        ),
        (
            "OPENAI_API_KEY=sk-proj-abcdefghij0123456789 x",
            "OPENAI_API_KEY=sk-************************* x",
        ),
        ("ghp_abcdefghijklmnop0123", "ghp_********************"),
        ("a eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM b", "a eyJ********************************* b"),
    ];
    let scrubber = Scrubber::new(vec![]);
    for (text, expected) in crossed {
        assert_eq!(scrubber.text(text), expected);
    }
    for key in [pem, cut] {
        let got = scrubber.text(key);
        assert!(!got.contains("MII") && got.contains("BEGIN"), "{got}");
        assert_eq!(got.lines().count(), key.lines().count());
    }
    for text in [
        "max_tokens: 16000",
        "the token is renewed every hour; a secret: keep your promises",
        "password: ${DB_PASSWORD_2024}",
        "token = next_token2(stream)",
        "secret: arn:aws:secretsmanager:eu-west-1:123456789012:secret:x",
        "token_url=https://login.example/oauth2/token",
        "risk-management-of-the-large-projects",
        "never commit -----BEGIN PRIVATE KEY----- to a repository",
        "\"password\": {\"type\": \"string\"}",
    ] {
        assert_eq!(scrubber.text(text), text);
    }
    // Redaction keeps the length, and redacting twice changes nothing.
    for text in crossed.map(|(text, _)| text).into_iter().chain([pem, cut]) {
        let once = scrubber.text(text);
        assert_eq!(once.len(), text.len());
        assert_eq!(scrubber.text(&once), once);
        let quoted = |text: &str| serde_json::to_string(text).expect("a text");
        assert_eq!(scrubber.text(&quoted(&once)), scrubber.text(&quoted(text)));
    }
}
