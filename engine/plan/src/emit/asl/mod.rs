//! A plan as a Step Functions state machine: the same states and the same transitions between them.
//!
//! A state with work becomes a task of the same name. Its outcome is written to `$.outcome.on`, and
//! the choice `NAME.next` continues as the plan's transitions say, first match first. A limited
//! transition passes through a state that counts it. A program cannot report its own death as an
//! outcome: the service retries the task as often as the plan allows, and the new task continues at
//! the same step, which it reads from the journal.
//!
//! The machine carries ids, counters and outcomes, and nothing that grows: texts, artifacts and
//! journals are in the stores.

mod language;

use cloudcrew_definition::crew::{Definition, Phase};
use serde::Serialize;
use serde_json::{Map, Value, json};

use language::{Catcher, Choice, Fail, Machine, Pass, Retrier, Succeed, Task, Wait};

use crate::plan::{Bound, Counter, Kind, Outcome, Plan, State, Transition};

const RUN_TASK: &str = "arn:aws:states:::ecs:runTask.waitForTaskToken";
const INVOKE: &str = "arn:aws:states:::lambda:invoke";
const INVOKE_AND_WAIT: &str = "arn:aws:states:::lambda:invoke.waitForTaskToken";

/// Marks a machine as ours.
pub const STAMP: &str = "written by `cloudcrew generate`";
/// Maximum `TimeoutSeconds`, three years. Source: Amazon States Language, "Timeouts and
/// heartbeats".
const MAX_SECONDS: u64 = 99_999_999;
/// A container without a heartbeat for this long counts as dead. It must be pulled and started
/// within this time; afterwards it reports every 30 s.
pub const HEARTBEAT_SECONDS: u64 = 300;
/// How much longer than its swarm a container may run: to be pulled and started, to wait for
/// models, to write the last entries.
const STARTS_AND_ENDS_SECONDS: u64 = 900;
/// Maximum run time of a Lambda function.
const LAMBDA_SECONDS: u64 = 900;

/// How long a phase's container may run: its longest swarm, plus the overhead.
pub fn task_seconds(phase: &Phase) -> u64 {
    let retries = i32::try_from(phase.retry.max_attempts).unwrap_or(i32::MAX);
    let longest =
        phase.swarm.execution_timeout.as_secs_f64() * phase.retry.timeout_factor.powi(retries);
    (longest.ceil() as u64).saturating_add(STARTS_AND_ENDS_SECONDS).min(MAX_SECONDS)
}

/// Names to bind at deployment: `subnet_ids` is a comma-separated list, `assign_public_ip` either
/// `ENABLED` or `DISABLED`.
pub const PLACEHOLDERS: [&str; 10] = [
    "cluster_arn",
    "task_definition_arn",
    "capacity_provider",
    "assign_public_ip",
    "subnet_ids",
    "security_group_id",
    "review_function_arn",
    "request_function_arn",
    "finalize_function_arn",
    "ended_function_arn",
];

/// Errors of the environment, not of the program: it is restarted. The first is reported for a
/// container that has stopped, before its heartbeat is missed.
const DEATHS: [&str; 4] =
    ["CloudCrew.Stopped", "States.HeartbeatTimeout", "States.Timeout", "States.TaskFailed"];
/// Lambda's own errors.
const LAMBDA_AWAY: [&str; 4] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
];
/// Errors of a function that a later attempt may not have: a store or a Git server failed it, or
/// its process died. No work is lost.
const FAULTS: [&str; 4] =
    ["CloudCrew.Fault", "Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout"];
/// The error of a function that cannot go on now: a model provider or the Git server is
/// unavailable.
const PARKED: &str = "CloudCrew.Parked";

/// The machine as JSON, the same for the same plan.
pub fn asl(plan: &Plan, definition: &Definition) -> String {
    let machine = Writer { plan, definition, states: Map::new() }.machine();
    let mut text = serde_json::to_string_pretty(&machine).expect("a machine is plain data");
    text.push('\n');
    text
}

struct Writer<'a> {
    plan: &'a Plan,
    definition: &'a Definition,
    states: Map<String, Value>,
}

