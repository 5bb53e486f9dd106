//! Bad input gives one clear message and the documented exit code, and loses nothing.

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
fn an_unreadable_statement_of_work_is_refused() {
    sow(b"").exits(2);
    sow(b"   \n\n").exits(2);
    sow(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").exits(2).says("picture");
    sow(b"%PDF-1.7\n").exits(2).says("PDF");
    sow(b"# Requirements\n- caf\xe9\x01\n").exits(2).says("UTF-8");
    sow(&vec![b'x'; 20 * 1024 * 1024]).exits(2);
    crew().run(&["run", "--sow", "/no/such/file.md"]).exits(2);
    crew().run(&["run", "--sow", "/"]).exits(2);
}

#[test]
fn an_existing_project_is_not_overwritten() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let before = crew.journal().len();
    crew.start("clinic-scheduling.md", &[]).exits(2).says("already exists");
    assert_eq!(crew.journal().len(), before);
    for id in ["Demo", "../x", "a b", "-a", ""] {
        crew.start("clinic-scheduling.md", &["--project", id]);
    }
}

#[test]
fn unknown_names_are_reported_with_the_known_ones() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &["--model", "opsu"]).exits(2).says("opus");
    crew.start("clinic-scheduling.md", &["--rehearsal", "nope"]).exits(2).says("question");
    crew.run(&["run", "nope", "--sow", "x"]).exits(2).says("delivery");
    crew.run(&["show", "nope"]).exits(2);
    crew.run(&["explain", "unknown-agnet"]).exits(2).says("unknown-agent");
}

#[test]
fn a_file_that_is_not_a_store_is_reported() {
    let crew = crew();
    std::fs::create_dir_all(crew.home()).expect("a folder");
    let file = crew.home().join("cloudcrew.db");
    std::fs::write(&file, vec![7; 8192]).expect("written");
    crew.run(&["list"]).exits(3).says("not an SQLite file");
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
    store
        .execute(
            "UPDATE entry SET payload = replace(payload, 'discovery', 'disc0very') WHERE seq = 5",
            [],
        )
        .expect("changed");
    crew.run(&["show", "demo"]).exits(3).says("entry 5");
    store.pragma_update(None, "user_version", 99).expect("changed");
    crew.run(&["list"]).exits(3).says("newer cloudcrew");
}

#[test]
fn invalid_answers_change_nothing() {
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
fn a_workspace_that_lacks_a_folder_cannot_start_a_run() {
    for folder in ["phases", "workflows", "prompts", "templates"] {
        let crew = edited();
        std::fs::remove_dir_all(crew.workspace().join(folder)).expect("removed");
        crew.run(&["check"]).exits(1);
        crew.start("clinic-scheduling.md", &[]).exits(1);
        assert!(!crew.home().exists());
    }
}

#[test]
fn odd_files_are_read_or_refused_with_a_place() {
    let text = std::fs::read_to_string(crate::support::root().join("phases/discovery.yaml"))
        .expect("the file");
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

#[test]
fn a_closed_pipe_is_harmless_and_lost_output_is_reported() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    for words in [
        &["list"][..],
        &["show", "demo"],
        &["ledger", "demo"],
        &["graph"],
        &["explain"],
        &["completions", "bash"],
    ] {
        let closed = crew
            .command(words)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn();
        let mut closed = closed.expect("the binary starts");
        drop(closed.stdout.take());
        let done: crate::support::Done = closed.wait_with_output().expect("an end").into();
        assert_eq!((done.exit, done.err.as_str()), (0, ""), "{words:?}");
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let done: crate::support::Done =
            crew.command(words).stdout(full).output().expect("the binary starts").into();
        done.exits(3).says("cannot write all output to stdout");
    }
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
    crew.command(&["approve", "demo"]).stdout(full).output().expect("the binary starts");
    crew.run(&["inbox"]).exits(0).says("architecture-1");
}

#[test]
fn untrusted_text_cannot_control_the_terminal() {
    let crew = edited();
    let bend = "version: 1\nrehearsal: steer\nagents:\n  - { agent: sa, phase: architecture, \
        asks: \"\\e[31mWhere?\\e]0;x\\a\\nforged line\" }\n";
    std::fs::write(crew.workspace().join("rehearsals/steer.yaml"), bend).expect("written");
    let done =
        crew.start("clinic-scheduling.md", &["--approve", "all", "--rehearsal", "steer"]).exits(10);
    let shown = crew.run(&["show", "demo"]).exits(0);
    for text in [done.out, done.err, shown.out, crew.run(&["inbox"]).out] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
    }
}

