//! The scripted tools of the conformance kit, with their files and counters.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use cloudcrew_ports::model::{ToolStatus, ToolUse};
use cloudcrew_runtime::swarm::ToolAnswer;
use serde_json::Value;

/// The tools' state; it survives saving and loading the swarm.
#[derive(Default)]
pub struct Tools {
    pub files: Mutex<BTreeMap<String, String>>,
    failed: Mutex<BTreeMap<String, u64>>,
    /// Whether `block_ms` blocks a thread; under a paused clock it must not.
    pub blocks: bool,
}

impl Tools {
    /// Calls a tool for `agent`, which may write below `scope`.
    pub async fn call(&self, agent: &str, scope: &str, call: &ToolUse) -> ToolAnswer {
        if let Some(wrong) = wrong_argument(call) {
            let text = format!("Invalid input for {}: {wrong}", call.name);
            return ToolAnswer::Result(tr(ToolStatus::Error, text), false);
        }
        let text = |key: &str| call.input[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| call.input[key].as_u64().unwrap_or_default();
        match call.name.as_str() {
            "ask_user" => ToolAnswer::Asks(text("name"), text("question"), Default::default()),
            "echo" => success(text("text")),
            "write_file" if !text("path").starts_with(scope) => {
                error(format!("{agent} can only write to {scope}"))
            }
            "write_file" => {
                let (path, content) = (text("path"), text("content"));
                let said = format!("Wrote {} bytes to {path}", content.len());
                self.files.lock().unwrap().insert(path, content);
                success(said)
            }
            "read_file" => match self.files.lock().unwrap().get(&text("path")) {
                Some(content) => success(content.clone()),
                None => error(format!("{} not found", text("path"))),
            },
            "flaky" => {
                let mut failed = self.failed.lock().unwrap();
                let times = failed.entry(text("key")).or_default();
                if *times >= number("fail_times") {
                    return success("scan clean".to_owned());
                }
                *times += 1;
                error(format!("Tool failed: scan service unavailable ({times})"))
            }
            "block_ms" if self.blocks => {
                let time = Duration::from_millis(number("ms"));
                tokio::task::spawn_blocking(move || std::thread::sleep(time)).await.unwrap();
                success(format!("blocked {}", number("ms")))
            }
            "sleep_ms" | "block_ms" => {
                tokio::time::sleep(Duration::from_millis(number("ms"))).await;
                let done = if call.name == "sleep_ms" { "slept" } else { "blocked" };
                success(format!("{done} {}", number("ms")))
            }
            other => panic!("the machine let {other} through"),
        }
    }
}

fn success(text: String) -> ToolAnswer {
    ToolAnswer::Result(tr(ToolStatus::Success, text), true)
}

fn error(text: String) -> ToolAnswer {
    ToolAnswer::Result(tr(ToolStatus::Error, text), true)
}

fn wrong_argument(call: &ToolUse) -> Option<String> {
    let fits =
        |value: &Value, kind: &str| if kind == "text" { value.is_string() } else { value.is_u64() };
    let wanted: &[(&str, &str)] = match call.name.as_str() {
        "write_file" => &[("path", "text"), ("content", "text")],
        "read_file" => &[("path", "text")],
        "echo" => &[("text", "text")],
        "flaky" => &[("key", "text"), ("fail_times", "number")],
        "sleep_ms" | "block_ms" => &[("ms", "number")],
        _ => &[("name", "text"), ("question", "text")],
    };
    wanted.iter().find_map(|(key, kind)| match call.input.get(key) {
        None => Some(format!("`{key}` is missing")),
        Some(value) if !fits(value, kind) => Some(format!("`{key}` is no {kind}")),
        Some(_) => None,
    })
}

fn tr(status: ToolStatus, text: String) -> cloudcrew_ports::model::ToolResult {
    cloudcrew_ports::model::ToolResult { id: String::new(), status, text, attachments: Vec::new() }
}