impl Writer<'_> {
    fn machine(mut self) -> Machine {
        self.beginning();
        for state in &self.plan.states {
            self.state(state);
        }
        let comment = format!(
            "Workflow `{}`, {STAMP} from definition {}",
            self.plan.workflow, self.plan.definition
        );
        Machine {
            comment,
            query_language: "JSONPath",
            start_at: "begin".into(),
            states: self.states,
        }
    }

    fn put(&mut self, name: impl Into<String>, state: impl Serialize) {
        self.states
            .insert(name.into(), serde_json::to_value(state).expect("a state is plain data"));
    }

    /// Initializes the counters; the input may name the phase to enter, or the gate that a retry
    /// opens again.
    fn beginning(&mut self) {
        let zero = |(phase, _): &(String, String)| {
            (phase.clone(), json!({ "retries": 0, "reworks": 0, "revisions": 0, "deliveries": 0 }))
        };
        self.put(
            "begin",
            Pass {
                comment:
                    "Input: {\"project\": ID, \"entry\": PHASE}; without `entry`, the first phase; \
                     `PHASE.gate` opens its gate again"
                        .into(),
                kind: "Pass",
                result: Some(Value::Object(self.plan.entries.iter().map(zero).collect())),
                parameters: None,
                result_path: "$.counters".into(),
                next: "enter".into(),
            },
        );
        let enter = |(phase, state): &(String, String)| {
            json!({ "And": [{ "Variable": "$.entry",
            "IsPresent": true }, { "Variable": "$.entry", "StringEquals": phase }],
                "Next": state })
        };
        let gates = self.plan.states.iter().filter(|state| state.kind == Kind::Gate);
        let gates = gates.map(|state| (state.name.clone(), state.name.clone()));
        let choices = self.plan.entries.iter().cloned().chain(gates);
        let choices = choices.map(|entry| enter(&entry)).collect();
        self.put("enter", Choice { kind: "Choice", choices, default: self.plan.start.clone() });
    }

    fn state(&mut self, state: &State) {
        let phase = state.phase.as_deref().and_then(|name| self.definition.phase(name));
        match (state.kind, phase) {
            (Kind::Swarm, Some(phase)) => self.swarm(state, phase),
            (Kind::Question, Some(phase)) => self.question(state, phase),
            (Kind::Park, Some(_)) => self.park(state),
            (Kind::Review, Some(phase)) => self.review(state, phase),
            (Kind::Gate, Some(phase)) => self.gate(state, phase),
            (Kind::Finalize, _) => self.finalize(state),
            (Kind::Done, _) => self.put(&state.name, Succeed { kind: "Succeed" }),
            (kind, _) if kind != Kind::Expired || self.can_expire() => self.end(&state.name, kind),
            _ => {}
        }
    }

    fn can_expire(&self) -> bool {
        self.plan.states.iter().flat_map(|s| &s.on).any(|t| t.to == "expired")
    }

    fn swarm(&mut self, state: &State, phase: &Phase) {
        let variable = |name: &str, path: &str| json!({ "Name": name, "Value.$": path });
        let environment = json!([
            variable("PROJECT_ID", "$.project"),
            { "Name": "PHASE", "Value": phase.name },
            variable("TASK_TOKEN", "$$.Task.Token"),
            variable("STATE_ENTERED", "$$.State.EnteredTime"),
        ]);
        let parameters = json!({
            "CapacityProviderStrategy": [{ "CapacityProvider": "${capacity_provider}",
                "Weight": 1 }],
            "Cluster": "${cluster_arn}",
            "TaskDefinition": "${task_definition_arn}",
            "NetworkConfiguration": { "AwsvpcConfiguration": {
                "Subnets.$": "States.StringSplit('${subnet_ids}', ',')",
                "SecurityGroups": ["${security_group_id}"],
                "AssignPublicIp": "${assign_public_ip}",
            } },
            "Overrides": { "ContainerOverrides": [{ "Name": "phase",
                "Environment": environment }] },
        });
        let task = Task {
            comment: comment(&format!("The swarm of {} works", phase.name), &phase.description),
            kind: "Task",
            resource: RUN_TASK,
            parameters,
            result_path: "$.outcome".into(),
            result_selector: None,
            timeout_seconds: Some(task_seconds(phase)),
            heartbeat_seconds: Some(HEARTBEAT_SECONDS),
            retry: vec![restarts(phase)],
            catch: otherwise(),
            next: next_name(state),
        };
        self.put(&state.name, task);
        self.ways(state, phase);
    }

    fn question(&mut self, state: &State, phase: &Phase) {
        let task = Task {
            comment: "An agent's question waits for the customer; nothing runs meanwhile".into(),
            timeout_seconds: None,
            catch: cancelled_or_failed(),
            next: leads(state, Outcome::Answered),
            ..request(phase, "question")
        };
        self.put(&state.name, task);
    }

    fn park(&mut self, state: &State) {
        let wait = Wait {
            comment: "A model's provider is unavailable; nothing runs meanwhile".into(),
            kind: "Wait",
            timestamp_path: "$.outcome.until",
            next: leads(state, Outcome::Back),
        };
        self.put(&state.name, wait);
    }

    fn review(&mut self, state: &State, phase: &Phase) {
        let agent = phase.review.as_ref().map_or("", |review| review.agent.as_str());
        let task = Task {
            comment: format!("{agent} reviews {}", phase.name),
            kind: "Task",
            resource: INVOKE,
            parameters: call("review", json!({ "project.$": "$.project", "phase": phase.name })),
            result_path: "$.outcome".into(),
            result_selector: Some(json!({ "on.$": "$.Payload.on" })),
            timeout_seconds: Some(LAMBDA_SECONDS),
            heartbeat_seconds: None,
            retry: vec![parked(), lambda_away(MAX_ATTEMPTS), restarts(phase)],
            catch: otherwise(),
            next: next_name(state),
        };
        self.put(&state.name, task);
        self.ways(state, phase);
    }

    fn gate(&mut self, state: &State, phase: &Phase) {
        // Only the journal expires a gate: a timeout here could fire after a decision is recorded
        // but before it is reported.
        let task = Task {
            comment: format!("The customer decides on {}", phase.name),
            catch: cancelled_or_failed(),
            next: next_name(state),
            ..request(phase, "gate")
        };
        self.put(&state.name, task);
        self.ways(state, phase);
    }

    /// What follows the last phase; an error is recorded and stops nothing.
    fn finalize(&mut self, state: &State) {
        let next = leads(state, Outcome::Finalized);
        let task = Task {
            comment: "Runs after the last phase; never blocks completion".into(),
            kind: "Task",
            resource: INVOKE,
            parameters: call("finalize", json!({ "project.$": "$.project" })),
            result_path: "$.finalized".into(),
            result_selector: Some(json!({ "status.$": "$.StatusCode" })),
            timeout_seconds: Some(LAMBDA_SECONDS),
            heartbeat_seconds: None,
            // Commits that are not pushed hold up the end.
            retry: vec![parked(), patient()],
            catch: vec![Catcher {
                error_equals: vec!["States.ALL"],
                result_path: "$.error",
                next: next.clone(),
            }],
            next,
        };
        self.put(&state.name, task);
    }

    /// An unsuccessful end. A cancellation is already recorded; the others are recorded in the
    /// journal first.
    fn end(&mut self, name: &str, kind: Kind) {
        if kind != Kind::Cancelled {
            let payload = json!({ "project.$": "$.project", "end": name });
            let task = Task {
                comment: "Records the end in the journal and notifies everyone concerned".into(),
                kind: "Task",
                resource: INVOKE,
                parameters: call("ended", payload),
                result_path: "$.noted".into(),
                result_selector: Some(json!({ "status.$": "$.StatusCode" })),
                timeout_seconds: Some(LAMBDA_SECONDS),
                heartbeat_seconds: None,
                retry: vec![patient()],
                catch: vec![Catcher {
                    error_equals: vec!["States.ALL"],
                    result_path: "$.unnoted",
                    next: name.to_owned(),
                }],
                next: name.to_owned(),
            };
            self.put(format!("{name}.record"), task);
        }
        let cause = format!("The engagement ended as {}; its journal says why", kind.name());
        let error = format!("CloudCrew.{}{}", kind.name()[..1].to_uppercase(), &kind.name()[1..]);
        self.put(name, Fail { kind: "Fail", error, cause });
    }

    /// The choice after a task, and the states that count its limited transitions.
    fn ways(&mut self, state: &State, phase: &Phase) {
        let mut choices = Vec::new();
        for transition in state.on.iter().filter(|t| reported(state.kind, t.on)) {
            let on = json!({ "Variable": "$.outcome.on", "StringEquals": transition.on.name() });
            if transition.on == Outcome::Returned {
                choices.push(self.way_back(phase, transition));
                continue;
            }
            let Some(bound) = &transition.bound else {
                choices.push(
                    json!({ "Variable": "$.outcome.on", "StringEquals": transition.on.name(),
                        "Next": end_of(&transition.to) }),
                );
                continue;
            };
            let counter = counter_path(phase, bound.counter);
            let counted = json!({ "Variable": counter, "NumericLessThan": bound.max });
            let counts = counting_name(phase, bound.counter);
            choices.push(json!({ "And": [on, counted], "Next": counts }));
            if !self.states.contains_key(&counts) {
                self.put(counts, counting(phase, transition, bound));
            }
        }
        self.put(
            next_name(state),
            Choice { kind: "Choice", choices, default: "failed.record".into() },
        );
    }

    /// The choice of a way back to an earlier phase, and the state that counts it.
    fn way_back(&mut self, phase: &Phase, back: &Transition) -> Value {
        let to = back.again.first().map_or("", String::as_str);
        let number = self.plan.entries.iter().position(|(name, _)| name == to).unwrap_or(0) + 1;
        // Two names of phases may be too long for the name of a state.
        let counts = format!("{}.return.{number}", phase.name);
        let max = back.bound.as_ref().map_or(0, |bound| bound.max);
        let key = back.bound.as_ref().map_or("", |bound| bound.key.as_str());
        let each = self.plan.entries.iter().map(|(name, _)| {
            let path = format!("$.counters['{name}']");
            if !back.again.contains(name) {
                return (format!("{name}.$"), Value::from(path));
            }
            let revisions = match *name == phase.name {
                true => format!("States.MathAdd({path}.revisions, 1)"),
                false => format!("{path}.revisions"),
            };
            let counters = json!({ "retries": 0, "reworks": 0, "deliveries": 0,
                "revisions.$": revisions });
            (name.clone(), counters)
        });
        let count = Pass {
            comment: format!("Back to {to}; at most {max} with other revisions: {key}"),
            kind: "Pass",
            result: None,
            parameters: Some(Value::Object(each.collect())),
            result_path: "$.counters".into(),
            next: back.to.clone(),
        };
        self.put(counts.clone(), count);
        let equals = |path: &str, value: &str| json!({ "Variable": path, "StringEquals": value });
        let counted = json!({ "Variable": counter_path(phase, Counter::Revisions),
            "NumericLessThan": max });
        json!({ "And": [equals("$.outcome.on", back.on.name()), equals("$.outcome.to", to),
            counted], "Next": counts })
    }
}

