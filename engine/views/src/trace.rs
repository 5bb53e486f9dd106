//! Traces derived from a journal, in the words of OpenTelemetry. The trace is the engagement and a
//! span is a step, named by its key: whoever reads the journal again, after a restart or elsewhere,
//! gets the same spans with the same ids. A span ends with the journal entry that ends its step.
//!
//! Waiting for a person is not a span. The swarm after it links to the one before.

use std::collections::BTreeMap;

use cloudcrew_definition::digest::sha256;
use cloudcrew_definition::shown::row;
use cloudcrew_ports::model::{ModelReply, Purpose, ToolStatus};
use cloudcrew_runtime::engagement::{EndReason, Event, Started};
use cloudcrew_runtime::swarm::Input;
use serde_json::{Value, json};

/// The names of the attributes, as of the semantic conventions for generative AI 1.38.
mod name {
    pub const OPERATION: &str = "gen_ai.operation.name";
    pub const AGENT: &str = "gen_ai.agent.name";
    pub const CONVERSATION: &str = "gen_ai.conversation.id";
    pub const MODEL: &str = "gen_ai.request.model";
    pub const INPUT: &str = "gen_ai.usage.input_tokens";
    pub const OUTPUT: &str = "gen_ai.usage.output_tokens";
    pub const FINISH: &str = "gen_ai.response.finish_reasons";
    pub const TOOL: &str = "gen_ai.tool.name";
    pub const ERROR: &str = "error.type";
    pub const PHASE: &str = "cloudcrew.phase";
    pub const COST: &str = "cloudcrew.cost.micro_usd";
    pub const REHEARSAL: &str = "cloudcrew.rehearsal";
    pub const WAITED: &str = "cloudcrew.waited_ms";
}

/// Maximum characters of the message of a failure.
const MOST: usize = 300;

/// A finished span.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// 16 bytes in hex: the engagement.
    pub trace: String,
    /// 8 bytes in hex: the step.
    pub id: String,
    /// The span that it is part of.
    pub parent: Option<String>,
    /// What was done.
    pub name: String,
    /// Whether something outside was called.
    pub calls: bool,
    /// Start and end, milliseconds since 1970 UTC.
    pub times: (i64, i64),
    /// Names and values.
    pub attributes: BTreeMap<&'static str, Value>,
    /// Why it failed.
    pub error: Option<String>,
    /// The span before a wait for a person, and how long that took, in milliseconds.
    pub link: Option<(String, i64)>,
}

/// Derives spans from a journal, entry by entry.
#[derive(Debug)]
pub struct Tracer {
    project: String,
    /// Whether no live model is called.
    rehearsed: bool,
    trace: String,
    began: i64,
    /// How often it was retried.
    retries: u32,
    /// The swarm at work: its id, the phase, and its span.
    swarm: Option<(String, Span)>,
    /// Number of parts of each swarm; a wait divides it.
    parts: BTreeMap<String, u32>,
    visit: Option<(u32, Span)>,
    model: Option<Span>,
    /// Tools that run, by the place of their call.
    tools: Vec<(usize, Span)>,
    /// The last swarm span, and when it ended.
    last: Option<(String, i64)>,
    /// The swarm that waits.
    waits: Option<(String, String)>,
    talk: Option<Span>,
}

impl Tracer {
    /// A tracer after the first entry.
    pub fn new(started: &Started, at: i64) -> Tracer {
        let identity = match started.identity.is_empty() {
            true => &started.project,
            false => &started.identity,
        };
        Tracer {
            project: started.project.clone(),
            rehearsed: started.voice.is_rehearsal(),
            trace: sha256(identity)[..32].to_owned(),
            began: at,
            retries: 0,
            swarm: None,
            parts: BTreeMap::new(),
            visit: None,
            model: None,
            tools: Vec::new(),
            last: None,
            waits: None,
            talk: None,
        }
    }

