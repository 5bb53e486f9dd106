//! Journals of an earlier build, one for each state of an engagement. `tests/cases/journals` was
//! written by the build with plan semantics 1 and is never regenerated.

use std::path::Path;
use std::process::Command;

use crate::support::{Crew, copied, root};

/// The engagements of the home, each with its state and a part of the output of `show`.
const STANDING: [(&str, &str, &str); 14] = [
    ("waiting", "proposal.gate", "approve waiting --digest 725b00704401"),
    ("done", "done", "approved by --approve all"),
    ("revised", "done", "proposal, run 2"),
    ("asked", "proposal.question", "writer asks: How many shops?"),
    ("answered", "proposal.gate", "approve answered --digest"),
    ("cancelled", "cancelled", "cancelled by customer"),
    ("expired", "expired", "nobody decided in time"),
    ("forgotten", "proposal.gate", "docs/proposal.md was not written"),
    ("refused", "failed", "the model refuses"),
    ("away", "proposal.gate", "approve away --digest 725b00704401"),
    ("reworked", "done", "15 model calls"),
    ("limited", "failed", "max_turns is 1"),
    ("killed050", "proposal.swarm", "not started"),
    ("killed060", "proposal.swarm", "docs/proposal.md"),
];

/// A copy of the old home and its repositories, and of its crew.
pub fn old() -> Crew {
    let crew = copied(&root().join("tests/cases/journals/crew"));
    let home = crew.home();
    std::fs::create_dir(&home).expect("a home");
    std::fs::copy(root().join("tests/cases/journals/cloudcrew.db"), home.join("cloudcrew.db"))
        .expect("a database");
    for (name, ..) in STANDING {
        let repo = home.join(format!("repos/{name}.git"));
        git(&home, &["init", "-q", "--bare", repo.to_str().expect("a path")]);
        git(&repo, &["symbolic-ref", "HEAD", &format!("refs/heads/cloudcrew/{name}")]);
        let bundle = root().join(format!("tests/cases/journals/repos/{name}.bundle"));
        // One of them died before its first commit.
        if bundle.exists() {
            git(&repo, &["fetch", "-q", bundle.to_str().expect("a path"), "+refs/*:refs/*"]);
        }
    }
    crew
}

fn git(at: &Path, words: &[&str]) {
    assert!(
        Command::new("git").arg("-C").arg(at).args(words).status().expect("git").success(),
        "git {words:?}"
    );
}

#[test]
fn every_old_journal_shows_the_same_state() {
    let crew = old();
    let listed = crew.run(&["list", "--format", "json"]).exits(0).json();
    let listed = listed["projects"].as_array().expect("a list");
    let listed: Vec<_> = listed
        .iter()
        .map(|e| (e["project"].as_str().expect("a name"), e["state"].as_str().expect("a state")))
        .collect();
    assert_eq!(listed, STANDING.map(|(name, state, _)| (name, state)));
    crew.run(&["doctor"]).exits(0).says("intact, 14 engagements");
    for (name, _, words) in STANDING {
        crew.run(&["show", name]).exits(0).says(words);
        crew.run(&["ledger", name]).exits(0);
        crew.run(&["cost", name]).exits(0);
        crew.run(&["artifacts", name]).exits(if name == "killed050" { 2 } else { 0 });
    }
}

#[test]
fn every_old_journal_resumes() {
    let crew = old();
    crew.run(&["approve", "waiting"]).exits(0);
    crew.run(&["approve", "answered"]).exits(0);
    crew.run(&["revise", "away", "Name the price"]).exits(10);
    crew.run(&["approve", "away"]).exits(0);
    crew.run(&["approve", "forgotten"]).exits(0);
    let request = crew.run(&["inbox", "--format", "json"]).exits(0).out;
    assert!(request.contains("proposal-1-q-1-0-0"), "{request}");
    crew.run(&["answer", "asked", "proposal-1-q-1-0-0", "Three shops"]).exits(10);
    crew.run(&["approve", "asked"]).exits(0);
    for name in ["killed050", "killed060"] {
        crew.run(&["resume", name]).exits(10);
        crew.run(&["approve", name]).exits(0);
    }
    // An ended engagement can be retried with the current definitions.
    crew.run(&["retry", "limited"]).exits(10).says("with the current definitions");
    crew.run(&["approve", "limited"]).exits(0);
    crew.run(&["retry", "expired"]).exits(10);
    crew.run(&["approve", "expired"]).exits(0);
    crew.run(&["retry", "cancelled"]).exits(14);
    crew.run(&["resume", "done"]).exits(0);
    crew.run(&["doctor"]).exits(0).says("intact, 14 engagements");
}
