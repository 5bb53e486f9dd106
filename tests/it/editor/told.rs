//! Findings while typing: the same as those of `check`, across files, in the negotiated column
//! encoding.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{DISCOVERY, editor, word};
use crate::cases::lay;
use crate::support::editor::{Editor, applied, modern};
use crate::support::{edited, root};

#[test]
fn a_typo_is_found_at_its_word_and_fixed() {
    let crew = edited();
    let mut editor = editor(&crew);
    let right = editor.text(DISCOVERY);
    let wrong = right.replace("entry: pm", "entry: pmm");
    let found = editor.open(DISCOVERY, &wrong);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (word(&wrong, &found[0]["range"]), &found[0]["code"]),
        ("pmm", &json!("unknown-agent"))
    );
    let ask = |found: &Value, only: Value| {
        let context = json!({ "diagnostics": [found], "only": only });
        json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "range": found["range"],
            "context": context })
    };
    let (quick, all) =
        (ask(&found[0], json!(["quickfix"])), ask(&found[0], json!(["source.fixAll"])));
    let actions = editor.ask("textDocument/codeAction", quick);
    assert_eq!(
        (actions.as_array().map(Vec::len), &actions[0]["kind"]),
        (Some(1), &json!("quickfix"))
    );
    assert_eq!(applied(&wrong, &actions[0]["edit"]["changes"][editor.uri(DISCOVERY)]), right);
    // A name this short is ambiguous: the fix is offered, but not applied by `--fix`.
    let none = editor.ask("textDocument/codeAction", all.clone());
    assert!(none.as_array().is_none_or(Vec::is_empty), "{none}");
    let wrong = right.replace("max_handoffs: 10", "max_handofs: 10");
    editor.change(DISCOVERY, &wrong);
    let actions = editor.ask("textDocument/codeAction", all);
    assert_eq!(actions[0]["kind"], "source.fixAll.cloudcrew");
    assert_eq!(applied(&wrong, &actions[0]["edit"]["changes"][editor.uri(DISCOVERY)]), right);
    assert!(editor.change(DISCOVERY, &right).is_empty());
    assert_eq!(editor.quit(), 0);
}

#[test]
fn a_change_in_one_file_updates_the_findings_of_others() {
    let crew = edited();
    let mut editor = editor(&crew);
    let agents = editor.text("agents.yaml");
    assert!(editor.open("agents.yaml", &agents).is_empty());
    editor.change("agents.yaml", &agents.replace("\n  qa:\n", "\n  tester:\n"));
    for path in ["phases/production.yaml", "phases/retrospective.yaml"] {
        let (text, found) = (editor.text(path), editor.found(path));
        assert!(
            !found.is_empty() && found.iter().all(|d| word(&text, &d["range"]) == "qa"),
            "{path}: {found:?}"
        );
    }
    editor.change("agents.yaml", &agents);
    assert!(editor.found("phases/production.yaml").is_empty());
}

#[test]
fn open_buffers_take_precedence_and_file_changes_are_noticed() {
    let crew = edited();
    let mut editor = editor(&crew);
    let right = editor.text(DISCOVERY);
    assert_eq!(editor.open(DISCOVERY, &right.replace("entry: pm", "entry: pmm")).len(), 1);
    let document = json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } });
    editor.tell("textDocument/didClose", document);
    editor.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } }),
    );
    let symbols = editor.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } }),
    );
    assert!(editor.found(DISCOVERY).is_empty(), "the file counts again");
    assert!(
        symbols
            .as_array()
            .is_some_and(|s| s.iter().any(|s| s["name"] == "swarm" && s["children"].is_array())),
        "{symbols}"
    );
    let changed = |editor: &mut Editor, path: &str, kind: u8| {
        let changes = json!({ "changes": [{ "uri": editor.uri(path), "type": kind }] });
        editor.tell("workspace/didChangeWatchedFiles", changes);
        // Findings arrive before the answer to a later request.
        for _ in 0..2 {
            editor.ask(
                "textDocument/documentSymbol",
                json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } }),
            );
        }
    };
    std::fs::remove_file(editor.root.join("templates/project_plan.md")).expect("removed");
    changed(&mut editor, "templates/project_plan.md", 3);
    assert_eq!(editor.found(DISCOVERY)[0]["code"], "unknown-template");
    std::fs::copy(
        root().join("templates/project_plan.md"),
        editor.root.join("templates/project_plan.md"),
    )
    .expect("copied");
    changed(&mut editor, "templates/project_plan.md", 1);
    assert!(editor.found(DISCOVERY).is_empty());
    crew.edit(DISCOVERY, "entry: pm", "entry: pmm");
    changed(&mut editor, DISCOVERY, 2);
    assert_eq!(editor.found(DISCOVERY)[0]["code"], "unknown-agent");
    std::fs::remove_file(editor.root.join("agents.yaml")).expect("removed");
    changed(&mut editor, "agents.yaml", 3);
    assert!(editor.found(DISCOVERY).is_empty(), "a folder that is not a workspace has no findings");
}