/// For a program that died too often, or never started.
fn otherwise() -> Vec<Catcher> {
    vec![Catcher {
        error_equals: vec!["States.ALL"],
        result_path: "$.error",
        next: "failed.record".into(),
    }]
}

fn cancelled_or_failed() -> Vec<Catcher> {
    let cancelled = Catcher {
        error_equals: vec!["CloudCrew.Cancelled"],
        result_path: "$.error",
        next: "cancelled".into(),
    };
    [vec![cancelled], otherwise()].concat()
}

/// Far more attempts than a year has room for.
const MAX_ATTEMPTS: u64 = 99_999_999;

/// Restarts a program that died.
fn restarts(phase: &Phase) -> Retrier {
    let max_attempts = u64::from(phase.max_restarts);
    Retrier {
        error_equals: DEATHS.to_vec(),
        interval_seconds: 5,
        max_attempts,
        backoff_rate: 2.0,
        max_delay_seconds: 300,
    }
}

/// Nothing was done, so the call is repeated. The service counts all retries of a state together,
/// including a review's parks and a gate's days, so essential calls are retried as patiently as an
/// unavailable provider.
fn lambda_away(max_attempts: u64) -> Retrier {
    Retrier {
        error_equals: LAMBDA_AWAY.to_vec(),
        interval_seconds: 2,
        max_attempts,
        backoff_rate: 2.0,
        max_delay_seconds: 300,
    }
}

