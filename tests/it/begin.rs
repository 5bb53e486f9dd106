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
        (&["init", "new"][..], "retail-orders.md", 12),
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
