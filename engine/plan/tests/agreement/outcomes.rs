//! Random outcomes of states, and how the programs behind a machine report them.

use cloudcrew_plan::{Kind, Outcome, Plan, State};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::machine::{Answer, TaskCall};

/// A random choice: which outcome, for how many states in a row, and in which form.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    pick: u8,
    again: u8,
    form: u8,
}

/// Any draw.
pub fn any() -> impl Strategy<Value = Draw> {
    (any_u8(), 0..5u8, any_u8()).prop_map(|(pick, again, form)| Draw { pick, again, form })
}

fn any_u8() -> impl Strategy<Value = u8> {
    proptest::arbitrary::any::<u8>()
}

/// A state that was entered, and its outcome; none for a final state.
#[derive(Debug, Clone)]
pub struct Happened {
    pub state: String,
    pub on: Option<Outcome>,
    /// The phase to which the work returned.
    pub to: Option<String>,
}

/// Random choices spread over the states; when they are exhausted, everything succeeds.
pub struct Script {
    picks: std::vec::IntoIter<u8>,
}

impl Script {
    pub fn new(draws: &[Draw]) -> Script {
        let picks: Vec<u8> = draws
            .iter()
            .flat_map(|d| std::iter::repeat_n(d.pick, usize::from(d.again) + 1))
            .collect();
        Script { picks: picks.into_iter() }
    }

    /// A further choice.
    pub fn pick(&mut self) -> usize {
        usize::from(self.picks.next().unwrap_or_default())
    }

    /// Picks an outcome of a state; none for a final one. `leads` says whether the engagement
    /// continues from there.
    pub fn outcome(
        &mut self,
        state: &State,
        leads: impl Fn(Outcome) -> Option<bool>,
    ) -> Option<Outcome> {
        let mut all: Vec<Outcome> =
            state.on.iter().map(|t| t.on).filter(|on| leads(*on).is_some()).collect();
        all.dedup();
        if state.kind == Kind::Park {
            all.retain(|on| *on != Outcome::Cancelled);
        }
        let happy = all.first().copied()?;
        let Some(pick) = self.picks.next() else { return Some(happy) };
        // Outcomes that continue weigh more than ends, otherwise few engagements would reach a
        // second lap.
        let weight = |on: &Outcome| if leads(*on) == Some(true) { 6 } else { 1 };
        let spread: Vec<Outcome> =
            all.iter().flat_map(|on| std::iter::repeat_n(*on, weight(on))).collect();
        Some(spread[usize::from(pick) % spread.len()])
    }
}

/// The programs behind a machine: they report what happened according to the plan, in its order.
pub struct Answers<'a> {
    plan: &'a Plan,
    happened: std::slice::Iter<'a, Happened>,
    forms: Vec<u8>,
    calls: usize,
    last_away: bool,
}

impl<'a> Answers<'a> {
    pub fn new(plan: &'a Plan, happened: &'a [Happened], draws: &[Draw]) -> Answers<'a> {
        let forms = draws.iter().map(|d| d.form).collect();
        Answers { plan, happened: happened.iter(), forms, calls: 0, last_away: false }
    }

    /// The answer to a task.
    pub fn to(&mut self, task: &TaskCall<'_>) -> Answer {
        let form =
            if self.forms.is_empty() { 0 } else { self.forms[self.calls % self.forms.len()] };
        self.calls += 1;
        // A momentary failure of Lambda itself: not an outcome.
        if task.is_lambda() && form % 8 == 7 && !std::mem::replace(&mut self.last_away, true) {
            return Answer::Away("Lambda.TooManyRequestsException");
        }
        self.last_away = false;
        if self.plan.state(task.name).is_none() {
            return noted(task, form);
        }
        // States without a program pass without a task.
        let mut next = self.happened.next().expect("the plan went on");
        while self.plan.state(&next.state).is_some_and(|s| s.kind == Kind::Park) {
            next = self.happened.next().expect("the plan went on");
        }
        assert_eq!(task.name, next.state, "the machine on the left, the plan on the right");
        let kind = self.plan.state(task.name).map(|s| s.kind).expect("a state");
        let on = next.on.expect("no final state is a task");
        said(task, kind, (on, next.to.as_deref()), form)
    }
}

/// Recording an end may fail too; the end follows anyway.
fn noted(task: &TaskCall<'_>, form: u8) -> Answer {
    let payload = &task.parameters["Payload"];
    assert_eq!(payload["project"], "retail-orders");
    assert_eq!(task.name, format!("{}.record", payload["end"].as_str().expect("an end")));
    if form.is_multiple_of(3) {
        Answer::Error("States.Timeout")
    } else {
        Answer::Success(json!({ "StatusCode": 200, "Payload": null }))
    }
}

fn said(task: &TaskCall<'_>, kind: Kind, (on, to): (Outcome, Option<&str>), form: u8) -> Answer {
    let reported = |more: Value| {
        let mut outcome = json!({ "on": on.name() });
        outcome
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        Answer::Success(outcome)
    };
    match (kind, on) {
        (Kind::Swarm, _) => {
            let phase = task.name.strip_suffix(".swarm").expect("a swarm");
            assert_eq!(
                task.container(),
                [
                    ("PROJECT_ID", "retail-orders"),
                    ("PHASE", phase),
                    ("TASK_TOKEN", "token"),
                    ("STATE_ENTERED", "2026-01-05T08:00:00Z")
                ]
            );
            match on {
                Outcome::Died => Answer::Error(DEATHS[usize::from(form) % DEATHS.len()]),
                Outcome::Parked => reported(json!({ "until": "2026-01-05T09:00:00Z" })),
                _ => reported(Value::Null),
            }
        }
        (Kind::Question | Kind::Gate, _) => {
            let payload = &task.parameters["Payload"];
            assert_eq!(
                task.name,
                format!("{}.{}", text(&payload["phase"]), text(&payload["kind"]))
            );
            assert_eq!(
                (text(&payload["project"]), text(&payload["task_token"])),
                ("retail-orders", "token")
            );
            match on {
                Outcome::Cancelled => Answer::Error("CloudCrew.Cancelled"),
                Outcome::Returned => reported(json!({ "to": to })),
                _ => reported(Value::Null),
            }
        }
        (Kind::Review, Outcome::Parked) => Answer::Error("CloudCrew.Parked"),
        (Kind::Review, Outcome::Died) => Answer::Error(CRASHES[usize::from(form) % CRASHES.len()]),
        (Kind::Review, _) => {
            Answer::Success(json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST",
                "Payload": { "on": on.name() } }))
        }
        (Kind::Finalize, _) if form.is_multiple_of(2) => Answer::Error("SummaryFailed"),
        (Kind::Finalize, _) => Answer::Success(json!({ "StatusCode": 200, "Payload": null })),
        _ => panic!("no program works in {}", task.name),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// How a container ends without a report: no heartbeat, timeout, never started, refused.
const DEATHS: [&str; 4] =
    ["States.HeartbeatTimeout", "States.Timeout", "States.TaskFailed", "ECS.AmazonECSException"];
/// How a function ends without a report.
const CRASHES: [&str; 4] =
    ["States.Timeout", "Runtime.ExitError", "Sandbox.Timedout", "Lambda.Unknown"];
