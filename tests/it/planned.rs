//! `plan`: what a run would do and cost, and what has changed.

use std::process::Command;

use cloudcrew_definition::crew::Definition;
use cloudcrew_plan::checks::load;
use cloudcrew_plan::compare::compare;
use cloudcrew_plan::forecast::forecast;
use cloudcrew_runtime::catalogue::catalogue;
use serde_json::{Value, json};

use crate::support::{Crew, crew, edited, root, sources};

fn git(crew: &Crew, words: &[&str]) {
    let identity = ["-c", "user.name=lead", "-c", "user.email=lead@example.com"];
    let done = Command::new("git")
        .current_dir(crew.workspace())
        .args(identity)
        .args(words)
        .output()
        .expect("git starts");
    assert!(done.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn plan_shows_agents_permissions_and_forecast() {
    crew()
        .run(&["plan"])
        .exits(0)
        .says("6 phases, 5 gates")
        .says("docs/project-plan/plan.md by pm, reviewed by sa")
        .says("opus (agents.yaml)")
        .says("may write app/** !app/tests/**")
        .says("forecast · ");
    crew().run(&["plan", "--model", "sonnet"]).exits(0).says("sonnet (--model)");
    crew().run(&["plan", "--model", "opsu"]).exits(2).says("no model named `opsu`");
    crew().run(&["plan", "--exit-code"]).exits(2);
}

#[test]
fn a_rehearsal_stays_within_its_forecast() {
    let crew = crew();
    crew.start("retail-orders.md", &["--approve", "all"]).exits(0);
    let plan = crew.run(&["plan", "--format", "json"]).exits(0).json();
    let (total, past) = (&plan["forecast"]["total"], &plan["past"]["phases"][0]);
    for what in ["turns", "micro_usd"] {
        let (low, high) = (total[what]["low"].as_u64(), total[what]["high"].as_u64());
        let came = past[what]["low"].as_u64();
        assert!(low < came && came < high, "{what}: {came:?} is outside {low:?} to {high:?}");
    }
}

#[test]
fn a_new_phase_is_described_with_what_it_asks_of_people() {
    let crew = edited();
    git(&crew, &["init", "-q"]);
    git(&crew, &["add", "-A"]);
    git(&crew, &["commit", "-qm", "as it was"]);
    crew.run(&["new", "phase", "pilot"]).exits(0);
    crew.edit("workflows/delivery.yaml", "poc, production", "poc, pilot, production").set(
        "phases/pilot.yaml",
        "gate.expires_after",
        "5d",
    );
    crew.run(&["plan", "--against", "HEAD"])
        .exits(0)
        .says("new phases: `pilot` [workflows/delivery.yaml phases]")
        .says("`pm` works alone, for at most 20m [phases/pilot.yaml swarm.agents]")
        .says("the customer is asked to approve [phases/pilot.yaml gate]")
        .says("the wait for the customer ends after 5d [phases/pilot.yaml gate.expires_after]")
        .says("if nobody decides in time, the engagement ends")
        .says("    before  55 to 736 turns")
        .says("    now     60 to 778 turns");
}

#[test]
fn changes_are_described_against_git_a_saved_plan_and_an_engagement() {
    let crew = edited();
    git(&crew, &["init", "-q"]);
    git(&crew, &["add", "-A"]);
    git(&crew, &["commit", "-qm", "as it was"]);
    let saved = crew.folder.path().join("plan.json");
    std::fs::write(&saved, crew.run(&["plan", "--format", "json"]).exits(0).out).expect("written");
    crew.start("retail-orders.md", &[]).exits(10);
    // Comments, order and layout do not change behaviour.
    crew.edit("phases/discovery.yaml", "version: 1", "version:   1 # the form of this file");
    crew.run(&["plan", "--against", "HEAD", "--exit-code"]).exits(0).says("0 changes");
    crew.set("phases/discovery.yaml", "gate.max_revisions", "5")
        .edit("phases/poc.yaml", "reviewers: [sa]", "reviewers: [sa, security]")
        .edit("agents.yaml", "writes: [data/**]", "writes: [data/**, lib/**]");
    for against in ["HEAD", saved.to_str().expect("a path"), "demo"] {
        crew.run(&["plan", "--against", against, "--exit-code"])
            .exits(1)
            .says(
                "the customer may request changes 5 times, instead of 3 times \
                [phases/discovery.yaml gate.max_revisions]",
            )
            .says("`app/poc/findings.md` must also be passed by `security`")
            .says("may also write `lib/**`")
            .says("demo (at discovery.gate) keeps the definition it started with")
            .says("3 changes");
    }
    crew.run(&["plan", "--against", "HEAD"]).exits(0);
    crew.run(&["plan", "--against", "nowhere"])
        .exits(2)
        .says("not an engagement, a file or a Git revision");
    crew.run(&["plan", "--against", "agents.yaml"]).exits(2);
    for (name, text) in
        [("list.json", "[]"), ("number.json", "5"), ("other.json", "{\"definition\": []}")]
    {
        let path = crew.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        crew.run(&["plan", "--against", path.to_str().expect("a path")])
            .exits(2)
            .says("not a plan");
    }
    // A new workflow is a change, even if another one is shown.
    crew.set("phases/discovery.yaml", "gate.max_revisions", "3");
    let pilot = crew
        .read("workflows/delivery.yaml")
        .replace("delivery", "pilot")
        .replace(", production, handoff, retrospective", "");
    std::fs::write(crew.workspace().join("workflows/pilot.yaml"), pilot).expect("written");
    crew.run(&["plan", "--against", "HEAD"]).exits(0).says("`pilot` is new");
}

#[test]
fn plan_cannot_compare_without_git_or_with_a_revision_that_has_errors() {
    let crew = edited();
    crew.run(&["plan", "--against", "HEAD"]).exits(2);
    git(&crew, &["init", "-q"]);
    crew.edit("phases/poc.yaml", "entry: dev", "entry: dve");
    git(&crew, &["add", "-A"]);
    git(&crew, &["commit", "-qm", "wrong"]);
    crew.edit("phases/poc.yaml", "entry: dve", "entry: dev");
    crew.run(&["plan", "--against", "HEAD"])
        .exits(1)
        .says("no agent named `dve`")
        .says("cannot be compared");
}

/// Changes every value that a run depends on, one at a time; each change must be reported.
#[test]
fn every_change_of_behaviour_is_reported() {
    let definition = load(&sources(&root()), &catalogue()).definition.expect("the crew is right");
    let mut whole = serde_json::to_value(&definition).expect("plain data");
    // Parts that the shipped crew does without.
    whole["servers"] = json!([{ "name": "pages", "timeout": 60_000, "reads": ["find"],
        "reach": { "command":
            { "program": "pages", "arguments": ["."], "environment": [["A", "b"]] } } }]);
    whole["agents"][0]["grants"] = json!([{ "server": "pages", "tools": ["find"],
        "arguments": [{ "argument": "path", "globs": ["docs/**"] }] }]);
    whole["phases"][0]["models"] = json!({ "sa": "sonnet" });
    whole["knowledge"] = json!([{ "name": "Lambda", "source": "a list", "aliases": ["functions"],
        "prices": [{ "item": "calls", "unit": "1", "usd": 1.5, "region": "x", "date": "2026-01" }],
        "facts": [{ "text": "small", "date": "2026-01" }] }]);
    let definition: Definition = serde_json::from_value(whole.clone()).expect("a definition");
    let mut places = Vec::new();
    for part in ["agents", "models", "phases", "workflows", "templates", "servers", "knowledge"] {
        leaves(&whole[part], &format!("/{part}"), &mut places);
    }
    // Descriptions, which no run depends on, and names: a new name is a new thing.
    let not_compared = |place: &str| {
        let words = place.split('/').collect::<Vec<_>>();
        let of_agent = words[1] == "agents" && words.len() == 4;
        (place.ends_with("/description") && !of_agent) || place.ends_with("/name")
    };
    let (mut silent, mut tried) = (Vec::new(), 0);
    for place in places.into_iter().filter(|place| !not_compared(place)) {
        let mut changed = whole.clone();
        let value = changed.pointer_mut(&place).expect("it is there");
        *value = match &*value {
            Value::Number(n) if n.is_u64() => Value::from(n.as_u64().expect("whole") + 1),
            Value::Number(n) => Value::from(n.as_f64().expect("a number") + 0.5),
            Value::Bool(b) => Value::from(!b),
            Value::Null => continue,
            Value::String(text) => match text.as_str() {
                "light" => "full".into(),
                "full" => "light".into(),
                "immediate" => "continue".into(),
                // Without a deadline, what follows it has no effect.
                "stop" => continue,
                text => Value::from(format!("{text}\n## More\nwords")),
            },
            other => panic!("{other} is not a leaf"),
        };
        let Ok(changed) = serde_json::from_value::<Definition>(changed) else {
            panic!("{place} cannot be changed alone")
        };
        tried += 1;
        // Templates that only the engine uses belong to no deliverable.
        let used = !place.starts_with("/templates") || whole_names(&whole, &place, &definition);
        if used && compare(&definition, &changed, "delivery").is_empty() {
            silent.push(place);
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
    assert!(tried > 250, "only {tried} places were changed");
}

/// Whether a deliverable uses the template at a place.
fn whole_names(whole: &Value, place: &str, definition: &Definition) -> bool {
    let template = whole
        .pointer(place.rsplit_once('/').expect("a place").0)
        .and_then(|t| t["name"].as_str())
        .unwrap_or_default();
    definition
        .phases
        .iter()
        .flat_map(|p| &p.deliverables)
        .any(|d| d.template.as_deref() == Some(template))
}

fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| leaves(value, &format!("{at}/{key}"), found))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, value)| leaves(value, &format!("{at}/{i}"), found)),
        _ => found.push(at.to_owned()),
    }
}

#[test]
fn the_forecast_grows_with_the_work() {
    let definition = load(&sources(&root()), &catalogue()).definition.expect("the crew is right");
    let workflow = definition.workflow("delivery").expect("the workflow");
    let whole = forecast(&definition, workflow);
    let mut shorter = workflow.clone();
    shorter.phases.pop();
    let less = forecast(&definition, &shorter);
    assert!(
        less.total.turns.low < whole.total.turns.low
            && less.total.turns.high < whole.total.turns.high
    );
    for phase in &whole.phases {
        assert!(
            phase.estimate.seconds.high <= phase.most_seconds,
            "{}: no longer than the limits allow",
            phase.phase
        );
    }
}
