//! What the author of a workspace sees in an editor: a real client of `cloudcrew lsp`, and the real `yaml-language-server`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cases::lay;
use crate::support::editor::{Editor, applied, modern};
use crate::support::{Crew, crew, edited, root};

const DISCOVERY: &str = "phases/discovery.yaml";

fn editor(crew: &Crew) -> Editor {
    Editor::start(crew.workspace(), modern())
}

/// The word that a range covers.
fn word<'t>(text: &'t str, range: &Value) -> &'t str {
    let line = text.lines().nth(range["start"]["line"].as_u64().expect("a line") as usize).expect("a line");
    let column = |end: &str| range[end]["character"].as_u64().expect("a column") as usize;
    &line[column("start")..column("end")]
}

fn labels(items: &Value) -> Vec<&str> {
    items.as_array().expect("a list").iter().map(|item| item["label"].as_str().expect("a label")).collect()
}

fn documentation(items: &Value, label: &str) -> String {
    let item = items.as_array().expect("a list").iter().find(|item| item["label"] == label);
    item.and_then(|item| item["documentation"]["value"].as_str()).unwrap_or_default().to_owned()
}

/// Writes an edit of the workspace to disk, as an editor does.
fn carry_out(root: &Path, edit: &Value) {
    let path = |uri: &Value| uri.as_str().expect("an address").strip_prefix("file://").expect("a file").to_owned();
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
fn a_typo_is_found_at_its_word_and_mended() {
    let crew = edited();
    let mut editor = editor(&crew);
    let right = editor.text(DISCOVERY);
    let wrong = right.replace("entry: pm", "entry: pmm");
    let found = editor.open(DISCOVERY, &wrong);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((word(&wrong, &found[0]["range"]), &found[0]["code"]), ("pmm", &json!("unknown-agent")));
    let ask = |found: &Value, only: Value| {
        let context = json!({ "diagnostics": [found], "only": only });
        json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "range": found["range"], "context": context })
    };
    let (quick, all) = (ask(&found[0], json!(["quickfix"])), ask(&found[0], json!(["source.fixAll"])));
    let actions = editor.ask("textDocument/codeAction", quick);
    assert_eq!((actions.as_array().map(Vec::len), &actions[0]["kind"]), (Some(1), &json!("quickfix")));
    assert_eq!(applied(&wrong, &actions[0]["edit"]["changes"][editor.uri(DISCOVERY)]), right);
    // Of so short a name nobody can be certain: it is offered, and never written unasked.
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
fn a_change_of_one_file_is_felt_in_the_others() {
    let crew = edited();
    let mut editor = editor(&crew);
    let agents = editor.text("agents.yaml");
    assert!(editor.open("agents.yaml", &agents).is_empty());
    editor.change("agents.yaml", &agents.replace("\n  qa:\n", "\n  tester:\n"));
    for path in ["phases/production.yaml", "phases/retrospective.yaml"] {
        let (text, found) = (editor.text(path), editor.found(path));
        assert!(!found.is_empty() && found.iter().all(|d| word(&text, &d["range"]) == "qa"), "{path}: {found:?}");
    }
    editor.change("agents.yaml", &agents);
    assert!(editor.found("phases/production.yaml").is_empty());
}

#[test]
fn everything_is_completed_with_its_documentation() {
    let crew = edited();
    let mut editor = editor(&crew);
    let right = editor.text(DISCOVERY);
    editor.open(DISCOVERY, &right);
    let mut complete = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}");
        let marked = right.replacen(from, to, 1);
        let offset = marked.find('\u{2502}').expect("a cursor");
        editor.change(DISCOVERY, &marked.replace('\u{2502}', ""));
        let position = Editor::position(&marked, offset);
        editor.ask("textDocument/completion", json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "position": position }))
    };
    let agents = complete("  entry: pm", "  entry: │");
    assert_eq!(labels(&agents), ["pm", "sa", "infra", "dev", "data", "security", "qa"]);
    assert!(documentation(&agents, "pm").contains("Owns the statement of work"));
    let templates = complete("template: project_plan", "template: │");
    assert!(labels(&templates).contains(&"runbook"));
    assert!(complete("reviewers: [sa]", "reviewers: [│").to_string().contains("\"qa\""), "in brackets that are not closed");
    // One list, each once.
    assert_eq!(labels(&complete("agents: [pm, sa]", "agents: [pm, sa, │]")).len(), 5);
    let keys = complete("  max_turns: 100", "  │");
    assert!(documentation(&keys, "max_turns").contains("Default `100`"));
    assert!(!labels(&keys).contains(&"entry"), "it is there already");
    let depths = complete("depth: light", "depth: │");
    assert!(documentation(&depths, "full").contains("statement of work"));
    assert!(complete("swarm:\n", "swarm: { │\n").is_array(), "a file that is broken from there on");
}

