//! What an author sees in an editor, with a real client of `cloudcrew lsp` and the real
//! `yaml-language-server`.

mod explained;
mod renamed;
mod survives;
mod told;

use std::process::Command;

use serde_json::Value;

use crate::support::editor::{Editor, modern};
use crate::support::{Crew, root};

const DISCOVERY: &str = "phases/discovery.yaml";

fn editor(crew: &Crew) -> Editor {
    Editor::start(crew.workspace(), modern())
}

/// The word that a range covers.
fn word<'t>(text: &'t str, range: &Value) -> &'t str {
    let line = text
        .lines()
        .nth(range["start"]["line"].as_u64().expect("a line") as usize)
        .expect("a line");
    let column = |end: &str| range[end]["character"].as_u64().expect("a column") as usize;
    &line[column("start")..column("end")]
}

#[test]
#[ignore = "needs Node and npm, which brings yaml-language-server"]
fn both_servers_show_the_expected_findings() {
    let run = Command::new(root().join("tests/rigs/editor/run"))
        .env("CLOUDCREW", env!("CARGO_BIN_EXE_cloudcrew"))
        .output();
    let run = run.expect("bash starts");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && out.contains("cloudcrew lsp: \"passed\":"), "{out}\n{err}");
}
