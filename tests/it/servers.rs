//! MCP servers that are programs: they run in the sandbox, see the files and nothing else, and
//! end with their call.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudcrew_definition::crew::{Reach, Server};
use cloudcrew_local::program::Sandbox;
use cloudcrew_local::server::McpServers;
use cloudcrew_local::vault::Environment;
use cloudcrew_ports::program::JobFile;
use cloudcrew_ports::server::{Served, ServerCall, ServerFault, Servers as _};
use serde_json::{Value, json};

use crate::sandbox::sandbox;
use crate::support::root;

/// Where the servers of others are: folders behind colons (`tests/rigs/mcp/setup.sh`).
const OTHERS: &str = "CLOUDCREW_MCP";

/// Servers with the programs in these folders; `None` where there is no sandbox.
async fn servers(folders: Vec<PathBuf>) -> Option<McpServers> {
    sandbox().await?;
    let binary = Path::new(env!("CARGO_BIN_EXE_cloudcrew")).to_owned();
    Some(McpServers::new(Ok(Sandbox::new(folders, binary)), Arc::new(Environment)))
}

async fn fake() -> Option<McpServers> {
    servers(vec![root().join("tests/rigs/mcp")]).await
}

fn program(words: &[&str], timeout: u64) -> Server {
    let (program, arguments) = words.split_first().expect("a program");
    Server {
        name: "it".into(),
        reach: Reach::Command {
            program: (*program).into(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            environment: vec![("GREETING".into(), "hello".into())],
        },
        timeout: Duration::from_secs(timeout),
        reads: Vec::new(),
        tools: Vec::new(),
    }
}

/// Calls a tool with two files.
async fn call(
    servers: &McpServers,
    server: &Server,
    tool: &str,
    input: Value,
) -> Result<Served, ServerFault> {
    let tools = servers.tools(server).await?;
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    let tool = tools.iter().find(|found| found.name == tool);
    let tool = tool.ok_or(names).expect("the tool is offered").clone();
    let file = |path: &str, content: &str| JobFile { path: path.into(), content: content.into() };
    let files = vec![file("docs/a.md", "# A page\n"), file("app/main.py", "print(1)\n")];
    servers.call(server, ServerCall { tool, input, files, answers: Vec::new() }).await
}

fn said(served: Result<Served, ServerFault>) -> String {
    let said = match served.expect("it answers") {
        Served::Said(text) => Ok(text),
        other => Err(other),
    };
    said.expect("it succeeds")
}

fn failed(served: Result<Served, ServerFault>) -> String {
    let said = match served.expect("it answers") {
        Served::Failed(text) => Ok(text),
        other => Err(other),
    };
    said.expect("it fails")
}

/// Processes of this machine whose command line contains a text.
fn running(text: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    let lines = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

#[tokio::test]
async fn a_program_answers_and_one_that_fails_says_why() {
    let Some(servers) = fake().await else { return };
    let plain = program(&["fake_mcp.py", "stdio", "plain-and-unique-1"], 20);
    let text = said(call(&servers, &plain, "read", json!({ "path": "docs/a.md" })).await);
    assert_eq!(text, r#"read {"path": "docs/a.md"}"#);
    let fails = program(&["fake_mcp.py", "stdio", "dies"], 20);
    match call(&servers, &fails, "read", json!({ "path": "x" })).await {
        Err(ServerFault::Lost(why)) => assert!(why.contains("out of memory"), "{why}"),
        other => panic!("{other:?}"),
    }
    for (words, why) in [
        (&["no-such-program"][..], "not installed"),
        (&["true"], "does not speak MCP"),
        (&["yes"], "does not speak MCP"),
        (&["/bin/sh"], "not the name of a program"),
        (&["sh", "-c", "echo no database >&2; exit 3"], "no database"),
    ] {
        match servers.tools(&program(words, 4)).await {
            Err(ServerFault::Unreachable(said)) => {
                let late = said.contains("did not answer");
                assert!(said.contains(why) || late, "{words:?}: {said}");
            }
            other => panic!("{words:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_program_that_hangs_floods_or_lies() {
    let Some(servers) = fake().await else { return };
    let mark = format!("marked-{}", std::process::id());
    for word in ["hangs", "floods", "garbage"] {
        let server = program(&["fake_mcp.py", "stdio", word, &mark], 3);
        let began = Instant::now();
        let called = call(&servers, &server, "read", json!({ "path": "x" })).await;
        assert!(began.elapsed() < Duration::from_secs(20), "{word}");
        match called {
            Err(ServerFault::Lost(_)) => {}
            // Lines that are no messages are passed over.
            Ok(Served::Said(_)) if word == "garbage" => {}
            other => panic!("{word}: {other:?}"),
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(running(&mark), 0);
}

#[tokio::test]
#[ignore = "needs the MCP servers of tests/rigs/mcp/setup.sh, named by CLOUDCREW_MCP"]
async fn servers_of_others_work_and_reach_nothing_outside() {
    let folders = std::env::var(OTHERS).expect(OTHERS);
    let folders = folders.split(':').map(PathBuf::from).collect();
    let servers = servers(folders).await.expect("a sandbox");
    let files = program(&["mcp-server-filesystem", "."], 30);
    let read = call(&servers, &files, "read_text_file", json!({ "path": "docs/a.md" })).await;
    assert_eq!(said(read), "# A page\n");
    let outside = call(&servers, &files, "read_text_file", json!({ "path": "/etc/shadow" })).await;
    assert!(failed(outside).contains("denied"));
    let written = json!({ "path": "docs/a.md", "content": "owned" });
    said(call(&servers, &files, "write_file", written).await);
    let read = call(&servers, &files, "read_text_file", json!({ "path": "docs/a.md" })).await;
    assert_eq!(said(read), "# A page\n", "what a server writes is thrown away");

    let everything = program(&["mcp-server-everything"], 30);
    let sum = call(&servers, &everything, "get-sum", json!({ "a": 2, "b": 40 })).await;
    assert!(said(sum).contains("42"));
    let environment = said(call(&servers, &everything, "get-env", json!({})).await);
    let environment: Value = serde_json::from_str(&environment).expect("an object");
    let names: Vec<&str> =
        environment.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(environment["GREETING"], "hello");
    let known = ["GREETING", "PATH", "HOME", "TMPDIR", "LANG", "CI", "PWD"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");

    let history = program(&["mcp-server-git"], 30);
    let log = call(&servers, &history, "git_log", json!({ "repo_path": "/crew" })).await;
    assert!(failed(log).contains("/crew"), "the files come without Git's own");

    // A page that this machine reaches, and the sandbox does not.
    let page = crate::support::receiver::Receiver::start();
    drop(std::net::TcpStream::connect(("127.0.0.1", page.port)).expect("it is there"));
    crate::support::service::eventually(|| page.received().len() == 1);
    let web = program(&["mcp-server-fetch", "--ignore-robots-txt"], 30);
    let url = format!("http://127.0.0.1:{}/", page.port);
    let fetched = call(&servers, &web, "fetch", json!({ "url": url })).await;
    assert!(!failed(fetched).is_empty());
    assert_eq!(page.received().len(), 1, "nobody else came");
}
