//! `init`: create a workspace.

use std::path::Path;
use std::process::Command;

use crate::support::Done;

fn cloudcrew(folder: &Path, words: &[&str]) -> Done {
    Command::new(env!("CARGO_BIN_EXE_cloudcrew"))
        .current_dir(folder)
        .args(words)
        .output()
        .expect("the binary starts")
        .into()
}

#[test]
fn a_new_workspace_passes_its_checks_and_tests_and_runs() {
    for (kind, sow, tests) in [
        (&["init", "new"][..], "retail-orders.md", 13),
        (&["init", "new", "--minimal"], "example.md", 1),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        cloudcrew(folder.path(), kind).exits(0).says("cd new").says("cloudcrew test");
        let new = folder.path().join("new");
        cloudcrew(&new, &["check"]).exits(0);
        cloudcrew(&new, &["test"]).exits(0).says(&format!("{tests} passed, 0 failed"));
        let sow = format!("examples/sow/{sow}");
        cloudcrew(&new, &["run", "--sow", &sow, "--approve", "all"])
            .exits(0)
            .says("all phases are done");
        for schema in ["agents", "phase", "workflow", "rehearsal"] {
            assert!(
                new.join(format!(".cloudcrew/schemas/{schema}.json")).is_file(),
                "an editor finds the schema of {schema}"
            );
        }
    }
}

#[test]
fn init_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("phases")).expect("a folder");
    std::fs::write(folder.path().join("phases/poc.yaml"), "mine").expect("written");
    std::fs::write(folder.path().join(".gitignore"), "/target").expect("written");
    cloudcrew(folder.path(), &["init"])
        .exits(2)
        .says("already has phases/poc.yaml; nothing was written");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2);
    // The minimal crew has no such phase, so nothing is in its way. `check` reports the file as
    // unused.
    cloudcrew(folder.path(), &["init", "--minimal"]).exits(0);
    assert_eq!(
        std::fs::read_to_string(folder.path().join(".gitignore")).expect("a file"),
        "/target\n/.cloudcrew/\n"
    );
    cloudcrew(folder.path(), &["check"]).exits(1).says("phases/poc.yaml");
}

#[test]
fn a_new_workspace_is_a_git_repository_unless_it_is_in_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = folder.path().join("ws");
    std::fs::create_dir(&workspace).expect("a folder");
    std::fs::write(workspace.join("secrets.txt"), "mine").expect("written");
    let cloudcrew = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
        let done = command.args(words).current_dir(&workspace).output().expect("it starts");
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    cloudcrew(&["init", "--minimal"]);
    assert!(cloudcrew(&["plan", "--against", "HEAD"]).contains("against HEAD · 0 changes"));
    let git = |words: &[&str]| {
        let done = std::process::Command::new("git").args(words).current_dir(&workspace).output();
        String::from_utf8_lossy(&done.expect("git").stdout).into_owned()
    };
    assert_eq!(git(&["status", "--porcelain"]), "?? secrets.txt\n");
    let inner = workspace.join("inner");
    let inner = inner.to_str().expect("a path");
    cloudcrew(&["init", "--minimal", inner]);
    assert!(!std::path::Path::new(inner).join(".git").exists());
}
