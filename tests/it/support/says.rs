//! A model that calls the tools it is told to, in an engagement inside the test process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_ports::journal::{Head, Journal as _};
use cloudcrew_ports::model::{
    Billing, Block, Model, ModelFault, ModelReply, ModelRequest, ToolUse, Usage,
};
use cloudcrew_runtime::ports::Ports;
use serde_json::Value;

use super::inside::{ports, start};
use super::root;

/// Replies with one turn after another, then with nothing.
pub struct Says(Vec<Turn>, AtomicUsize);

/// Calls of one reply: the tool and its input.
pub type Turn = Vec<(&'static str, Value)>;

impl Says {
    /// A model with these replies.
    pub fn turns(turns: Vec<Turn>) -> Arc<Says> {
        Arc::new(Says(turns, AtomicUsize::new(0)))
    }
}

#[async_trait]
impl Model for Says {
    async fn complete(&self, _: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let number = self.1.fetch_add(1, Ordering::Relaxed);
        let calls = self.0.get(number).cloned().unwrap_or_default();
        let stop_reason = if calls.is_empty() { "end_turn" } else { "tool_use" }.to_owned();
        let calls = calls.into_iter().enumerate();
        let content = calls.map(|(n, (name, input))| {
            Block::ToolUse(ToolUse { id: format!("t{n}"), name: name.into(), input })
        });
        let usage = Some(Usage::default());
        Ok(ModelReply {
            content: content.collect(),
            stop_reason,
            usage,
            guardrail: Vec::new(),
            took: Some(Duration::ZERO),
        })
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

/// A started engagement in its own folder.
pub async fn begun() -> (tempfile::TempDir, Ports, Store, GitRepo) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &root(), "clinic-scheduling.md", None).await;
    let (ports, store, repo) = ports(&home).await;
    (folder, ports, store, repo)
}

/// The texts that tools returned, in order.
pub async fn results(store: &Store) -> Vec<String> {
    let entries = store.read("demo", &Head::default(), usize::MAX).await.expect("entries");
    let text = |entry: &cloudcrew_ports::journal::Entry| {
        entry.payload["input"]["result"]["text"].as_str().map(str::to_owned)
    };
    entries.iter().filter_map(text).collect()
}
