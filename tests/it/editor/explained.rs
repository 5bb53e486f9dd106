//! Completion and hover.

use serde_json::{Value, json};

use super::{DISCOVERY, editor};
use crate::support::edited;
use crate::support::editor::{Editor, applied};

fn labels(items: &Value) -> Vec<&str> {
    items
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["label"].as_str().expect("a label"))
        .collect()
}

fn documentation(items: &Value, label: &str) -> String {
    let item = items.as_array().expect("a list").iter().find(|item| item["label"] == label);
    item.and_then(|item| item["documentation"]["value"].as_str()).unwrap_or_default().to_owned()
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
        editor.ask(
            "textDocument/completion",
            json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "position": position }),
        )
    };
    let agents = complete("  entry: pm", "  entry: │");
    assert_eq!(labels(&agents), ["pm", "sa", "infra", "dev", "data", "security", "qa"]);
    assert!(documentation(&agents, "pm").contains("Owns the statement of work"));
    let templates = complete("template: project_plan", "template: │");
    assert!(labels(&templates).contains(&"runbook"));
    assert!(
        complete("reviewers: [sa]", "reviewers: [│").to_string().contains("\"qa\""),
        "in brackets that are not closed"
    );
    // Each label appears once.
    assert_eq!(labels(&complete("agents: [pm, sa]", "agents: [pm, sa, │]")).len(), 5);
    let keys = complete("  execution_timeout: 15m", "  │");
    assert!(documentation(&keys, "max_turns").contains("Default `100`"));
    assert!(!labels(&keys).contains(&"entry"), "it is there already");
    let depths = complete("depth: light", "depth: │");
    assert!(documentation(&depths, "full").contains("statement of work"));
    assert!(complete("swarm:\n", "swarm: { │\n").is_array(), "a file that is broken from there on");
}

#[test]
fn a_completed_key_leaves_a_usable_text() {
    let crew = edited();
    let mut editor = editor(&crew);
    let text = "version: 1\nphase: discovery\n";
    editor.open(DISCOVERY, text);
    let end = json!({ "line": 2, "character": 0 });
    let items = editor.ask(
        "textDocument/completion",
        json!({ "textDocument": { "uri": editor.uri(DISCOVERY) }, "position": end }),
    );
    let swarm = items
        .as_array()
        .expect("a list")
        .iter()
        .find(|item| item["label"] == "swarm")
        .expect("the key");
    let after = applied(text, &json!([swarm["textEdit"]]));
    assert_eq!(after, format!("{text}swarm:\n  "));
    assert_eq!(swarm["detail"], "required");
}

#[test]
fn hover_shows_the_origin_of_limits_and_the_permissions_of_agents() {
    let crew = edited();
    let mut editor = editor(&crew);
    let mut hover = |path: &str, word: &str| {
        let text = editor.text(path);
        let ask = editor.at(path, &text, word);
        editor.ask("textDocument/hover", ask)["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let limit = hover(DISCOVERY, "max_handoffs");
    assert!(
        limit.contains("Here `10`, from phases/discovery.yaml:10.")
            && limit.contains("Default `20`"),
        "{limit}"
    );
    let swarm = hover(DISCOVERY, "swarm:");
    for row in
        ["| `node_timeout` | `5m` | agents.yaml:26 |", "| `handoff` | `immediate` | default |"]
    {
        assert!(swarm.contains(row), "{swarm}");
    }
    let agent = hover("phases/poc.yaml", "dev");
    for part in
        ["May ", "write to the repository within its scope", "`!app/tests/**`", "Model `sonnet`"]
    {
        assert!(agent.contains(part), "{agent}");
    }
    let phase = hover("workflows/delivery.yaml", "discovery, arch");
    assert!(
        phase.contains("Owes `docs/project-plan/plan.md`")
            && phase.contains("| `swarm.max_turns` | `100` |"),
        "{phase}"
    );
    assert!(hover("agents.yaml", "repo_read").contains("**tool** `repo_read`"));
    assert!(hover("agents.yaml", "# The agents").is_empty());
}
