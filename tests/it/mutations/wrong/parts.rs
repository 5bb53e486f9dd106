//! Contradictions: duplicate entries, paths that lead elsewhere, invalid rehearsals, empty values.

use super::super::shipped::{Is, Place};
use super::super::slip::slip;
use super::Maker;

pub fn make(maker: &mut Maker<'_>) {
    for place in maker.places() {
        twice(maker, &place);
        path(maker, &place);
        bend(maker, &place);
        empty(maker, &place);
    }
    let files: Vec<String> = maker.shipped.files.iter().map(|(path, _)| path.clone()).collect();
    for file in files {
        let text = maker.shipped.text(&file).to_owned();
        let codes: &[&str] = &["yaml-syntax", "missing-key", "wrong-type"];
        maker.change("a file with nothing in it", &file, 0..text.len(), "", 0..1, codes);
        maker.change("a file of comments", &file, 0..text.len(), "# version: 1\n", 0..1, codes);
    }
}

fn twice(maker: &mut Maker<'_>, place: &Place) {
    let lists = [
        "tools",
        "shared_tools",
        "reviewers",
        "ratings",
        "passed_by",
        "headings",
        "writes",
        "agents",
        "finalize",
    ];
    let of = place.way.strip_suffix(".*").map(|way| way.rsplit('.').next().unwrap_or_default());
    let in_phases = place.file.starts_with("workflows/") && of == Some("phases");
    if place.is != Is::Word
        || place.key.is_some()
        || !(in_phases || of.is_some_and(|of| lists.contains(&of)))
    {
        return;
    }
    let written = maker.shipped.text(&place.file)[place.value.clone()].to_owned();
    let at = place.value.start..place.value.end + 2 + written.len();
    maker.change(
        "an entry twice",
        &place.file,
        place.value.end..place.value.end,
        &format!(", {written}"),
        at,
        &["listed-twice"],
    );
}

fn path(maker: &mut Maker<'_>, place: &Place) {
    let (kind, file) = ("a path that leads elsewhere", place.file.clone());
    let is_deliverable = file.starts_with("phases/") && place.way == "deliverables.*.path";
    let is_glob = place.way == "agents.*.writes.*" && !place.text.starts_with('!');
    let is_expected = file.starts_with("rehearsals/") && place.way == "expect.deliverables.*.path";
    if is_deliverable || is_expected {
        let out = *maker.chance.one(&[
            "../out.md",
            "/etc/passwd",
            "docs/../../x.md",
            "C:/x.md",
            ".git/config",
            "docs//x.md",
        ]);
        maker.write(kind, &file, place.value.clone(), out, &["bad-path"]);
    }
    if is_glob {
        let out = *maker.chance.one(&["../**", "docs/../x/**", "\"[a\"", "\"\"", "\"!docs/**\""]);
        maker.write(kind, &file, place.value.clone(), out, &["bad-path"]);
    }
    if is_deliverable || is_glob {
        // The owner may not write there: reported at the deliverable, with the scope.
        let folder = place.text.split('/').next().unwrap_or_default();
        let wrong = slip(folder, &mut maker.chance);
        let range = place.value.start..place.value.start + folder.len();
        maker
            .write("a folder misspelt", &file, range, &wrong, &["deliverable-outside-scope"])
            .or_related();
    }
}

fn bend(maker: &mut Maker<'_>, place: &Place) {
    if !place.file.starts_with("rehearsals/")
        || place.is != Is::Map
        || !["agents.*", "gates.*"].contains(&place.way.as_str())
    {
        return;
    }
    let more = if place.way == "agents.*" {
        ", takes: 1m, asks: \"Which?\" }"
    } else {
        ", revises: \"Say more.\", silent_for: 2h, approves: {} }"
    };
    let end = place.value.end - 1;
    let text = maker.shipped.text(&place.file);
    let has = |key: &str| text[place.value.clone()].contains(key);
    if !["asks", "revises", "silent_for", "approves", "takes"]
        .iter()
        .any(|key| has(&format!("{key}:")))
    {
        let at = place.value.start..end + more.len();
        maker.change(
            "a bend that does too much",
            &place.file,
            end..end + 1,
            more,
            at,
            &["bend-without-effect"],
        );
    }
    let own =
        ["asks", "loops_with", "writes", "fails", "forgets", "revises", "silent_for", "approves"];
    if let Some(key) = own.iter().find(|key| has(&format!(", {key}:"))) {
        let from = place.value.start
            + text[place.value.clone()].find(&format!(", {key}:")).expect("the key");
        let at = place.value.start..from;
        maker.change(
            "a bend that does nothing",
            &place.file,
            from..end,
            " ",
            at,
            &["bend-without-effect"],
        );
    }
}

fn empty(maker: &mut Maker<'_>, place: &Place) {
    let named = [
        "entry",
        "owner",
        "agent",
        "model",
        "template",
        "prompt",
        "task",
        "phase",
        "sow",
        "loops_with",
        "workflow",
        "rehearsal",
        "forgets",
    ];
    if place.is == Is::Word && place.key.is_some() && named.contains(&place.last()) {
        maker.write("an empty name", &place.file, place.value.clone(), "\"\"", &[]);
    }
    let needed = ["swarm.agents", "phases"].contains(&place.way.as_str());
    if place.is == Is::List && needed {
        maker.write("an empty list", &place.file, place.value.clone(), "[]", &["bad-value"]);
    }
}