#[test]
fn what_is_written_for_a_completed_key_can_be_gone_on_with() {
    let crew = edited();
    let mut editor = editor(&crew);
    let text = "version: 1\nphase: discovery\n";
    editor.open(DISCOVERY, text);
    let end = json!({ "line": 2, "character": 0 });
    let items = editor.ask("textDocument/completion", json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "position": end }));
    let swarm = items.as_array().expect("a list").iter().find(|item| item["label"] == "swarm").expect("the key");
    let after = applied(text, &json!([swarm["textEdit"]]));
    assert_eq!(after, format!("{text}swarm:\n  "));
    assert_eq!(swarm["detail"], "required");
}

#[test]
fn a_hover_tells_limits_with_where_they_come_from_and_what_an_agent_may() {
    let crew = edited();
    let mut editor = editor(&crew);
    let mut hover = |path: &str, word: &str| {
        let text = editor.text(path);
        let ask = editor.at(path, &text, word);
        editor.ask("textDocument/hover", ask)["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    let limit = hover(DISCOVERY, "max_handoffs");
    assert!(limit.contains("Here `10`, from phases/discovery.yaml:10.") && limit.contains("Default `20`"), "{limit}");
    let swarm = hover(DISCOVERY, "swarm:");
    for row in ["| `node_timeout` | `5m` | phases/discovery.yaml:14 |", "| `handoff` | `immediate` | default |"] {
        assert!(swarm.contains(row), "{swarm}");
    }
    let agent = hover("phases/poc.yaml", "dev");
    for part in ["May ", "write to the repository inside its scope", "`!app/tests/**`", "Model `sonnet`"] {
        assert!(agent.contains(part), "{agent}");
    }
    let phase = hover("workflows/delivery.yaml", "discovery, arch");
    assert!(phase.contains("Owes `docs/project-plan/plan.md`") && phase.contains("| `swarm.max_turns` | `100` |"), "{phase}");
    assert!(hover("agents.yaml", "repo_read").contains("**tool** `repo_read`"));
    assert!(hover("agents.yaml", "# The crew").is_empty());
}

#[test]
fn a_name_leads_to_its_definition_and_to_all_its_places() {
    let crew = edited();
    let mut editor = editor(&crew);
    let mut goes = |path: &str, word: &str| {
        let text = editor.text(path);
        let ask = editor.at(path, &text, word);
        let found = editor.ask("textDocument/definition", ask);
        let uri = found[0]["uri"].as_str().unwrap_or_default().rsplit("/workspace/").next().unwrap_or_default().to_owned();
        (uri, found[0]["range"]["start"]["line"].as_u64().unwrap_or_default() as usize)
    };
    let agents = root().join("agents.yaml");
    let agents = std::fs::read_to_string(agents).expect("a file");
    let line = |word: &str| agents.lines().position(|l| l == word).expect("a line");
    assert_eq!(goes(DISCOVERY, "sa]"), ("agents.yaml".to_owned(), line("  sa:")));
    assert_eq!(goes("agents.yaml", "sonnet\n    prompt"), ("agents.yaml".to_owned(), line("  sonnet:")));
    let poc = std::fs::read_to_string(root().join("phases/poc.yaml")).expect("a file");
    let named = poc.lines().position(|l| l == "phase: poc").expect("a line");
    assert_eq!(goes("workflows/delivery.yaml", "poc"), ("phases/poc.yaml".to_owned(), named));
    assert_eq!(goes(DISCOVERY, "prompts/tasks"), ("prompts/tasks/discovery.md".to_owned(), 0));
    assert_eq!(goes(DISCOVERY, "project_plan"), ("templates/project_plan.md".to_owned(), 0));
    // A tool is the engine's: the way leads to where the crew is given it.
    assert_eq!(goes("agents.yaml", "write_adr,").0, "agents.yaml");
    let text = editor.text("agents.yaml");
    let mut ask = editor.at("agents.yaml", &text, "qa:");
    ask["context"] = json!({ "includeDeclaration": true });
    let places = editor.ask("textDocument/references", ask);
    let files: BTreeSet<&str> =
        places.as_array().expect("places").iter().filter_map(|p| p["uri"].as_str()?.rsplit('/').next()).collect();
    assert_eq!(
        files,
        BTreeSet::from(["agents.yaml", "delivery.yaml", "forgotten-deliverable.yaml", "production.yaml", "retrospective.yaml"])
    );
    for place in places.as_array().expect("places") {
        let path = place["uri"].as_str().and_then(|u| u.rsplit("/workspace/").next()).expect("a file");
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
        // On the value, where a key stands before it.
        let mut ask = editor.at(path, &text, at);
        if let Some(value) = at.strip_prefix("phase: ") {
            ask["position"] = Editor::position(&text, text.find(at).expect("there") + at.len() - value.len());
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
        let texts: String = ["agents.yaml", "workflows/delivery.yaml"].iter().map(|p| editor.text(p)).collect();
        assert!(!texts.contains(&format!("{old}:")) && !texts.contains(&format!(" {old},")), "{old} is left in\n{texts}");
    }
}

#[test]
fn what_cannot_be_renamed_is_refused_with_a_reason() {
    let crew = edited();
    let mut editor = editor(&crew);
    let agents = editor.text("agents.yaml");
    let refused = |editor: &mut Editor, at: &str, to: &str, why: &str| {
        let mut ask = editor.at("agents.yaml", &agents, at);
        ask["newName"] = to.into();
        let answer = editor.answer("textDocument/rename", ask);
        assert!(answer["error"]["message"].as_str().is_some_and(|words| words.contains(why)), "{at}: {answer}");
    };
    refused(&mut editor, "repo_read", "other", "a tool of the engine");
    refused(&mut editor, "qa:", "pm", "`pm` is the name of another agent");
    refused(&mut editor, "qa:", "Not a name", "is not a name");
    refused(&mut editor, "qa:", "null", "YAML does not read");
    refused(&mut editor, "prompts/pm.md", "../pm.md", "is no file below `prompts/`");
    refused(&mut editor, "# The crew", "other", "no name stands here");
    let mut plain = Editor::start(crew.workspace(), json!({}));
    refused(&mut plain, "prompts/pm.md", "prompts/other.md", "cannot rename a file");
    let mut ask = plain.at("agents.yaml", &agents, "qa:");
    ask["newName"] = "tester".into();
    assert!(plain.ask("textDocument/rename", ask)["changes"].is_object(), "an edit without files is for every editor");
}

#[test]
fn a_file_that_is_renamed_in_the_editor_takes_its_references_along() {
    let crew = edited();
    let mut editor = editor(&crew);
    let (from, to) = ("templates/project_plan.md", "templates/plan.md");
    let files = json!({ "files": [{ "oldUri": editor.uri(from), "newUri": editor.uri(to) }] });
    let edit = editor.ask("workspace/willRenameFiles", files);
    std::fs::rename(editor.root.join(from), editor.root.join(to)).expect("renamed");
    carry_out(&editor.root, &edit);
    crew.run(&["check"]).exits(0);
}

#[test]
fn open_texts_count_before_files_and_files_that_come_and_go_are_noticed() {
    let crew = edited();
    let mut editor = editor(&crew);
    let right = editor.text(DISCOVERY);
    assert_eq!(editor.open(DISCOVERY, &right.replace("entry: pm", "entry: pmm")).len(), 1);
    let document = json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } });
    editor.tell("textDocument/didClose", document);
    editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } }));
    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } }));
    assert!(editor.found(DISCOVERY).is_empty(), "the file counts again");
    assert!(symbols.as_array().is_some_and(|s| s.iter().any(|s| s["name"] == "swarm" && s["children"].is_array())), "{symbols}");
    let changed = |editor: &mut Editor, path: &str, kind: u8| {
        let changes = json!({ "changes": [{ "uri": editor.uri(path), "type": kind }] });
        editor.tell("workspace/didChangeWatchedFiles", changes);
        // Findings are told before what is asked afterwards is answered.
        for _ in 0..2 {
            editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": editor.uri(DISCOVERY) } }));
        }
    };
    std::fs::remove_file(editor.root.join("templates/project_plan.md")).expect("removed");
    changed(&mut editor, "templates/project_plan.md", 3);
    assert_eq!(editor.found(DISCOVERY)[0]["code"], "unknown-template");
    std::fs::copy(root().join("templates/project_plan.md"), editor.root.join("templates/project_plan.md")).expect("copied");
    changed(&mut editor, "templates/project_plan.md", 1);
    assert!(editor.found(DISCOVERY).is_empty());
    crew.edit(DISCOVERY, "entry: pm", "entry: pmm");
    changed(&mut editor, DISCOVERY, 2);
    assert_eq!(editor.found(DISCOVERY)[0]["code"], "unknown-agent");
    std::fs::remove_file(editor.root.join("agents.yaml")).expect("removed");
    changed(&mut editor, "agents.yaml", 3);
    assert!(editor.found(DISCOVERY).is_empty(), "a folder that is no workspace has no findings");
}

