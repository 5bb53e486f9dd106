//! One scripted run: the swarm of a scenario, driven through all its rounds.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_ports::model::{Message, ModelFault, ModelReply, ToolUse};
use cloudcrew_runtime::swarm::{
    Host, Input, ModelCall, Note, Refusal, Stop, Swarm, ToolAnswer, ToolCalls, drive,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::scenario::{named, outcome_of, spec};
use crate::script::{Answer, Script, Served, nothing};
use crate::tools::Tools;

/// A request as the provider received it.
pub struct Request {
    pub agent: String,
    pub at: Duration,
    pub answer: String,
    pub served: Option<Served>,
    pub messages: Vec<Message>,
    pub gone: bool,
}

/// What a run leaves for inspection.
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

/// Marks a request as gone when its caller drops it.
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

    async fn call_model(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<String>> {
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

    async fn call_tool(
        &self,
        calls: &ToolCalls,
        _: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<String>> {
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

    async fn inbound(&self, _: &Swarm) -> Result<Option<Input>, Stop<String>> {
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
        scripts: agents
            .iter()
            .map(|(name, script)| (name.clone(), Script::read(name, script, model)))
            .collect(),
        tools: Tools::default(),
        start,
        halts: scenario["halt_after"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect(),
        seen: Mutex::default(),
    };
    let mut swarm = Swarm::new(spec(scenario));
    let mut rounds = vec![round(&mut swarm, &world, None).await];
    for resume in scenario["resume"].as_array().into_iter().flatten() {
        let text = serde_json::to_string(&swarm).unwrap();
        let back: Swarm = serde_json::from_str(&text).unwrap();
        assert_eq!(back, swarm, "a swarm survives serialization");
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
    let started = Instant::now();
    let refused = resume.and_then(|resume| resume_swarm(swarm, world, resume).err());
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
        "elapsed_ms": started.elapsed().as_millis() as u64,
    })
}

fn resume_swarm(swarm: &mut Swarm, world: &World<'_>, resume: &Value) -> Result<(), Refusal> {
    let open = swarm.questions();
    let id_of = |name: &str| open.iter().find(|q| q.name == name).map(|q| q.id.clone());
    let answers = if let Some(raw) = resume.get("raw") {
        named(raw, &id_of)
    } else if let Some(answers) = resume["answers"].as_object() {
        let known = answers.iter().filter_map(|(name, answer)| {
            Some(json!({"interrupt": id_of(name)?, "answer": answer}))
        });
        known.collect()
    } else {
        swarm.resume()?;
        world.seen.lock().unwrap().journal.push((Input::Resume, Duration::ZERO));
        return Ok(());
    };
    swarm.answer(&answers)?;
    world
        .seen
        .lock()
        .unwrap()
        .journal
        .push((Input::Answers(cloudcrew_runtime::swarm::Answers { answers }), Duration::ZERO));
    Ok(())
}
