//! What a deployment tells people by itself: live events, words and notifications; and how they log
//! in with a browser.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver as Said, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest as _;

use super::{Machine, approved, plan_states, sent, variables, visited};
use crate::live::server::Server;
use crate::live::{SOW, Through, crew_at, script};
use crate::remote::server_with;
use crate::support::edited;
use crate::support::issuer::{CLIENT, Issuer};
use crate::support::receiver::Receiver;
use crate::support::service::{Reply, asked, eventually};

const ASKS: &str = "\
version: 1
rehearsal: asks
sow: examples/sow/SOW
agents:
  - { agent: sa, phase: discovery, asks: \"In which region must personal data stay?\" }
answers:
  - { question: region, answer: \"In eu-west-1.\" }
";

/// Connects to the WebSocket; the status of the refusal otherwise.
fn connected(machine: &Machine, query: &str) -> Result<tungstenite::WebSocket<TcpStream>, u16> {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").expect("the rig runs");
    let host = endpoint.trim_start_matches("http://");
    let request = format!("ws://{host}{}?{query}", machine.live);
    let request = request.into_client_request().expect("a request");
    let stream = TcpStream::connect(host).expect("a connection");
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(refused))) => {
            Err(refused.status().as_u16())
        }
        Err(error) => unreachable!("{error}"),
    }
}

/// What a reader is told, until the connection ends.
fn reads(mut socket: tungstenite::WebSocket<TcpStream>) -> Said<Value> {
    let (tell, said) = channel();
    std::thread::spawn(move || {
        while let Ok(message) = socket.read() {
            let tungstenite::Message::Text(text) = message else { continue };
            let _ = tell.send(serde_json::from_str(&text).expect("JSON"));
        }
    });
    said
}

/// Takes what was said until the engagement's end: the numbers of its entries in order, without
/// repetitions, and whether a model was heard.
fn heard(said: &Said<Value>) -> (Vec<u64>, bool) {
    let (mut numbers, mut words, began) = (Vec::<u64>::new(), false, Instant::now());
    while began.elapsed() < Duration::from_secs(30) {
        let Ok(message) = said.recv_timeout(Duration::from_secs(10)) else { break };
        assert_eq!(message["project"], "demo", "{message}");
        words |= message["text"].is_string() && message["agent"].is_string();
        let Some(number) = message["seq"].as_u64() else { continue };
        if numbers.last().is_none_or(|last| *last < number) {
            numbers.push(number);
        }
        if message["kind"] == "ended" {
            break;
        }
    }
    (numbers, words)
}

fn ticket(machine: &Machine) -> String {
    let all = json!({ "projects": "all" });
    let made = machine.ask("POST", "/tickets", Some(&all)).is(201).json();
    made["ticket"].as_str().expect("a ticket").to_owned()
}

/// A request of a browser, with these cookies.
fn browser(machine: &Machine, path: &str, cookies: &str) -> Reply {
    let request = asked("GET", &format!("{}{path}", machine.api)).header("authorization", "");
    sent(&request.header("cookie", cookies).header("connection", "close"))
}

/// The cookie that a reply sets.
fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie").expect("a cookie");
    set.split(';').next().expect("a value").to_owned()
}

fn parameter(url: &str, name: &str) -> String {
    let found = url.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    found.expect("a parameter").to_owned()
}

/// Logs in as the person of the issuer; returns the cookie of the session.
fn logs_in(machine: &Machine, issuer: &Issuer) -> String {
    let begun = browser(machine, "/login", "").is(303);
    let (state, url) = (cookie(&begun), begun.header("location").expect("an address").to_owned());
    let code = issuer.logs_in(&parameter(&url, "code_challenge"), &parameter(&url, "nonce"));
    let callback = format!("/callback?code={code}&state={}", parameter(&url, "state"));
    let page = browser(machine, &callback, &state).is(200).body;
    let done = page.split("url=").nth(1).and_then(|rest| rest.split('"').next());
    cookie(&browser(machine, done.expect("an address"), &state).is(303))
}

