//! A paid reply does not wait for a tool that takes its time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, missing_docs, reason = "tests")]

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_runtime::ports::model::{Block, ModelFault, ModelReply, ToolResult, ToolStatus, ToolUse};
use cloudcrew_runtime::swarm::{
    HandoffMode, Host, Input, Limits, Member, ModelCall, Note, RetryPolicy, Status, Stop, Swarm, SwarmSpec, ToolAnswer, ToolCalls,
    drive,
};
use serde_json::json;
use tokio::sync::Notify;

/// A world whose one tool ends when what was held back is on record.
#[derive(Default)]
struct World {
    happened: Mutex<Vec<&'static str>>,
    settled: Notify,
}

impl World {
    fn note(&self, what: &'static str) {
        self.happened.lock().unwrap().push(what);
    }
}

#[async_trait]
impl Host for World {
    type Error = String;

    async fn open_visit(&self, _: &Swarm, _: u32, _: &str) -> Result<Vec<Note>, Stop<String>> {
        Ok(Vec::new())
    }

    async fn call_model(&self, _: &Swarm, call: &ModelCall) -> Result<Result<ModelReply, ModelFault>, Stop<String>> {
        let look = ToolUse { id: "t".into(), name: "look".into(), input: json!({}) };
        let (content, stop_reason) = match call.turn {
            0 => (vec![Block::ToolUse(look)], "tool_use"),
            _ => (vec![Block::Text("Done.".into())], "end_turn"),
        };
        Ok(Ok(ModelReply { content, stop_reason: stop_reason.into(), usage: None, guardrail: Vec::new(), took: None }))
    }

    async fn before_tools(&self, _: &ToolCalls) -> Result<(), Stop<String>> {
        Ok(())
    }

    async fn call_tool(&self, _: &ToolCalls, _: usize, call: &ToolUse) -> Result<ToolAnswer, Stop<String>> {
        self.settled.notified().await;
        self.note("the tool ended");
        let result = ToolResult { id: call.id.clone(), status: ToolStatus::Success, text: "seen".into(), attachments: Vec::new() };
        Ok(ToolAnswer::Result(result, true))
    }

    async fn wait(&self, _: Duration) {}

    async fn deadline(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn jitter(&self) -> f64 {
        0.0
    }

    async fn record(&self, input: &Input, _: Duration) -> Result<(), Stop<String>> {
        if let Input::Reply(_) = input {
            self.note("a reply came");
        }
        Ok(())
    }

    async fn settle(&self) -> Result<(), Stop<String>> {
        self.note("it went on record");
        self.settled.notify_one();
        Ok(())
    }

    async fn inbound(&self) -> Result<Option<Input>, Stop<String>> {
        Ok(None)
    }
}

#[tokio::test]
async fn what_is_held_back_goes_on_record_while_a_tool_runs() {
    let time = Duration::from_secs(60);
    let member = Member { name: "dev".into(), description: None, tools: vec!["look".into()], max_tokens: 1000, context: None };
    let mut swarm = Swarm::new(SwarmSpec {
        task: "Build it.".into(),
        entry: "dev".into(),
        members: vec![member],
        limits: Limits {
            max_handoffs: 10,
            max_iterations: 10,
            execution_timeout: time,
            node_timeout: time,
            repetitive_handoff_detection_window: 0,
            repetitive_handoff_min_unique_agents: 0,
            max_turns: 10,
            token_budget: None,
        },
        handoff: HandoffMode::Immediate,
        retry: RetryPolicy { max_attempts: 3, initial_delay: Duration::ZERO, max_delay: Duration::ZERO },
        handoffs: true,
    });
    let world = World::default();
    assert_eq!(drive(&mut swarm, &world).await.unwrap(), Status::Completed);
    assert_eq!(*world.happened.lock().unwrap(), ["a reply came", "it went on record", "the tool ended", "a reply came"]);
}