/// Repeats a call for as long as it takes: without it, the engagement could not go on.
fn patient() -> Retrier {
    let error_equals = [&LAMBDA_AWAY[..], &FAULTS[..]].concat();
    Retrier { error_equals, ..lambda_away(MAX_ATTEMPTS) }
}

/// A request to a person: the function stores the task token with it.
fn request(phase: &Phase, kind: &str) -> Task {
    let payload = json!({ "project.$": "$.project", "phase": phase.name, "kind": kind,
        "task_token.$": "$$.Task.Token", "entered.$": "$$.State.EnteredTime" });
    Task {
        comment: String::new(),
        kind: "Task",
        resource: INVOKE_AND_WAIT,
        parameters: call("request", payload),
        result_path: "$.outcome".into(),
        result_selector: None,
        timeout_seconds: None,
        heartbeat_seconds: None,
        retry: vec![patient()],
        catch: Vec::new(),
        next: String::new(),
    }
}

fn call(function: &str, payload: Value) -> Value {
    json!({ "FunctionName": format!("${{{function}_function_arn}}"), "Payload": payload })
}

/// Counts a limited transition, and resets the counters inside it.
fn counting(phase: &Phase, transition: &Transition, bound: &Bound) -> Pass {
    let mut parameters = Map::new();
    for counter in [Counter::Retries, Counter::Reworks, Counter::Revisions, Counter::Deliveries] {
        let (name, path) = (counter_name(counter), counter_path(phase, counter));
        if counter == bound.counter {
            parameters.insert(format!("{name}.$"), format!("States.MathAdd({path}, 1)").into());
        } else if transition.resets.contains(&counter) {
            parameters.insert(name.to_owned(), 0.into());
        } else {
            parameters.insert(format!("{name}.$"), path.into());
        }
    }
    Pass {
        comment: format!("At most {}: {}", bound.max, bound.key),
        kind: "Pass",
        result: None,
        parameters: Some(Value::Object(parameters)),
        result_path: counters_path(phase),
        next: transition.to.clone(),
    }
}

