//! The server survives any client and stays in sync with the text.

use serde_json::{Value, json};

use super::{DISCOVERY, editor};
use crate::support::chance::Chance;
use crate::support::editor::{Editor, modern};
use crate::support::{crew, edited};

#[test]
fn the_server_follows_a_thousand_random_edits() {
    let crew = edited();
    let mut editor = editor(&crew);
    let paths = [DISCOVERY, "agents.yaml", "workflows/delivery.yaml", "prompts/pm.md"];
    let mut texts: Vec<String> = paths.iter().map(|path| editor.text(path)).collect();
    for (path, text) in paths.iter().zip(&texts) {
        editor.open(path, text);
    }
    let mut dice = Chance::of(7);
    let pieces = [
        "", "", "\n", "  ", "- ", ": ", "[", "]", "{", "}", "#", "\"", "'", "&a ", "*a", "|", "pm",
        "ü", "😀", "\t", "---\n", "{{", "\r\n",
    ];
    let methods = ["completion", "hover", "definition", "documentSymbol", "prepareRename"];
    for version in 2..1002 {
        let which = dice.below(paths.len());
        let text = &mut texts[which];
        let mut place = |text: &str| {
            let mut at = dice.below(text.len() + 1);
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
        // A position inside a line ending is not valid in the protocol.
        let odd = |at: usize| text[..at].ends_with('\r') && text[at..].starts_with('\n');
        if odd(from) || odd(to) || text.contains('\r') && !text.contains("\r\n") {
            continue;
        }
        let piece = pieces[dice.below(pieces.len())];
        let range = json!({ "start": Editor::position(text, from), "end": Editor::position(text,
            to.max(from)) });
        text.replace_range(from..to.max(from), piece);
        let document = json!({ "uri": editor.uri(paths[which]), "version": version });
        let change = json!({ "range": range, "text": piece });
        editor.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [change] }),
        );
        let at = json!({ "line": dice.below(90), "character": dice.below(60) });
        let ask = json!({ "textDocument": { "uri": editor.uri(paths[which]) }, "position": at });
        editor.answer(&format!("textDocument/{}", methods[dice.below(methods.len())]), ask);
    }
    for _ in 0..2 {
        editor.ask(
            "textDocument/documentSymbol",
            json!({ "textDocument": { "uri": editor.uri("agents.yaml") } }),
        );
    }
    // A second editor that opens the same texts has the same findings.
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
fn no_message_from_a_client_stops_the_server() {
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
    let outside = json!({ "textDocument": { "uri": uri }, "position": { "line": u32::MAX,
        "character": u32::MAX } });
    for method in [
        "completion",
        "hover",
        "definition",
        "references",
        "prepareRename",
        "rename",
        "codeAction",
        "documentSymbol",
        "nothing",
    ] {
        for params in [
            outside.clone(),
            json!({}),
            Value::Null,
            json!([1]),
            json!({ "textDocument": { "uri": "untitled:x" } }),
        ] {
            editor.answer(&format!("textDocument/{method}"), params);
        }
    }
    let range = json!({ "start": { "line": 9999, "character": 7 }, "end": { "line": 2,
        "character": 9999 } });
    let document = json!({ "uri": uri, "version": 2 });
    let change =
        json!({ "textDocument": document, "contentChanges": [{ "range": range, "text": "x" }] });
    editor.tell("textDocument/didChange", change.clone());
    let text = editor.text(DISCOVERY);
    editor.open(DISCOVERY, &text);
    editor.tell("textDocument/didChange", change);
    editor.tell("textDocument/didOpen", json!({ "textDocument": 1 }));
    editor.tell("$/nothing", json!({}));
    // A request inside a quoted word still uses the last known state of the line.
    editor.change(DISCOVERY, &text.replace("entry: pm", "entry: \"pm\""));
    editor.change(DISCOVERY, &text.replace("entry: pm", "entry: \"pé"));
    for method in ["hover", "definition", "references", "prepareRename"] {
        let at = editor.at(DISCOVERY, &text, "pm\n");
        editor.answer(&format!("textDocument/{method}"), at);
    }
    let huge =
        format!("version: 1\nphase: discovery\ndescription: {}\n", "x".repeat(3 * 1024 * 1024));
    assert_eq!(editor.change(DISCOVERY, &huge)[0]["code"], "unreadable-file");
    for piece in ["[", "a,'b',", "- ", "{a: ", "\"", "x: "] {
        let bushy = format!("version: 1\nphase: [{}\n", piece.repeat(150_000));
        assert!(!editor.change(DISCOVERY, &bushy).is_empty());
        let within = json!({ "line": 1, "character": 50_000 });
        editor.ask(
            "textDocument/completion",
            json!({ "textDocument": { "uri": uri }, "position": within }),
        );
    }
    assert!(editor.change(DISCOVERY, &text).is_empty(), "and it works as before");
    assert_eq!(editor.vanish(), 1, "a client that disconnects without `exit`");
}

#[test]
fn requests_out_of_turn_are_refused() {
    let crew = crew();
    let mut editor = editor(&crew);
    assert!(editor.answer("initialize", json!({ "capabilities": {} }))["error"].is_object());
    editor.ask("shutdown", Value::Null);
    assert!(editor.answer("textDocument/hover", json!({}))["error"].is_object());
}
