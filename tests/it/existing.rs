//! Work on existing code: the crew starts from it, changes only what it may, and its branch can be
//! merged.

#![expect(clippy::unwrap_used, reason = "a test whose setup fails cannot continue")]

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Crew, Done, crew};

fn git(at: &Path, words: &[&str]) -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(at).args(words);
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "customer")
            .env(format!("GIT_{who}_EMAIL"), "c@example.com");
    }
    let done = git.output().expect("git starts");
    assert!(done.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// A customer's repository with code, an executable script, a file with a name that is not ASCII,
/// and a plan.
fn customers(crew: &Crew) -> PathBuf {
    let repo = crew.folder.path().join("customer");
    for (path, text) in [
        ("src/main.py", "print('orders')\n"),
        ("docs/überblick.md", "# Überblick\n"),
        ("docs/project-plan/plan.md", "# Our own plan\n"),
        ("run.sh", "#!/bin/sh\n"),
    ] {
        let file = repo.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    git(crew.folder.path(), &["init", "-q", "-b", "main", "customer"]);
    git(&repo, &["add", "."]);
    git(&repo, &["update-index", "--chmod=+x", "run.sh"]);
    git(&repo, &["commit", "-q", "-m", "Our code"]);
    repo
}

fn start(crew: &Crew, repo: &Path, more: &[&str]) -> Done {
    let mut words = vec!["--repo", repo.to_str().unwrap()];
    words.extend(more);
    crew.start("retail-orders.md", &words)
}

#[test]
fn the_crew_starts_from_the_customers_code_and_its_branch_can_be_merged() {
    let crew = crew();
    let repo = customers(&crew);
    start(&crew, &repo, &["--approve", "all"])
        .exits(0)
        .says("docs/project-plan/plan.md already exists in the repository");
    let base = git(&repo, &["rev-parse", "main"]);
    assert_eq!(git(&repo, &["merge-base", "main", "cloudcrew/demo"]), base);
    git(&repo, &["merge", "-q", "--no-edit", "cloudcrew/demo"]);
    assert_eq!(
        fs::read_to_string(repo.join("src/main.py")).unwrap(),
        "print('orders')\n",
        "outside all scopes"
    );
    assert!(
        fs::read_to_string(repo.join("docs/project-plan/plan.md"))
            .unwrap()
            .contains("Project plan"),
        "it was rewritten"
    );
    assert!(git(&repo, &["ls-tree", "main", "run.sh"]).starts_with("100755"));
    assert_eq!(
        git(&repo, &["-c", "core.quotePath=false", "ls-files", "docs/überblick.md"]),
        "docs/überblick.md"
    );
    assert!(git(&repo, &["fsck", "--strict"]).is_empty());
}

#[test]
fn only_files_of_the_crew_are_exported() {
    let crew = crew();
    let repo = customers(&crew);
    start(&crew, &repo, &[]).exits(10);
    // Others commit two names to the crew's branch that look the same when shown.
    let worktree = crew.folder.path().join("worktree");
    git(&repo, &["worktree", "add", "-q", worktree.to_str().unwrap(), "cloudcrew/demo"]);
    for name in [&b"odd-\xff"[..], b"odd-\xfe"] {
        fs::write(worktree.join(std::ffi::OsStr::from_bytes(name)), "odd").unwrap();
    }
    git(&worktree, &["add", "."]);
    git(&worktree, &["commit", "-q", "-m", "Odd names"]);
    git(&repo, &["worktree", "remove", worktree.to_str().unwrap()]);
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
    let folder = crew.folder.path().join("exported");
    crew.run(&["artifacts", "demo", "--export", folder.to_str().unwrap()])
        .exits(0)
        .says("its name is not UTF-8");
    assert!(
        folder.join("docs/project-plan/plan.md").is_file()
            && folder.join("docs/engagement-summary.md").is_file()
    );
    assert!(!folder.join("src/main.py").exists(), "the customer already has it");
    assert!(
        !fs::read_dir(&folder)
            .unwrap()
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("odd-"))
    );
}

#[test]
fn work_starts_at_a_prepared_branch_or_a_named_base() {
    let crew = crew();
    let repo = customers(&crew);
    git(&repo, &["branch", "cloudcrew/demo"]);
    git(&repo, &["commit", "-q", "--allow-empty", "-m", "Later"]);
    start(&crew, &repo, &["--base", "main"]).exits(2).says("is not at `main`");
    start(&crew, &repo, &[]).exits(10);
    assert_eq!(
        git(&repo, &["merge-base", "main", "cloudcrew/demo"]),
        git(&repo, &["rev-parse", "main~1"])
    );

    let other = crate::support::crew();
    start(&other, &repo, &["--project", "second", "--base", "nothing"])
        .exits(2)
        .says("no commit named `nothing`");
    start(&other, &repo, &["--project", "second", "--base", "main"]).exits(10);
    assert_eq!(
        git(&repo, &["merge-base", "main", "cloudcrew/second"]),
        git(&repo, &["rev-parse", "main"])
    );
}

#[test]
fn an_empty_repository_gets_its_own_branch() {
    let crew = crew();
    let repo = crew.folder.path().join("empty");
    git(crew.folder.path(), &["init", "-q", "-b", "main", "empty"]);
    start(&crew, &repo, &[]).exits(10);
    assert_eq!(
        git(&repo, &["log", "--format=%s", "cloudcrew/demo"]).lines().last(),
        Some("Add the statement of work")
    );

    let headless = customers(&crew);
    git(&headless, &["symbolic-ref", "HEAD", "refs/heads/gone"]);
    let other = crate::support::crew();
    start(&other, &headless, &[]).exits(2).says("--base main");
}

#[test]
fn a_gate_reports_new_commits_on_the_customers_branch() {
    let crew = crew();
    let repo = customers(&crew);
    start(&crew, &repo, &[]).exits(10);
    let before = crew.run(&["show", "demo"]).exits(0);
    assert!(!before.out.contains("since this work started"), "{}", before.out);
    git(&repo, &["commit", "-q", "--allow-empty", "-m", "Meanwhile"]);
    crew.run(&["show", "demo"]).exits(0).says("`main` has 1 commit since this work started");
    assert_eq!(crew.run(&["show", "demo", "--format", "json"]).json()["moved_on"]["commits"], 1);
    crew.run(&["resume", "demo"]).exits(10).says("`main` has 1 commit since this work started");
}
