//! The pattern library as a person uses it.

use crate::support::{crew, edited};

#[test]
fn a_pattern_is_found_used_contributed_and_withdrawn() {
    let crew = edited();
    crew.run(&["patterns", "list"]).exits(0).says("queue-with-dead-letters").says("not used yet");
    let found = crew.run(&["patterns", "search", "a queue for messages that fail"]).exits(0);
    assert!(found.out.starts_with("queue-with-dead-letters"), "{}", found.out);
    crew.run(&["patterns", "search", "payroll in Portugal"]).exits(0).says("no pattern fits");
    crew.run(&["patterns", "search", "--tag", "sql"]).exits(0).says("expand-and-contract");
    crew.run(&["patterns", "show", "idempotent-handler"]).exits(0).says("+ idempotent.py");
    crew.run(&["patterns", "show", "idempotent-handlr"]).exits(2).says("did you mean");
    let into = crew.folder.path().join("used");
    let into = into.to_str().expect("a path");
    crew.run(&["patterns", "use", "queue-with-dead-letters", "--into", into]).exits(0);
    assert!(std::fs::read_to_string(format!("{into}/queue.tf")).is_ok(), "the file is not there");
    crew.run(&["patterns", "use", "queue-with-dead-letters", "--into", into]).exits(2);
    crew.run(&["patterns", "promote", "idempotent-handler"]).exits(1).says("0 of the 3 required");

    let new = crew.folder.path().join("greeting.yaml");
    let text = "version: 1\npattern: greeting\ntitle: A greeting\ncategory: application\n\
                description: Use it to greet people.\nfiles:\n  - { path: hello.txt, content: Hello }\n";
    std::fs::write(&new, text).expect("written");
    let path = new.to_str().expect("a path");
    crew.run(&["patterns", "contribute", path]).exits(0).says("added greeting");
    crew.run(&["patterns", "show", "greeting"]).exits(0).says("draft").says("from customer");
    let copy = crew.folder.path().join("copy.yaml");
    std::fs::write(&copy, text.replace("pattern: greeting", "pattern: copy")).expect("written");
    let copy = copy.to_str().expect("a path");
    crew.run(&["patterns", "contribute", copy]).exits(2).says("`greeting` has the same files");
    // Another owner has a library of their own.
    crew.run(&["patterns", "show", "greeting", "--as", "bea"]).exits(2).says("no pattern named");

    crew.run(&["patterns", "withdraw", "greeting", "--reason", "rude"]).exits(0);
    crew.run(&["patterns", "show", "greeting"]).exits(0).says("withdrawn by customer: rude");
    crew.run(&["patterns", "contribute", copy]).exits(2).says("these files were withdrawn");
    // The name is free again for other files.
    std::fs::write(&new, text.replace("Hello", "Good morning")).expect("written");
    crew.run(&["patterns", "contribute", path]).exits(0).says("added greeting");
    crew.run(&["patterns", "show", "greeting"]).exits(0).says("draft");
    std::fs::write(&new, "pattern: [").expect("written");
    crew.run(&["patterns", "contribute", path]).exits(1);
}

#[test]
fn evidence_comes_from_live_engagements_only() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &["--approve", "all"]).exits(0);
    let shown = crew.run(&["patterns", "show", "queue-with-dead-letters"]).exits(0).out;
    assert!(shown.contains("not used yet"), "a rehearsal counts: {shown}");
}
