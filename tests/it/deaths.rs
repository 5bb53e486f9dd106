//! Processes may die any number of times while there is progress; only deaths without progress
//! count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_ports::model::{
    Billing, Block, Model, ModelFault, ModelReply, ModelRequest, ToolUse, Usage,
};
use cloudcrew_runtime::engagement::{Driver, Options, Record, open};
use serde_json::json;

use crate::support::inside::{PROJECT, dead, ports, start};
use crate::support::root;

/// Answers some calls with a tool call, then hangs.
struct Stalls(usize, AtomicUsize);

#[async_trait]
impl Model for Stalls {
    async fn complete(&self, _: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        if self.1.fetch_add(1, Ordering::Relaxed) >= self.0 {
            std::future::pending::<()>().await;
        }
        let call = ToolUse { id: "t".into(), name: "repo_list".into(), input: json!({}) };
        let (content, usage) = (vec![Block::ToolUse(call)], Some(Usage::default()));
        let stop_reason = "tool_use".to_owned();
        Ok(ModelReply {
            content,
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

/// Kills each process after some replies. Returns how many processes the engagement survives.
async fn outlives(processes: u32, replies: usize) -> u32 {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &root(), "clinic-scheduling.md", None).await;
    for process in 0..processes {
        let (mut ports, store, _) = ports(&home).await;
        ports.model = Arc::new(Stalls(replies, AtomicUsize::new(0)));
        let driver = Driver::open(ports, PROJECT, &dead(process), Options::default())
            .await
            .expect("the lease");
        let driven = tokio::time::timeout(Duration::from_millis(300), driver.drive()).await;
        if driven.is_ok() {
            let engagement = open(Record::of(&store), PROJECT).await.expect("an engagement");
            // The first retry starts a new swarm with a new count.
            assert!(
                engagement.state.phases["discovery"].earlier.is_some()
                    || engagement.state.end.is_some()
            );
            return process;
        }
    }
    processes
}

#[tokio::test]
async fn only_deaths_without_progress_count() {
    assert_eq!(outlives(14, 1).await, 14);
    assert_eq!(outlives(14, 3).await, 14);
    assert_eq!(outlives(14, 0).await, 11, "the first, and ten more at the same step");
}
