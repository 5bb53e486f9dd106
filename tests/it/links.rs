//! A workspace from someone else: whatever it links to, reading it writes nothing, and writing
//! stays inside.

#![expect(clippy::unwrap_used, reason = "a test whose world cannot be made ends there")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::editor::{Editor, modern};
use crate::support::{Crew, Done, edited};

const PROFILE: &str = "export PATH=/usr/bin\n";

/// A user's file outside the workspace.
fn profile(crew: &Crew) -> PathBuf {
    let path = crew.folder.path().join("outside/profile");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, PROFILE).unwrap();
    path
}

/// Replaces something in the workspace by a link.
fn link(crew: &Crew, name: &str, to: &Path) {
    let path = crew.workspace().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(&path);
    let _ = fs::remove_dir_all(&path);
    symlink(to, path).unwrap();
}

/// Runs the binary inside the workspace, without `--home`.
fn inside(crew: &Crew, words: &[&str]) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
    command.current_dir(crew.workspace()).args(words).stdin(Stdio::null());
    command.output().expect("the binary starts").into()
}

fn git(crew: &Crew, words: &[&str]) {
    let done = Command::new("git")
        .arg("-C")
        .arg(crew.workspace())
        .args(words)
        .output()
        .expect("git starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn checking_or_editing_a_workspace_writes_nothing() {
    let crew = edited();
    let profile = profile(&crew);
    crew.edit("agents.yaml", "description: ", "description: $(touch /tmp/owned) ");
    link(&crew, ".cloudcrew/schemas/phase.json", &profile);
    for words in [
        &["check"][..],
        &["plan"],
        &["graph"],
        &["generate", "--check"],
        &["doctor"],
        &["test"],
        &["list"],
    ] {
        inside(&crew, words);
        assert_eq!(fs::read_to_string(&profile).unwrap(), PROFILE, "{words:?}");
    }
    let mut editor = Editor::start(crew.workspace(), modern());
    editor.open("phases/discovery.yaml", &editor.text("phases/discovery.yaml"));
    assert_eq!(editor.quit(), 0);
    assert_eq!(fs::read_to_string(&profile).unwrap(), PROFILE);
}

#[test]
fn no_command_writes_through_a_link() {
    let verbs: [(&[&str], &[&str]); 6] = [
        (
            &["schema", "--workspace"],
            &[".cloudcrew", ".cloudcrew/schemas", ".cloudcrew/schemas/phase.json"],
        ),
        (
            &["schema", "--write"],
            &["engine", "engine/definition/schemas/phase.json", "docs/reference"],
        ),
        (
            &["generate"],
            &["infra", "infra/terraform/state_machines", "infra/terraform/crew.auto.tfvars.json"],
        ),
        (&["test", "delivery", "--junit", "out/junit.xml"], &["out", "out/junit.xml"]),
        (
            &["run", "--sow", "examples/sow/retail-orders.md", "--approve", "all"],
            &[".cloudcrew", ".cloudcrew/cloudcrew.db"],
        ),
        (
            &["run", "--sow", "examples/sow/retail-orders.md", "--detach"],
            &[".cloudcrew/repos", ".cloudcrew/retail-orders.log"],
        ),
    ];
    for (words, places) in verbs {
        for place in places {
            let crew = edited();
            let profile = profile(&crew);
            let folder = profile.parent().unwrap();
            let to = if place.contains('.') && !place.starts_with(".cloudcrew")
                || place.rfind('.') > Some(1)
            {
                &profile
            } else {
                folder
            };
            link(&crew, place, to);
            let done = inside(&crew, words);
            assert!(done.exit != 0, "{words:?} through {place}: {}", done.out);
            assert!(done.err.contains("link"), "{words:?} through {place}: {}", done.err);
            assert_eq!(fs::read_to_string(&profile).unwrap(), PROFILE, "{words:?} through {place}");
            assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "{words:?} through {place}");
        }
    }
}

#[test]
fn links_out_of_the_workspace_are_not_read() {
    let crew = edited();
    let secret = crew.folder.path().join("secret");
    fs::write(&secret, "the secret of another place").unwrap();
    for place in ["prompts/pm.md", "templates/project_plan.md", "examples/sow/retail-orders.md"] {
        let crew = edited();
        link(&crew, place, &secret);
        let done =
            inside(&crew, &["run", "--sow", "examples/sow/retail-orders.md", "--approve", "all"]);
        assert!(
            done.exit != 0 && !format!("{}{}", done.out, done.err).contains("the secret"),
            "{place}: {}",
            done.err
        );
        assert!(done.err.contains("link"), "{place}: {}", done.err);
    }
}

#[test]
fn a_home_that_came_with_the_workspace_must_be_named_to_be_opened() {
    let crew = edited();
    git(&crew, &["init", "-q"]);
    inside(&crew, &["run", "--sow", "examples/sow/retail-orders.md"]).exits(10);
    inside(&crew, &["list"]).exits(0).says("retail-orders");
    git(&crew, &["add", "-f", ".cloudcrew/cloudcrew.db"]);
    inside(&crew, &["list"]).exits(2).says("Git repository").says("--home");
    let home = crew.workspace().join(".cloudcrew");
    inside(&crew, &["--home", home.to_str().unwrap(), "list"]).exits(0).says("retail-orders");
    inside(&crew, &["check"]).exits(0);
}

#[test]
fn a_home_is_private_however_it_was_created() {
    let crew = edited();
    inside(&crew, &["schema", "--workspace"]).exits(0);
    inside(&crew, &["run", "--sow", "examples/sow/retail-orders.md"]).exits(10);
    let mode = fs::metadata(crew.workspace().join(".cloudcrew")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
