//! Names: definition, references and rename.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::{DISCOVERY, editor, word};
use crate::support::editor::{Editor, applied};
use crate::support::{edited, root};

/// Applies a workspace edit on disk, as an editor does.
fn carry_out(root: &Path, edit: &Value) {
    let path = |uri: &Value| {
        uri.as_str().expect("an address").strip_prefix("file://").expect("a file").to_owned()
    };
    for change in edit["documentChanges"].as_array().expect("changes") {
        if change["kind"] == "rename" {
            std::fs::rename(path(&change["oldUri"]), path(&change["newUri"])).expect("renamed");
        } else {
            let file = path(&change["textDocument"]["uri"]);
            assert!(file.starts_with(root.to_str().expect("a path")), "{file}");
            let text = std::fs::read_to_string(&file).expect("a file");
            std::fs::write(&file, applied(&text, &change["edits"])).expect("written");
        }
    }
}

#[test]
fn a_name_links_to_its_definition_and_references() {
    let crew = edited();
    let mut editor = editor(&crew);
    let mut goes = |path: &str, word: &str| {
        let text = editor.text(path);
        let ask = editor.at(path, &text, word);
        let found = editor.ask("textDocument/definition", ask);
        let uri = found[0]["uri"]
            .as_str()
            .unwrap_or_default()
            .rsplit("/workspace/")
            .next()
            .unwrap_or_default()
            .to_owned();
        (uri, found[0]["range"]["start"]["line"].as_u64().unwrap_or_default() as usize)
    };
    let agents = root().join("agents.yaml");
    let agents = std::fs::read_to_string(agents).expect("a file");
    let line = |word: &str| agents.lines().position(|l| l == word).expect("a line");
    assert_eq!(goes(DISCOVERY, "sa]"), ("agents.yaml".to_owned(), line("  sa:")));
    assert_eq!(
        goes("agents.yaml", "sonnet\n    prompt"),
        ("agents.yaml".to_owned(), line("  sonnet:"))
    );
    let poc = std::fs::read_to_string(root().join("phases/poc.yaml")).expect("a file");
    let named = poc.lines().position(|l| l == "phase: poc").expect("a line");
    assert_eq!(goes("workflows/delivery.yaml", "poc"), ("phases/poc.yaml".to_owned(), named));
    assert_eq!(goes(DISCOVERY, "prompts/tasks"), ("prompts/tasks/discovery.md".to_owned(), 0));
    assert_eq!(goes(DISCOVERY, "project_plan"), ("templates/project_plan.md".to_owned(), 0));
    // The engine defines tools, so the link leads to where the crew is granted it.
    assert_eq!(goes("agents.yaml", "write_adr,").0, "agents.yaml");
    let text = editor.text("agents.yaml");
    let mut ask = editor.at("agents.yaml", &text, "qa:");
    ask["context"] = json!({ "includeDeclaration": true });
    let places = editor.ask("textDocument/references", ask);
    let files: BTreeSet<&str> = places
        .as_array()
        .expect("places")
        .iter()
        .filter_map(|p| p["uri"].as_str()?.rsplit('/').next())
        .collect();
    assert_eq!(
        files,
        BTreeSet::from([
            "agents.yaml",
            "delivery.yaml",
            "forgotten-deliverable.yaml",
            "production.yaml",
            "retrospective.yaml"
        ])
    );
    for place in places.as_array().expect("places") {
        let path =
            place["uri"].as_str().and_then(|u| u.rsplit("/workspace/").next()).expect("a file");
        assert_eq!(word(&editor.text(path), &place["range"]), "qa", "{path}");
    }
}

#[test]
fn a_rename_leaves_a_workspace_without_findings() {
    for (path, at, to) in [
        (DISCOVERY, "sa]", "architect"),
        ("agents.yaml", "opus:", "best"),
        ("workflows/delivery.yaml", "poc", "prototype"),
        (DISCOVERY, "project_plan", "plan"),
        (DISCOVERY, "prompts/tasks/discovery.md", "prompts/tasks/first.md"),
        ("phases/poc.yaml", "phase: poc", "proof"),
        ("rehearsals/question.yaml", "question\n", "asked"),
        (DISCOVERY, "docs/project-plan/plan.md", "docs/project-plan/the-plan.md"),
    ] {
        let crew = edited();
        let mut editor = editor(&crew);
        let text = editor.text(path);
        // On the value, after its key.
        let mut ask = editor.at(path, &text, at);
        if let Some(value) = at.strip_prefix("phase: ") {
            ask["position"] =
                Editor::position(&text, text.find(at).expect("there") + at.len() - value.len());
        }
        let prepared = editor.ask("textDocument/prepareRename", ask.clone());
        assert!(prepared["placeholder"].is_string(), "{prepared}");
        ask["newName"] = to.into();
        let edit = editor.ask("textDocument/rename", ask);
        carry_out(&editor.root, &edit);
        crew.run(&["check"]).exits(0);
        if to.ends_with("the-plan.md") {
            crew.run(&["test", "delivery", "revision"]).exits(0);
        }
        let old = prepared["placeholder"].as_str().expect("a name").to_owned();
        let texts: String =
            ["agents.yaml", "workflows/delivery.yaml"].iter().map(|p| editor.text(p)).collect();
        assert!(
            !texts.contains(&format!("{old}:")) && !texts.contains(&format!(" {old},")),
            "{old} is left in\n{texts}"
        );
    }
}

#[test]
fn an_impossible_rename_is_refused_with_a_reason() {
    let crew = edited();
    let mut editor = editor(&crew);
    let agents = editor.text("agents.yaml");
    let refused = |editor: &mut Editor, at: &str, to: &str, why: &str| {
        let mut ask = editor.at("agents.yaml", &agents, at);
        ask["newName"] = to.into();
        let answer = editor.answer("textDocument/rename", ask);
        assert!(
            answer["error"]["message"].as_str().is_some_and(|words| words.contains(why)),
            "{at}: {answer}"
        );
    };
    refused(&mut editor, "repo_read", "other", "a tool of the engine");
    refused(&mut editor, "qa:", "pm", "`pm` is already the name of another agent");
    refused(&mut editor, "qa:", "Not a name", "is not a valid name");
    refused(&mut editor, "qa:", "null", "YAML does not read");
    refused(&mut editor, "prompts/pm.md", "../pm.md", "is not a path below `prompts/`");
    refused(&mut editor, "# The agents", "other", "no name at this position");
    let mut plain = Editor::start(crew.workspace(), json!({}));
    refused(&mut plain, "prompts/pm.md", "prompts/other.md", "cannot rename files");
    let mut ask = plain.at("agents.yaml", &agents, "qa:");
    ask["newName"] = "tester".into();
    assert!(
        plain.ask("textDocument/rename", ask)["changes"].is_object(),
        "an edit without files is for every editor"
    );
}

#[test]
fn renaming_a_file_in_the_editor_updates_its_references() {
    let crew = edited();
    let mut editor = editor(&crew);
    let (from, to) = ("templates/project_plan.md", "templates/plan.md");
    let files = json!({ "files": [{ "oldUri": editor.uri(from), "newUri": editor.uri(to) }] });
    let edit = editor.ask("workspace/willRenameFiles", files);
    std::fs::rename(editor.root.join(from), editor.root.join(to)).expect("renamed");
    carry_out(&editor.root, &edit);
    crew.run(&["check"]).exits(0);
}
