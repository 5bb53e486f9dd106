//! One scripted run: the swarm of a scenario, driven through all its rounds.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_runtime::ports::model::{Message, ModelFault, ModelReply, ToolUse};
use cloudcrew_runtime::swarm::{
    Host, Input, Limits, Member, ModelCall, Note, Refusal, RetryPolicy, Stop, Swarm, SwarmSpec, ToolAnswer, ToolCalls, drive,
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::script::{Answer, Script, Served, nothing};
use crate::tools::Tools;

/// A request as the provider saw it.
pub struct Request {
    pub agent: String,
    pub at: Duration,
    pub answer: String,
    pub served: Option<Served>,
    pub messages: Vec<Message>,
    pub gone: bool,
}

/// What a run leaves to be looked at.
pub struct Run {
    pub outcome: Value,
    pub requests: Vec<Request>,
    pub journal: Vec<(Input, Duration)>,
    pub swarm: Swarm,
}

struct World<'s> {
    scenario: &'s Value,
    scripts: BTreeMap<String, Script>,
    tools: Tools,
    start: Instant,
    halts: Vec<u64>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    positions: BTreeMap<String, usize>,
    requests: Vec<Request>,
    journal: Vec<(Input, Duration)>,
    inputs: u64,
    halting: bool,
    random: u32,
}

/// Marks a request whose caller hung up.
struct Watched<'w>(&'w Mutex<Seen>, usize, bool);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().requests[self.1].gone = !self.2;
    }
}

#[async_trait]
impl Host for World<'_> {
    type Error = String;
    async fn open_visit(&self, _: &Swarm, _: u32, _: &str) -> Result<Vec<Note>, Stop<String>> {
        Ok(Vec::new())
    }

    async fn call_model(&self, swarm: &Swarm, call: &ModelCall) -> Result<Result<ModelReply, ModelFault>, Stop<String>> {
        let answer = self.pick(&call.agent);
        let watched = {
            let mut seen = self.seen.lock().unwrap();
            seen.requests.push(Request {
                agent: call.agent.clone(),
                at: self.start.elapsed(),
                answer: answer.label.clone(),
                served: answer.served.clone(),
                messages: swarm.conversation().to_vec(),
                gone: false,
            });
            seen.requests.len() - 1
        };
        let mut watched = Watched(&self.seen, watched, false);
        tokio::time::sleep(answer.delay).await;
        watched.2 = true;
        Ok(answer.said)
    }

    async fn before_tools(&self, _: &ToolCalls) -> Result<(), Stop<String>> {
        Ok(())
    }

    async fn call_tool(&self, calls: &ToolCalls, _: usize, call: &ToolUse) -> Result<ToolAnswer, Stop<String>> {
        let agent = &calls.agent;
        let agents = self.scenario["agents"].as_array().unwrap();
        let declared = agents.iter().find(|a| a["name"] == agent.as_str()).unwrap();
        Ok(self.tools.call(agent, declared["write_scope"].as_str().unwrap_or(""), call).await)
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
        seen.random = seen.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seen.random) / f64::from(u32::MAX)
    }

    async fn record(&self, input: &Input, elapsed: Duration) -> Result<(), Stop<String>> {
        let mut seen = self.seen.lock().unwrap();
        if seen.halting {
            return Err(Stop::Halted);
        }
        seen.journal.push((input.clone(), elapsed));
        if matches!(input, Input::Reply(_) | Input::ToolResult { started: true, .. }) {
            seen.inputs += 1;
            seen.halting = self.halts.contains(&seen.inputs);
        }
        Ok(())
    }

    async fn inbound(&self) -> Result<Option<Input>, Stop<String>> {
        if self.seen.lock().unwrap().halting { Err(Stop::Halted) } else { Ok(None) }
    }
}

impl World<'_> {
    fn pick(&self, agent: &str) -> Answer {
        let mut seen = self.seen.lock().unwrap();
        let position = seen.positions.entry(agent.to_owned()).or_default();
        *position += 1;
        match self.scripts.get(agent).or(self.scripts.get("*")) {
            Some(script) => script.answer(*position - 1),
            None => nothing("fake bedrock: nothing is scripted for this call"),
        }
    }
}