#[test]
fn the_schemas_of_a_workspace_follow_what_is_saved() {
    let crew = edited();
    crew.run(&["schema", "--workspace"]).exits(0);
    let mut editor = editor(&crew);
    crew.edit("agents.yaml", "  qa:\n", "  tester:\n");
    let saved = json!({ "textDocument": { "uri": editor.uri("agents.yaml") } });
    editor.tell("textDocument/didSave", saved);
    editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": editor.uri("agents.yaml") } }));
    assert!(editor.text(".cloudcrew/schemas/phase.json").contains("\"tester\""));
    crew.edit("agents.yaml", "  tester:\n", "  proof:\n").run(&["check"]).exits(1);
    assert!(editor.text(".cloudcrew/schemas/phase.json").contains("\"proof\""));
}

#[test]
fn a_folder_without_a_crew_is_left_in_peace() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("phases")).expect("a folder");
    std::fs::write(folder.path().join(DISCOVERY), "nonsense: [").expect("written");
    let mut editor = Editor::start(folder.path(), modern());
    let document = json!({ "uri": editor.uri(DISCOVERY), "languageId": "yaml", "version": 1, "text": "nonsense: [" });
    editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let at = json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "position": { "line": 0, "character": 3 } });
    for method in ["textDocument/hover", "textDocument/completion", "textDocument/definition", "textDocument/prepareRename"] {
        assert!(editor.ask(method, at.clone()).is_null(), "{method}");
    }
    assert!(editor.told.is_empty(), "{:?}", editor.told);
    assert_eq!(editor.quit(), 0);
}

