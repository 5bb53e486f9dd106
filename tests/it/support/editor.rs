//! A real client of `cloudcrew lsp`: frames over stdin and stdout, on a copy of a workspace.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any response takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An editor with one workspace open.
pub struct Editor {
    pub root: PathBuf,
    server: Child,
    input: Option<ChildStdin>,
    incoming: Receiver<Value>,
    next: u64,
    /// The last findings of each file.
    pub findings: std::collections::BTreeMap<String, Vec<Value>>,
    /// The response to `initialize`.
    pub server_says: Value,
}

/// The capabilities of a modern editor.
pub fn modern() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "workspace": {
            "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create", "rename",
                "delete"] },
            "didChangeWatchedFiles": { "dynamicRegistration": true },
        },
        "textDocument": {
            "publishDiagnostics": { "relatedInformation": true },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
        },
    })
}

impl Editor {
    /// Opens a folder.
    pub fn start(root: &Path, capabilities: Value) -> Editor {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        let mut server = command
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let output = server.stdout.take().expect("a pipe");
        let (sender, incoming) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = frame(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = server.stdin.take();
        let (root, findings) = (root.canonicalize().expect("a folder"), Default::default());
        let mut editor =
            Editor { root, server, input, incoming, next: 0, findings, server_says: Value::Null };
        let folder = json!({ "uri": editor.uri(""), "name": "workspace" });
        editor.server_says = editor.ask(
            "initialize",
            json!({ "capabilities": capabilities, "workspaceFolders": [folder] }),
        );
        editor.tell("initialized", json!({}));
        editor
    }

    pub fn uri(&self, path: &str) -> String {
        format!("file://{}", self.root.join(path).display()).trim_end_matches('/').to_owned()
    }

    pub fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).expect("a file")
    }

    /// Sends raw bytes.
    pub fn raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("open");
        input.write_all(bytes).and_then(|()| input.flush()).expect("the server reads");
    }

    pub fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = "2.0".into();
        let body = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    /// Receives the next message, and remembers findings in it.
    pub fn receive(&mut self) -> Value {
        let message = self.incoming.recv_timeout(PATIENCE).expect("the server answers");
        if message["method"] == "textDocument/publishDiagnostics" {
            let params = &message["params"];
            let found = params["diagnostics"].as_array().expect("a list").clone();
            self.findings.insert(params["uri"].as_str().expect("an address").to_owned(), found);
        }
        message
    }

    /// The whole response to a request.
    pub fn answer(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(json!({ "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == id && message["method"].is_null() {
                return message;
            }
        }
    }

    /// The result of a request that must succeed.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.answer(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    /// Opens a file with this text, and waits for its findings.
    pub fn open(&mut self, path: &str, text: &str) -> Vec<Value> {
        self.all_told(path);
        let uri = self.uri(path);
        self.findings.remove(&uri);
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.settled(path)
    }

    /// Changes the text of an open file.
    pub fn change(&mut self, path: &str, text: &str) -> Vec<Value> {
        self.all_told(path);
        self.next += 1;
        let uri = self.uri(path);
        self.findings.remove(&uri);
        let params = json!({ "textDocument": { "uri": uri, "version": self.next },
            "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", params);
        self.settled(path)
    }

    /// Waits for the findings of a file that was just opened or changed.
    pub fn settled(&mut self, path: &str) -> Vec<Value> {
        let uri = self.uri(path);
        while !self.findings.contains_key(&uri) {
            self.receive();
        }
        self.all_told(path);
        self.findings[&uri].clone()
    }

    /// Waits for the findings of earlier messages. They may follow a response, so the second
    /// response is sure to come after them.
    fn all_told(&mut self, path: &str) {
        let place = json!({ "textDocument": { "uri": self.uri(path) }, "position": { "line": 0,
            "character": 0 } });
        for _ in 0..2 {
            self.answer("textDocument/hover", place.clone());
        }
    }

    /// The last findings of a file.
    pub fn found(&self, path: &str) -> Vec<Value> {
        self.findings.get(&self.uri(path)).cloned().unwrap_or_default()
    }

    /// The position of an offset in protocol terms: lines from 0, columns in UTF-16.
    pub fn position(text: &str, offset: usize) -> Value {
        let before = &text[..offset];
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().encode_utf16().count();
        json!({ "line": line, "character": column })
    }

    /// Request parameters for the first occurrence of `word` in a text.
    #[track_caller]
    pub fn at(&self, path: &str, text: &str, word: &str) -> Value {
        let offset = text.find(word).expect(word);
        json!({ "textDocument": { "uri": self.uri(path) }, "position": Editor::position(text,
            offset + 1) })
    }

    /// Shuts the server down. Returns its exit code.
    pub fn quit(&mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.server.wait().expect("it ends").code().unwrap_or(-1)
    }

    /// Disconnects without `exit`. Returns the exit code of the server.
    pub fn vanish(&mut self) -> i32 {
        self.input = None;
        self.server.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn frame(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            header => length = header.strip_prefix("Content-Length: ")?.parse().ok()?,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// Applies non-overlapping edits to a text, as an editor does.
pub fn applied(text: &str, edits: &Value) -> String {
    let offset = |position: &Value| {
        let line = position["line"].as_u64().expect("a line") as usize;
        let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
        let mut left = position["character"].as_u64().expect("a column") as usize;
        let within = text[start..].char_indices().find(|(_, c)| {
            let here = left == 0;
            left = left.saturating_sub(c.len_utf16());
            here
        });
        within.map_or(text.len(), |(at, _)| start + at)
    };
    let mut edits: Vec<(usize, usize, &str)> = edits
        .as_array()
        .expect("edits")
        .iter()
        .map(|e| {
            (
                offset(&e["range"]["start"]),
                offset(&e["range"]["end"]),
                e["newText"].as_str().expect("a text"),
            )
        })
        .collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.0));
    let mut text = text.to_owned();
    edits.into_iter().for_each(|(start, end, new)| text.replace_range(start..end, new));
    text
}