#[test]
fn aliases_that_expand_to_too_much_text_are_refused() {
    let crew = edited();
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a,".repeat(5_000));
    std::fs::write(crew.workspace().join("rehearsals/long.yaml"), text).expect("a file");
    crew.run(&["check"]).exits(1).says("aliases expand to more than 8 MiB of text");
}

#[test]
fn pipes_and_bombs_are_refused_at_once() {
    let crew = edited();
    let pipe = |at: &std::path::Path| {
        assert!(std::process::Command::new("mkfifo").arg(at).status().expect("it starts").success())
    };
    let sow = crew.folder.path().join("sow.md");
    pipe(&sow);
    crew.run(&["run", "--sow", sow.to_str().expect("a path")]).exits(2).says("a pipe or a device");
    pipe(&crew.workspace().join("phases/pipe.yaml"));
    crew.run(&["check"]).exits(1).says("a pipe or a device");
    std::fs::remove_file(crew.workspace().join("phases/pipe.yaml")).expect("removed");
    let mut bomb = format!("a0: &a0 [{}]\n", ["x"; 10].join(", "));
    for level in 1..12 {
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 10].join(", ")
        ));
    }
    std::fs::write(crew.workspace().join("phases/discovery.yaml"), bomb).expect("written");
    crew.run(&["check"]).exits(1).says("nodes");
}

#[test]
fn absurd_times_and_prices_are_found() {
    for (file, from, to) in [
        ("agents.yaml", "remind_after: 24h", "remind_after: 0s"),
        ("agents.yaml", "remind_after: 24h", "remind_after: 5s"),
        ("phases/discovery.yaml", "execution_timeout: 15m", "execution_timeout: 0s"),
        ("agents.yaml", "input: 5", "input: 1e308"),
    ] {
        let crew = edited();
        crew.edit(file, from, to)
            .run(&["check"])
            .exits(1)
            .says(to.split(": ").last().expect("a value"));
    }
}

#[test]
fn a_damaged_engagement_hides_no_other_and_doctor_finds_it() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let sow = crate::support::root().join("examples/sow/clinic-scheduling.md");
    crew.run(&["run", "--project", "other", "--sow", sow.to_str().expect("a path")]).exits(10);
    let store = rusqlite::Connection::open(crew.home().join("cloudcrew.db")).expect("the store");
    store.execute_batch("DROP TRIGGER entry_stays").expect("dropped");
    store
        .execute(
            "UPDATE entry SET payload = replace(payload, 'discovery', 'disc0very') WHERE seq \
            = 5 AND engagement = 1",
            [],
        )
        .expect("changed");
    // Lists read the index; other commands read the journal.
    crew.run(&["list"]).exits(0).says("other").says("demo");
    crew.run(&["inbox"]).exits(0).says("other  discovery-1").says("demo  discovery-1");
    crew.run(&["show", "demo"]).exits(3).says("entry 5");
    crew.run(&["approve", "demo"]).exits(3).says("entry 5");
    crew.run(&["doctor"]).exits(1).says("FAIL demo");
    store.execute("UPDATE engagement SET standing = NULL", []).expect("an older row");
    crew.run(&["list"]).exits(3).says("other").says("demo");
    crew.run(&["inbox"]).exits(3).says("other  discovery-1");
}

