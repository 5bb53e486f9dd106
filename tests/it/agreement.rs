//! One plan, two engines. Random engagements in random workspaces run locally; then the emitted
//! state machine replays their outcomes on the rig, and must visit the same states in the same
//! order.
//!
//! `CLOUDCREW_AGREEMENTS=200` runs longer.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::support::chance::Chance;
use crate::support::rig::{execute, machine, rig_runs};
use crate::support::{Crew, Done, edited, root};

/// Default number of engagements; they run in parallel.
const ENGAGEMENTS: u64 = 25;

/// Phases of the shipped crew, each with an agent that a rehearsal can script.
const PHASES: [(&str, &str); 6] = [
    ("discovery", "pm"),
    ("architecture", "sa"),
    ("poc", "dev"),
    ("production", "dev"),
    ("handoff", "pm"),
    ("retrospective", "pm"),
];

/// Creates a random workspace: some phases, other limits, with and without gates, and a rehearsal
/// that scripts them. Returns the phases of the workflow.
fn workspace(crew: &Crew, chance: &mut Chance) -> Vec<&'static str> {
    let mut phases: Vec<_> = PHASES.into_iter().filter(|_| !chance.one_in(3)).collect();
    if phases.is_empty() {
        phases.push(*chance.one(&PHASES));
    }
    let (mut agents, mut reviews, mut gates) = (String::new(), String::new(), String::new());
    for (number, (phase, agent)) in phases.iter().enumerate() {
        let before: Vec<&str> = phases[..number].iter().map(|(phase, _)| *phase).collect();
        let file = crew.workspace().join(format!("phases/{phase}.yaml"));
        let returns = edit(&file, &before, chance);
        let times = chance.below(2) + 1;
        agents += &match chance.below(9) {
            0 => format!(
                "  - {{ agent: {agent}, phase: {phase}, asks: Which region?, times: {times} }}\n"
            ),
            1 => format!(
                "  - {{ agent: {agent}, phase: {phase}, fails: provider, times: {times} }}\n"
            ),
            2 | 3 => {
                format!("  - {{ agent: {agent}, phase: {phase}, fails: model, times: {times} }}\n")
            }
            _ => String::new(),
        };
        match chance.below(8) {
            0 | 1 => {
                reviews +=
                    &format!("  - {{ phase: {phase}, finds: No way back., times: {times} }}\n")
            }
            2 | 3 => {
                let to = if returns.is_empty() || chance.one_in(2) {
                    String::new()
                } else {
                    format!(", to: {}", *chance.one(&returns[..]))
                };
                gates += &format!("  - {{ phase: {phase}, revises: Say who pays.{to} }}\n");
            }
            4 | 5 => gates += &format!("  - {{ phase: {phase}, silent_for: 100h }}\n"),
            _ => {}
        }
    }
    let lists = [("agents", agents), ("reviews", reviews), ("gates", gates)];
    let lists: String = lists
        .iter()
        .filter(|(_, list)| !list.is_empty())
        .map(|(key, list)| format!("{key}:\n{list}"))
        .collect();
    let rehearsal = format!("version: 1\nrehearsal: chance\n{lists}");
    // The shipped rehearsals use other phases and gates.
    let folder = crew.workspace().join("rehearsals");
    std::fs::remove_dir_all(&folder)
        .and_then(|()| std::fs::create_dir(&folder))
        .expect("an empty folder");
    std::fs::write(folder.join("chance.yaml"), rehearsal).expect("written");
    let names: Vec<&str> = phases.iter().map(|(phase, _)| *phase).collect();
    let finalize = if chance.one_in(4) { "" } else { "finalize: [summary]\n" };
    let workflow =
        format!("version: 1\nworkflow: delivery\nphases: [{}]\n{finalize}", names.join(", "));
    std::fs::write(crew.workspace().join("workflows/delivery.yaml"), workflow).expect("written");
    names
}

/// The text of a definition without some of its keys and all that is below them.
fn without(text: &str, keys: &[&str]) -> String {
    let mut dropped = false;
    let kept = text.split_inclusive('\n').filter(|line| {
        if !line.starts_with([' ', '\n', '#']) {
            dropped = keys.iter().any(|key| line.starts_with(key));
        }
        !dropped
    });
    kept.collect()
}