    /// Takes the next entry; returns the spans that end with it, inner ones first.
    pub fn take(&mut self, at: i64, event: &Event) -> Vec<Span> {
        let mut done = Vec::new();
        let works = matches!(
            event,
            Event::VisitOpened { .. }
                | Event::ModelCalled { .. }
                | Event::ToolsCalled { .. }
                | Event::SwarmInput { .. }
        );
        // After a question or an outage, the same swarm goes on.
        if let Some((swarm, name)) = self.waits.take_if(|_| works && self.swarm.is_none()) {
            let phase = swarm.split('.').next().unwrap_or_default().to_owned();
            self.begin_swarm(&swarm, name, &phase, at);
        }
        match event {
            Event::SwarmBegan { swarm, purpose, .. } => {
                done.extend(self.end_swarm(at, None));
                let what = if *purpose == Purpose::Review { "review" } else { "work" };
                let phase = swarm.split('.').next().unwrap_or_default();
                self.begin_swarm(swarm, format!("{what} {phase}"), phase, at);
            }
            Event::Entered { why, .. } => {
                let error = why.as_ref().map(|why| why.text.clone());
                let was =
                    self.swarm.as_ref().map(|(swarm, span)| (swarm.clone(), span.name.clone()));
                done.extend(self.end_swarm(at, error));
                if let Some(was) = was {
                    self.waits = Some(was);
                }
            }
            Event::VisitOpened { visit, agent, .. }
                if self.visit.as_ref().is_none_or(|(open, _)| open != visit) =>
            {
                done.extend(self.end_visit(at, None));
                self.begin_visit(*visit, agent, at);
            }
            Event::ModelCalled { step, agent, model, .. } => {
                self.model = Some(self.call(step, agent, model, at));
            }
            Event::ToolsCalled { agent, calls } => {
                // The key of a call ends with its place in the turn: `.c0`.
                let place = |step: &str| step.rsplit(".c").next().and_then(|n| n.parse().ok());
                let each = calls.iter().enumerate().map(|(at_least, (step, tool))| {
                    (place(step).unwrap_or(at_least), self.tool(step, agent, tool, at))
                });
                self.tools = each.collect();
            }
            Event::SwarmInput { input, elapsed_ms, settled, .. } => {
                let cost = settled.and_then(|charge| charge.micro_usd);
                done.extend(self.input(at, *elapsed_ms, input, cost));
            }
            Event::ConversationCalled { step, agent, model, .. } => {
                let mut span = self.call(step, agent, model, at);
                span.parent = Some(self.root());
                self.talk = Some(span);
            }
            Event::ConversationInput { input, elapsed_ms, settled, .. } => {
                let ends = matches!(
                    **input,
                    Input::Reply(_) | Input::Fault { .. } | Input::TimedOut { .. }
                );
                if let Some(span) = self.talk.take_if(|_| ends) {
                    let cost = settled.and_then(|charge| charge.micro_usd);
                    done.push(answered(span, at, *elapsed_ms, input, cost));
                }
            }
            Event::Retried { .. } => {
                self.retries += 1;
                self.began = at;
                self.last = None;
            }
            Event::Ended(end) => {
                done.extend(self.end_swarm(at, None));
                let failed = !matches!(end.kind, EndReason::Completed | EndReason::Cancelled);
                let mut root = self.span("engagement", None, self.project.clone(), self.began);
                root.id = self.root();
                root.times.1 = at;
                root.error = failed.then(|| end.text.clone());
                done.push(root);
            }
            _ => {}
        }
        done
    }

    /// The id of the engagement's span. A retry begins another one.
    fn root(&self) -> String {
        match self.retries {
            0 => id("engagement"),
            retries => id(&format!("engagement#{retries}")),
        }
    }

    fn span(&self, step: &str, parent: Option<String>, name: String, at: i64) -> Span {
        let conversation = Value::from(self.project.as_str());
        let mut attributes = BTreeMap::from([(name::CONVERSATION, conversation)]);
        if self.rehearsed {
            attributes.insert(name::REHEARSAL, true.into());
        }
        Span {
            trace: self.trace.clone(),
            id: id(step),
            parent,
            name,
            calls: false,
            times: (at, at),
            attributes,
            error: None,
            link: None,
        }
    }

    fn begin_swarm(&mut self, swarm: &str, name: String, phase: &str, at: i64) {
        let part = self.parts.entry(swarm.to_owned()).or_default();
        *part += 1;
        let step = if *part == 1 { swarm.to_owned() } else { format!("{swarm}#{part}") };
        let mut span = self.span(&step, Some(self.root()), name, at);
        span.attributes.insert(name::PHASE, phase.into());
        span.link = self.last.clone().map(|(before, ended)| (before, at - ended));
        self.swarm = Some((swarm.to_owned(), span));
        self.waits = None;
    }

