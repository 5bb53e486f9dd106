//! The rig that executes state machines; see tests/rigs/README.md. It must be running already.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::root;

/// An engagement on the rig: the scripted outcomes of its states, in order.
#[derive(Clone)]
pub struct Execution {
    machine: PathBuf,
    entry: Option<String>,
    script: Vec<Value>,
}

/// The course of an execution.
#[derive(Debug)]
pub struct Course {
    /// `SUCCEEDED`, or the error it failed with.
    pub end: String,
    /// States in the order they were entered.
    pub states: Vec<String>,
}

impl Course {
    /// The states without those that only choose or count.
    pub fn plan_states(&self) -> Vec<&str> {
        let chooses = |name: &str| name.ends_with(".next") || name == "begin" || name == "enter";
        let counts = |name: &str| {
            [".retry", ".deliver", ".rework", ".revise", ".record"]
                .iter()
                .any(|what| name.ends_with(what))
                || name.contains(".return.")
        };
        self.states
            .iter()
            .map(String::as_str)
            .filter(|name| !chooses(name) && !counts(name))
            .collect()
    }
}

/// The machine of a workspace.
pub fn machine(workspace: &Path) -> Execution {
    let machine = workspace.join("infra/terraform/state_machines/delivery.asl.json");
    Execution { machine, entry: None, script: Vec::new() }
}

impl Execution {
    /// Starts at a phase.
    pub fn entry(mut self, phase: &str) -> Execution {
        self.entry = Some(phase.to_owned());
        self
    }

    /// Adds outcomes: `poc.swarm finished` reports an outcome, `poc.gate returned:discovery` one
    /// with a phase, `poc.review !Parked` an error, `poc.swarm silent` nothing.
    pub fn then(mut self, steps: &[&str]) -> Execution {
        self.script.extend(steps.iter().map(|step| match step.split_once(' ') {
            Some((state, "silent")) => json!({ "state": state, "silent": true }),
            Some((state, how)) => match how.strip_prefix('!') {
                Some(error) => json!({ "state": state, "error": error }),
                None => match how.split_once(':') {
                    Some((on, to)) => json!({ "state": state, "on": on, "to": to }),
                    None => json!({ "state": state, "on": how }),
                },
            },
            None => json!({ "state": step }),
        }));
        self
    }

    /// Adds phases that simply succeed.
    pub fn well(self, phases: &[&str]) -> Execution {
        phases.iter().fold(self, |execution, phase| {
            let steps = [
                format!("{phase}.swarm finished"),
                format!("{phase}.review passed"),
                format!("{phase}.gate approved"),
            ];
            execution.then(&steps.each_ref().map(String::as_str))
        })
    }
}

/// The Python of the rig, which must be running.
#[track_caller]
pub fn rig_runs() -> String {
    std::env::var("RIG_PYTHON").expect("the rig runs: eval \"$(tests/rigs/aws/start.sh)\"")
}

/// Executes them in parallel. An outcome that the script lacks is a failure.
#[track_caller]
pub fn execute(executions: &[Execution]) -> Vec<Course> {
    let python = rig_runs();
    let mut machines = serde_json::Map::new();
    let mut work = Vec::new();
    for (number, execution) in executions.iter().enumerate() {
        let machine = execution.machine.display().to_string();
        machines.insert(machine.clone(), machine.clone().into());
        let input = execution.entry.as_ref().map_or(json!({}), |entry| json!({ "entry": entry }));
        work.push(
            json!({ "project": format!("{}-{number}", unique()), "machine": machine, "input": input,
                "script": execution.script }),
        );
    }
    let mut child = Command::new(python)
        .arg(root().join("tests/rigs/machine/execute.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let asked = json!({ "machines": machines, "executions": work }).to_string();
    child.stdin.take().expect("a pipe").write_all(asked.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "the driver fails");
    let answer: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    answer.iter().map(course).collect()
}

#[track_caller]
fn course(answer: &Value) -> Course {
    let states: Vec<String> = serde_json::from_value(answer["states"].clone()).expect("states");
    assert_eq!(
        (&answer["faults"], &answer["unused"]),
        (&json!([]), &json!(0)),
        "off its script: {answer:#}"
    );
    let status = answer["status"].as_str().expect("a status");
    let end = answer["error"].as_str().unwrap_or(status).to_owned();
    assert_ne!(end, "RUNNING", "{answer:#}");
    Course { end, states }
}

/// A unique execution name.
fn unique() -> String {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    format!("e{}-{}", std::process::id(), since.as_nanos())
}
