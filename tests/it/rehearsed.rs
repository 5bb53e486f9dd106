//! What a rehearsed crew writes: a small project that works, and documents that list each
//! requirement once.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Crew, crew};

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