/// Changes limits, and changes or removes the gate. Returns the phases to which the gate may return
/// the work.
fn edit<'a>(phase: &Path, before: &[&'a str], chance: &mut Chance) -> Vec<&'a str> {
    let mut returns: Vec<&str> = Vec::new();
    let text = std::fs::read_to_string(phase).expect("a phase");
    let set_here = ["gate:", "questions:", "review:", "retry:", "restart:"];
    let mut text = without(&text, &set_here);
    if text.contains("deliverables:") && !chance.one_in(5) {
        text +=
            &format!("review: {{ agent: pm, depth: light, max_reworks: {} }}\n", chance.below(3));
    }
    if !chance.one_in(4) {
        let max = chance.below(3);
        text += &format!("gate:\n  kind: approval\n  max_revisions: {max}\n");
        returns.extend(before.iter().filter(|_| max > 0 && chance.one_in(2)));
        if !returns.is_empty() {
            text += &format!("  revise_to: [{}]\n", returns.join(", "));
        }
        if chance.one_in(2) {
            text += &format!(
                "  expires_after: 72h\n  on_expiry: {}\n",
                *chance.one(&["stop", "approve"])
            );
        }
    }
    text += &format!(
        "retry: {{ max_attempts: {} }}\nrestart: {{ max_attempts: {} }}\n",
        chance.below(3),
        2 + chance.below(3)
    );
    std::fs::write(phase, text).expect("written");
    returns
}

/// Runs an engagement to its end. Open requests are decided at random, and some processes are
/// killed.
fn engagement(crew: &Crew, entry: Option<&str>, chance: &mut Chance) {
    let sow = root()
        .join("examples/sow")
        .join(*chance.one(&["retail-orders.md", "clinic-scheduling.md"]));
    let approve: &[&str] = if chance.one_in(3) { &[] } else { &["--approve", "all"] };
    let from = entry.map_or(vec![], |phase| vec!["--from", phase]);
    let run = [
        "run",
        "--project",
        "demo",
        "--sow",
        sow.to_str().expect("a path"),
        "--rehearsal",
        "chance",
    ];
    let mut done = some_killed(crew, &[&run[..], &from, approve].concat(), chance);
    let mut decisions = 0;
    while done.exit == 10 {
        decisions += 1;
        assert!(decisions < 60, "the customer is asked again and again");
        let waits = crew.run(&["inbox", "--format", "json"]).json();
        let request = &waits["requests"][0];
        let id = request["id"].as_str().expect("an id");
        let revises = request["may_revise"] == true && chance.one_in(3);
        let back = request["revise_to"].as_array().cloned().unwrap_or_default();
        let back: Vec<&str> = back.iter().filter_map(serde_json::Value::as_str).collect();
        let to = if back.is_empty() { "" } else { *chance.one(&back[..]) };
        let returned = ["revise", "demo", "Say who pays.", "--to", to];
        let words: &[&str] = match request["kind"].as_str() {
            _ if chance.one_in(12) => &["cancel", "demo"],
            Some("question") => &["answer", "demo", id, "eu-west-1"],
            _ if revises && !back.is_empty() && chance.one_in(2) => &returned,
            _ if revises => &["revise", "demo", "Say who pays."],
            _ => &["approve", "demo"],
        };
        crew.run(words);
        done = some_killed(crew, &[&["resume", "demo"], approve].concat(), chance);
    }
    assert!([0, 1, 12, 13].contains(&done.exit), "it ends with {}: {}", done.exit, done.err);
}

/// Runs a command, killing some processes and resuming in others. Returns the result of the last.
fn some_killed(crew: &Crew, words: &[&str], chance: &mut Chance) -> Done {
    if !chance.one_in(2) {
        return crew.run(words);
    }
    let quiet = std::process::Stdio::null;
    let mut child =
        crew.command(words).stdout(quiet()).stderr(quiet()).spawn().expect("the binary starts");
    std::thread::sleep(Duration::from_millis(100 + chance.below(600) as u64));
    let _ = child.kill();
    child.wait().expect("an end");
    let begun = crew.run(&["show", "demo"]).exit == 0;
    let resume: Vec<&str> = ["resume", "demo"].into_iter().chain(approve(words)).collect();
    if begun { crew.run(&resume) } else { crew.run(words) }
}

/// The arguments of a command that approve gates.
fn approve<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words.iter().skip_while(|word| **word != "--approve").copied().collect()
}