fn counters_path(phase: &Phase) -> String {
    format!("$.counters['{}']", phase.name)
}

fn counter_path(phase: &Phase, counter: Counter) -> String {
    format!("{}.{}", counters_path(phase), counter_name(counter))
}

fn counter_name(counter: Counter) -> &'static str {
    match counter {
        Counter::Restarts => "restarts",
        Counter::Retries => "retries",
        Counter::Reworks => "reworks",
        Counter::Revisions => "revisions",
        Counter::Deliveries => "deliveries",
    }
}

/// `discovery.retry`: the name shown in the console.
fn counting_name(phase: &Phase, counter: Counter) -> String {
    let what = match counter {
        Counter::Restarts => "restart",
        Counter::Retries => "retry",
        Counter::Reworks => "rework",
        Counter::Revisions => "revise",
        Counter::Deliveries => "deliver",
    };
    format!("{}.{what}", phase.name)
}

/// Tries again for as long as it takes.
fn parked() -> Retrier {
    Retrier {
        error_equals: vec![PARKED],
        interval_seconds: 60,
        max_attempts: MAX_ATTEMPTS,
        backoff_rate: 2.0,
        max_delay_seconds: 3600,
    }
}

fn next_name(state: &State) -> String {
    format!("{}.next", state.name)
}

/// Target of an outcome with a single transition.
fn leads(state: &State, on: Outcome) -> String {
    state
        .on
        .iter()
        .find(|t| t.on == on)
        .map_or_else(|| "failed.record".to_owned(), |t| t.to.clone())
}

/// Ends that are recorded first.
fn end_of(state: &str) -> String {
    match state {
        "failed" | "expired" => format!("{state}.record"),
        _ => state.to_owned(),
    }
}

/// Whether a program can report the outcome itself; a death, a cancellation of a wait and an
/// unavailable provider during a review are errors of the task.
fn reported(kind: Kind, on: Outcome) -> bool {
    !matches!(
        (kind, on),
        (_, Outcome::Died) | (Kind::Gate, Outcome::Cancelled) | (Kind::Review, Outcome::Parked)
    )
}

/// A comment with text from the definition, escaped so that Terraform does not read it as a
/// template.
fn comment(what: &str, more: &str) -> String {
    let more = more.replace("${", "$${").replace("%{", "%%{");
    if more.is_empty() { what.to_owned() } else { format!("{what}: {more}") }
}