#[test]
fn columns_are_counted_as_was_agreed_on() {
    for (encodings, agreed, width) in [(json!(["utf-8", "utf-16"]), "utf-8", 4), (json!(["utf-16"]), "utf-16", 2)] {
        let crew = edited();
        let mut capabilities = modern();
        capabilities["general"]["positionEncodings"] = encodings;
        let mut editor = Editor::start(crew.workspace(), capabilities);
        assert_eq!(editor.server_says["capabilities"]["positionEncoding"], agreed);
        let text = editor.text(DISCOVERY).replace("review: { agent: pm", "review: { \"agent\": \"pm😀\"");
        let found = editor.open(DISCOVERY, &text);
        let line = text.lines().find(|l| l.starts_with("review:")).expect("the line");
        let start = line.find("\"pm").expect("there");
        let range = &found.iter().find(|d| d["code"] == "unknown-agent").expect("the finding")["range"];
        assert_eq!(range["start"]["character"], start);
        assert_eq!(range["end"]["character"], start + "\"pm\"".len() + width);
    }
}

/// File, rule, message and place of what `check` says, as the protocol counts.
fn checked(workspace: &Path) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_cloudcrew"))
        .arg("-C")
        .arg(workspace)
        .args(["check", "--format", "json"])
        .output()
        .expect("it starts");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let point = |p: &Value| format!("{}:{}", p["line"].as_u64().map_or(0, |n| n - 1), p["column"].as_u64().map_or(0, |n| n - 1));
    let found = document["diagnostics"].as_array().expect("findings");
    let file = |d: &Value| d["file"].as_str().unwrap_or("agents.yaml").to_owned();
    found
        .iter()
        .map(|d| format!("{} {} {} {}-{}", file(d), d["code"], d["message"], point(&d["start"]), point(&d["end"])))
        .collect()
}

