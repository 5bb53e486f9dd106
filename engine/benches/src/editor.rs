//! Measures an author's waiting time: from an edit to its findings, to completion and to a hover,
//! in a workspace of 1,000 files. Drives the release binary over stdio, like an editor.
//!
//! `cargo bench -p cloudcrew-benches --bench editor`

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cloudcrew_benches::{binary, median, ms};
use serde_json::{Value, json};

const ROUNDS: usize = 100;
const AGENTS: usize = 20;
const PHASES: usize = 957;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = workspace(folder.path());
    let mut editor = Editor::start(folder.path());
    let phase = format!("file://{}/phases/p500.yaml", folder.path().display());
    let agents = format!("file://{}/agents.yaml", folder.path().display());
    println!("{files} files, {ROUNDS} rounds each");
    println!(
        "  opening a phase to its findings          {}",
        ms(editor.open(&phase, &phase_text(500)))
    );
    editor.open(&agents, &agents_text());
    // `entry: a0` is on the fourth line; a letter is typed after it and removed again.
    let place = |line: u32, column: u32| json!({ "line": line, "character": column });
    report("edit of a phase to its findings", || editor.edit_twice(&phase, place(3, 11)));
    // The first agent's key: the findings of all files that reference it change.
    report("edit of an agent's name to all findings", || editor.edit_twice(&agents, place(5, 4)));
    let ask = json!({ "textDocument": { "uri": phase }, "position": place(3, 11) });
    report("edit, then completion", || {
        let began = Instant::now();
        editor.change(&phase, place(3, 11), place(3, 11), "x");
        assert!(
            editor
                .request("textDocument/completion", ask.clone())
                .as_array()
                .is_some_and(|items| items.len() >= AGENTS)
        );
        let took = began.elapsed();
        editor.change(&phase, place(3, 11), place(3, 12), "");
        // The findings of both edits arrive before the answer or right after it.
        editor.asked("textDocument/hover", &ask);
        took
    });
    report("completion alone", || editor.asked("textDocument/completion", &ask));
    report("hover on the swarm's entry", || editor.asked("textDocument/hover", &ask));
    let workflow = format!("file://{}/workflows/w.yaml", folder.path().display());
    editor.open(&workflow, &workflow_text());
    let ask = json!({ "textDocument": { "uri": workflow }, "position": place(2, 9) });
    report("completion of one of all phases", || editor.asked("textDocument/completion", &ask));
    let rename =
        json!({ "textDocument": { "uri": agents }, "position": place(5, 3), "newName": "other" });
    report("rename of an agent in all files", || editor.asked("textDocument/rename", &rename));
}

fn report(what: &str, mut once: impl FnMut() -> Duration) {
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| once()).collect();
    times.sort();
    let p95 = times[times.len() * 95 / 100];
    println!(
        "  {what:40} median {:>8}   p95 {:>8}   most {:>8}",
        ms(median(&times)),
        ms(p95),
        ms(times[times.len() - 1])
    );
}

/// Writes a workspace without findings; returns the number of files.
fn workspace(root: &Path) -> usize {
    let mut files = vec![
        ("agents.yaml".to_owned(), agents_text()),
        ("workflows/w.yaml".to_owned(), workflow_text()),
    ];
    files.extend(
        (0..AGENTS).map(|i| (format!("prompts/a{i}.md"), "You are {{ agent.name }}.\n".to_owned())),
    );
    files.extend((0..AGENTS).map(|i| {
        (
            format!("templates/t{i}.md"),
            "# Plan\n\n## Scope\n\n{{ summary }}\n".replace("{{ summary }}", "Text"),
        )
    }));
    files.push(("prompts/tasks/t.md".to_owned(), "Do {{ phase.name }}.\n".to_owned()));
    files.extend((0..PHASES).map(|i| (format!("phases/p{i}.yaml"), phase_text(i))));
    for (path, text) in &files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }
    files.len()
}