/// The states of an engagement, each with its outcome.
fn went_through(crew: &Crew) -> Vec<(String, String)> {
    let mut through: Vec<(String, String)> = Vec::new();
    for (_, kind, payload) in crew.journal() {
        let event: serde_json::Value = serde_json::from_str(&payload).expect("an event");
        let came_out = match kind.as_str() {
            "entered" => event["on"].as_str().unwrap_or_default(),
            "process_died" => "died",
            _ => continue,
        };
        let state = event["state"].as_str().expect("a state");
        if let Some(last) = through.last_mut() {
            last.1 = match (came_out, state.split_once('.')) {
                ("returned", Some((phase, _))) => format!("returned:{phase}"),
                _ => came_out.to_owned(),
            };
        }
        through.push((state.to_owned(), String::new()));
    }
    through
}

/// The outcome of a state as a program of the machine reports it; `None` if it asks no program.
fn said(state: &str, on: &str) -> Option<String> {
    let kind = state.rsplit('.').next().expect("a kind");
    Some(match (kind, on) {
        ("park" | "done" | "cancelled", _) => return None,
        ("failed" | "expired", _) => format!("{state}.record"),
        ("finalize", _) => state.to_owned(),
        ("swarm", "died") => format!("{state} silent"),
        ("review", "died") => format!("{state} !Runtime.ExitError"),
        ("review", "parked") => format!("{state} !CloudCrew.Parked"),
        ("gate" | "question", "cancelled") => format!("{state} !CloudCrew.Cancelled"),
        _ => format!("{state} {on}"),
    })
}

/// An engagement that ran locally.
struct Here {
    seed: u64,
    crew: Crew,
    entry: Option<&'static str>,
    through: Vec<(String, String)>,
}

fn by_seed(seed: u64) -> Here {
    let mut chance = Chance::of(seed);
    let crew = edited();
    let phases = workspace(&crew, &mut chance);
    // A phase may be unused, which is a warning of `check`.
    let checked = crew.run(&["check"]).out;
    assert!(!checked.contains("error["), "seed {seed}: {checked}");
    crew.run(&["generate"]).exits(0);
    let entry = chance.one_in(4).then(|| *chance.one(&phases));
    engagement(&crew, entry, &mut chance);
    Here { seed, entry, through: went_through(&crew), crew }
}

#[test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
fn local_and_step_functions_engagements_visit_the_same_states() {
    rig_runs();
    let count =
        std::env::var("CLOUDCREW_AGREEMENTS").map_or(ENGAGEMENTS, |n| n.parse().expect("a number"));
    // A local engagement mostly waits for the disk.
    let next = AtomicU64::new(0);
    let mut here: Vec<Here> = std::thread::scope(|scope| {
        let work = || {
            std::iter::from_fn(|| {
                Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < count)
            })
            .map(by_seed)
            .collect()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| -> Vec<Here> { thread.join().expect("engagements") })
            .collect()
    });
    here.sort_by_key(|here| here.seed);
    let there = here.iter().map(|Here { through, entry, crew, .. }| {
        let script: Vec<String> =
            through.iter().filter_map(|(state, on)| said(state, on)).collect();
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let machine = machine(crew.workspace()).then(&script);
        entry.map_or(machine.clone(), |phase| machine.entry(phase))
    });
    let there = execute(&there.collect::<Vec<_>>());
    let mut seen = BTreeSet::new();
    for (Here { seed, through, .. }, course) in here.iter().zip(&there) {
        let states: Vec<&str> = through.iter().map(|(state, _)| state.as_str()).collect();
        assert_eq!(
            course.plan_states(),
            states,
            "seed {seed}: there on the left, here on the right"
        );
        seen.extend(
            through
                .iter()
                .map(|(state, on)| (state, on.split(':').next().unwrap_or_default()))
                .map(|(state, on)| format!("{} {on}", state.rsplit('.').next().expect("a kind"))),
        );
    }
    eprintln!(
        "{} states in {count} engagements: {seen:?}",
        here.iter().map(|here| here.through.len()).sum::<usize>()
    );
    let missed: Vec<&str> = WHAT_HAPPENS.into_iter().filter(|what| !seen.contains(*what)).collect();
    assert!(count < ENGAGEMENTS || missed.is_empty(), "never happened: {missed:?}");
}

/// The coverage of the default number of engagements.
const WHAT_HAPPENS: [&str; 13] = [
    "swarm finished",
    "swarm asked",
    "swarm parked",
    "swarm failed",
    "question answered",
    "park back",
    "review passed",
    "review faulted",
    "gate approved",
    "gate revised",
    "gate returned",
    "gate expired",
    "finalize finalized",
];
