//! Measures the cost of input with and without our cache points, at a provider that caches prompts
//! by the published rules: a long visit, and a whole delivery by the shipped crew.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloudcrew_aws::bedrock::{BedrockModel, Place, Service};
use cloudcrew_benches::{SOW, Work, begun_with, defined, files, ports, root};
use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::digest::sha256;
use cloudcrew_local::clock::SystemClock;
use cloudcrew_local::holder::this_process;
use cloudcrew_local::rehearsal::RehearsalModel;
use cloudcrew_local::store::Store;
use cloudcrew_ports::model::{Billing, Block, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_runtime::engagement::{Driver, Options, Rest, RunMode};
use serde_json::{Map, Value, json};

use super::server::Server;
use super::table::{Row, Table};
use super::{child, ours, scenario, workspace};

/// Minimum tokens before a cache point.
const MINIMUM: u64 = 1024;
/// USD per million tokens.
const INPUT: f64 = 5.0;
const CACHE_READ: f64 = 0.5;
const CACHE_WRITE: f64 = 6.25;
/// The measure of the scripted server.
const BYTES_PER_TOKEN: usize = 4;
/// Characters of a live model's text around its calls.
const WORDS: usize = 1500;

/// Runs both workloads with and without cache points, and prints the cost of their input.
pub fn print(server: &Server, folder: &Path) {
    let mut table = Table::default();
    let visit = long_visit();
    let [without, with] = [None, Some(MINIMUM)].map(|minimum| {
        let folder = folder.join(format!("visit-{minimum:?}"));
        let mut scenario = scenario::in_our_words(&visit);
        scenario["cache_minimum"] = json!(minimum);
        workspace::write(&folder.join("workspace"), &scenario);
        std::fs::write(folder.join("scenario.json"), scenario.to_string()).expect("written");
        bill(server, &scenario, "ours", &folder)
    });
    add(&mut table, "one visit of 50 turns", &without, &with);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let said = runtime.block_on(rehearsed(&folder.join("rehearsed")));
    for (calls, words) in [(3, "three calls"), (1, "one call")] {
        let script = script(&said, calls);
        let [without, with] = [None, Some(MINIMUM)].map(|minimum| {
            let folder = folder.join(format!("delivery-{calls}-{minimum:?}"));
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(folder.join("minimum.json"), json!(minimum).to_string())
                .expect("written");
            bill(server, &script, "engagement", &folder)
        });
        add(
            &mut table,
            &format!("the shipped crew's six phases, {words} in a reply"),
            &without,
            &with,
        );
    }
    println!();
    println!(
        "input cost in USD, {INPUT} per million tokens, {CACHE_READ} read from the cache, \
         {CACHE_WRITE} written to it; at least {MINIMUM} tokens before a point"
    );
    table.print("no points", "with ours");
}

/// The bill of one run.
struct Bill {
    requests: u64,
    fresh: f64,
    read: f64,
    written: f64,
    output: f64,
    /// USD that any placement of points costs at least.
    bound: f64,
}

impl Bill {
    fn usd(&self) -> f64 {
        (self.fresh * INPUT + self.read * CACHE_READ + self.written * CACHE_WRITE) / 1e6
    }

    fn words(&self) -> String {
        let thousand = |tokens: f64| format!("{:.1}k", tokens / 1e3);
        format!(
            "{} requests; input {}, read {}, written {}, output {}",
            self.requests,
            thousand(self.fresh),
            thousand(self.read),
            thousand(self.written),
            thousand(self.output)
        )
    }
}

fn add(table: &mut Table, work: &str, without: &Bill, with: &Bill) {
    table.add(Row::saved(work, without.usd(), with.usd(), 0.7));
    table.note(format!("{work}, no points: {}", without.words()));
    let most = 100.0 - without.bound / without.usd() * 100.0;
    table.note(format!(
        "{work}: because of what is sent for the first time, no placement of points can \
        save more than {most:.1} %"
    ));
    table.note(format!("{work}, with ours: {}", with.words()));
}

fn bill(server: &Server, scenario: &Value, mode: &str, folder: &Path) -> Bill {
    let mut scenario = scenario.clone();
    scenario["model"]["cache"] = json!({ "minimum": MINIMUM });
    server.load(&scenario);
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(mode).arg(folder);
    server.serves(&mut command);
    let run = child::run(&command);
    let end = run.said["ends"][0].as_str().unwrap_or_default();
    assert!(end.starts_with("Completed"), "{end} {}", run.complaint);
    let (meter, requests) = (server.meter(), server.requests());
    let tokens = |name: &str| meter["complete"][name].as_f64().expect("a number of tokens");
    assert_eq!(
        requests.as_array().map(Vec::len).unwrap_or(0) as u64,
        meter["complete"]["answers"],
        "the server kept every request"
    );
    Bill {
        requests: meter["complete"]["answers"].as_u64().expect("a number of answers"),
        fresh: tokens("inputTokens"),
        read: tokens("cacheReadInputTokens"),
        written: tokens("cacheWriteInputTokens"),
        output: tokens("outputTokens"),
        bound: bound(&requests),
    }
}

/// The minimum cost of the requests: everything new is paid in full, and everything repeated is
/// read from a cache that never expires.
fn bound(requests: &Value) -> f64 {
    let mut seen = HashSet::new();
    let (mut new, mut old) = (0, 0);
    for request in requests.as_array().expect("requests") {
        let mut before = String::new();
        let body = &request["body"];
        let said = list(&body["messages"]).flat_map(|message| list(&message["content"]));
        for part in list(&body["toolConfig"]["tools"]).chain(list(&body["system"])).chain(said) {
            let text = part.to_string();
            before = sha256(before + &text);
            *(if seen.insert(before.clone()) { &mut new } else { &mut old }) +=
                text.len() / BYTES_PER_TOKEN;
        }
    }
    (new as f64 * INPUT + old as f64 * CACHE_READ) / 1e6
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Fifty turns of a model that says what it does, each reading a page.
fn long_visit() -> Value {
    let mut scenario = scenario::alone(50, WORDS);
    for turn in scenario["model"]["agents"]["a"]["turns"].as_array_mut().expect("turns") {
        turn["text"] = words("", 0).into();
    }
    scenario
}

/// As verbose as live models are.
fn words(said: &str, number: usize) -> String {
    let more = format!(
        " In step {number} I look at what the statement of work asks for, what is on record, and \
         what the others need from me before I write; \
         nothing is left open that I can close here, and what I assume I say."
    );
    format!("{said}{}", more.repeat(WORDS / more.len() + 1))
        .chars()
        .take(WORDS.max(said.len()))
        .collect()
}

/// The shipped crew, with prompts that identify the agent to the server.
fn crew() -> Definition {
    let mut files = files(&root());
    for (_, bytes) in files
        .iter_mut()
        .filter(|(name, _)| name.starts_with("prompts/") && !name.starts_with("prompts/tasks/"))
    {
        bytes.splice(0..0, *b"AGENT:{{ agent.name }} RUN:{{ project }}\n");
    }
    defined(&files).expect("the shipped crew is right")
}

/// What each agent says in a rehearsal of a delivery, in order.
async fn rehearsed(folder: &Path) -> Vec<(String, ModelReply)> {
    let said = Said::default();
    let model = Recording(RehearsalModel::new(Arc::new(crew()), None), said.clone());
    let (rest, ..) = drive(folder, Arc::new(model)).await;
    assert!(matches!(&rest, Rest::Ended(_)), "{rest:?}");
    said.lock().expect("nobody panicked").clone()
}

/// Turns the recorded replies into scripts: as verbose as a live model, with this many calls per
/// reply.
fn script(said: &[(String, ModelReply)], calls_each: usize) -> Value {
    let mut scripts: Map<String, Value> = Map::new();
    for (number, (agent, reply)) in said.iter().enumerate() {
        let script = scripts.entry(agent).or_insert_with(|| json!({ "turns": [] }));
        let turns = script["turns"].as_array_mut().expect("turns");
        let text: String = reply
            .content
            .iter()
            .filter_map(|b| if let Block::Text(text) = b { Some(text.as_str()) } else { None })
            .collect();
        let calls: Vec<Value> = reply
            .content
            .iter()
            .filter_map(|b| {
                if let Block::ToolUse(call) = b {
                    Some(json!({ "name": call.name, "input": call.input }))
                } else {
                    None
                }
            })
            .collect();
        let usage = |calls: &[Value]| {
            json!({ "output": (WORDS + calls.iter().map(|c| c.to_string(
            ).len()).sum::<usize>()) / 4 })
        };
        if calls.is_empty() {
            turns.push(json!({ "text": words(&text, number), "usage": usage(&[]) }));
        }
        for calls in calls.chunks(calls_each) {
            turns.push(
                json!({ "text": words(&text, number), "tools": calls, "usage": usage(calls) }),
            );
        }
    }
    json!({ "model": { "agents": scripts } })
}

type Said = Arc<Mutex<Vec<(String, ModelReply)>>>;

/// The rehearsal model, recording its replies.
struct Recording(RehearsalModel, Said);

#[async_trait]
impl Model for Recording {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let agent = request.agent.to_owned();
        let reply = self.0.complete(request).await?;
        self.1.lock().expect("nobody panicked").push((agent, reply.clone()));
        Ok(reply)
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

/// The other side of [`print`]: a delivery through the Bedrock adapter.
pub fn main(folder: &Path) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let minimum: Value =
        serde_json::from_slice(&std::fs::read(folder.join("minimum.json")).expect("a file"))
            .expect("JSON");
    let (rest, input, output) = runtime.block_on(async {
        let service = Service::new(&Place::default()).await;
        drive(folder, Arc::new(BedrockModel::new(service, ours::settings(minimum.as_u64())))).await
    });
    let end = match rest {
        Rest::Ended(end) => format!("{:?}: {}", end.kind, end.text),
        rest => format!("{rest:?}"),
    };
    println!("{}", json!({ "input": input, "output": output, "ends": [end] }));
}

async fn drive(folder: &Path, model: Arc<dyn Model>) -> (Rest, u64, u64) {
    let definition = crew();
    let home = folder.join("home");
    let store = Store::open(&home).expect("a store");
    let sow = std::fs::read_to_string(root().join(SOW)).expect("a file");
    let voice = RunMode::Live { record: None };
    let work = Work { definition: &definition, workflow: "delivery", sow, voice };
    let repo = begun_with(&home, &store, "demo", work).await;
    let mut ports = ports(&store, repo, "demo").await;
    ports.model = model;
    ports.clock = Arc::new(SystemClock::default());
    let driver = Driver::open(
        ports,
        "demo",
        &this_process(),
        Options { approve_all: true, ..Options::default() },
    )
    .await
    .expect("the lease");
    let rest = driver.drive().await.expect("the world is whole");
    let usage = driver.look(|engagement| engagement.state.meter.total().usage).await;
    (rest, usage.input_tokens, usage.output_tokens)
}
