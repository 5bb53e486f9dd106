//! The variables of programs on AWS: what the engine reads, what its reference page says and what
//! Terraform sets are the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::root;

type Programs = BTreeMap<String, BTreeSet<String>>;

/// The programs of the page, each with the variables that Terraform sets.
fn documented() -> Programs {
    let page = std::fs::read_to_string(root().join("docs/reference/environment.md"));
    let mut programs = Programs::new();
    let page = page.expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    for row in cells.filter(|row| row[3] == "Terraform") {
        let all = "phase, review, request, answer, reminders, finalize, ended, api, authorize, \
                   websocket";
        let of = if row[2] == "all" { all } else { row[2] };
        for program in of.split(", ") {
            let name = row[1].trim_matches('`').to_owned();
            programs.entry(program.to_owned()).or_default().insert(name);
        }
    }
    programs
}

/// The variables that a locals block of Terraform sets: names in capitals before `=`, and the
/// groups that it merges.
fn set() -> Programs {
    let path = root().join("infra/terraform/environment.tf");
    let text = std::fs::read_to_string(path).expect("the file");
    let (mut groups, mut open) = (Programs::new(), String::new());
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        let is_variable = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if !is_variable {
            open = name.trim_end_matches("_environment").to_owned();
            groups.entry(open.clone()).or_default();
        }
        let mut found: BTreeSet<String> = BTreeSet::new();
        if is_variable {
            found.insert(name.to_owned());
        }
        let inside = value.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        let is_name = |word: &&str| word.len() > 3 && value.contains(&format!("{word} ="));
        found.extend(inside.filter(is_name).map(str::to_owned));
        for group in ["tables", "stores", "models", "readers"] {
            if !is_variable && value.contains(&format!("local.{group}")) {
                found.extend(groups[group].clone());
            }
        }
        groups.entry(open.clone()).or_default().extend(found);
    }
    for group in ["tables", "stores", "models", "readers", "environment"] {
        groups.remove(group);
    }
    groups
}

#[test]
fn terraform_sets_what_the_programs_read() {
    let (documented, set) = (documented(), set());
    assert_eq!(documented.len(), 10);
    assert_eq!(set, documented);
}