#[test]
fn only_the_schema_command_writes_workspace_schemas() {
    let crew = edited();
    crew.run(&["schema", "--workspace"]).exits(0);
    crew.run(&["check"]).exits(0);
    let mut editor = editor(&crew);
    crew.edit("agents.yaml", "  qa:\n", "  tester:\n");
    let saved = json!({ "textDocument": { "uri": editor.uri("agents.yaml") } });
    editor.tell("textDocument/didSave", saved);
    editor.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": editor.uri("agents.yaml") } }),
    );
    assert!(!editor.text(".cloudcrew/schemas/phase.json").contains("\"tester\""));
    crew.run(&["check"]).exits(1).says("run `cloudcrew schema --workspace`");
    assert!(!editor.text(".cloudcrew/schemas/phase.json").contains("\"tester\""));
    crew.run(&["schema", "--workspace"]).exits(0);
    assert!(editor.text(".cloudcrew/schemas/phase.json").contains("\"tester\""));
}

#[test]
fn a_folder_without_a_crew_is_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("phases")).expect("a folder");
    std::fs::write(folder.path().join(DISCOVERY), "nonsense: [").expect("written");
    let mut editor = Editor::start(folder.path(), modern());
    let document = json!({ "uri": editor.uri(DISCOVERY), "languageId": "yaml", "version": 1,
        "text": "nonsense: [" });
    editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let at = json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "position": { "line": 0,
        "character": 3 } });
    for method in [
        "textDocument/hover",
        "textDocument/completion",
        "textDocument/definition",
        "textDocument/prepareRename",
    ] {
        assert!(editor.ask(method, at.clone()).is_null(), "{method}");
    }
    assert!(editor.findings.is_empty(), "{:?}", editor.findings);
    assert_eq!(editor.quit(), 0);
}

#[test]
fn columns_use_the_negotiated_encoding() {
    for (encodings, agreed, width) in
        [(json!(["utf-8", "utf-16"]), "utf-8", 4), (json!(["utf-16"]), "utf-16", 2)]
    {
        let crew = edited();
        let mut capabilities = modern();
        capabilities["general"]["positionEncodings"] = encodings;
        let mut editor = Editor::start(crew.workspace(), capabilities);
        assert_eq!(editor.server_says["capabilities"]["positionEncoding"], agreed);
        let text = editor.text(DISCOVERY).replace("review: {", "review: { \"agent\": \"pm😀\",");
        let found = editor.open(DISCOVERY, &text);
        let line = text.lines().find(|l| l.starts_with("review:")).expect("the line");
        let start = line.find("\"pm").expect("there");
        let range =
            &found.iter().find(|d| d["code"] == "unknown-agent").expect("the finding")["range"];
        assert_eq!(range["start"]["character"], start);
        assert_eq!(range["end"]["character"], start + "\"pm\"".len() + width);
    }
}

/// File, rule, message and position of the findings of `check`, in protocol columns.
fn checked(workspace: &Path) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_cloudcrew"))
        .arg("-C")
        .arg(workspace)
        .args(["check", "--format", "json"])
        .output()
        .expect("it starts");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let point = |p: &Value| {
        format!(
            "{}:{}",
            p["line"].as_u64().map_or(0, |n| n - 1),
            p["column"].as_u64().map_or(0, |n| n - 1)
        )
    };
    let found = document["diagnostics"].as_array().expect("findings");
    let file = |d: &Value| d["file"].as_str().unwrap_or("agents.yaml").to_owned();
    found
        .iter()
        .map(|d| {
            format!(
                "{} {} {} {}-{}",
                file(d),
                d["code"],
                d["message"],
                point(&d["start"]),
                point(&d["end"])
            )
        })
        .collect()
}

#[test]
fn the_editor_shows_the_findings_of_check() {
    let cases = root().join("tests/cases/check");
    let mut compared = 0;
    for case in std::fs::read_dir(&cases)
        .expect("a folder")
        .flatten()
        .filter(|case| case.path().join("files").is_dir())
    {
        let folder = tempfile::tempdir().expect("a folder");
        lay(&cases.join("_workspace"), folder.path());
        lay(&case.path().join("files"), folder.path());
        let mut editor = Editor::start(folder.path(), modern());
        for _ in 0..2 {
            editor.ask(
                "textDocument/documentSymbol",
                json!({ "textDocument": { "uri": editor.uri("agents.yaml") } }),
            );
        }
        let mut seen = BTreeSet::new();
        for (uri, found) in &editor.findings {
            let file =
                uri.strip_prefix(&format!("{}/", editor.uri(""))).expect("below the workspace");
            for d in found {
                let point = |p: &Value| format!("{}:{}", p["line"], p["character"]);
                let message = json!(d["message"].as_str().expect("words").lines().next());
                let (start, end) = (point(&d["range"]["start"]), point(&d["range"]["end"]));
                seen.insert(format!("{file} {} {message} {start}-{end}", d["code"]));
            }
        }
        let said = checked(folder.path());
        // Editors do not look for programs.
        let is_of_machine = case.file_name() == "missing-program";
        assert_eq!(said.is_empty(), is_of_machine, "{:?}", case.path());
        assert_eq!(seen, said, "{:?}", case.path());
        compared += 1;
    }
    assert!(compared >= 30, "{compared}");
}