    fn begin_visit(&mut self, visit: u32, agent: &str, at: i64) {
        let Some((swarm, parent)) = &self.swarm else { return };
        let step = format!("{swarm}.v{visit}");
        let parent = Some(parent.id.clone());
        let mut span = self.span(&step, parent, format!("invoke_agent {agent}"), at);
        span.attributes.insert(name::OPERATION, "invoke_agent".into());
        span.attributes.insert(name::AGENT, agent.into());
        self.visit = Some((visit, span));
    }

    /// What a call is part of.
    fn parent(&self) -> Option<String> {
        let visit = self.visit.as_ref().map(|(_, visit)| visit.id.clone());
        visit.or_else(|| self.swarm.as_ref().map(|(_, swarm)| swarm.id.clone()))
    }

    fn call(&self, step: &str, agent: &str, model: &str, at: i64) -> Span {
        let parent = self.parent();
        let mut span = self.span(step, parent, format!("chat {model}"), at);
        span.calls = true;
        span.attributes.insert(name::OPERATION, "chat".into());
        span.attributes.insert(name::MODEL, model.into());
        span.attributes.insert(name::AGENT, agent.into());
        span
    }

    fn tool(&self, step: &str, agent: &str, tool: &str, at: i64) -> Span {
        let parent = self.parent();
        let mut span = self.span(step, parent, format!("execute_tool {tool}"), at);
        span.attributes.insert(name::OPERATION, "execute_tool".into());
        span.attributes.insert(name::TOOL, tool.into());
        span.attributes.insert(name::AGENT, agent.into());
        span
    }

    fn input(&mut self, at: i64, elapsed: u64, input: &Input, cost: Option<u64>) -> Vec<Span> {
        match input {
            Input::Reply(_) | Input::Fault { .. } | Input::TimedOut { .. } => {
                let mut done = Vec::new();
                if let Some(span) = self.model.take() {
                    done.push(answered(span, at, elapsed, input, cost));
                }
                // A deadline also ends the tools that run.
                for (_, mut span) in std::mem::take(&mut self.tools) {
                    span.times.1 = at;
                    span.error = Some("timeout".to_owned());
                    done.push(span);
                }
                done
            }
            Input::ToolResult { index, result, .. } => {
                let place = self.tools.iter().position(|(call, _)| call == index);
                let Some(place) = place else { return Vec::new() };
                let (_, mut span) = self.tools.remove(place);
                span.times.1 = at;
                span.error = (result.status == ToolStatus::Error).then(|| "tool_error".to_owned());
                vec![span]
            }
            _ => Vec::new(),
        }
    }

    fn end_visit(&mut self, at: i64, error: Option<String>) -> Option<Span> {
        let (_, mut span) = self.visit.take()?;
        span.times.1 = at;
        span.error = error;
        Some(span)
    }

    fn end_swarm(&mut self, at: i64, error: Option<String>) -> Vec<Span> {
        let mut done: Vec<Span> = self.end_visit(at, error.clone()).into_iter().collect();
        self.tools.clear();
        self.model = None;
        if let Some((_, mut span)) = self.swarm.take() {
            span.times.1 = at;
            span.error = error;
            self.last = Some((span.id.clone(), at));
            done.push(span);
        }
        done
    }
}

/// The id of a step.
fn id(step: &str) -> String {
    sha256(step)[..16].to_owned()
}

/// Ends the span of a model call. Its time is that of the provider alone.
fn answered(mut span: Span, at: i64, elapsed: u64, input: &Input, cost: Option<u64>) -> Span {
    let took = i64::try_from(elapsed).unwrap_or(i64::MAX);
    span.times = (at.saturating_sub(took).max(span.times.0.min(at)), at);
    if let Some(cost) = cost {
        span.attributes.insert(name::COST, cost.into());
    }
    match input {
        Input::Reply(ModelReply { usage, stop_reason, .. }) => {
            span.attributes.insert(name::FINISH, json!([stop_reason]));
            if let Some(usage) = usage {
                span.attributes.insert(name::INPUT, usage.read().into());
                span.attributes.insert(name::OUTPUT, usage.output_tokens.into());
            }
        }
        Input::Fault { fault, .. } => span.error = Some(fault.error.clone()),
        _ => span.error = Some("timeout".to_owned()),
    }
    span
}

