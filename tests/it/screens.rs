//! Snapshots of every screen at 80 and 120 columns, plain and in colour.

use std::process::Stdio;

use crate::support::{Crew, Done, copied, crew, edited, root};

/// Runs a command as on a terminal of this width.
fn at(crew: &Crew, columns: &str, colour: bool, words: &[&str]) -> Done {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cloudcrew"));
    command.args(words).env("CLOUDCREW_WORKSPACE", crew.workspace());
    command.env("CLOUDCREW_HOME", crew.home()).env("CLOUDCREW_ACTOR", "customer");
    command.env("CLOUDCREW_COLUMNS", columns).stdin(Stdio::null()).env_remove("NO_COLOR");
    if colour {
        command.env("CLICOLOR_FORCE", "1")
    } else {
        command.env("NO_COLOR", "1")
    };
    command.output().expect("the binary starts").into()
}

/// Output without what differs between runs, and with visible escape codes.
fn same(crew: &Crew, done: &Done) -> String {
    let home = crew.home().display().to_string();
    let text = format!("{}\n--- stderr\n{}", done.out, done.err).replace(&home, "HOME");
    let text =
        hidden(&text, |word| word.len() == 12 && word.bytes().all(|b| b.is_ascii_hexdigit()));
    let text = text.replace('\u{1b}', "ESC");
    text.replace("; 1s from", "; 0s from").replace("; 2s from", "; 0s from")
}

/// Replaces matching words by `<id>`.
fn hidden(text: &str, is: impl Fn(&str) -> bool) -> String {
    let parts = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let shown = parts.map(|part| {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is(word) { part.replacen(word, "<id>", 1) } else { part.to_owned() }
    });
    shown.collect()
}

/// Screens of an engagement that is waiting again after a revision.
#[test]
fn screens_of_an_engagement() {
    let crew = copied(&root().join("examples/minimal"));
    let sow = crew.workspace().join("examples/sow/example.md");
    let run = ["run", "--project", "demo", "--sow", sow.to_str().expect("a path")];
    let mut screens = String::new();
    let mut shot = |name: &str, done: &Done| {
        screens.push_str(&format!("==== {name}\n{}\n", same(&crew, done)));
    };
    shot("run, 80 columns, colour", &at(&crew, "80", true, &run));
    shot("inbox, 80 columns", &at(&crew, "80", false, &["inbox"]));
    let words = "Say in the first paragraph who owns compliance, and why it matters to the shops.";
    shot("revise, 80 columns", &at(&crew, "80", false, &["revise", "demo", words]));
    for (columns, colour) in [("80", false), ("120", false), ("80", true)] {
        for words in [
            &["show", "demo"][..],
            &["inbox"],
            &["list"],
            &["ledger", "demo"],
            &["cost", "demo"],
            &["plan"],
        ] {
            let name =
                format!("{}, {columns} columns{}", words[0], if colour { ", colour" } else { "" });
            shot(&name, &at(&crew, columns, colour, words));
        }
    }
    insta::assert_snapshot!(screens);
}

/// Screens of `check` without and with findings.
#[test]
fn screens_of_check() {
    let mut screens = String::new();
    let right = crew();
    screens.push_str(&same(&right, &at(&right, "80", false, &["check"])));
    let wrong = edited();
    wrong.edit("phases/discovery.yaml", "max_handoffs", "max_handofs");
    for (columns, colour) in [("80", false), ("120", false), ("80", true)] {
        screens.push_str(&same(&wrong, &at(&wrong, columns, colour, &["check"])));
    }
    insta::assert_snapshot!(screens);
}
