//! What agents do with the files of the repository.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use cloudcrew_definition::path::RepoPath;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::ledger::{Ledger, LedgerRow};
use cloudcrew_ports::repo::{CommitRequest, Logged, Published, Repo, RepoError, TreeFile};
use cloudcrew_runtime::engagement::{Driver, Engagement, Event, Options};
use cloudcrew_runtime::ports::Ports;
use cloudcrew_runtime::watch::{Live, Watch};
use cloudcrew_tools::{Outcome, Tool, ToolError, Toolbox, Workplace};
use serde_json::{Value, json};

use crate::support::inside::{dead, ports};
use crate::support::says::{Says, Turn, begun, results};

const PLAN: &str = "docs/project-plan/plan.md";

fn write(content: &str) -> Turn {
    vec![("repo_write", json!({ "path": PLAN, "content": content }))]
}

fn edit(old: &str, new: &str) -> Turn {
    vec![("repo_edit", json!({ "path": PLAN, "old": old, "new": new }))]
}

fn search(mut input: Value) -> Turn {
    input["folder"] = "docs/project-plan".into();
    vec![("repo_search", input)]
}

/// Lets an agent take these turns; returns how driving ended.
async fn drive(mut ports: Ports, turns: Vec<Turn>, process: u32) -> bool {
    ports.model = Says::turns(turns);
    let holder = dead(process);
    let driver = Driver::open(ports, "demo", &holder, Options::default()).await;
    driver.expect("the lease").drive().await.is_ok()
}

#[tokio::test]
async fn an_agent_finds_reads_and_replaces_a_passage() {
    let (_folder, ports, store, repo) = begun().await;
    let long = format!("{}needle{}", "é".repeat(400), "é".repeat(400));
    let turns = vec![
        write(&format!("# Plan\nalpha\nBETA\nalpha beta\n{long}\n")),
        search(json!({ "query": "beta" })),
        search(json!({ "query": "^al.ha$|beta", "regex": true, "ignore_case": true })),
        search(json!({ "query": "al(pha", "regex": true })),
        search(json!({ "query": "needle" })),
        search(json!({ "query": "nowhere" })),
        vec![("repo_read", json!({ "path": PLAN, "from": 2, "to": 3 }))],
        vec![("repo_read", json!({ "path": PLAN, "from": 9 }))],
        edit("alpha", "gamma"),
        edit("delta", "gamma"),
        edit("alpha beta", "alpha beta"),
        edit("alpha beta", "gamma"),
        vec![("repo_edit", json!({ "path": "app/main.py", "old": "a", "new": "b" }))],
        vec![("repo_edit", json!({ "path": "docs/project-plan/none.md", "old": "a", "new": "b" }))],
        vec![("repo_read", json!({ "path": PLAN, "to": 4 }))],
    ];
    assert!(drive(ports, turns, 0).await);
    let said: Vec<String> = results(&store).await.into_iter().skip(1).collect();
    insta::assert_snapshot!(said.join("\n---\n"));
    assert!(plan(&repo).await.starts_with("# Plan\nalpha\nBETA\ngamma\n"));
}