#[test]
fn the_editor_shows_what_check_says() {
    let cases = root().join("tests/cases/check");
    let mut compared = 0;
    for case in std::fs::read_dir(&cases).expect("a folder").flatten().filter(|case| case.path().join("files").is_dir()) {
        let folder = tempfile::tempdir().expect("a folder");
        lay(&cases.join("_workspace"), folder.path());
        lay(&case.path().join("files"), folder.path());
        let mut editor = Editor::start(folder.path(), modern());
        for _ in 0..2 {
            editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": editor.uri("agents.yaml") } }));
        }
        let mut seen = BTreeSet::new();
        for (uri, found) in &editor.told {
            let file = uri.strip_prefix(&format!("{}/", editor.uri(""))).expect("below the workspace");
            for d in found {
                let point = |p: &Value| format!("{}:{}", p["line"], p["character"]);
                let message = json!(d["message"].as_str().expect("words").lines().next());
                let (start, end) = (point(&d["range"]["start"]), point(&d["range"]["end"]));
                seen.insert(format!("{file} {} {message} {start}-{end}", d["code"]));
            }
        }
        let said = checked(folder.path());
        assert!(!said.is_empty(), "{:?}", case.path());
        assert_eq!(seen, said, "{:?}", case.path());
        compared += 1;
    }
    assert!(compared >= 30, "{compared}");
}

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides.max(1)
    }
}

#[test]
fn a_thousand_random_edits_end_where_the_text_does() {
    let crew = edited();
    let mut editor = editor(&crew);
    let paths = [DISCOVERY, "agents.yaml", "workflows/delivery.yaml", "prompts/pm.md"];
    let mut texts: Vec<String> = paths.iter().map(|path| editor.text(path)).collect();
    for (path, text) in paths.iter().zip(&texts) {
        editor.open(path, text);
    }
    let mut dice = Dice(7);
    let pieces = [
        "", "", "\n", "  ", "- ", ": ", "[", "]", "{", "}", "#", "\"", "'", "&a ", "*a", "|", "pm", "ü", "😀", "\t", "---\n", "{{",
        "\r\n",
    ];
    let methods = ["completion", "hover", "definition", "documentSymbol", "prepareRename"];
    for version in 2..1002 {
        let which = dice.roll(paths.len());
        let text = &mut texts[which];
        let mut place = |text: &str| {
            let mut at = dice.roll(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let from = place(text);
        let mut to = (from + place(text) % 12).min(text.len());
        while !text.is_char_boundary(to) {
            to -= 1;
        }
        // A place within a line's end is no place of the protocol.
        let odd = |at: usize| text[..at].ends_with('\r') && text[at..].starts_with('\n');
        if odd(from) || odd(to) || text.contains('\r') && !text.contains("\r\n") {
            continue;
        }
        let piece = pieces[dice.roll(pieces.len())];
        let range = json!({ "start": Editor::position(text, from), "end": Editor::position(text, to.max(from)) });
        text.replace_range(from..to.max(from), piece);
        let document = json!({ "uri": editor.uri(paths[which]), "version": version });
        let change = json!({ "range": range, "text": piece });
        editor.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] }));
        let at = json!({ "line": dice.roll(90), "character": dice.roll(60) });
        let ask = json!({ "textDocument": { "uri": editor.uri(paths[which]) }, "position": at });
        editor.answer(&format!("textDocument/{}", methods[dice.roll(methods.len())]), ask);
    }
    for _ in 0..2 {
        editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": editor.uri("agents.yaml") } }));
    }
    // A second editor that opens the same texts at once finds the same.
    let mut fresh = Editor::start(crew.workspace(), modern());
    for (path, text) in paths.iter().zip(&texts) {
        fresh.open(path, text);
    }
    for path in paths {
        assert_eq!(editor.found(path), fresh.found(path), "{path}");
    }
    assert_eq!(editor.quit(), 0);
}