#[test]
fn lists_fall_back_to_the_journal_without_a_readable_index_row() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let (list, inbox) = (crew.run(&["list"]).exits(0).out, crew.run(&["inbox"]).exits(0).out);
    let store = rusqlite::Connection::open(crew.home().join("cloudcrew.db")).expect("the store");
    let row = || -> Option<String> {
        store.query_row("SELECT standing FROM engagement", [], |row| row.get(0)).expect("a row")
    };
    let written = row();
    for other in ["NULL", "'{}'", "'no JSON'"] {
        store.execute(&format!("UPDATE engagement SET standing = {other}"), []).expect("changed");
        assert_eq!(crew.run(&["list"]).exits(0).out, list, "{other}");
        assert_eq!(crew.run(&["inbox"]).exits(0).out, inbox, "{other}");
        if other == "NULL" {
            assert_eq!(row(), written, "a missing row is filled in");
        }
    }
}

#[test]
fn an_engagement_without_its_repository_can_be_cancelled() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    std::fs::remove_dir_all(crew.home().join("repos")).expect("removed");
    crew.run(&["resume", "demo"])
        .exits(3)
        .says("restore it, or cancel the engagement with `cloudcrew cancel demo`");
    crew.run(&["cancel", "demo"]).exits(0);
    crew.run(&["resume", "demo"]).exits(13);
}

#[test]
fn a_conflicting_branch_is_reported_before_the_run_starts_and_can_be_resolved_later() {
    let crew = crew();
    let repo = crew.folder.path().join("customers");
    let git = |words: &[&str]| {
        let name = [
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@x.invalid",
            "-C",
            repo.to_str().expect("a path"),
        ];
        assert!(
            std::process::Command::new("git")
                .args(name)
                .args(words)
                .output()
                .expect("git starts")
                .status
                .success(),
            "{words:?}"
        );
    };
    std::fs::create_dir(&repo).expect("a folder");
    git(&["init", "-q", "-b", "main"]);
    git(&["commit", "-q", "--allow-empty", "-m", "begin"]);
    let path = repo.to_str().expect("a path");
    git(&["branch", "cloudcrew"]);
    crew.start("clinic-scheduling.md", &["--repo", path])
        .exits(2)
        .says("a branch named `cloudcrew`");
    git(&["branch", "-D", "cloudcrew"]);
    crew.start("clinic-scheduling.md", &["--repo", "/nonexistent"]).exits(2).says("git init");
    crew.run(&["list"]).exits(0).says("no engagements yet");
    crew.start("clinic-scheduling.md", &["--repo", path]).exits(10);
    git(&["checkout", "-q", "cloudcrew/demo"]);
    crew.run(&["approve", "demo"]).exits(3).says("is checked out");
    for _ in 0..15 {
        crew.run(&["resume", "demo"]).exits(3).says("is checked out");
    }
    git(&["checkout", "-q", "main"]);
    crew.run(&["resume", "demo"]).exits(10).says("the architecture gate");
}

#[test]
fn a_task_that_cannot_be_rendered_fails_the_phase_and_names_its_key() {
    let crew = edited();
    let task = crew.workspace().join("prompts/tasks/discovery.md");
    let text = std::fs::read_to_string(&task).expect("a file");
    std::fs::write(
        &task,
        text + "\n{% for a in range(9000) %}{% for b in range(9000) %}{{ a }}{% \
        endfor %}{% endfor %}\n",
    )
    .expect("written");
    crew.start("clinic-scheduling.md", &[]).exits(1).says("phases/discovery.yaml task");
}

#[test]
fn the_unread_part_of_a_long_statement_of_work_is_reported() {
    let crew = crew();
    let file = crew.folder.path().join("sow.md");
    let many: String = (0..2_000).map(|n| format!("- The system must do thing {n}\n")).collect();
    std::fs::write(&file, format!("# Requirements\n{many}\n# Budget\nAt most EUR 20,000\n"))
        .expect("written");
    crew.run(&["run", "--sow", file.to_str().expect("a path")])
        .exits(10)
        .says("more than 500 items under Requirements")
        .says("sow.md:2003 belongs to no section");
}
