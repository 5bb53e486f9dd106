//! What a rehearsed crew writes: a small project that works, and documents that list each
//! requirement once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cloudcrew_plan::checks::load;
use cloudcrew_runtime::catalogue::catalogue;
use serde_json::Value;

use crate::support::{Crew, crew, root, sources};

/// The files of a whole rehearsed engagement, exported.
fn written() -> (Crew, PathBuf) {
    let crew = crew();
    crew.start("retail-orders.md", &["--approve", "all"]).exits(0);
    let out = crew.folder.path().join("out");
    crew.run(&["artifacts", "demo", "--export", &out.display().to_string()]).exits(0);
    (crew, out)
}

/// Runs a program in a folder; `None` if this machine does not have it.
fn runs(folder: &Path, program: &str, words: &[&str]) -> Option<(bool, String)> {
    let output = Command::new(program).args(words).current_dir(folder).output().ok()?;
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn the_rehearsed_project_works() {
    let (_crew, out) = written();

    let schema = std::fs::read_to_string(out.join("data/schema.sql")).expect("a schema");
    let database = rusqlite::Connection::open_in_memory().expect("memory");
    database.execute_batch(&schema).expect("a schema that a database accepts");
    database
        .execute_batch("INSERT INTO entry (id, requirement) VALUES ('a', 'R12')")
        .expect("an entry of a requirement");
    database
        .execute_batch("INSERT INTO entry (id, requirement) VALUES ('b', 'R99')")
        .expect_err("no such requirement");

    if let Some((passed, said)) =
        runs(&out, "python3", &["-m", "unittest", "-v", "app/tests/test_service.py"])
    {
        assert!(passed && said.contains("Ran 14 tests"), "{said}");
        let (passed, said) =
            runs(&out, "python3", &["-m", "compileall", "-q", "app"]).expect("it ran a moment ago");
        assert!(passed, "{said}");
    }

    for folder in ["infra", "infra/poc"].map(|folder| out.join(folder)) {
        let Some((passed, said)) = runs(&folder, "terraform", &["fmt", "-check", "-diff"]) else {
            continue;
        };
        assert!(passed, "{said}");
        let (passed, said) =
            runs(&folder, "terraform", &["init", "-backend=false", "-input=false"]).expect("it");
        assert!(passed, "{said}");
        let (passed, said) = runs(&folder, "terraform", &["validate"]).expect("it");
        assert!(passed, "{said}");
    }
}

#[test]
fn a_requirement_is_listed_once_in_the_documents() {
    let (_crew, out) = written();
    let text = "The service checks stock before confirming and reserves the items for 20 minutes.";
    let mut holds = Vec::new();
    let mut folders = vec![out.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "md")
                && std::fs::read_to_string(&path).expect("text").contains(text)
            {
                let inside = path.strip_prefix(&out).expect("inside").display().to_string();
                holds.push(inside);
            }
        }
    }
    holds.sort();
    assert_eq!(holds, ["docs/project-plan/plan.md", "docs/sow/retail-orders.md"]);
    let review = std::fs::read_to_string(out.join("app/tests/test-plan.md")).expect("a plan");
    assert!(review.contains("R1 to R12, listed in docs/project-plan/plan.md"), "{review}");
    let adr = std::fs::read_dir(out.join("docs/architecture/adr")).expect("a folder").next();
    let adr = std::fs::read_to_string(adr.expect("a record").expect("a file").path());
    assert!(adr.expect("text").contains("## Status\n\nproposed\n"));
}

/// What only a person, the plan or live work can bring about.
const NOT_TRIED: [&str; 4] =
    ["ask_customer", "contribute_pattern", "ledger_settle", "promote_pattern"];

#[test]
fn every_tool_of_every_agent_is_used_and_refusals_are_noted() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &["--approve", "all"]).exits(0);
    let mut used = BTreeSet::new();
    for (_, kind, payload) in crew.journal() {
        if kind == "tools_called" {
            let event: Value = serde_json::from_str(&payload).expect("an event");
            let calls = event["calls"].as_array().expect("calls");
            let names = calls.iter().map(|call| call[1].as_str().expect("a name").to_owned());
            used.extend(
                names.map(|name| (event["agent"].as_str().expect("a name").to_owned(), name)),
            );
        }
    }
    let loaded = load(&sources(&root()), &catalogue());
    for agent in loaded.definition.expect("the crew is right").agents {
        for tool in agent.tools.iter().filter(|tool| !NOT_TRIED.contains(&tool.as_str())) {
            let pair = (agent.name.clone(), tool.clone());
            assert!(used.contains(&pair), "{} has not used {tool}", agent.name);
        }
    }
    let rows = crew.run(&["ledger", "demo"]).out;
    assert!(rows.contains("Rehearsed tools of infra: 11 worked, 1 refused"), "{rows}");
    let files = crew.git(&["ls-tree", "-r", "--name-only", "cloudcrew/demo"]);
    assert!(!files.contains("rehearsed"), "nothing is left over: {files}");
    assert!(
        files.contains("docs/customer-updates/discovery-rehearsal-the-first-files-are-written.md")
    );
    let picture = crew.file("docs/architecture/overview.svg");
    assert!(picture.contains("<svg") && picture.contains("Customer"));
}

#[test]
fn a_reviewer_inside_the_swarm_finds_fault_and_the_owner_fixes_it() {
    let crew = crew();
    let words = ["--approve", "all", "--rehearsal", "rejected-terraform"];
    crew.start("clinic-scheduling.md", &words).exits(0);
    let fixed = crew.file("infra/poc/main.tf");
    assert!(fixed.contains("Fixed after security's review: Logs are kept for ever"), "{fixed}");
    let rows = crew.run(&["ledger", "demo"]).out;
    let place = |text: &str| rows.find(text).unwrap_or_else(|| panic!("no {text} in\n{rows}"));
    let found = place("security found fault with infra/poc/main.tf");
    assert!(found < place("security passed infra/poc/main.tf"));
}