/// Runs a scenario once, through all its rounds.
pub async fn run(scenario: &Value, start: Instant) -> Run {
    let model = &scenario["model"];
    let agents = model["agents"].as_object().unwrap();
    let world = World {
        scenario,
        scripts: agents.iter().map(|(name, script)| (name.clone(), Script::read(name, script, model))).collect(),
        tools: Tools::default(),
        start,
        halts: scenario["halt_after"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect(),
        seen: Mutex::default(),
    };
    let mut swarm = Swarm::new(spec(scenario));
    let mut rounds = vec![round(&mut swarm, &world, None).await];
    for resume in scenario["resume"].as_array().into_iter().flatten() {
        let text = serde_json::to_string(&swarm).unwrap();
        let back: Swarm = serde_json::from_str(&text).unwrap();
        assert_eq!(back, swarm, "a swarm equals itself after it was written and read");
        swarm = back;
        rounds.push(round(&mut swarm, &world, Some(resume)).await);
    }
    let mut outcome = outcome_of(&swarm);
    outcome["rounds"] = Value::Array(rounds);
    outcome["files"] = json!(*world.tools.files.lock().unwrap());
    let seen = world.seen.into_inner().unwrap();
    Run { outcome, requests: seen.requests, journal: seen.journal, swarm }
}

async fn round(swarm: &mut Swarm, world: &World<'_>, resume: Option<&Value>) -> Value {
    let begun = Instant::now();
    let refused = resume.and_then(|resume| go_on(swarm, world, resume).err());
    world.seen.lock().unwrap().halting = false;
    let halted = match refused {
        Some(_) => false,
        None => match drive(swarm, world).await {
            Ok(rest) => {
                assert_eq!(rest, swarm.status());
                false
            }
            Err(Stop::Halted) => true,
            Err(stop) => panic!("{stop:?}"),
        },
    };
    json!({
        "status": if halted { json!("halted") } else { json!(swarm.status()) },
        "reason": if halted { None } else { swarm.reason() },
        "refused": refused.map(|r| json!({"kind": r.kind, "text": r.text})),
        "interrupts": swarm.questions(),
        "elapsed_ms": begun.elapsed().as_millis() as u64,
    })
}

fn go_on(swarm: &mut Swarm, world: &World<'_>, resume: &Value) -> Result<(), Refusal> {
    let open = swarm.questions();
    let id_of = |name: &str| open.iter().find(|q| q.name == name).map(|q| q.id.clone());
    let answers = if let Some(raw) = resume.get("raw") {
        named(raw, &id_of)
    } else if let Some(answers) = resume["answers"].as_object() {
        let known = answers.iter().filter_map(|(name, answer)| Some(json!({"interrupt": id_of(name)?, "answer": answer})));
        known.collect()
    } else {
        swarm.resume()?;
        world.seen.lock().unwrap().journal.push((Input::Resume, Duration::ZERO));
        return Ok(());
    };
    swarm.answer(&answers)?;
    world.seen.lock().unwrap().journal.push((Input::Answers(cloudcrew_runtime::swarm::Answers { answers }), Duration::ZERO));
    Ok(())
}

fn named(value: &Value, id_of: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("id:").and_then(id_of) {
            Some(id) => Value::String(id),
            None => value.clone(),
        },
        Value::Array(list) => list.iter().map(|v| named(v, id_of)).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), named(v, id_of))).collect(),
        other => other.clone(),
    }
}

/// The swarm that a scenario describes: its keys are ours, its times are seconds.
pub fn spec(scenario: &Value) -> SwarmSpec {
    let swarm = &scenario["swarm"];
    let agents = scenario["agents"].as_array().unwrap();
    let members = agents.iter().map(|agent| Member {
        name: agent["name"].as_str().unwrap().to_owned(),
        description: agent["description"].as_str().map(str::to_owned),
        tools: serde_json::from_value(agent["tools"].clone()).unwrap(),
        max_tokens: agent["max_tokens"].as_u64().unwrap_or(4096) as u32,
    });
    let members: Vec<_> = members.collect();
    SwarmSpec {
        task: scenario["task"].as_str().unwrap().to_owned(),
        entry: swarm["entry"].as_str().unwrap_or(&members[0].name).to_owned(),
        members,
        limits: limits(swarm),
        handoff: swarm
            .get("handoff")
            .map(|mode| serde_json::from_value(mode.clone()).unwrap())
            .unwrap_or(cloudcrew_runtime::swarm::HandoffMode::Immediate),
        retry: retry(&scenario["retry"]),
        handoffs: true,
    }
}

fn secs(v: &Value, d: f64) -> Duration {
    Duration::from_secs_f64(v.as_f64().unwrap_or(d))
}
fn num(v: &Value, d: u32) -> u32 {
    v.as_u64().map_or(d, |n| n as u32)
}
fn limits(s: &Value) -> Limits {
    Limits {
        max_handoffs: num(&s["max_handoffs"], 20),
        max_iterations: num(&s["max_iterations"], 20),
        max_turns: num(&s["max_turns"], 100),
        execution_timeout: secs(&s["execution_timeout"], 900.0),
        node_timeout: secs(&s["node_timeout"], 300.0),
        repetitive_handoff_detection_window: num(&s["repetitive_handoff_detection_window"], 0),
        repetitive_handoff_min_unique_agents: num(&s["repetitive_handoff_min_unique_agents"], 0),
        token_budget: s["token_budget"].as_u64(),
    }
}
fn retry(s: &Value) -> RetryPolicy {
    RetryPolicy {
        max_attempts: num(&s["max_attempts"], 6),
        initial_delay: secs(&s["initial_delay"], 2.0),
        max_delay: secs(&s["max_delay"], 60.0),
    }
}
fn outcome_of(s: &Swarm) -> Value {
    let mut agents = BTreeMap::<String, cloudcrew_runtime::ports::model::Usage>::new();
    s.visits().iter().for_each(|v| *agents.entry(v.agent.clone()).or_default() += v.usage);
    let calls: Vec<_> =
        s.tool_results().iter().filter(|f| f.started).map(|f| json!({"agent": f.agent, "tool": f.tool, "id": f.id})).collect();
    let results: Vec<_> = s
        .tool_results()
        .iter()
        .map(|f| json!({"visit": f.visit, "agent": f.agent, "id": f.id, "tool": f.tool, "status": f.status, "text": f.text}))
        .collect();
    let shared: Map<String, Value> = s.shared_context().iter().map(|(k, v)| (k.clone(), Value::Object(v.clone()))).collect();
    let handoffs: Vec<_> = s.handoffs().iter().map(|(f, h)| json!({"from": f, "to": h.to, "message": h.message})).collect();
    json!({"status": s.status(), "reason": s.reason(), "resumable": s.resumable(), "interrupts": s.questions(), "node_order": s.node_order(),
        "visits": s.visits(), "handoffs": handoffs, "tool_results": results, "tool_calls": calls, "shared_context": shared,
        "usage": {"total": s.usage(), "agents": agents}})
}
