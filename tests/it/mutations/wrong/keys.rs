//! Keys: misspelt, duplicate, missing, or from another map.

use std::ops::Range;

use cloudcrew_definition::schema::{below, plain};
use cloudcrew_definition::syntax::FileKind;
use serde_json::Value;

use super::super::shipped::Place;
use super::super::slip::slip;
use super::Maker;

pub fn make(maker: &mut Maker<'_>) {
    for place in maker.places() {
        let Some(key) = place.key.clone() else { continue };
        if place.last() != "*" {
            misspelt(maker, &place, key.clone());
            foreign(maker, &place, key.clone());
        }
        doubled(maker, &place, key.clone());
        missing(maker, &place, key);
    }
}

fn siblings(maker: &Maker<'_>, place: &Place) -> Vec<Place> {
    maker
        .shipped
        .places()
        .filter(|p| p.file == place.file && p.parent == place.parent)
        .cloned()
        .collect()
}

/// What the published schema says about a map.
fn rule(place: &Place) -> &'static Value {
    let kind = FileKind::of(&place.file).expect("a definition file");
    let mut steps: Vec<&str> = place.way.split('.').collect();
    steps.pop();
    let mut rule = plain(kind);
    for step in steps {
        rule = match step {
            "*" if rule["items"].is_object() => &rule["items"],
            step => below(rule, [Some(step)]),
        };
    }
    rule
}

fn misspelt(maker: &mut Maker<'_>, place: &Place, key: Range<usize>) {
    let name = maker.shipped.text(&place.file)[key.clone()].to_owned();
    let wrong = slip(&name, &mut maker.chance);
    let known: Vec<String> = rule(place)["properties"]
        .as_object()
        .map(|p| p.keys().cloned().collect())
        .unwrap_or_default();
    // `agent` for `agents` would be another valid key of the same map.
    if !known.contains(&wrong) {
        maker.write("a key misspelt", &place.file, key, &wrong, &["unknown-key"]).meant(&name);
    }
}

fn foreign(maker: &mut Maker<'_>, place: &Place, key: Range<usize>) {
    let known = rule(place)["properties"].clone();
    let others = ["max_handoffs", "gate", "version", "tools", "owner", "price", "phase", "times"];
    let others: Vec<&str> = others.into_iter().filter(|o| known.get(o).is_none()).collect();
    let other = *maker.chance.one(&others);
    maker.write("a key of another map", &place.file, key, other, &["unknown-key"]);
}

/// The range of a whole entry: its lines in a block, or itself and a comma between braces.
fn entry(maker: &Maker<'_>, place: &Place, key: &Range<usize>) -> Range<usize> {
    let text = maker.shipped.text(&place.file);
    if !is_flow(maker, place) {
        let line = text[..key.start].rfind('\n').map_or(0, |i| i + 1);
        let start = if text[line..key.start].trim().is_empty() { line } else { key.start };
        let end =
            text[place.value.end..].find('\n').map_or(text.len(), |i| place.value.end + i + 1);
        return start..if start == line { end } else { end - 1 };
    }
    let all = siblings(maker, place);
    let at = all.iter().position(|p| p.key.as_ref() == Some(key)).expect("itself");
    match (at.checked_sub(1).map(|i| &all[i]), all.get(at + 1).and_then(|p| p.key.clone())) {
        (_, Some(next)) => key.start..next.start,
        (Some(before), None) => before.value.end..place.value.end,
        (None, None) => key.start..place.value.end,
    }
}

fn is_flow(maker: &Maker<'_>, place: &Place) -> bool {
    let text = maker.shipped.text(&place.file);
    let mut above = maker.shipped.parent(place).cloned();
    while let Some(parent) = above {
        if text[parent.value.start..].starts_with(['{', '[']) {
            return true;
        }
        above = maker.shipped.parent(&parent).cloned();
    }
    false
}

fn doubled(maker: &mut Maker<'_>, place: &Place, key: Range<usize>) {
    let whole = entry(maker, place, &key);
    let text = maker.shipped.text(&place.file);
    let name = &text[key.clone()];
    let (range, words, at) = if is_flow(maker, place) {
        let written = format!(", {}", &text[key.start..place.value.end]);
        let at = place.value.end + 2..place.value.end + 2 + name.len();
        (place.value.end..place.value.end, written, at)
    } else {
        let indent = key.start - text[..key.start].rfind('\n').map_or(0, |i| i + 1);
        let body = text[key.start..whole.end].trim_end();
        let at = text[place.value.end..].find('\n').map_or(text.len(), |i| place.value.end + i + 1);
        let written = format!("{}{body}\n", " ".repeat(indent));
        (at..at, written, at + indent..at + indent + name.len())
    };
    maker.change("a key doubled", &place.file.clone(), range, &words, at, &["duplicate-key"]);
}

fn missing(maker: &mut Maker<'_>, place: &Place, key: Range<usize>) {
    let required = rule(place)["required"].as_array().is_some_and(|r| {
        r.iter().any(|r| Some(r.as_str().unwrap_or_default()) == place.way.rsplit('.').next())
    });
    if !required || place.last() == "*" {
        return;
    }
    let whole = entry(maker, place, &key);
    let all = siblings(maker, place);
    let parent = maker.shipped.parent(place).cloned().expect("a map");
    let moved = |range: Range<usize>| {
        if range.start >= whole.end {
            range.start - whole.len()..range.end - whole.len()
        } else {
            range
        }
    };
    // Reported at the key of the map that lacks it, or at its start.
    let head = parent.key.clone().unwrap_or(parent.value.start..parent.value.start + 1);
    let other = all.iter().filter_map(|p| p.key.clone()).find(|k| *k != key);
    let change = maker.change(
        "a key missing",
        &place.file,
        whole.clone(),
        "",
        moved(head),
        &["missing-key", "wrong-type"],
    );
    if let Some(other) = other {
        change.or_at(&place.file, moved(other));
    }
}
