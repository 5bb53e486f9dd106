//! Agents run programs: only those that they may, on the files of the branch, and what they keep
//! lies in their scope.

use std::path::Path;
use std::sync::Arc;

use cloudcrew_local::program::{Sandbox, folders};
use cloudcrew_local::repo::GitRepo;
use cloudcrew_ports::program::{NoPrograms, Programs as _};
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_runtime::engagement::{Driver, Options};
use serde_json::{Value, json};

use crate::sandbox::sandbox;
use crate::support::inside::{dead, ports, start};
use crate::support::says::{Says, Turn, results};
use crate::support::{Crew, copied, crew, root};

/// Tools of the one agent.
const TOOLS: &str = "tools: [repo_read, repo_list, ledger_read, ledger_write, parse_sow, \
    repo_write, ask_customer, run_command, terraform_fmt, terraform_validate, \
    scan_infrastructure, scan_code, scan_secrets]\n    commands: [python3, sh]";

/// What the tools say when the agent of a small crew takes these turns, and the repository then.
async fn said(turns: Vec<Turn>, place: Option<Sandbox>) -> (Vec<String>, GitRepo, Crew) {
    let crew = copied(&root().join("examples/minimal"));
    let tools = "tools: [repo_read, repo_list, ledger_read, ledger_write, parse_sow, repo_write, \
                 ask_customer]";
    crew.edit("agents.yaml", tools, TOOLS);
    let home = crew.folder.path().join("inside");
    start(&home, crew.workspace(), "clinic-scheduling.md", None).await;
    let (mut ports, store, repo) = ports(&home).await;
    ports.model = Says::turns(turns);
    ports.programs = match place {
        Some(place) => Arc::new(place),
        None => Arc::new(NoPrograms("no bubblewrap here".into())),
    };
    let driver = Driver::open(ports, "demo", &dead(0), Options::default()).await;
    driver.expect("the lease").drive().await.expect("it comes to rest");
    // The phase owes a file, so that the crew is asked once more and says nothing.
    (results(&store).await, repo, crew)
}

fn run(program: &str, arguments: &[&str], more: &Value) -> Turn {
    let mut input = json!({ "program": program, "arguments": arguments });
    for (key, value) in more.as_object().into_iter().flatten() {
        input[key] = value.clone();
    }
    vec![("run_command", input)]
}

fn write(path: &str, content: &str) -> Turn {
    vec![("repo_write", json!({ "path": path, "content": content }))]
}

#[tokio::test]
async fn a_command_is_run_on_the_branch_and_keeps_only_what_its_agent_may_write() {
    let Some(place) = sandbox().await else { return };
    let script = "echo more >> docs/a.md; echo new > docs/b.md; mkdir -p app && echo x > app/x; \
                  printf '\\377' > docs/raw; echo y > .github; echo done >&2; exit 3";
    let turns = vec![
        write("docs/a.md", "first\n"),
        run("sh", &["-c", "cat docs/a.md; ls -a"], &json!({})),
        run("sh", &["-c", script], &json!({})),
        run("sh", &["-c", script], &json!({ "keep": true })),
        run("sh", &["-c", "cat a.md b.md"], &json!({ "folder": "docs" })),
        run("sh", &["-c", "rm b.md"], &json!({ "folder": "docs", "keep": true })),
        run("bash", &["-c", "id"], &json!({})),
        run("/bin/sh", &["-c", "id"], &json!({})),
        run("sh", &["-c", "id"], &json!({ "folder": "../.." })),
        run("sh", &["-c", "id"], &json!({ "folder": "nowhere" })),
        run("sh", &["-c", "sleep 9"], &json!({ "seconds": 1 })),
    ];
    let (said, repo, _crew) = said(turns, Some(place)).await;
    insta::assert_snapshot!(said.join("\n---\n"));
    let head = repo.head().await.expect("a repository").expect("a branch");
    let files = repo.list(&head, "").await.expect("a tree");
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["docs/a.md", "docs/sow/clinic-scheduling.md"]);
    let text = repo.read(&head, "docs/a.md").await.expect("a repository").expect("the file");
    assert_eq!(text, b"first\nmore\n");
}

