//! One folder per rule: YAML that breaks it, and the exact output.
//!
//! A folder holds `files/`, laid over a copy of a small workspace, and `expected.txt`.
//! `UPDATE_CASES=1` rewrites `expected.txt`.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::root;

pub fn lay(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            lay(&entry.path(), &target);
        } else if std::fs::metadata(entry.path()).expect("a file").len() == 0
            && entry.file_name() != "agents.yaml"
        {
            // An empty file removes the one below.
            let _ = std::fs::remove_file(&target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}

/// Runs `check` on the small workspace with a folder laid over it.
fn checked(over: Option<&Path>) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    lay(&root().join("tests/cases/check/_workspace"), folder.path());
    over.into_iter().for_each(|over| lay(over, folder.path()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
    command.arg("-C").arg(folder.path()).arg("check").env("CLOUDCREW_SANDBOX", "off");
    if over.is_some_and(|over| over.ends_with("missing-program/files")) {
        command.arg("--env");
    }
    command.output().expect("the binary starts")
}

fn seen(case: &Path) -> String {
    let output = checked(Some(&case.join("files")));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|l| l.trim_end().to_owned() + "\n")
        .collect()
}

#[test]
fn every_rule_has_a_case_with_its_expected_output() {
    let folder = root().join("tests/cases/check");
    let listed = Command::new(env!("CARGO_BIN_EXE_cloudcrew"))
        .arg("explain")
        .output()
        .expect("the binary starts");
    let codes: Vec<String> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|l| l.split_whitespace().next().map(str::to_owned))
        .collect();
    let mut wrong = Vec::new();
    for code in &codes {
        let case = folder.join(code);
        if !case.is_dir() {
            wrong.push(format!("{code}: no folder in tests/cases/check"));
            continue;
        }
        let seen = seen(&case);
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::write(case.join("expected.txt"), &seen).expect("written");
        }
        let expected = std::fs::read_to_string(case.join("expected.txt")).unwrap_or_default();
        if !seen.contains(&format!("[{code}]")) {
            wrong.push(format!("{code}: the case does not break the rule:\n{seen}"));
        }
        if seen != expected {
            wrong.push(format!("{code}: expected\n{expected}\ngot\n{seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_small_workspace_has_no_findings() {
    let output = checked(None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_examples_of_the_pages_are_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    lay(&root().join("tests/cases/check/_workspace"), folder.path());
    let page = std::fs::read_to_string(root().join("docs/knowledge.md")).expect("the page");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    std::fs::create_dir(folder.path().join("knowledge")).expect("a folder");
    let file = folder.path().join("knowledge/prices.yaml");
    std::fs::write(file, example.expect("an example")).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_cloudcrew"))
        .arg("-C")
        .arg(folder.path())
        .arg("check")
        .output()
        .expect("the binary starts");
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&said));
}
