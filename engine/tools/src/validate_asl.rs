//! `validate_asl`: checks the structure of a state machine in the Amazon States Language.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::json::depth_of;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::outcome::{Outcome, ToolError};
use super::report::{counted, listed, text_of};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct ValidateAsl;

/// Maximum size of a file, in bytes: that of a definition in the service.
const MOST: usize = 1024 * 1024;
/// Maximum number of mistakes to list.
const LISTED: usize = 50;
/// Maximum depth of a document.
const DEEPEST: usize = 100;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of a JSON file with one state machine, from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    path: String,
}

#[async_trait]
impl TypedTool for ValidateAsl {
    type Arguments = Arguments;
    const NAME: &'static str = "validate_asl";
    const DESCRIPTION: &'static str = "Checks a Step Functions state machine of the repository: \
                                       types and fields of states, targets of transitions, states \
                                       that are never reached or never end. It calls nothing.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let text = text_of(at, &a.path, MOST).await?;
        let path = row(&a.path);
        Outcome::text(match mistakes(&text) {
            Ok(states) => format!("{path} is valid: {}.", counted(states, "state")),
            Err(found) => format!("{path} is not valid:\n{}", listed(&found, LISTED)),
        })
    }
}

/// The number of states of a machine, or what is wrong with it.
pub(super) fn mistakes(text: &str) -> Result<usize, Vec<String>> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| vec![format!("it is not JSON: {error}")])?;
    if depth_of(&document) > DEEPEST {
        return Err(vec![format!("it is nested more than {DEEPEST} deep")]);
    }
    let mut found = Vec::new();
    let states = machine(&document, "", &mut found);
    let found: Vec<String> = found.iter().map(|line| row(line).into_owned()).collect();
    if found.is_empty() { Ok(states) } else { Err(found) }
}

/// The fields of each type of state beyond those of all.
const TYPES: [(&str, &[&str]); 8] = [
    ("Task", &["Resource"]),
    ("Pass", &[]),
    ("Choice", &["Choices"]),
    ("Wait", &[]),
    ("Succeed", &[]),
    ("Fail", &[]),
    ("Parallel", &["Branches"]),
    ("Map", &[]),
];

/// Checks a machine or a branch; returns the number of its states, with those inside.
fn machine(machine: &Value, within: &str, found: &mut Vec<String>) -> usize {
    let Some(states) = machine["States"].as_object().filter(|states| !states.is_empty()) else {
        found.push(format!("{within}`States` must be an object with at least one state"));
        return 0;
    };
    let known = |name: &str| states.contains_key(name);
    match machine["StartAt"].as_str() {
        None => found.push(format!("{within}`StartAt` is missing")),
        Some(start) if !known(start) => {
            found.push(format!("{within}`StartAt` names no state: `{start}`"));
        }
        Some(_) => {}
    }
    let mut count = states.len();
    let mut leads = BTreeMap::<&str, Vec<&str>>::new();
    for (name, state) in states {
        let place = format!("{within}{name}: ");
        let Some(state) = state.as_object() else {
            found.push(format!("{place}a state must be an object"));
            continue;
        };
        let targets = targets(state);
        for target in targets.iter().filter(|target| !known(target)) {
            found.push(format!("{place}leads to no state: `{target}`"));
        }
        leads.insert(name, targets);
        fields(state, &place, found);
        for branch in branches(state) {
            count += self::machine(branch, &format!("{within}{name} / "), found);
        }
    }
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = machine["StartAt"].as_str().into_iter().collect();
    while let Some(name) = next.pop() {
        if reached.insert(name) {
            next.extend(leads.get(name).into_iter().flatten().copied());
        }
    }
    for name in states.keys().filter(|name| !reached.contains(name.as_str())) {
        found.push(format!("{within}{name}: is never reached"));
    }
    let ends = |state: &Value| {
        state["End"] == true || matches!(state["Type"].as_str(), Some("Succeed" | "Fail"))
    };
    if !states.values().any(ends) {
        found.push(format!("{within}no state ends the machine"));
    }
    count
}

/// The machines inside of a state.
fn branches(state: &Map<String, Value>) -> Vec<&Value> {
    let listed = state.get("Branches").and_then(Value::as_array).into_iter().flatten();
    let inner = ["ItemProcessor", "Iterator"].into_iter().filter_map(|key| state.get(key));
    listed.chain(inner).collect()
}

/// The states that a state leads to.
fn targets(state: &Map<String, Value>) -> Vec<&str> {
    let mut targets: Vec<&str> = Vec::new();
    targets.extend(["Next", "Default"].iter().filter_map(|key| state.get(*key)?.as_str()));
    for key in ["Choices", "Catch"] {
        let listed = state.get(key).and_then(Value::as_array).into_iter().flatten();
        targets.extend(listed.filter_map(|rule| rule["Next"].as_str()));
    }
    targets
}

