//! Bad input: one clear message, the documented exit code, nothing lost.

use crate::support::{crew, edited};

fn sow(bytes: &[u8]) -> crate::support::Done {
    let crew = crew();
    let file = crew.folder.path().join("sow.md");
    std::fs::write(&file, bytes).expect("written");
    let done = crew.run(&["run", "--sow", file.to_str().expect("a path")]);
    assert!(!crew.home().join("cloudcrew.db").exists(), "nothing was started");
    done
}

#[test]
fn a_statement_of_work_that_cannot_be_read_is_refused() {
    sow(b"").exits(2);
    sow(b"   \n\n").exits(2);
    sow(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").exits(2).says("picture");
    sow(b"%PDF-1.7\n").exits(2).says("PDF");
    sow(b"# Requirements\n- caf\xe9\n").exits(2).says("UTF-8");
    sow(&vec![b'x'; 20 * 1024 * 1024]).exits(2);
    crew().run(&["run", "--sow", "/no/such/file.md"]).exits(2);
    crew().run(&["run", "--sow", "/"]).exits(2);
}

#[test]
fn a_project_that_exists_is_not_overwritten() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let before = crew.journal().len();
    crew.start("clinic-scheduling.md", &[]).exits(2).says("exists already");
    assert_eq!(crew.journal().len(), before);
    for id in ["Demo", "../x", "a b", "-a", ""] {
        crew.start("clinic-scheduling.md", &["--project", id]);
    }
}

#[test]
fn unknown_names_are_named() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &["--model", "opsu"]).exits(2).says("opus");
    crew.start("clinic-scheduling.md", &["--rehearsal", "nope"]).exits(2).says("question");
    crew.run(&["run", "nope", "--sow", "x"]).exits(2).says("delivery");
    crew.run(&["show", "nope"]).exits(2);
    crew.run(&["explain", "unknown-agnet"]).exits(2).says("unknown-agent");
}

#[test]
fn a_home_that_is_no_home_is_told() {
    let crew = crew();
    std::fs::create_dir_all(crew.home()).expect("a folder");
    let file = crew.home().join("cloudcrew.db");
    std::fs::write(&file, vec![7; 8192]).expect("written");
    crew.run(&["list"]).exits(3).says("no SQLite file");
    std::fs::remove_file(&file).expect("removed");
    let other = rusqlite::Connection::open(&file).expect("a store");
    other.execute_batch("CREATE TABLE t (x); PRAGMA user_version = 3;").expect("a table");
    drop(other);
    crew.run(&["list"]).exits(3).says("another program");
}

#[test]
fn a_newer_home_is_refused_and_a_damaged_journal_is_named() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let store = rusqlite::Connection::open(crew.home().join("cloudcrew.db")).expect("the store");
    store.execute_batch("DROP TRIGGER entry_stays").expect("dropped");
    store.execute("UPDATE entry SET payload = replace(payload, 'discovery', 'disc0very') WHERE seq = 5", []).expect("changed");
    crew.run(&["show", "demo"]).exits(3).says("entry 5");
    store.pragma_update(None, "user_version", 99).expect("changed");
    crew.run(&["list"]).exits(3).says("newer cloudcrew");
}

#[test]
fn answers_in_the_wrong_form_change_nothing() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let before = crew.journal().len();
    crew.run(&["approve", "demo", "--rating", "quality"]).exits(2);
    crew.run(&["approve", "demo", "--rating", "quality=9"]).exits(2);
    crew.run(&["approve", "demo", "--rating", "beauty=3"]).exits(2);
    crew.run(&["revise", "demo", "  "]).exits(2);
    crew.run(&["answer", "demo", "discovery-1", "yes"]).exits(2);
    crew.run(&["answer", "demo", "nope", "yes"]).exits(2);
    assert_eq!(crew.journal().len(), before);
}

#[test]
fn a_workspace_without_a_folder_is_told_and_nothing_starts() {
    for folder in ["phases", "workflows", "prompts", "templates"] {
        let crew = edited();
        std::fs::remove_dir_all(crew.workspace().join(folder)).expect("removed");
        crew.run(&["check"]).exits(1);
        crew.start("clinic-scheduling.md", &[]).exits(1);
        assert!(!crew.home().exists());
    }
}

#[test]
fn files_in_odd_forms_are_read_or_refused_with_a_place() {
    let text = std::fs::read_to_string(crate::support::root().join("phases/discovery.yaml")).expect("the file");
    let with = |bytes: Vec<u8>| {
        let crew = edited();
        std::fs::write(crew.workspace().join("phases/discovery.yaml"), bytes).expect("written");
        crew.run(&["check", "--format", "json"])
    };
    with(text.replace('\n', "\r\n").into_bytes()).exits(0);
    with(format!("\u{feff}{text}").into_bytes()).exits(0);
    for bad in [
        Vec::new(),
        vec![0, 1, 2],
        vec![0xff, 0xfe],
        vec![b'a'; 2 * 1024 * 1024],
        text.replace("  entry", "\tentry").into_bytes(),
        b"- a\n".to_vec(),
        b"a: &a [*a]\n".to_vec(),
        "[".repeat(10_000).into_bytes(),
    ] {
        let done = with(bad).exits(1);
        let found = done.json();
        let found = found["diagnostics"].as_array().expect("findings");
        assert!(found.iter().all(|d| d["start"]["line"].as_u64() >= Some(1)), "{}", done.out);
        assert!(found.iter().any(|d| d["file"] == "phases/discovery.yaml"), "{}", done.out);
    }
}