/// A tool during which someone else commits to the branch.
struct Meanwhile(GitRepo, &'static str);

#[async_trait]
impl Tool for Meanwhile {
    fn info(&self) -> ToolInfo {
        ToolInfo {
            name: "parse_sow".to_owned(),
            description: "Lets time pass.".to_owned(),
            schema: json!({ "type": "object" }),
            capability: Capability::Read,
            effect: Effect::Pure,
            in_review: false,
            programs: Vec::new(),
        }
    }

    async fn call(&self, _: &dyn Workplace, _: Value) -> Result<Outcome, ToolError> {
        by_customer(&self.0, self.1).await;
        Outcome::text("Later.")
    }
}

/// The customer commits another plan.
async fn by_customer(repo: &GitRepo, text: &str) {
    let parent = repo.head().await.expect("a repository");
    let path = RepoPath::parse(PLAN).expect("a path");
    let change = CommitRequest {
        writes: vec![(path, text.as_bytes().to_vec())],
        message: "A word from the customer".to_owned(),
        author: "customer".to_owned(),
        ..CommitRequest::default()
    };
    repo.commit(parent.as_deref(), &change).await.expect("a commit");
}

async fn plan(repo: &GitRepo) -> String {
    let head = repo.head().await.expect("a repository").expect("a branch");
    let text = repo.read(&head, PLAN).await.expect("a repository").expect("the plan");
    String::from_utf8(text).expect("text")
}

#[tokio::test]
async fn an_edit_keeps_what_others_committed_meanwhile() {
    let (_folder, mut ports, store, repo) = begun().await;
    let mut toolbox = Toolbox::built_in();
    toolbox.add(Meanwhile(repo.clone(), "# Plan\none, as the customer says\ntwo\n"));
    ports.tools = Arc::new(toolbox);
    let turns =
        vec![write("# Plan\none\ntwo\n"), vec![("parse_sow", json!({}))], edit("two", "three")];
    assert!(drive(ports, turns, 0).await);
    assert_eq!(results(&store).await[2], format!("Replaced 3 bytes with 5 in {PLAN}"));
    assert_eq!(plan(&repo).await, "# Plan\none, as the customer says\nthree\n");
}

/// The customer commits when the crew is about to make its second commit.
struct Overtakes(GitRepo, AtomicUsize);

impl Watch for Overtakes {
    fn happened(&self, _: u64, _: i64, event: &Event, _: &Engagement) {
        let intends = matches!(event, Event::CommitIntended { step, .. } if step.contains(".v1."));
        if intends && self.1.fetch_add(1, Ordering::Relaxed) == 1 {
            let repo = self.0.clone();
            let commit = async move { by_customer(&repo, "# Plan\nuno\ntwo\n").await };
            let other = || tokio::runtime::Runtime::new().expect("a runtime").block_on(commit);
            std::thread::spawn(other).join().expect("it commits");
        }
    }

    fn live(&self, _: &str, _: Live<'_>) {}

    fn stop_wanted(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn an_edit_is_refused_when_someone_overtakes_it() {
    let (_folder, mut ports, store, repo) = begun().await;
    ports.watch = Arc::new(Overtakes(repo.clone(), AtomicUsize::new(0)));
    let turns = vec![write("# Plan\none\ntwo\n"), edit("two", "three"), edit("two", "three")];
    assert!(drive(ports, turns, 0).await);
    let said = results(&store).await;
    assert_eq!(said[1], format!("{PLAN} has changed; read it again"));
    assert_eq!(said[2], format!("Replaced 3 bytes with 5 in {PLAN}"));
    assert_eq!(plan(&repo).await, "# Plan\nuno\nthree\n");
}

/// A ledger that fails when an edit is noted: its commit has been recorded by then.
struct FailsAtEdits(Arc<dyn Ledger>);

#[async_trait]
impl Ledger for FailsAtEdits {
    async fn record(&self, engagement: &str, rows: &[LedgerRow]) -> Result<(), StoreError> {
        if rows.iter().any(|row| row.body.starts_with("Edit")) {
            let (what, why) = ("the ledger".to_owned(), "the process dies here".to_owned());
            return Err(StoreError::Unusable { what, why });
        }
        self.0.record(engagement, rows).await
    }

    async fn rows(&self, engagement: &str) -> Result<Vec<LedgerRow>, StoreError> {
        self.0.rows(engagement).await
    }
}

#[tokio::test]
async fn an_edit_is_made_once_when_its_process_dies_after_the_commit() {
    let (folder, mut first, store, repo) = begun().await;
    first.ledger = Arc::new(FailsAtEdits(first.ledger.clone()));
    let turns = vec![write("# Plan\none\n"), edit("one", "one and one")];
    assert!(!drive(first, turns, 0).await, "the ledger failed");
    assert_eq!(results(&store).await.len(), 1, "the edit has no result yet");
    let (second, ..) = ports(&folder.path().join("home")).await;
    assert!(drive(second, Vec::new(), 1).await);
    assert_eq!(results(&store).await[1], format!("Replaced 3 bytes with 11 in {PLAN}"));
    assert_eq!(plan(&repo).await, "# Plan\none and one\n");
}

fn wrote(path: &str) -> Turn {
    vec![("repo_write", json!({ "path": path, "content": "notes\n" }))]
}

fn delete(path: &str) -> Turn {
    vec![("repo_delete", json!({ "path": path, "message": "It is out of date" }))]
}

fn rename(from: &str, to: &str) -> Turn {
    vec![("repo_move", json!({ "from": from, "to": to }))]
}

async fn has(repo: &GitRepo, path: &str) -> bool {
    let head = repo.head().await.expect("a repository").expect("a branch");
    repo.find(&head, path).await.expect("a repository").is_some()
}

const NOTES: &str = "docs/project-plan/notes.md";

#[tokio::test]
async fn an_agent_moves_and_removes_files_of_its_own() {
    let (_folder, ports, store, repo) = begun().await;
    let turns = vec![
        wrote(NOTES),
        rename(NOTES, "docs/project-plan/old/notes.md"),
        rename(NOTES, "docs/project-plan/again.md"),
        rename("docs/project-plan/old/notes.md", "app/notes.md"),
        rename("app/main.py", NOTES),
        write("# Plan\n"),
        rename("docs/project-plan/old/notes.md", PLAN),
        delete(PLAN),
        delete("docs/sow/sow.md"),
        delete("docs/project-plan/old/notes.md"),
        delete("docs/project-plan/old/notes.md"),
        vec![("repo_history", json!({ "path": "docs/project-plan/old/notes.md" }))],
    ];
    assert!(drive(ports, turns, 0).await);
    let said: Vec<String> = results(&store).await.into_iter().take(11).collect();
    insta::assert_snapshot!(said.join("\n---\n"));
    assert!(!has(&repo, "docs/project-plan/old").await && has(&repo, PLAN).await);
}

/// Stops the process when the move has been committed, and before that is recorded.
struct DiesAfterTheMove(Arc<dyn Repo>, AtomicUsize);

#[async_trait]
impl Repo for DiesAfterTheMove {
    async fn commit(
        &self,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError> {
        let made = self.0.commit(parent, request).await?;
        if !request.removes.is_empty() && self.1.fetch_add(1, Ordering::Relaxed) == 0 {
            let (what, why) = ("the repository".to_owned(), "the process dies here".to_owned());
            return Err(StoreError::Unusable { what, why }.into());
        }
        Ok(made)
    }

    fn branch(&self) -> &str {
        self.0.branch()
    }

    async fn head(&self) -> Result<Option<String>, StoreError> {
        self.0.head().await
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

    async fn list(&self, commit: &str, below: &str) -> Result<Vec<TreeFile>, StoreError> {
        self.0.list(commit, below).await
    }

    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.read(commit, path).await
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
async fn a_move_is_made_once_when_its_process_dies_after_the_commit() {
    let (folder, mut first, store, repo) = begun().await;
    first.repo = Arc::new(DiesAfterTheMove(first.repo.clone(), AtomicUsize::new(0)));
    let turns = vec![wrote(NOTES), rename(NOTES, "docs/project-plan/moved.md")];
    assert!(!drive(first, turns, 0).await, "the process died");
    assert!(has(&repo, "docs/project-plan/moved.md").await, "the move is on the branch");
    let moved = repo.head().await.expect("a repository");
    let (second, ..) = ports(&folder.path().join("home")).await;
    assert!(drive(second, Vec::new(), 1).await);
    assert_eq!(results(&store).await[1], format!("Moved {NOTES} to docs/project-plan/moved.md"));
    let head = repo.head().await.expect("a repository").expect("a branch");
    let steps = repo.log(moved.as_deref(), &head).await.expect("a log");
    assert!(steps.iter().all(|commit| {
        commit.anchor.step.as_deref().is_some_and(|step| !step.contains(".v1.t1"))
    }));
    assert!(!has(&repo, NOTES).await);
}

#[tokio::test]
async fn an_agent_sees_who_changed_a_file_and_what() {
    let (_folder, ports, store, _) = begun().await;
    let diff = |mut input: Value| {
        input["path"] = PLAN.into();
        vec![("repo_diff", input)]
    };
    let lines: String = (1..=12).map(|n| format!("line {n}\n")).collect();
    let turns = vec![
        vec![("repo_history", json!({ "path": PLAN }))],
        write(&lines),
        edit("line 6\n", "line six\n"),
        vec![("repo_history", json!({ "path": PLAN }))],
        diff(json!({ "from": "base" })),
        diff(json!({ "from": "approved" })),
        diff(json!({ "from": "0123456" })),
        vec![("repo_diff", json!({ "path": "none.md" }))],
        diff(json!({ "from": "head" })),
    ];
    assert!(drive(ports.clone(), turns, 0).await);
    let said = results(&store).await;
    assert_eq!(said[0], format!("The crew has not written {PLAN}."));
    let versions: Vec<(&str, &str)> =
        said[3].lines().map(|line| line.split_once('\t').expect("a commit")).collect();
    assert!(versions.iter().all(|(_, by)| *by == "pm in discovery run 1"), "{versions:?}");
    let whole: String = lines.lines().map(|line| format!("+{line}\n")).collect();
    assert_eq!(said[4], format!("@@ -0,0 +1,12 @@\n{}", whole.replace("line 6", "line six")));
    assert_eq!(said[5], format!("{PLAN} has no approved version"));
    assert_eq!(said[6], format!("no version `0123456` of {PLAN}"));
    assert_eq!((said[7].as_str(), said[8].as_str()), ("none.md not found", "No changes."));
    assert_eq!(versions.len(), 2);
}

#[tokio::test]
async fn a_search_says_that_it_shows_only_part() {
    let (_folder, ports, store, _) = begun().await;
    let turns = vec![write(&"found\n".repeat(201)), search(json!({ "query": "found" }))];
    assert!(drive(ports, turns, 0).await);
    let said = results(&store).await;
    assert_eq!(said[1].lines().count(), 201);
    assert!(said[1].ends_with("(There may be more; name a folder or search for less.)"));
}
