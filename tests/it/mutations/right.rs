//! Valid changes: order, layout, quotes, anchors, comments, line endings.

use std::ops::Range;

use super::shipped::{Is, Place, Shipped};
use super::verdict::Mutation;
use crate::support::chance::Chance;

/// Every valid change of every file.
pub fn all(shipped: &Shipped, seed: u64) -> Vec<Mutation> {
    let mut chance = Chance::of(seed);
    let mut made = Vec::new();
    for (file, places) in &shipped.files {
        let text = shipped.text(file);
        made.extend(whole(file, text));
        made.extend(places.iter().filter_map(|place| quoted(text, place, &mut chance)));
        made.extend(places.iter().filter_map(|place| reordered(text, places, place)));
        made.extend(places.iter().filter_map(|place| opened(text, places, place)));
        made.extend(aliased(text, places));
    }
    for (file, text) in shipped.texts() {
        made.push(right("line ends of Windows", file, text.replace('\n', "\r\n")));
        made.push(right("spaces at line ends", file, text.replace('\n', "  \n")));
        made.push(right("a mark of byte order", file, format!("\u{feff}{text}")));
    }
    made
}

fn right(kind: &'static str, file: &str, text: String) -> Mutation {
    Mutation {
        kind,
        file: file.to_owned(),
        text: Some(text.into_bytes()),
        at: Vec::new(),
        codes: &[],
        meant: None,
        related: false,
    }
}

/// Changes to the layout of a whole file.
fn whole(file: &str, text: &str) -> Vec<Mutation> {
    let indented = |by: usize| {
        text.lines()
            .map(|l| " ".repeat((l.len() - l.trim_start().len()) * by) + l.trim_start() + "\n")
            .collect::<String>()
    };
    let commented = |l: &str| {
        if l.trim().is_empty() || l.contains('#') {
            format!("{l}\n")
        } else {
            format!("{l} # {{ : a - note [\n")
        }
    };
    vec![
        right("line ends of Windows", file, text.replace('\n', "\r\n")),
        right("a mark of byte order", file, format!("\u{feff}{text}")),
        right("spaces at line ends", file, text.replace('\n', "   \n")),
        right("tabs at line ends", file, text.replace('\n', "\t\n")),
        right("a comment on each line", file, text.lines().map(commented).collect()),
        right("empty lines", file, text.replace('\n', "\n\n")),
        right(
            "twice the indentation",
            file,
            if text.contains("- path") { text.to_owned() } else { indented(2) },
        ),
        right("a document that is begun and ended", file, format!("---\n{text}...\n")),
        right("a version of YAML", file, format!("%YAML 1.2\n---\n{text}")),
        right("no end of line at the end", file, text.trim_end().to_owned()),
        right(
            "no comments",
            file,
            text.lines().filter(|l| !l.starts_with('#')).map(|l| format!("{l}\n")).collect(),
        ),
    ]
}

fn replaced(
    kind: &'static str,
    place: &Place,
    text: &str,
    range: Range<usize>,
    words: &str,
) -> Mutation {
    right(kind, &place.file, [&text[..range.start], words, &text[range.end..]].concat())
}

fn quoted(text: &str, place: &Place, chance: &mut Chance) -> Option<Mutation> {
    let written = &text[place.value.clone()];
    let key = place.key.clone().filter(|_| chance.below(3) == 0);
    if let Some(key) = key {
        let words = format!("\"{}\"", &text[key.clone()]);
        return Some(replaced("a key in quotes", place, text, key, &words));
    }
    if place.is != Is::Word || written.is_empty() || written.starts_with(['"', '\'']) {
        return None;
    }
    let words = match chance.below(4) {
        0 => format!("'{}'", written.replace('\'', "''")),
        1 => format!("!!str {written}"),
        2 => format!("&here {written}"),
        _ => format!("\"{written}\""),
    };
    Some(replaced("a word in quotes", place, text, place.value.clone(), &words))
}

/// Reverses keys between braces, and entries of lists whose order has no meaning.
fn reordered(text: &str, places: &[Place], place: &Place) -> Option<Mutation> {
    let at = places.iter().position(|p| p.value == place.value && p.way == place.way)?;
    let inside: Vec<&Place> = places.iter().filter(|p| p.parent == Some(at)).collect();
    let flow = text[place.value.clone()].starts_with(['{', '[']);
    let last = place.last();
    // Agents see each other in the order written, phases run in it, and the last glob that fits a
    // path decides.
    let free = place.is == Is::Map
        || ["tools", "shared_tools", "reviewers", "ratings", "passed_by", "headings", "says"]
            .contains(&last);
    if !flow || inside.len() < 2 || !free {
        return None;
    }
    let entry = |p: &&Place| &text[p.key.clone().map_or(p.value.start, |k| k.start)..p.value.end];
    let mut entries: Vec<&str> = inside.iter().map(entry).collect();
    entries.reverse();
    let (open, close) = if place.is == Is::Map { ("{ ", " }") } else { ("[", "]") };
    let words = format!("{open}{}{close}", entries.join(", "));
    Some(replaced("another order", place, text, place.value.clone(), &words))
}

/// Turns a flow collection into a block below its key.
fn opened(text: &str, places: &[Place], place: &Place) -> Option<Mutation> {
    let at = places.iter().position(|p| p.value == place.value && p.way == place.way)?;
    let key = place.key.clone()?;
    let line = text[..key.start].rfind('\n').map_or(0, |i| i + 1);
    let inside: Vec<&Place> = places.iter().filter(|p| p.parent == Some(at)).collect();
    if !text[place.value.clone()].starts_with(['{', '['])
        || inside.is_empty()
        || text[line..key.start].contains(['{', '['])
    {
        return None;
    }
    let indent = " ".repeat(key.start - line + 2);
    let entry = |p: &&Place| match &p.key {
        Some(key) => format!("\n{indent}{}", &text[key.start..p.value.end]),
        None => format!("\n{indent}- {}", &text[p.value.clone()]),
    };
    let end = text[place.value.end..].find('\n').map_or(text.len(), |i| place.value.end + i);
    let words: String = inside.iter().map(entry).collect();
    let range = key.end + 1..end;
    Some(replaced("a block for brackets", place, text, range, &words))
}

/// Replaces the second occurrence of a value by an alias.
fn aliased(text: &str, places: &[Place]) -> Vec<Mutation> {
    let mut made = Vec::new();
    for (at, first) in places
        .iter()
        .enumerate()
        .filter(|(_, p)| p.value.len() > 1 && !text[p.value.clone()].contains('\n'))
    {
        let written = &text[first.value.clone()];
        let Some(second) = places[at + 1..]
            .iter()
            .find(|p| p.value.start >= first.value.end && &text[p.value.clone()] == written)
        else {
            continue;
        };
        let words = [
            &text[..first.value.start],
            "&same ",
            &text[first.value.start..second.value.start],
            "*same ",
            &text[second.value.end..],
        ]
        .concat();
        made.push(right("an alias", &first.file, words));
    }
    made
}
