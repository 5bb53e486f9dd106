//! A statement of work goes in; a repository, a ledger, a journal and a summary come out.

use crate::support::{crew, root};

#[test]
fn the_main_job_runs_from_one_command() {
    let crew = crew();
    let done =
        crew.start("retail-orders.md", &["--approve", "all"]).exits(0).says("all phases are done");
    for phase in ["discovery", "architecture", "poc", "production", "handoff", "retrospective"] {
        assert!(done.out.contains(phase), "{phase}");
    }
    crew.git(&["fsck", "--strict"]);
    crew.run(&["doctor"]).exits(0);
}

#[test]
fn every_requirement_is_traced_with_its_source() {
    for sow in ["retail-orders.md", "clinic-scheduling.md", "field-telemetry.txt"] {
        let crew = crew();
        crew.start(sow, &["--approve", "all"]).exits(0);
        let rows = crew.run(&["ledger", "demo", "--format", "json"]).json();
        let facts: Vec<(String, String)> = rows["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter(|r| r["kind"] == "fact")
            .filter(|r| {
                r["title"].as_str().is_some_and(|t| {
                    // `R1`, and not a row about the rehearsal.
                    t.strip_prefix('R')
                        .is_some_and(|id| id.starts_with(|c: char| c.is_ascii_digit()))
                })
            })
            .map(|r| {
                (
                    r["title"]
                        .as_str()
                        .unwrap_or_default()
                        .split(':')
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                    r["source"].as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        assert!(facts.len() >= 5, "{sow}: {facts:?}");
        let plan = "docs/project-plan/plan.md";
        let text = crew.file(plan);
        for (id, source) in &facts {
            assert!(
                text.contains(&format!("{id}: ")) && text.contains(source),
                "{sow}: {id} ({source}) is not in {plan}"
            );
        }
        // Elsewhere they are named, with a link to the list.
        let last = &facts.last().expect("a requirement").0;
        let link = format!("R1 to {last}, listed in {plan}");
        for path in [
            "docs/architecture/architecture.md",
            "app/tests/test-plan.md",
            "docs/project-plan/handoff.md",
        ] {
            assert!(crew.file(path).contains(&link), "{sow}: `{link}` is not in {path}");
        }
    }
}

#[test]
fn removing_a_requirement_changes_the_project() {
    let sow = std::fs::read_to_string(root().join("examples/sow/clinic-scheduling.md"))
        .expect("the file");
    let whole = crew();
    whole.start("clinic-scheduling.md", &["--approve", "all"]).exits(0);
    let plan = whole.file("docs/project-plan/plan.md");
    let gone = plan
        .lines()
        .find_map(|l| l.trim().strip_prefix("- R1: "))
        .expect("R1")
        .rsplit_once(" (")
        .expect("a source")
        .0
        .to_owned();
    let first: String = gone.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    let at = sow.find(&first).expect("R1 is in the statement of work");
    let line = sow[..at].rfind('\n').map_or(0, |i| i + 1);
    let end = sow[at..]
        .find("\n- ")
        .or_else(|| sow[at..].find("\n1. "))
        .or_else(|| sow[at..].find('\n'))
        .map_or(sow.len(), |i| at + i);
    let less = crew();
    let file = less.folder.path().join("clinic-scheduling.md");
    std::fs::write(&file, format!("{}{}", &sow[..line], &sow[end..])).expect("written");
    less.run(&[
        "run",
        "--project",
        "demo",
        "--sow",
        file.to_str().expect("a path"),
        "--approve",
        "all",
    ])
    .exits(0);
    assert!(!less.file("docs/project-plan/plan.md").contains(&gone));
    assert_ne!(less.tree(), whole.tree());
}

#[test]
fn the_same_work_gives_the_same_tree_and_events_are_json_lines() {
    let (one, two) = (crew(), crew());
    one.start("retail-orders.md", &["--approve", "all"]).exits(0);
    let done = two.start("retail-orders.md", &["--approve", "all", "--format", "json"]).exits(0);
    assert_eq!(one.tree(), two.tree());
    for (number, line) in done.out.lines().enumerate() {
        let event: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        assert_eq!(event["version"], 1, "line {number}");
    }
}

#[test]
fn a_run_can_start_at_any_phase() {
    let crew = crew();
    let done = crew.start("retail-orders.md", &["--from", "handoff"]).exits(10);
    done.says("is waiting at the handoff gate");
}