#[test]
fn nothing_that_a_client_says_ends_the_server() {
    let crew = edited();
    let mut editor = editor(&crew);
    let uri = editor.uri(DISCOVERY);
    for bytes in [
        &b"Content-Length: 9\r\n\r\nnot json!"[..],
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 4\r\n\r\nnull",
        b"No-Length: 1\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: 4\r\n\r\n\xff\xfe\x00\x01",
    ] {
        editor.raw(bytes);
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    editor.raw(format!("Content-Length: {}\r\n\r\n{deep}", deep.len()).as_bytes());
    let outside = json!({ "textDocument": { "uri": uri }, "position": { "line": u32::MAX, "character": u32::MAX } });
    for method in
        ["completion", "hover", "definition", "references", "prepareRename", "rename", "codeAction", "documentSymbol", "nothing"]
    {
        for params in [outside.clone(), json!({}), Value::Null, json!([1]), json!({ "textDocument": { "uri": "untitled:x" } })] {
            editor.answer(&format!("textDocument/{method}"), params);
        }
    }
    let range = json!({ "start": { "line": 9999, "character": 7 }, "end": { "line": 2, "character": 9999 } });
    let document = json!({ "uri": uri, "version": 2 });
    let change = json!({ "textDocument": document, "contentChanges": [{ "range": range, "text": "x" }] });
    editor.tell("textDocument/didChange", change.clone());
    let text = editor.text(DISCOVERY);
    editor.open(DISCOVERY, &text);
    editor.tell("textDocument/didChange", change);
    editor.tell("textDocument/didOpen", json!({ "textDocument": 1 }));
    editor.tell("$/nothing", json!({}));
    // In the middle of a word in quotes, what was known of the line before is still asked for.
    editor.change(DISCOVERY, &text.replace("entry: pm", "entry: \"pm\""));
    editor.change(DISCOVERY, &text.replace("entry: pm", "entry: \"pé"));
    for method in ["hover", "definition", "references", "prepareRename"] {
        let at = editor.at(DISCOVERY, &text, "pm\n");
        editor.answer(&format!("textDocument/{method}"), at);
    }
    let huge = format!("version: 1\nphase: discovery\ndescription: {}\n", "x".repeat(3 * 1024 * 1024));
    assert_eq!(editor.change(DISCOVERY, &huge)[0]["code"], "unreadable-file");
    for piece in ["[", "a,'b',", "- ", "{a: ", "\"", "x: "] {
        let bushy = format!("version: 1\nphase: [{}\n", piece.repeat(150_000));
        assert!(!editor.change(DISCOVERY, &bushy).is_empty());
        let within = json!({ "line": 1, "character": 50_000 });
        editor.ask("textDocument/completion", json!({ "textDocument": { "uri": uri }, "position": within }));
    }
    assert!(editor.change(DISCOVERY, &text).is_empty(), "and it works as before");
    assert_eq!(editor.vanish(), 1, "a client that goes without a word");
}

#[test]
fn requests_out_of_turn_are_refused() {
    let crew = crew();
    let mut editor = editor(&crew);
    assert!(editor.answer("initialize", json!({ "capabilities": {} }))["error"].is_object());
    editor.ask("shutdown", Value::Null);
    assert!(editor.answer("textDocument/hover", json!({}))["error"].is_object());
}

#[test]
#[ignore = "needs Node and npm, which brings yaml-language-server"]
fn both_servers_show_an_author_what_they_should() {
    let run = Command::new(root().join("tests/rigs/editor/run")).env("CLOUDCREW", env!("CARGO_BIN_EXE_cloudcrew")).output();
    let run = run.expect("bash starts");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success() && out.contains("cloudcrew lsp: \"passed\":"), "{out}\n{err}");
}
