//! Prompts, tasks and templates: variables, sections, filters, keywords of MiniJinja, and slots.

use std::ops::Range;

use super::super::slip::slip;
use super::Maker;

const VARIABLE: &[&str] = &["unknown-input", "prompt-variable"];
const SYNTAX: &[&str] = &["prompt-syntax"];
/// Words that are not names of the workspace.
const WORDS: &[&str] = &["for", "in", "if", "else", "endfor", "endif", "not", "and", "or", "is"];

pub fn make(maker: &mut Maker<'_>) {
    let texts: Vec<(String, String)> =
        maker.shipped.texts().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    for (path, text) in texts {
        for tag in tags(&text) {
            words(maker, &path, &text, &tag);
            delimiters(maker, &path, &text, &tag);
        }
        slots(maker, &path, &text);
        let codes: &[&str] = &["empty-text", "unused-prompt", "template-slot"];
        maker.change("a text with nothing in it", &path, 0..text.len(), " \n", 0..1, codes);
    }
}

/// `{{ ... }}` and `{% ... %}`.
fn tags(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (open, close) in [("{{", "}}"), ("{%", "%}")] {
        let starts = text.match_indices(open).map(|(at, _)| at);
        found.extend(starts.map(|at| at..at + text[at..].find(close).expect("closed") + 2));
    }
    found.sort_by_key(|r| r.start);
    found
}

/// Words inside a tag, outside quotes.
fn inside(text: &str, tag: &Range<usize>) -> Vec<Range<usize>> {
    let (mut found, mut quoted, mut start) = (Vec::new(), false, None);
    for (at, c) in text[tag.clone()].char_indices().map(|(i, c)| (tag.start + i, c)) {
        quoted ^= c == '"';
        let letter = !quoted && (c.is_ascii_alphanumeric() || c == '_');
        match (letter, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    found.retain(|r| !text.as_bytes()[r.start].is_ascii_digit());
    found
}

fn words(maker: &mut Maker<'_>, path: &str, text: &str, tag: &Range<usize>) {
    let all = inside(text, tag);
    let binds = all.first().is_some_and(|r| &text[r.clone()] == "for");
    for (at, range) in all.iter().enumerate() {
        let word = &text[range.clone()];
        let wrong = slip(word, &mut maker.chance);
        if WORDS.contains(&word) {
            // Reported at the word, or at the tag that it closes or opens.
            let whole = tag.start..tag.end + wrong.len() - word.len();
            maker.change("a word of MiniJinja misspelt", path, range.clone(), &wrong, whole, &[]);
        } else if binds && at == 1 {
            maker.write("a loop's variable misspelt", path, range.clone(), "thing", VARIABLE);
        } else {
            let made = maker.write("a variable misspelt", path, range.clone(), &wrong, VARIABLE);
            // A typo in a one-letter name may produce any of the others, and `-` subtracts.
            if word.len() > 1 && !wrong.contains('-') {
                made.meant(word);
            }
        }
    }
}

fn delimiters(maker: &mut Maker<'_>, path: &str, text: &str, tag: &Range<usize>) {
    let body = text[tag.clone()].to_owned();
    let words = &body[2..body.len() - 2].trim_matches(['-', ' ']).to_owned();
    // Half a bracket makes the tag plain text.
    for (kind, range, at) in [
        ("half of an opening", tag.start..tag.start + 1, tag.start..tag.end - 1),
        ("half of a closing", tag.end - 1..tag.end, tag.start..tag.end - 1),
    ] {
        maker.change(kind, path, range, "", at, &[]);
    }
    maker.change("no closing at all", path, tag.end - 2..tag.end, "", tag.start..tag.end - 2, &[]);
    if words.starts_with("end") {
        // Reported at the opening tag, or where its end is expected.
        let begins = if words == "endfor" { "{% for" } else { "{% if" };
        let opener = opener(text, tag.start, begins, &format!("{{% {words}"));
        maker.change(
            "an end missing",
            path,
            tag.clone(),
            "",
            opener..opener + begins.len(),
            SYNTAX,
        );
    } else if words.starts_with("for ") || words.starts_with("if ") {
        let end = closer(text, tag, words.split(' ').next().unwrap_or_default());
        let range = end.start - tag.len()..end.end - tag.len();
        maker.change("an end of nothing", path, tag.clone(), "", range, &[]);
    }
}

/// The start of the block that ends at a place.
fn opener(text: &str, end: usize, begins: &str, ends: &str) -> usize {
    let mut depth = 0;
    let mut at = end;
    loop {
        let open = text[..at].rfind(begins).expect("a beginning");
        let close = text[..at].rfind(ends).filter(|c| *c > open);
        match close {
            Some(close) => (depth, at) = (depth + 1, close),
            None if depth == 0 => return open,
            None => (depth, at) = (depth - 1, open),
        }
    }
}

/// The end of the block that starts with a tag.
fn closer(text: &str, tag: &Range<usize>, word: &str) -> Range<usize> {
    let (begins, ends) = (format!("{{% {word} "), format!("{{% end{word}"));
    let (mut depth, mut at) = (0, tag.end);
    loop {
        let close = at + text[at..].find(&ends).expect("an end");
        let open = text[at..].find(&begins).map(|i| at + i).filter(|o| *o < close);
        match open {
            Some(open) => (depth, at) = (depth + 1, open + 2),
            None if depth == 0 => {
                return close..close + text[close..].find("%}").expect("closed") + 2;
            }
            None => (depth, at) = (depth - 1, close + 2),
        }
    }
}

fn slots(maker: &mut Maker<'_>, path: &str, text: &str) {
    for (open, _) in text.match_indices("<!-- fill(") {
        let inside = open + "<!-- fill(".len();
        let close = inside + text[inside..].find(')').expect("closed");
        let end = close + text[close..].find("-->").expect("closed");
        let mut at = inside;
        for name in text[inside..close].split(',') {
            let start = at + name.len() - name.trim_start().len();
            let range = start..start + name.trim().len();
            let wrong = slip(name.trim(), &mut maker.chance);
            maker
                .write("a slot's source misspelt", path, range, &wrong, &["template-slot"])
                .meant(name.trim());
            at += name.len() + 1;
        }
        let wrong = slip("fill", &mut maker.chance);
        let word = open + 5..open + 9;
        maker.write("a slot's word misspelt", path, word, &wrong, &["template-slot"]);
        let slot: &[&str] = &["template-slot"];
        maker.change("a slot without a colon", path, close + 1..close + 2, "", open..end, slot);
        maker.change("a slot's list not closed", path, close..close + 1, "", open..end, slot);
        maker.change("a slot not closed", path, end..end + 3, "", open..end, slot);
        maker.change("a slot of three dashes", path, open + 3..open + 4, "", open..end, slot);
    }
}