/// Checks the fields of a state.
fn fields(state: &Map<String, Value>, place: &str, found: &mut Vec<String>) {
    let Some(kind) = state.get("Type").and_then(Value::as_str) else {
        found.push(format!("{place}`Type` is missing"));
        return;
    };
    let Some((_, needed)) = TYPES.iter().find(|(name, _)| *name == kind) else {
        found.push(format!("{place}`{kind}` is no type of state"));
        return;
    };
    for field in needed.iter().filter(|field| !state.contains_key(**field)) {
        found.push(format!("{place}`{field}` is missing"));
    }
    let (has_next, ends) = (state.contains_key("Next"), state.get("End") == Some(&true.into()));
    match kind {
        "Succeed" | "Fail" if has_next || ends => {
            found.push(format!("{place}a `{kind}` state has neither `Next` nor `End`"));
        }
        "Choice" if has_next || ends => {
            found.push(format!("{place}a `Choice` has neither `Next` nor `End`"));
        }
        "Succeed" | "Fail" | "Choice" => {}
        _ if has_next == ends => {
            found.push(format!("{place}needs either `Next` or `\"End\": true`"));
        }
        _ => {}
    }
    let list = |key: &str| state.get(key).and_then(Value::as_array);
    if kind == "Choice" {
        let rules = list("Choices").map(Vec::as_slice).unwrap_or_default();
        if rules.is_empty() && state.contains_key("Choices") {
            found.push(format!("{place}`Choices` must list at least one rule"));
        }
        if rules.iter().any(|rule| rule["Next"].as_str().is_none()) {
            found.push(format!("{place}each rule of `Choices` needs `Next`"));
        }
    }
    if kind == "Wait" {
        let ways = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
        if ways.iter().filter(|way| state.contains_key(**way)).count() != 1 {
            found.push(format!("{place}a `Wait` needs exactly one of {}", ways.join(", ")));
        }
    }
    if kind == "Map" && branches(state).is_empty() {
        found.push(format!("{place}`ItemProcessor` is missing"));
    }
    for key in ["Retry", "Catch"] {
        let rules = list(key).map(Vec::as_slice).unwrap_or_default();
        for rule in rules {
            let names = rule["ErrorEquals"].as_array();
            if names.is_none_or(|names| names.is_empty()) {
                found.push(format!("{place}each rule of `{key}` needs `ErrorEquals`"));
            }
            if key == "Catch" && rule["Next"].as_str().is_none() {
                found.push(format!("{place}each rule of `Catch` needs `Next`"));
            }
        }
        let is_all = |rule: &Value| {
            rule["ErrorEquals"]
                .as_array()
                .is_some_and(|names| names.iter().any(|n| n == "States.ALL"))
        };
        if rules.iter().rev().skip(1).any(is_all) {
            found.push(format!("{place}`States.ALL` must be the last rule of `{key}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        machine(&serde_json::from_str(text).expect("JSON"), "", &mut found);
        found
    }

    #[test]
    fn our_own_machine_is_valid() {
        let text = include_str!("../../../infra/terraform/state_machines/delivery.asl.json");
        assert_eq!(found(text), Vec::<String>::new());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, wanted) in [
            ("{}", "`States` must be an object"),
            (r#"{"States":{"A":{"Type":"Succeed"}}}"#, "`StartAt` is missing"),
            (r#"{"StartAt":"B","States":{"A":{"Type":"Succeed"}}}"#, "names no state: `B`"),
            (
                r#"{"StartAt":"A","States":{"A":{"Type":"Task","Next":"B"}}}"#,
                "A: leads to no state",
            ),
            (
                r#"{"StartAt":"A","States":{"A":{"Type":"Task","End":true}}}"#,
                "`Resource` is missing",
            ),
            (r#"{"StartAt":"A","States":{"A":{"Type":"Pass"}}}"#, "needs either"),
            (r#"{"StartAt":"A","States":{"A":{"Type":"Jump","End":true}}}"#, "no type of state"),
            (
                r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true},
                    "B":{"Type":"Fail"}}}"#,
                "B: is never reached",
            ),
            (
                r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}"#,
                "no state ends the machine",
            ),
            (
                r#"{"StartAt":"A","States":{"A":{"Type":"Parallel","End":true,
                    "Branches":[{"StartAt":"X","States":{"X":{"Type":"Wait","End":true}}}]}}}"#,
                "A / X: a `Wait` needs exactly one",
            ),
            (
                r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"r","End":true,
                    "Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["X"]}]}}}"#,
                "must be the last rule of `Retry`",
            ),
        ] {
            let found = found(text);
            assert!(found.iter().any(|line| line.contains(wanted)), "{wanted}: {found:?}");
        }
    }
}