#[tokio::test]
async fn without_a_sandbox_each_call_is_refused_and_says_what_to_do() {
    let turns = vec![
        run("python3", &["--version"], &json!({})),
        vec![("terraform_validate", json!({ "folder": "docs" }))],
        vec![("terraform_fmt", json!({ "folder": "docs" }))],
        vec![("scan_infrastructure", json!({ "folder": "docs" }))],
        vec![("scan_code", json!({ "folder": "docs" }))],
    ];
    insta::assert_snapshot!(said(turns, None).await.0.join("\n---\n"));
}

/// A sandbox with the scanners; `None` where one of them is missing.
async fn with_scanners() -> Option<Sandbox> {
    sandbox().await?;
    let named = std::env::var("CLOUDCREW_PROGRAMS").unwrap_or_default();
    let helper = Path::new(env!("CARGO_BIN_EXE_cloudcrew")).to_owned();
    let place = Sandbox::new(folders(&named).expect("folders"), helper);
    for program in ["terraform", "checkov", "bandit"] {
        if let Err(fault) = place.find(program).await {
            eprintln!("not tried: {fault}");
            return None;
        }
    }
    Some(place)
}

const BUCKET: &str = "resource \"aws_s3_bucket\" \"orders\" {\nbucket = \"orders\"\n}\n";
const WRONG: &str = "resource \"terraform_data\" \"a\" {\n  inpt = 1\n}\n";
const FIXED: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";
const CODE: &str = "import subprocess\n\n\ndef run(name):\n    return subprocess.call(name, \
                    shell=True)\n";

#[tokio::test]
#[ignore = "needs terraform, and the scanners of tests/rigs/programs"]
async fn scanners_find_what_is_wrong_and_a_second_scan_is_clean() {
    let Some(place) = with_scanners().await else { return };
    let password = format!("DB_PASSWORD = \"{}\"\n", "hunter2!x");
    let scans: Vec<Turn> = vec![
        vec![("terraform_fmt", json!({ "folder": "docs" }))],
        vec![("terraform_validate", json!({ "folder": "docs/small" }))],
        vec![("scan_infrastructure", json!({ "folder": "docs" }))],
        vec![("scan_code", json!({ "folder": "docs" }))],
        vec![("scan_secrets", json!({}))],
    ];
    let mut turns = vec![
        write("docs/main.tf", BUCKET),
        write("docs/small/main.tf", WRONG),
        write("docs/service.py", CODE),
        write("docs/settings.py", &password),
    ];
    turns.extend(scans.clone());
    turns.extend([
        write("docs/main.tf", FIXED),
        write("docs/small/main.tf", FIXED),
        write("docs/service.py", "def run(name):\n    return name\n"),
        write("docs/settings.py", "import os\n\nDB_PASSWORD = os.environ[\"DB_PASSWORD\"]\n"),
    ]);
    turns.extend(scans);
    let (said, ..) = said(turns, Some(place)).await;
    insta::assert_snapshot!(said.join("\n---\n"));
}

#[tokio::test]
#[ignore = "needs terraform, and the scanners of tests/rigs/programs"]
async fn a_rehearsed_crew_checks_what_it_writes() {
    if with_scanners().await.is_none() {
        return;
    }
    let crew = crew();
    let mut command = crew.command(&["run", "--approve", "all", "--project", "demo", "--sow"]);
    command.arg(root().join("examples/sow/retail-orders.md")).env_remove("CLOUDCREW_SANDBOX");
    assert!(command.output().expect("the binary starts").status.success());
    let ledger = crew.run(&["ledger", "demo"]).exits(0).out;
    for line in [
        "production: terraform_validate: The Terraform in infra is valid.",
        "production: validate_sql: data/schema.sql is valid.",
        "production: python3 -m unittest discover -s app/tests: python3 succeeded.",
        "production: scan_code: Bandit in app/src: 0 findings in 1 Python file.",
        "production: scan_secrets: 0 findings",
    ] {
        assert!(ledger.contains(line), "no {line} in\n{ledger}");
    }
}