#[tokio::test]
#[ignore = "needs the AWS rig, git, python3 and openssl: see tests/rigs/README.md"]
async fn a_deployment_tells_people_what_happens() {
    // What the rehearsed crew says is said by a scripted server, so that time passes.
    let rehearsed = edited();
    let asks = rehearsed.workspace().join("rehearsals/asks.yaml");
    std::fs::write(asks, ASKS.replace("SOW", SOW)).expect("it is written");
    let words = ["--rehearsal", "asks", "--approve", "all", "--format", "json"];
    let server = Server::start(&script(&rehearsed.start(SOW, &words).exits(0)));
    let workspace = crew_at(&server.url(), Through::Bedrock);
    let linger = "questions: { linger: 2m }\ntask:";
    workspace.edit("phases/discovery.yaml", "task:", linger);
    workspace.run(&["generate"]).exits(0);
    let (git, issuer, receiver) = (server_with(false, true), Issuer::start(), Receiver::start());
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    git.adds("data.bin", &large);
    let notify = json!({
        "channels": { "ops": { "webhook": format!("http://127.0.0.1:{}/hook", receiver.port),
            "secret_env": "OPS_SECRET" } },
        "mail": { "server": "ses:us-east-1", "from": "Crew <crew@example.com>" },
        "people": { "sub-of-ada": { "mail": "ada@example.com", "on": ["gate", "end"] } },
        "private_hosts": ["127.0.0.1"] });
    let [secrets, host] = variables(&git.url);
    let mut secrets: Value = serde_json::from_str(&secrets).expect("JSON");
    secrets["OPS_SECRET"] = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3".into();
    let settings = [
        secrets.to_string(),
        host,
        format!("OIDC_ISSUER={}", issuer.url),
        format!("OIDC_CLIENT_ID={CLIENT}"),
        format!("OIDC_KEYS_URL={}/keys", issuer.url),
        format!("NOTIFY={notify}"),
    ];
    let mut machine = Machine::new(workspace.workspace(), &settings).await;
    machine.token = issuer.token("ada");

    // The gateway asks before the service does. A browser has a session instead of a token.
    assert_eq!(browser(&machine, "/me", "cloudcrew_session=guessed").status, 403);
    assert_eq!(browser(&machine, "/openapi.json", "").status, 200);
    let session = logs_in(&machine, &issuer);
    let me = browser(&machine, "/me", &session).is(200).json();
    assert_eq!(me["name"], "sub-of-ada");
    let config = browser(&machine, "/config.json", "").is(200).json();
    let live = config["websocket"].as_str().expect("a URL");
    assert!(live.starts_with("ws") && live.ends_with(&machine.live), "{config}");

    // A ticket opens one connection.
    assert_eq!(connected(&machine, "").err(), Some(401));
    assert_eq!(connected(&machine, "ticket=guessed").err(), Some(403));
    let once = format!("ticket={}", ticket(&machine));
    let reader = reads(connected(&machine, &once).expect("a connection"));
    assert_eq!(connected(&machine, &once).err(), Some(403));

    // The crew stays at work for an answer that comes soon: the machine sees one swarm, and one
    // container does all of it.
    let began = jiff::Timestamp::now().as_second();
    machine.begins("demo", &git.url, json!({}));
    let end = machine.answers("demo", |request| match request["kind"].as_str()? {
        "question" => {
            let path = format!("/projects/demo/interrupt/{}/respond", request["id"].as_str()?);
            Some((path, json!({ "answer": "In eu-west-1." })))
        }
        _ => approved(request),
    });
    assert_eq!(end["status"], "SUCCEEDED", "{end:#}");
    let (seen, journal) = (plan_states(&end), visited(&machine.table, "demo").await);
    let gate = ["discovery.swarm", "discovery.review", "discovery.gate"];
    assert_eq!(seen[..3], gate, "{end:#}");
    let asked = ["discovery.swarm", "discovery.question", "discovery.swarm"];
    assert_eq!(journal[..3], asked);
    assert_eq!(seen[1..], journal[3..]);
    let log = machine.get("/_rig/log").is(200).json();
    let of_discovery = |entry: &&Value| {
        let mut variables = entry["environment"].as_array().into_iter().flatten();
        entry["at"].as_f64().is_some_and(|at| at as i64 >= began)
            && variables.any(|v| v["name"] == "PHASE" && v["value"] == "discovery")
    };
    assert_eq!(log.as_array().expect("a log").iter().filter(of_discovery).count(), 1);

    // What was recorded is what the models' server has served.
    let engagement = machine.engagement("demo").await;
    let (total, meter) = (engagement.state.meter.total(), server.meter());
    let usage = [total.usage.input_tokens, total.usage.output_tokens, total.calls.into()];
    let whole = &meter["complete"];
    let served = [&whole["inputTokens"], &whole["outputTokens"], &whole["answers"]];
    assert_eq!(usage.map(|number: u64| json!(number)).each_ref(), served, "{meter}");
    assert_eq!(meter["cut"]["answers"], 0, "{meter}");

    // A reader gets every entry, and hears the models; another continues where it was.
    let last = engagement.head.seq;
    let (numbers, words) = heard(&reader);
    assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
    assert!(words, "no model was heard");
    let again = format!("ticket={}&after=demo:5", ticket(&machine));
    let (numbers, _) = heard(&reads(connected(&machine, &again).expect("a connection")));
    assert_eq!(numbers, (6..=last).collect::<Vec<_>>());

    let stream = machine.ask("GET", "/projects/demo/events/stream", None);
    stream.refused(501, "elsewhere");

    // A large file is read past the interface.
    let away = machine.ask("GET", "/projects/demo/artifacts/data.bin", None).is(307);
    let url = away.header("location").expect("an address");
    let path = format!("/{}", url.splitn(4, '/').nth(3).expect("a path"));
    let file = sent(&super::asked("GET", &path).header("authorization", ""));
    assert_eq!((file.status, file.header("content-disposition")), (200, Some("attachment")));
    assert_eq!(file.header("content-length"), Some("5000000"));

    // People were told.
    eventually(|| {
        let sent = receiver.received();
        let kinds: Vec<Value> = sent
            .iter()
            .filter_map(|received| serde_json::from_str::<Value>(&received.body).ok())
            .map(|body| body["type"].clone())
            .collect();
        ["cloudcrew.question", "cloudcrew.gate", "cloudcrew.end"]
            .iter()
            .all(|kind| kinds.contains(&json!(kind)))
    });
    let calls = machine.get("/_rig/calls").is(200).json();
    let answer = calls[format!("{}-answer", machine.name)].to_string();
    assert!(answer.contains("ses:SendRawEmail"), "{answer}");
    machine.has_needed_what_it_may(workspace.workspace(), &[]);
}
