//! An interpreter of the Amazon States Language, written from its specification, for the state
//! types and fields that our machines may use. Anything unknown is an error, so that new output
//! cannot go unnoticed.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::path::{computed, find, get, put};

/// A task to perform.
pub struct TaskCall<'a> {
    pub name: &'a str,
    resource: &'a str,
    pub parameters: Value,
}

impl TaskCall<'_> {
    pub fn is_lambda(&self) -> bool {
        self.resource.contains(":lambda:")
    }

    /// Names and values in the environment of the container.
    pub fn container(&self) -> Vec<(&str, &str)> {
        let overrides = &self.parameters["Overrides"]["ContainerOverrides"][0];
        let variables = overrides["Environment"].as_array().expect("an environment");
        variables
            .iter()
            .map(|v| (v["Name"].as_str().expect("a name"), v["Value"].as_str().expect("a text")))
            .collect()
    }
}

/// The result of a task.
pub enum Answer {
    Success(Value),
    Error(&'static str),
    /// An error of the service, not of the task; the attempt is not a visit.
    Away(&'static str),
}

/// A machine.
pub struct Machine {
    start: String,
    states: Map<String, Value>,
}

impl Machine {
    /// Parses the JSON.
    pub fn read(text: &str) -> Machine {
        let machine: Value = serde_json::from_str(text).expect("JSON");
        only(&machine, "the machine", &["Comment", "QueryLanguage", "StartAt", "States"]);
        assert_eq!(machine["QueryLanguage"], "JSONPath");
        let states = machine["States"].as_object().expect("states").clone();
        for (name, state) in &states {
            assert!((1..=80).contains(&name.chars().count()), "the name `{name}` is too long");
            let fields = FIELDS
                .iter()
                .find(|(kind, _)| state["Type"] == *kind)
                .unwrap_or_else(|| panic!("{name}: {state}"))
                .1;
            only(state, name, fields);
        }
        Machine { start: machine["StartAt"].as_str().expect("a start").to_owned(), states }
    }

    /// Runs the machine to its end. Returns the states in the order in which they were entered; a
    /// retried task is entered again.
    pub fn run(&self, input: Value, world: &mut dyn FnMut(&TaskCall<'_>) -> Answer) -> Vec<String> {
        let mut visited = Vec::new();
        let (mut at, mut data) = (self.start.clone(), input);
        loop {
            assert!(
                visited.len() < 10_000,
                "it does not end: {:?}",
                &visited[visited.len() - 10..]
            );
            let state = self.states.get(&at).unwrap_or_else(|| panic!("no state `{at}`"));
            let next = match state["Type"].as_str() {
                Some("Task") => task(&at, state, &mut data, world, &mut visited),
                Some(kind) => {
                    visited.push(at.clone());
                    match kind {
                        "Choice" => choice(state, &data),
                        "Pass" => pass(state, &mut data),
                        "Wait" => {
                            let moment = get(&data, text(&state["TimestampPath"]))
                                .as_str()
                                .expect("a moment");
                            assert!(
                                moment.len() >= 20
                                    && moment.ends_with('Z')
                                    && moment.as_bytes()[10] == b'T',
                                "`{moment}`"
                            );
                            text(&state["Next"]).to_owned()
                        }
                        _ => return visited,
                    }
                }
                None => panic!("`{at}` has no type"),
            };
            at = next;
        }
    }
}

/// The fields that each type of state may have.
const FIELDS: [(&str, &[&str]); 6] = [
    (
        "Task",
        &[
            "Comment",
            "Type",
            "Resource",
            "Parameters",
            "ResultPath",
            "ResultSelector",
            "TimeoutSeconds",
            "HeartbeatSeconds",
            "Retry",
            "Catch",
            "Next",
        ],
    ),
    ("Choice", &["Comment", "Type", "Choices", "Default"]),
    ("Pass", &["Comment", "Type", "Result", "Parameters", "ResultPath", "Next"]),
    ("Wait", &["Comment", "Type", "TimestampPath", "Next"]),
    ("Succeed", &["Comment", "Type"]),
    ("Fail", &["Comment", "Type", "Error", "Cause"]),
];

fn only(value: &Value, what: &str, fields: &[&str]) {
    for key in value.as_object().expect("an object").keys() {
        assert!(fields.contains(&key.as_str()), "{what}: `{key}`");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn task(
    name: &str,
    state: &Value,
    data: &mut Value,
    world: &mut dyn FnMut(&TaskCall<'_>) -> Answer,
    visited: &mut Vec<String>,
) -> String {
    in_range(name, state);
    let context = json!({ "Task": { "Token": "token" },
        "State": { "EnteredTime": "2026-01-05T08:00:00Z" } });
    // Each retrier has its own count, reset whenever the state is entered.
    let mut attempts: HashMap<usize, u64> = HashMap::new();
    loop {
        let parameters = computed(&state["Parameters"], data, &context);
        let error = match world(&TaskCall { name, resource: text(&state["Resource"]), parameters })
        {
            Answer::Success(result) => {
                visited.push(name.to_owned());
                let selected = state
                    .get("ResultSelector")
                    .map_or(result.clone(), |selector| computed(selector, &result, &context));
                put(data, text(&state["ResultPath"]), selected);
                return text(&state["Next"]).to_owned();
            }
            Answer::Error(error) => {
                visited.push(name.to_owned());
                error
            }
            Answer::Away(error) => error,
        };
        let retriers = state.get("Retry").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if let Some(number) = retriers.iter().position(|retrier| matches(retrier, error)) {
            let done = attempts.entry(number).or_default();
            if *done < retriers[number]["MaxAttempts"].as_u64().expect("a number") {
                *done += 1;
                continue;
            }
        }
        let catchers = state.get("Catch").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let catcher = catchers
            .iter()
            .find(|catcher| matches(catcher, error))
            .unwrap_or_else(|| panic!("{name}: `{error}` ends it"));
        put(data, text(&catcher["ResultPath"]), json!({ "Error": error, "Cause": "" }));
        return text(&catcher["Next"]).to_owned();
    }
}

/// Whether a retrier or catcher matches an error. `States.TaskFailed` matches every error except
/// `States.Timeout`.
fn matches(rule: &Value, error: &str) -> bool {
    rule["ErrorEquals"].as_array().expect("errors").iter().any(|wanted| match text(wanted) {
        "States.ALL" => true,
        "States.TaskFailed" => error != "States.Timeout",
        wanted => {
            wanted == error || (wanted == "States.Timeout" && error == "States.HeartbeatTimeout")
        }
    })
}

fn in_range(name: &str, task: &Value) {
    let (longest, heartbeat) = (task.get("TimeoutSeconds"), task.get("HeartbeatSeconds"));
    let seconds =
        |value: Option<&Value>| value.map(|v| v.as_u64().unwrap_or_else(|| panic!("{name}: {v}")));
    let (longest, heartbeat) = (seconds(longest), seconds(heartbeat));
    assert!(longest.is_none_or(|s| (1..=99_999_999).contains(&s)), "{name}: {longest:?}");
    assert!(
        heartbeat.is_none_or(|h| h < longest.unwrap_or(99_999_999)),
        "{name}: {heartbeat:?} of {longest:?}"
    );
}

fn choice(state: &Value, data: &Value) -> String {
    let rules = state["Choices"].as_array().expect("rules");
    let rule = rules.iter().find(|rule| holds(rule, data));
    text(rule.map_or(&state["Default"], |rule| &rule["Next"])).to_owned()
}

fn holds(rule: &Value, data: &Value) -> bool {
    only(
        rule,
        "a rule",
        &["And", "Variable", "StringEquals", "NumericLessThan", "IsPresent", "Next"],
    );
    if let Some(all) = rule.get("And") {
        return all.as_array().expect("rules").iter().all(|rule| holds(rule, data));
    }
    let variable = text(&rule["Variable"]);
    if let Some(wanted) = rule.get("IsPresent") {
        return find(data, variable).is_some() == wanted.as_bool().expect("yes or no");
    }
    let value = get(data, variable);
    match (rule.get("StringEquals"), rule.get("NumericLessThan")) {
        (Some(wanted), None) => value == wanted,
        (None, Some(limit)) => {
            value.as_i64().expect("a number") < limit.as_i64().expect("a number")
        }
        _ => panic!("{rule} compares nothing"),
    }
}

fn pass(state: &Value, data: &mut Value) -> String {
    let result = match (state.get("Result"), state.get("Parameters")) {
        (Some(result), None) => result.clone(),
        (None, Some(parameters)) => computed(parameters, data, &json!({})),
        _ => panic!("{state} writes nothing"),
    };
    put(data, text(&state["ResultPath"]), result);
    text(&state["Next"]).to_owned()
}
