//! Turns that occur only with live models: tool calls before and after a handoff in one reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use cloudcrew_local::clock::SystemClock;
use cloudcrew_local::store::Store;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{Head, Journal as _, MAX_APPEND};
use cloudcrew_ports::repo::{CommitRequest, Logged, Published, Repo, RepoError, TreeFile};
use cloudcrew_runtime::engagement::{
    Decision, Driver, Options, Record, RequestKind, Rest, Submission, open, record,
};
use cloudcrew_tools::{Outcome, Tool, ToolError, Toolbox, Workplace};
use serde_json::{Value, json};

use crate::support::inside::{dead, ports};
use crate::support::says::{Says, begun, results};

#[tokio::test]
async fn a_handoff_between_two_writes_does_not_deadlock() {
    let (_folder, mut ports, store, repo) = begun().await;
    let write = |path: &str| ("repo_write", json!({ "path": path, "content": path }));
    let note =
        |title: &str| ("ledger_write", json!({ "kind": "fact", "title": title, "source": "test" }));
    ports.model = Says::turns(vec![vec![
        write("docs/project-plan/a.md"),
        ("handoff_to_agent", json!({ "agent_name": "sa", "message": "your turn" })),
        write("docs/project-plan/b.md"),
        ("no_such_tool", json!({})),
        note("one"),
        ("repo_list", json!({})),
        ("ledger_write", json!({ "kind": "nonsense" })),
        note("two"),
    ]]);
    let driver =
        Driver::open(ports, "demo", &dead(0), Options::default()).await.expect("the lease");
    let rest = tokio::time::timeout(Duration::from_secs(30), driver.drive())
        .await
        .expect("no tool waits for a turn that never comes");
    rest.expect("the world is whole");
    let head = cloudcrew_ports::repo::Repo::head(&repo).await.expect("a head").expect("a branch");
    let log = cloudcrew_ports::repo::Repo::log(&repo, None, &head).await.expect("history");
    let steps: Vec<String> = log.into_iter().filter_map(|commit| commit.anchor.step).collect();
    assert_eq!(
        steps,
        ["demo/start.sow", "demo/discovery.1.v1.t0.c0", "demo/discovery.1.v1.t0.c2"],
        "in the order of the calls"
    );
    let rows = cloudcrew_ports::ledger::Ledger::rows(&store, "demo").await.expect("rows");
    assert_eq!(rows.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn a_reply_may_request_more_than_one_append_holds() {
    let (_folder, mut ports, store, _) = begun().await;
    let calls = 2 * MAX_APPEND + 1;
    let reads = vec![("repo_read", json!({ "path": "docs/sow/clinic-scheduling.md" })); calls];
    ports.model = Says::turns(vec![reads]);
    let driver =
        Driver::open(ports, "demo", &dead(0), Options::default()).await.expect("the lease");
    driver.drive().await.expect("the world is whole");
    let engagement = open(Record::of(&store), "demo").await.expect("its journal is whole");
    let entries = store.read("demo", &Head::default(), usize::MAX).await.expect("entries");
    let read =
        entries.iter().filter(|entry| entry.payload["input"]["input"] == "tool_result").count();
    assert_eq!((read, engagement.head.seq), (calls, entries.len() as u64));
}

/// A repository that answers only after the reply that requested the file is recorded.
struct Patient(Arc<dyn Repo>, Store);

#[async_trait]
impl Repo for Patient {
    fn branch(&self) -> &str {
        self.0.branch()
    }

    async fn head(&self) -> Result<Option<String>, StoreError> {
        self.0.head().await
    }

    async fn commit(
        &self,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError> {
        self.0.commit(parent, request).await
    }

    async fn list(&self, commit: &str, below: &str) -> Result<Vec<TreeFile>, StoreError> {
        self.0.list(commit, below).await
    }

    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let began = Instant::now();
        loop {
            let entries = self.1.read("demo", &Head::default(), usize::MAX).await?;
            if entries.iter().any(|entry| entry.payload["input"]["input"] == "reply") {
                return self.0.read(commit, path).await;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "a paid reply waits for a tool");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn publish(&self) -> Result<Published, StoreError> {
        self.0.publish().await
    }

    async fn claim(&self) -> Result<Option<Logged>, StoreError> {
        self.0.claim().await
    }

    async fn find(&self, commit: &str, path: &str) -> Result<Option<TreeFile>, StoreError> {
        self.0.find(commit, path).await
    }

    async fn blob(&self, oid: &str) -> Result<Vec<u8>, StoreError> {
        self.0.blob(oid).await
    }

    async fn log(&self, base: Option<&str>, head: &str) -> Result<Vec<Logged>, StoreError> {
        self.0.log(base, head).await
    }

    async fn authors(
        &self,
        base: Option<&str>,
        head: &str,
        paths: &[String],
        except: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.0.authors(base, head, paths, except).await
    }
}

#[tokio::test]
async fn a_reply_is_recorded_before_a_slow_tool_finishes() {
    let (_folder, mut ports, store, _) = begun().await;
    let read = ("repo_read", json!({ "path": "docs/sow/clinic-scheduling.md" }));
    ports.model = Says::turns(vec![vec![read]]);
    ports.repo = Arc::new(Patient(ports.repo, store));
    let driver =
        Driver::open(ports, "demo", &dead(0), Options::default()).await.expect("the lease");
    driver.drive().await.expect("the world is whole");
}

#[tokio::test]
async fn an_impossible_path_is_not_found() {
    let (_folder, mut ports, store, _) = begun().await;
    let paths = ["a\0b", "docs/\0", "/", "..", "docs//sow", "\u{FEFF}"];
    let reads = paths.map(|path| ("repo_read", json!({ "path": path }))).to_vec();
    ports.model = Says::turns(vec![reads]);
    let driver =
        Driver::open(ports, "demo", &dead(0), Options::default()).await.expect("the lease");
    driver.drive().await.expect("the world is whole");
    assert_eq!(results(&store).await, paths.map(|path| format!("{path} not found")));
}

/// A tool that has its effect and then takes the process down with it.
struct Dies(Arc<AtomicUsize>);

#[async_trait]
impl Tool for Dies {
    fn info(&self) -> ToolInfo {
        ToolInfo {
            name: "parse_sow".to_owned(),
            description: "Sends the statement of work somewhere.".to_owned(),
            schema: json!({ "type": "object" }),
            capability: Capability::Read,
            effect: Effect::Uncertain,
            in_review: false,
            programs: Vec::new(),
        }
    }

    async fn call(&self, _: &dyn Workplace, _: Value) -> Result<Outcome, ToolError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(ToolError::Failed(std::io::Error::other("the process dies here").into()))
    }
}

#[tokio::test]
async fn a_call_whose_effect_is_uncertain_is_not_repeated_after_a_crash() {
    let (folder, mut first, ..) = begun().await;
    let effects = Arc::new(AtomicUsize::new(0));
    let mut toolbox = Toolbox::built_in();
    toolbox.add(Dies(effects.clone()));
    first.tools = Arc::new(toolbox.clone());
    let says = Says::turns;
    first.model = says(vec![vec![("parse_sow", json!({}))]]);
    let driver =
        Driver::open(first, "demo", &dead(0), Options::default()).await.expect("the lease");
    driver.drive().await.expect_err("the tool failed");
    let (mut second, ..) = ports(&folder.path().join("home")).await;
    second.tools = Arc::new(toolbox);
    second.model = says(Vec::new());
    let driver =
        Driver::open(second, "demo", &dead(1), Options::default()).await.expect("the lease");
    let rest = driver.drive().await.expect("the world is whole");
    assert_eq!(effects.load(Ordering::Relaxed), 1, "the effect was repeated");
    let Rest::Waiting(asked) = rest else { panic!("{rest:?}") };
    let kinds: Vec<&RequestKind> = asked.iter().map(|request| &request.kind).collect();
    let RequestKind::Question { question, form, .. } = kinds[0] else { panic!("{kinds:?}") };
    assert!(form.is_effect() && question.contains("parse_sow"), "a person was not asked");
}

#[tokio::test]
async fn several_questions_are_one_request_and_each_is_answered() {
    let (folder, mut first, store, _) = begun().await;
    let asks = json!({ "question": "In which region?", "choices": ["eu-central-1", "us-east-1"],
        "more": [{ "question": "Since when?", "optional": true },
            { "question": "Who decides?" }] });
    first.model = Says::turns(vec![vec![("ask_customer", asks)]]);
    let driver =
        Driver::open(first, "demo", &dead(0), Options::default()).await.expect("the lease");
    let Rest::Waiting(asked) = driver.drive().await.expect("the world is whole") else {
        panic!("nobody was asked")
    };
    drop(driver);
    let mut engagement = open(Record::of(&store), "demo").await.expect("an engagement");
    let mut answered = async |words: &str| {
        let given = Submission {
            request: asked[0].id.clone(),
            decision: Decision::Answer { value: words.into() },
            actor: "customer".into(),
            groups: Vec::new(),
            channel: "terminal".into(),
            digest: None,
            remarks: Vec::new(),
            email: None,
            unverified: false,
        };
        record(Record::of(&store), &SystemClock::default(), &mut engagement, given).await
    };
    let why = answered("3").await.expect_err("no such choice").to_string();
    assert!(why.contains("3 questions") && why.contains("Line 1") && why.contains("us-east-1"));
    assert!(answered("2\nMay").await.expect_err("one is open").to_string().contains("Line 3"));
    answered("2\n\nBea").await.expect("all are answered");
    let (mut second, ..) = ports(&folder.path().join("home")).await;
    second.model = Says::turns(Vec::new());
    let driver =
        Driver::open(second, "demo", &dead(1), Options::default()).await.expect("the lease");
    driver.drive().await.expect("the world is whole");
    let entries = store.read("demo", &Head::default(), usize::MAX).await.expect("entries");
    let told = entries.iter().any(|entry| {
        entry.kind == "swarm_input"
            && entry.payload.to_string().contains(r"region?\n  us-east-1\nSince when?\n  (skipped)")
    });
    assert!(told, "the agent gets each question with its answer");
}
