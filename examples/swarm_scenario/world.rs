//! The world of one run: the real model adapter, the kit's tools, and a process that dies when it
//! is told to.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_aws::bedrock::BedrockModel;
use cloudcrew_ports::model::{
    CallContext, Model, ModelFault, ModelReply, ModelRequest, Nobody, ToolSpec, ToolUse,
};
use cloudcrew_runtime::swarm::{
    Host, Input, ModelCall, Note, Stop, Swarm, ToolAnswer, ToolCalls, handoff_spec,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::specs;
use crate::tools::Tools;

pub struct World<'s> {
    scenario: &'s Value,
    run: &'s str,
    model: &'s BedrockModel,
    context: CallContext,
    pub tools: Tools,
    start: Instant,
    halts: Vec<u64>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    inputs: u64,
    halting: bool,
    random: u64,
    started: Vec<Value>,
}

impl<'s> World<'s> {
    pub fn new(scenario: &'s Value, run: &'s str, model: &'s BedrockModel) -> World<'s> {
        let context = CallContext::alone(run);
        let halts = scenario["halt_after"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect();
        let random = u64::from(std::process::id()) + run.len() as u64;
        let seen = Mutex::new(Seen { random, ..Seen::default() });
        let mut tools = Tools::default();
        tools.blocks = true;
        World { scenario, run, model, context, tools, start: Instant::now(), halts, seen }
    }

    /// The process that died is started again.
    pub fn wake(&self) {
        self.seen.lock().unwrap().halting = false;
    }

    /// Every start of a tool's body.
    pub fn started(&self) -> Value {
        self.seen.lock().unwrap().started.clone().into()
    }

    fn agent(&self, name: &str) -> &Value {
        self.scenario["agents"].as_array().unwrap().iter().find(|a| a["name"] == name).unwrap()
    }
}

#[async_trait]
impl Host for World<'_> {
    type Error = String;

    async fn open_visit(&self, _: &Swarm, _: u32, _: &str) -> Result<Vec<Note>, Stop<String>> {
        Ok(Vec::new())
    }

    async fn call_model(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<String>> {
        let agent = self.agent(&call.agent);
        let system = format!(
            "AGENT:{} RUN:{}\n{}",
            call.agent,
            self.run,
            agent["system"].as_str().unwrap_or_default()
        );
        let names = agent["tools"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let tools: Vec<ToolSpec> = names.map(specs::spec).chain([handoff_spec()]).collect();
        let request = ModelRequest {
            context: &self.context,
            agent: &call.agent,
            model: "fake",
            system: &system,
            steady: 0,
            messages: swarm.conversation(),
            tools: &tools,
            max_tokens: agent["max_tokens"].as_u64().unwrap_or(4096) as u32,
            listener: &Nobody,
        };
        Ok(self.model.complete(request).await)
    }

    async fn before_tools(&self, _: &ToolCalls) -> Result<(), Stop<String>> {
        Ok(())
    }

    async fn call_tool(
        &self,
        calls: &ToolCalls,
        _: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<String>> {
        let scope = self.agent(&calls.agent)["write_scope"].as_str().unwrap_or_default();
        let start = json!({ "agent": calls.agent, "tool": call.name, "id": call.id });
        self.seen.lock().unwrap().started.push(start.clone());
        let answer = self.tools.call(&calls.agent, scope, call).await;
        if matches!(answer, ToolAnswer::Result(_, false)) {
            // Refused before it began.
            let mut seen = self.seen.lock().unwrap();
            if let Some(at) = seen.started.iter().rposition(|s| *s == start) {
                seen.started.remove(at);
            }
        }
        Ok(answer)
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn deadline(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn jitter(&self) -> f64 {
        let mut seen = self.seen.lock().unwrap();
        seen.random = seen
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seen.random >> 33) as f64 / f64::from(1u32 << 31)
    }

    async fn record(&self, input: &Input, _: Duration) -> Result<(), Stop<String>> {
        let mut seen = self.seen.lock().unwrap();
        if seen.halting {
            return Err(Stop::Halted);
        }
        if matches!(input, Input::Reply(_) | Input::ToolResult { started: true, .. }) {
            seen.inputs += 1;
            seen.halting = self.halts.contains(&seen.inputs);
        }
        Ok(())
    }

    async fn inbound(&self, _: &Swarm) -> Result<Option<Input>, Stop<String>> {
        if self.seen.lock().unwrap().halting { Err(Stop::Halted) } else { Ok(None) }
    }
}
