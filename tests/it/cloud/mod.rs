//! A deployment on AWS: the state machine as it is generated, executed by the rig, with the real
//! program behind every state.

mod agreement;
mod bends;
mod crash;
mod live;
mod proxy;
mod races;
mod trips;
mod waits;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use cloudcrew_aws::blob::Bucket;
use cloudcrew_aws::connection;
use cloudcrew_aws::store::Store;
use cloudcrew_local::clock::RehearsalClock;
use cloudcrew_plan::checks::load;
use cloudcrew_ports::journal::{Entry, Head, Journal as _};
use cloudcrew_ports::ledger::{Ledger as _, LedgerRow};
use cloudcrew_ports::program::NoPrograms;
use cloudcrew_ports::server::NoServers;
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_runtime::engagement::{
    BaseRecord, Begin, Decision, Driver, Engagement, Options, Record, Rest, RunMode, SowFile,
    State, Submission, begin, open, record,
};
use serde_json::{Value, json};

use crate::remote::server_with;
use crate::support::rig::rig_runs;
use crate::support::service::{Asked, Reply, asked, parse};
use crate::support::{inside, root, sources};

const PROJECT: &str = "demo";

/// The state machine with the real program, and the HTTP interface before it.
struct Machine {
    process: Child,
    input: ChildStdin,
    said: Receiver<Value>,
    table: Store,
    bucket: Bucket,
    /// What the names of its parts begin with.
    name: String,
    /// Path of the interface on the rig.
    api: String,
    /// Path of the WebSocket on the rig.
    live: String,
    /// Token of a person.
    token: String,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Machine {
    async fn new(workspace: &Path, variables: &[String]) -> Machine {
        let mut process = Command::new(rig_runs())
            .arg(root().join("tests/rigs/machine/real.py"))
            .arg(workspace.join("infra/terraform"))
            .arg(binary())
            .args(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let input = process.stdin.take().expect("a pipe");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = tell.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let made: Value = said.recv_timeout(Duration::from_secs(60)).expect("it is set up");
        let name = |key: &str| made[key].as_str().expect("a name").to_owned();
        let config = connection().await;
        let (table, bucket) = (Store::new(&config, &name("table")), name("bucket"));
        let bucket = Bucket::new(&config, &bucket);
        let name_of = name("table");
        Machine {
            process,
            input,
            said,
            table,
            bucket,
            name: name_of,
            api: name("api"),
            live: name("live"),
            token: name("token"),
        }
    }

    fn record(&self) -> Record<'_> {
        Record::new(&self.table, &self.bucket)
    }

    async fn engagement(&self, project: &str) -> Engagement {
        open(self.record(), project).await.expect("an engagement")
    }

    /// Asks the HTTP interface, as the person of the rig.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let mut request = asked(method, &format!("{}{path}", self.api))
            .header("authorization", &format!("Bearer {}", self.token))
            .header("connection", "close");
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        sent(&request)
    }

    /// Kills the first container of an engagement. Another is started long before a heartbeat is
    /// missed.
    fn kill_task(&self, project: &str) {
        let kill = Command::new("kill").args(["-9", &self.task(project).to_string()]).status();
        assert!(kill.expect("kill starts").success(), "it had ended");
    }