fn agents_text() -> String {
    let mut text =
        "version: 1\nmodels:\n  m: { max_tokens: 1000 }\nshared_tools: [repo_read, repo_list, \
         ledger_read]\nagents:\n"
            .to_owned();
    for i in 0..AGENTS {
        text.push_str(&format!(
            "  a{i}:\n    description: Owns part {i}\n    model: m\n    prompt: \
             prompts/a{i}.md\n    tools: [repo_write, review_verdict]\n    writes: [docs/a{i}/**]\n"
        ));
    }
    text
}

fn phase_text(i: usize) -> String {
    let (owner, other) = (i % AGENTS, (i + 1) % AGENTS);
    format!(
        "version: 1\nphase: p{i}\nswarm:\n  entry: a{owner}\n  agents: [a{owner}, a{other}]\n  \
         max_handoffs: 10\n  max_iterations: 10\n  execution_timeout: 15m\n  node_timeout: \
         5m\ntask: prompts/tasks/t.md\ndeliverables:\n  - path: docs/a{owner}/p{i}.md\n    owner: \
         a{owner}\n    template: t{owner}\n    reviewers: [a{other}]\nreview: {{ agent: a{other}, \
         depth: light, max_reworks: 1 }}\ngate: {{ kind: approval, ratings: [quality], \
         max_revisions: 3, remind_after: 24h }}\nquestions: {{ remind_after: 30m }}\nretry: {{ \
         max_attempts: 1, timeout_factor: 1.5 }}\n"
    )
}

fn workflow_text() -> String {
    let phases: Vec<String> = (0..PHASES).map(|i| format!("p{i}")).collect();
    format!("version: 1\nworkflow: w\nphases: [{}]\n", phases.join(",\n  "))
}

/// The client of the server.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: u64,
}

impl Editor {
    fn start(root: &Path) -> Editor {
        let mut command = Command::new(binary());
        let mut server = command
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (input, output) = (
            server.stdin.take().expect("a pipe"),
            BufReader::new(server.stdout.take().expect("a pipe")),
        );
        let mut editor = Editor { server, input, output, next: 0 };
        let root = format!("file://{}", root.display());
        let edits = json!({ "documentChanges": true, "resourceOperations": ["rename"] });
        let capabilities = json!({ "workspace": { "workspaceEdit": edits } });
        editor.request(
            "initialize",
            json!({ "capabilities": capabilities,
            "workspaceFolders": [{ "uri": root, "name": "w" }] }),
        );
        editor
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
        self.input.flush().expect("it reads");
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("it writes");
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("a number"),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("it writes");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(json!({ "id": id, "method": method, "params": params }));
        loop {
            let mut message = self.receive();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{message}");
                return message["result"].take();
            }
        }
    }

    fn asked(&mut self, method: &str, params: &Value) -> Duration {
        let began = Instant::now();
        assert!(!self.request(method, params.clone()).is_null());
        began.elapsed()
    }

    /// Waits for the findings of a file.
    fn settled(&mut self, uri: &str) {
        while self.receive()["params"]["uri"] != uri {}
    }

    fn open(&mut self, uri: &str, text: &str) -> Duration {
        let began = Instant::now();
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 0, "text": text });
        self.send(
            json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }),
        );
        self.settled(uri);
        began.elapsed()
    }

    fn change(&mut self, uri: &str, start: Value, end: Value, text: &str) {
        self.next += 1;
        let document = json!({ "uri": uri, "version": self.next });
        let change = json!({ "range": { "start": start, "end": end }, "text": text });
        self.send(
            json!({ "method": "textDocument/didChange", "params": { "textDocument": document,
                "contentChanges": [change] } }),
        );
    }

    /// Types a letter and removes it; returns the longer time.
    fn edit_twice(&mut self, uri: &str, place: Value) -> Duration {
        let mut after = place.clone();
        after["character"] = (place["character"].as_u64().expect("a number") + 1).into();
        let timed = |editor: &mut Editor, end: Value, text: &str| {
            let began = Instant::now();
            editor.change(uri, place.clone(), end, text);
            editor.settled(uri);
            // Other changed findings are published in the same batch, so an answer comes after
            // them.
            editor
                .request("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
            began.elapsed()
        };
        timed(self, place.clone(), "x").max(timed(self, after, ""))
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