/// Spans as a request of the OpenTelemetry protocol (OTLP/HTTP, JSON).
pub fn otlp(spans: &[Span]) -> Value {
    let value = |value: &Value| match value {
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::Bool(flag) => json!({ "boolValue": flag }),
        Value::Array(all) => {
            let all: Vec<Value> =
                all.iter().map(|one| json!({ "stringValue": one.as_str() })).collect();
            json!({ "arrayValue": { "values": all } })
        }
        other => json!({ "stringValue": other.as_str() }),
    };
    let nanos = |ms: i64| format!("{ms}000000");
    let each = spans.iter().map(|span| {
        let mut status = json!({ "code": if span.error.is_some() { 2 } else { 1 } });
        let mut attributes: Vec<Value> = span
            .attributes
            .iter()
            .map(|(key, of)| json!({ "key": key, "value": value(of) }))
            .collect();
        let class = |error: &&String| !error.contains(' ');
        if let Some(error) = &span.error {
            let class = span.error.as_ref().filter(class).map_or("failed", String::as_str);
            attributes.push(json!({ "key": name::ERROR, "value": { "stringValue": class } }));
            status["message"] = row(&error.chars().take(MOST).collect::<String>()).into();
        }
        let mut sent = json!({
            "status": status,
            "traceId": span.trace,
            "spanId": span.id,
            "name": span.name,
            "kind": if span.calls { 3 } else { 1 },
            "startTimeUnixNano": nanos(span.times.0),
            "endTimeUnixNano": nanos(span.times.1),
            "attributes": attributes,
        });
        if let Some(parent) = &span.parent {
            sent["parentSpanId"] = parent.as_str().into();
        }
        if let Some((before, waited)) = &span.link {
            let waited =
                json!({ "key": name::WAITED, "value": { "intValue": waited.to_string() } });
            sent["links"] =
                json!([{ "traceId": span.trace, "spanId": before, "attributes": [waited] }]);
        }
        sent
    });
    let service = json!({ "key": "service.name", "value": { "stringValue": "cloudcrew" } });
    json!({ "resourceSpans": [{
        "resource": { "attributes": [service] },
        "scopeSpans": [{ "scope": { "name": "cloudcrew" }, "spans": each.collect::<Vec<_>>() }],
    }] })
}

#[cfg(test)]
mod tests {
    use cloudcrew_runtime::engagement::{End, RunMode};

    use super::*;

    fn started() -> Started {
        Started {
            project: "shop".into(),
            owner: "ada".into(),
            actor: "ada".into(),
            semantics: 1,
            engine: String::new(),
            workflow: "delivery".into(),
            definition: String::new(),
            plan: String::new(),
            sow_file: String::new(),
            sow: String::new(),
            sow_items: None,
            inputs: Default::default(),
            overlay: None,
            after: None,
            model: None,
            agent_models: Vec::new(),
            voice: RunMode::Rehearsal,
            rehearsal: None,
            repo: String::new(),
            remote: None,
            branch: String::new(),
            date: String::new(),
            identity: "1f".into(),
            base: None,
        }
    }

    fn entered(state: &str) -> Event {
        Event::Entered { state: state.into(), on: None, resume: None, why: None }
    }

    #[test]
    fn an_engagement_that_ends_is_the_root_and_has_an_id_of_its_own() {
        let mut tracer = Tracer::new(&started(), 1_000);
        assert!(tracer.take(2_000, &entered("discovery.gate")).is_empty(), "a wait is no span");
        let text = "the budget is used up".to_owned();
        let end = End { kind: EndReason::BudgetExhausted, text, key: String::new() };
        let spans = tracer.take(3_000, &Event::Ended(end.clone()));
        let mut again = Tracer::new(&started(), 1_000);
        assert_eq!(
            spans,
            again.take(3_000, &Event::Ended(end)),
            "the same journal, the same spans"
        );
        let sent = otlp(&spans);
        let root = &sent["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!((&root["name"], &root["status"]["code"]), (&json!("shop"), &json!(2)));
        assert_eq!(root["startTimeUnixNano"], "1000000000");
        assert_eq!(root["traceId"].as_str().map(str::len), Some(32));
    }
}