    /// The process of the first container of an engagement.
    fn task(&self, project: &str) -> u64 {
        let of_project = |entry: &&Value| {
            entry["environment"].as_array().is_some_and(|variables| {
                variables.iter().any(|v| v["name"] == "PROJECT_ID" && v["value"] == project)
            })
        };
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < Duration::from_secs(60), "no container starts");
            let log = self.get("/_rig/log").is(200).json();
            let started = log.as_array().into_iter().flatten().find(of_project);
            if let Some(pid) = started.and_then(|entry| entry["pid"].as_u64()) {
                return pid;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a file by a form that the interface makes; returns its id.
    fn uploads(&self, bytes: &[u8]) -> String {
        let place = self.ask("POST", "/uploads", None).is(200).json();
        let mut body = Vec::new();
        for field in place["form"]["fields"].as_array().expect("fields") {
            let (name, value) = (field[0].as_str().expect("a name"), field[1].as_str());
            let value = value.expect("a value");
            let part = format!(
                "--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.bytes());
        }
        let file =
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"sow\"\r\n\r\n";
        body.extend(file.bytes());
        body.extend(bytes);
        body.extend(b"\r\n--cut--\r\n");
        let url = place["form"]["url"].as_str().expect("a URL");
        let path = url.splitn(4, '/').nth(3).expect("a path");
        let sent = sent(
            &asked("POST", &format!("/{path}"))
                .header("connection", "close")
                .header("content-type", "multipart/form-data; boundary=cut")
                .body(body),
        );
        assert!(matches!(sent.status, 200 | 204), "{} {}", sent.status, sent.body);
        place["upload"].as_str().expect("an id").to_owned()
    }

    /// Invokes a function.
    fn invoke(&self, function: &str, event: &Value) -> Reply {
        let path = format!("/2015-03-31/functions/{}-{function}/invocations", self.name);
        sent(&asked("POST", &path).header("connection", "close").body(event.to_string()))
    }

    /// What the rig itself says.
    fn get(&self, path: &str) -> Reply {
        sent(&asked("GET", path).header("connection", "close"))
    }

    /// Compares the calls that each program made with what Terraform lets it do. Programs and
    /// actions of `idle` are not needed in this test.
    fn has_needed_what_it_may(&self, workspace: &Path, idle: &[&str]) {
        let file = workspace.join("infra/terraform/crew.auto.tfvars.json");
        let text = std::fs::read_to_string(file).expect("the variables");
        let variables: Value = serde_json::from_str(&text).expect("JSON");
        let all = self.get("/_rig/calls").is(200).json();
        let name = |part: &str| part.strip_suffix("_task").unwrap_or(part).to_owned();
        let mut wrong = Vec::new();
        for (part, actions) in variables["iam_actions"].as_object().expect("parts") {
            let Some(seen) = all.get(format!("{}-{}", self.name, name(part))) else { continue };
            let texts = |list: &Value| -> BTreeSet<String> {
                let list = list.as_array().into_iter().flatten();
                list.filter_map(Value::as_str).map(str::to_owned).collect()
            };
            let (may, seen) = (texts(actions), texts(seen));
            let rare = |action: &&String| {
                let mut rare = RARE.iter().chain(idle);
                rare.any(|rare| action.starts_with(rare) || part == rare)
            };
            let idle: Vec<&String> = may.difference(&seen).filter(|action| !rare(action)).collect();
            let missing: Vec<&String> = seen.difference(&may).collect();
            if !idle.is_empty() || !missing.is_empty() {
                wrong.push(format!("{part}: never needed {idle:?}, missing {missing:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Starts an engagement over HTTP.
    fn begins(&self, id: &str, repo: &str, more: Value) {
        let sow = "retail-orders.md";
        let bytes = std::fs::read(root().join("examples/sow").join(sow)).expect("a file");
        let mut new = json!({ "id": id, "workflow": "delivery",
            "sow": { "name": sow, "upload": self.uploads(&bytes) }, "repo": { "url": repo } });
        let all = new.as_object_mut().expect("an object");
        all.extend(more.as_object().cloned().expect("an object"));
        self.ask("POST", "/projects", Some(&new)).is(201);
    }

    /// Does what the person is asked for until the execution of this name has ended; `decide` makes
    /// the path and the body of an answer from a request, if it is to be answered.
    fn answers(
        &mut self,
        execution: &str,
        mut decide: impl FnMut(&Value) -> Option<(String, Value)>,
    ) -> Value {
        writeln!(self.input, "{execution}").expect("it waits for it");
        let began = Instant::now();
        loop {
            if let Ok(end) = self.said.try_recv() {
                return end;
            }
            assert!(began.elapsed() < Duration::from_secs(280), "it does not end");
            let inbox = self.ask("GET", "/inbox", None).is(200).json();
            for request in inbox["requests"].as_array().expect("requests") {
                let Some((path, answer)) = decide(request) else { continue };
                // The inbox may lag behind the decision.
                let reply = self.ask("POST", &path, Some(&answer));
                assert!(matches!(reply.status, 200 | 409), "{} {}", reply.status, reply.body);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// What a program may do although it need not have done it here.
const RARE: [&str; 12] = [
    // Not seen on the rig: keys of encryption, passed roles, live models.
    "kms:",
    "iam:",
    "bedrock:",
    // Without it, a missing object is refused instead of not found.
    "s3:ListBucket",
    // A Git server was away, or an entry is large.
    "dynamodb:DeleteItem",
    "s3:PutObject",
    // Whoever is first reports an outcome.
    "states:SendTaskFailure",
    "states:SendTaskSuccess",
    // A list asks who drives what is driven at that moment.
    "dynamodb:BatchGetItem",
    // A second deadline, after the first.
    "scheduler:UpdateSchedule",
    // A message was written to the crew.
    "lambda:InvokeFunction",
    // Which of two actions SES asks for depends on the content; only an account shows it.
    "ses:Send",
];

/// The program behind the states; `CLOUDCREW_BINARY` names another build of it.
fn binary() -> std::path::PathBuf {
    let other = std::env::var_os("CLOUDCREW_BINARY");
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_cloudcrew").into()).into()
}

/// Sends a request to the rig.
fn sent(request: &Asked) -> Reply {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").expect("the rig runs");
    let host = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("a connection");
    stream.write_all(&request.bytes(host)).expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    parse(&answer).expect("a reply")
}

/// Approves a gate.
fn approved(request: &Value) -> Option<(String, Value)> {
    let project = request["project"].as_str().expect("a project");
    let answer = json!({ "request": request["id"], "digest": request["digest"] });
    Some((format!("/projects/{project}/approve"), answer))
}

/// Starts the engagement of the shipped crew.
async fn started(record: Record<'_>, url: &str) {
    started_at(record, url, None).await;
}

/// Starts it at a commit of `main`.
async fn started_at(record: Record<'_>, url: &str, base: Option<&str>) {
    let definition = load(&sources(&root()), &catalogue()).definition.expect("the crew is right");
    let plan = cloudcrew_plan::build(&definition, "delivery").expect("a plan");
    let sow = "retail-orders.md";
    let text = std::fs::read_to_string(root().join("examples/sow").join(sow)).expect("the file");
    let start = Begin {
        project: PROJECT,
        actor: "customer",
        definition: &definition,
        plan: &plan,
        entry: None,
        sow: SowFile { name: sow.into(), text },
        inputs: Default::default(),
        overlay: None,
        after: None,
        model: None,
        agent_models: Vec::new(),
        voice: RunMode::Rehearsal,
        rehearsal: None,
        repo: "repos/demo.git".into(),
        remote: Some(url.to_owned()),
        branch: "cloudcrew/demo".into(),
        identity: "0123456789abcdef".into(),
        base: base.map(|commit| BaseRecord { commit: commit.to_owned(), name: "main".into() }),
        date: "2026-01-05".into(),
        now: 1_767_600_000_000,
    };
    begin(record, start).await.expect("it begins");
}

/// What the programs need to know of a repository: the secrets of the crew, and variables.
fn variables(repo: &str) -> [String; 2] {
    let host = repo.split('/').nth(2).and_then(|at| at.rsplit('@').next()).expect("a host");
    let secrets = json!({ "git_127_0_0_1": "crew:let-me-in" });
    [secrets.to_string(), format!("CLOUDCREW_REPO_HOST={host}")]
}

#[tokio::test]
#[ignore = "needs the AWS rig, git, python3 and openssl: see tests/rigs/README.md"]
async fn the_generated_machine_runs_the_real_program_through_all_phases() {
    let git = server_with(false, false);
    let mut machine = Machine::new(&root(), &variables(&git.url)).await;
    let sow = "retail-orders.md";
    machine.begins(PROJECT, &git.url, json!({ "model": "rehearsal" }));
    let mut has_waited = false;
    let end = machine.answers(PROJECT, |request| {
        if !std::mem::replace(&mut has_waited, true) {
            comes_to_rest();
        }
        approved(request)
    });
    assert_eq!(end["status"], "SUCCEEDED", "{end:#}");
    let status = machine.ask("GET", "/projects/demo/status", None).is(200).json();
    assert_eq!(status["state"], "done", "{status:#}");
    let engagement = machine.engagement(PROJECT).await;
    let answers = entries(&machine.table, PROJECT, "request_answered").await;
    let learnt = end["answered"].as_array().expect("times").iter().filter_map(Value::as_i64);
    let took: Vec<i64> = answers.iter().zip(learnt).map(|(answer, at)| at - answer.at).collect();
    println!("from a recorded decision to its machine: {took:?} ms");
    let ended = engagement.state.end.as_ref().expect("an end");
    assert_eq!(ended.text, "all phases are done");

    // The same engagement on one machine, with the same decisions.
    let home = tempfile::tempdir().expect("a folder");
    inside::start_as(home.path(), &engagement.state.started, sow).await;
    let (mut ports, store, _) = inside::ports(home.path()).await;
    let why = "programs are not supported in this deployment";
    ports.programs = Arc::new(NoPrograms(why.to_owned()));
    ports.servers = Arc::new(NoServers(why.to_owned()));
    let driver = Driver::open(ports, PROJECT, &inside::dead(1), Options::default()).await;
    let driver = driver.expect("a driver");
    let gates = engagement.state.requests.iter().filter_map(|request| request.answer.as_ref());
    for answer in gates {
        assert!(matches!(driver.drive().await, Ok(Rest::Waiting(_))));
        let mut at = driver.engagement().await;
        let request = at.state.open_requests().next().expect("a gate").clone();
        let submission = Submission {
            request: request.id.clone(),
            digest: Some(request.digest.clone()),
            decision: Decision::Approve { ratings: Vec::new() },
            actor: answer.actor.clone(),
            channel: answer.channel.clone(),
            groups: Vec::new(),
            email: None,
            unverified: false,
            remarks: Vec::new(),
        };
        let clock = RehearsalClock::default();
        clock.not_before(at.state.times.1);
        record(Record::of(&store), &clock, &mut at, submission).await.expect("it is recorded");
    }
    assert!(matches!(driver.drive().await, Ok(Rest::Ended(_))));
    let local = driver.engagement().await;
    let (here, there) = (&local.state, &engagement.state);
    assert_eq!(artifacts(there), artifacts(here));
    assert_eq!(there.meter.total().usage, here.meter.total().usage);
    assert_eq!(there.meter.total().micro_usd, here.meter.total().micro_usd);
    assert_eq!(there.handoffs, here.handoffs);
    let rows = |rows: Vec<LedgerRow>| -> Vec<(String, String, String)> {
        rows.into_iter().map(|row| (row.id, row.phase, row.title)).collect()
    };
    let there = machine.table.rows(PROJECT).await.expect("a ledger");
    assert_eq!(rows(there), rows(store.rows(PROJECT).await.expect("a ledger")));

    // What others see is what the journal says.
    let tree = git.git(&["ls-tree", "-r", "cloudcrew/demo"]);
    for (path, oid) in artifacts(&engagement.state) {
        assert!(tree.contains(&format!("{oid}\t{path}")), "{path} is not on the server");
    }
    assert_eq!(plan_states(&end), visited(&machine.table, PROJECT).await);
}

/// Waits until no function is invoked for three seconds, apart from the interface: while a gate
/// waits, nothing runs.
fn comes_to_rest() {
    let count = || {
        let log = sent(&asked("GET", "/_rig/log").header("connection", "close")).is(200).json();
        let is_call =
            |entry: &&Value| entry["function"].as_str().is_some_and(|name| !name.ends_with("-api"));
        log.as_array().expect("a log").iter().filter(is_call).count()
    };
    let (began, mut before) = (Instant::now(), count());
    loop {
        std::thread::sleep(Duration::from_secs(3));
        let now = count();
        if now == before {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(45), "functions run while a gate waits");
        before = now;
    }
}

/// The states of the plan that an execution entered.
fn plan_states(end: &Value) -> Vec<String> {
    let names = end["states"].as_array().expect("states").iter().filter_map(Value::as_str);
    names.filter(|name| is_of_plan(name)).map(str::to_owned).collect()
}

/// Whether a state of the machine is one of the plan, not one that only chooses or counts.
fn is_of_plan(name: &str) -> bool {
    let counts = [".next", ".retry", ".deliver", ".rework", ".revise", ".record"];
    !counts.iter().any(|end| name.ends_with(end)) && !["begin", "enter"].contains(&name)
}

/// The entries of a journal, of one kind.
async fn entries(table: &Store, project: &str, kind: &str) -> Vec<Entry> {
    let (mut found, mut head) = (Vec::new(), Head::default());
    loop {
        let page = table.read(project, &head, 500).await.expect("entries");
        let Some(last) = page.last() else { return found };
        head = Head { seq: last.seq, hash: last.hash.clone() };
        found.extend(page.into_iter().filter(|entry| entry.kind == kind));
    }
}

/// The states that the journal entered.
async fn visited(table: &Store, project: &str) -> Vec<String> {
    let entered = entries(table, project, "entered").await;
    entered.iter().filter_map(|e| e.payload["state"].as_str()).map(str::to_owned).collect()
}

/// The files of the crew, with the object ids of their content.
fn artifacts(state: &State) -> Vec<(String, String)> {
    state.artifacts.iter().map(|(path, file)| (path.clone(), file.oid.clone())).collect()
}
