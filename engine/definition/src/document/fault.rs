//! Finds the best place to report a YAML syntax error. The parser stops where it cannot continue,
//! which may be several lines after an unclosed quote or bracket, or one line after a missing
//! colon.

use std::cmp::Ordering;
use std::ops::Range;

/// A place, what is wrong there, and how to fix it.
pub(super) struct Fault {
    pub range: Range<usize>,
    pub what: String,
    pub help: Option<&'static str>,
    /// Another place that contributes to it.
    pub also: Option<(Range<usize>, &'static str)>,
}

impl Fault {
    fn at(range: Range<usize>, what: impl Into<String>) -> Fault {
        Fault { range, what: what.into(), help: None, also: None }
    }
}

/// A better place for the error at which the parser stopped; `None` if the parser's own place is
/// best.
pub(super) fn better(text: &str, stopped: usize) -> Option<Fault> {
    tab(text, stopped)
        .or_else(|| comma(text, stopped))
        .or_else(|| left_open(text, stopped))
        .or_else(|| second_colon(text, stopped))
        .or_else(|| colon(text, stopped))
        .or_else(|| shifted(text, stopped))
}

/// A comma with nothing before it, inside brackets that open on the same line.
fn comma(text: &str, stopped: usize) -> Option<Fault> {
    let line = line(text, stopped);
    let (mut before, mut quote, mut deep) = (' ', None, 0);
    for (at, c) in text[line.clone()].char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => continue,
            // An apostrophe inside a word is not a quote.
            ('"' | '\'', None) if !before.is_alphanumeric() => quote = Some(c),
            ('[' | '{', None) => deep += 1,
            (',', None) if deep > 0 && matches!(before, '[' | '{' | ',') => {
                let at = line.start + at;
                let help = Some("remove it, or add the missing entry before it");
                return Some(Fault { help, ..Fault::at(at..at + 1, "nothing before this comma") });
            }
            _ => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    None
}

/// `description: Findings: which risks`: the text after the key contains a colon.
fn second_colon(text: &str, stopped: usize) -> Option<Fault> {
    let line = line(text, stopped);
    let first = text[line.start..stopped].find(": ")?;
    let value = text[line.start + first + 2..stopped].trim_start();
    let words = text[stopped..].starts_with(": ")
        && value.starts_with(|c: char| c.is_alphanumeric())
        && !value.contains(['[', '{', '"']);
    let help = Some("put the text in quotes: `key: \"words: more words\"`");
    words.then(|| Fault {
        help,
        ..Fault::at(stopped..stopped + 1, "a second `: ` on this line starts a map inside text")
    })
}

/// The line that contains a byte, without its line break.
fn line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    start..text[at..].find('\n').map_or(text.len(), |i| at + i)
}

/// The next line with content.
fn next(text: &str, of: &Range<usize>) -> Option<Range<usize>> {
    let mut at = of.end + 1;
    while at < text.len() {
        let found = line(text, at);
        if has_content(&text[found.clone()]) {
            return Some(found);
        }
        at = found.end + 1;
    }
    None
}

/// The previous line with content.
fn before(text: &str, of: &Range<usize>) -> Option<Range<usize>> {
    let mut at = of.start;
    while at > 0 {
        let found = line(text, at - 1);
        if has_content(&text[found.clone()]) {
            return Some(found);
        }
        at = found.start;
    }
    None
}

/// Whether a line has content other than a comment.
fn has_content(line: &str) -> bool {
    let content = line.trim();
    !content.is_empty()
        && !content.starts_with('#')
        && !content.starts_with('%')
        && content != "---"
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn tab(text: &str, stopped: usize) -> Option<Fault> {
    let here = line(text, stopped);
    let after = next(text, &here);
    [Some(here), after].into_iter().flatten().find_map(|line| {
        let lead = text[line.clone()].len() - text[line.clone()].trim_start().len();
        let at = line.start + text[line.start..line.start + lead].find('\t')?;
        let mut fault = Fault::at(at..line.start + lead, "a tab at the start of a line");
        fault.help = Some("indent with spaces: YAML does not allow tabs");
        Some(fault)
    })
}

/// A quote or bracket that is not closed before the parser stopped.
fn left_open(text: &str, stopped: usize) -> Option<Fault> {
    let mut open: Vec<(usize, char)> = Vec::new();
    // Indentation of the line with the outermost open bracket. Lines inside the bracket are
    // indented further.
    let mut depth = 0;
    // Indentation of a block scalar (`|` or `>`). Lines indented further are its text.
    let mut block: Option<usize> = None;
    let mut at = 0;
    while at <= stopped.min(text.len()) && at < text.len() {
        let here = line(text, at);
        let content = &text[here.clone()];
        at = here.end + 1;
        if !has_content(content) || block.is_some_and(|deep| indent(content) > deep) {
            continue;
        }
        block = None;
        if let Some((bracket, kind)) = open.last().copied()
            && indent(content) <= depth
            && !content.trim_start().starts_with([']', '}', ','])
        {
            return Some(not_closed(text, bracket, kind));
        }
        if open.is_empty() {
            depth = indent(content);
        }
        let mut token = true;
        let mut chars = content.char_indices().map(|(i, c)| (here.start + i, c)).peekable();
        let mut last = ' ';
        while let Some((i, c)) = chars.next() {
            match c {
                '#' if last == ' ' || i == here.start => break,
                '"' | '\'' if token => {
                    let Some(end) = quote_end(text, i, c) else { return Some(quote(text, i, c)) };
                    if end > here.end {
                        if stopped <= line(text, end).end {
                            return Some(quote(text, i, c));
                        }
                        // A quoted text of several lines that is closed correctly.
                        at = end + 1;
                        break;
                    }
                    while chars.next_if(|(i, _)| *i <= end).is_some() {}
                    token = false;
                }
                '[' | '{' if token || !open.is_empty() => {
                    open.push((i, c));
                    token = true;
                }
                ']' | '}' => match open.pop() {
                    Some((_, '[')) if c == ']' => token = false,
                    Some((_, '{')) if c == '}' => token = false,
                    Some((bracket, kind)) => {
                        let wanted = if c == ']' { '[' } else { '{' };
                        let mut fault = if open.iter().any(|(_, kind)| *kind == wanted) {
                            not_closed(text, bracket, kind)
                        } else {
                            Fault::at(i..i + 1, format!("this `{c}` has no matching `{wanted}`"))
                        };
                        let other = if fault.range.start == i { bracket } else { i };
                        fault.also = Some((
                            other..other + 1,
                            if other == i { "closed by a different bracket" } else { "still open" },
                        ));
                        return Some(fault);
                    }
                    None => token = false,
                },
                ' ' => {}
                ':' | '-' | ',' | '?' => {
                    token = text[i + 1..].starts_with([' ', '\n', '\r'])
                        || (c == ',' && !open.is_empty())
                }
                '|' | '>' if token && open.is_empty() => block = Some(indent(content)),
                _ => token = false,
            }
            last = c;
        }
    }
    let (bracket, kind) = *open.last()?;
    Some(not_closed(text, bracket, kind))
}

fn not_closed(text: &str, at: usize, kind: char) -> Fault {
    let close = if kind == '[' { ']' } else { '}' };
    let end = at + text[at..line(text, at).end].trim_end().len();
    Fault::at(at..end, format!("this `{kind}` has no matching `{close}`"))
}

fn quote(text: &str, at: usize, kind: char) -> Fault {
    let end = line(text, at).end;
    Fault::at(
        at..end.max(at + 1),
        format!("this quote is not closed on its line: missing `{kind}`"),
    )
}

/// The position of the closing quote.
fn quote_end(text: &str, from: usize, kind: char) -> Option<usize> {
    let mut chars = text[from + 1..].char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' if kind == '"' => drop(chars.next()),
            '\'' if kind == '\'' && chars.peek().is_some_and(|(_, c)| *c == '\'') => {
                chars.next();
            }
            c if c == kind => return Some(from + 1 + i),
            _ => {}
        }
    }
    None
}

/// A line between keys that has no `: `.
fn colon(text: &str, stopped: usize) -> Option<Fault> {
    let here = line(text, stopped);
    let lines = [before(text, &here), Some(here.clone())];
    let lacks = |range: &Range<usize>| {
        let content = text[range.clone()].split(" #").next().unwrap_or_default().trim();
        let word = content.trim_start_matches("- ");
        let (first, rest) =
            word.split_at(word.find([' ', ':', '[', '{', ',']).unwrap_or(word.len()));
        // `key value`, `key [value]` and `key:value`, but not a line inside a text or brackets that
        // span several lines.
        let in_map = !content.starts_with('-')
            || next(text, range)
                .is_some_and(|next| indent(&text[next.clone()]) > indent(&text[range.clone()]));
        let no_colon = in_map && (rest.is_empty() || rest.starts_with(' '));
        let open = rest.trim_start().starts_with(['[', '{']) || !rest.ends_with([']', '}', ',']);
        let no_space = rest.len() > 1 && rest.starts_with(':') && !rest.starts_with(": ");
        is_word(first)
            && (no_colon && open && !content.contains(": ") && !content.ends_with(':') || no_space)
    };
    let found = lines.into_iter().flatten().find(lacks)?;
    let content = &text[found.clone()];
    let start = found.start + indent(content);
    let mut fault = Fault::at(
        start..found.start + content.trim_end().len(),
        "this line has no key: no `:` followed by a space",
    );
    fault.help = Some("write `key: value`");
    Some(fault)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A line that is indented more or less than the lines it belongs with.
fn shifted(text: &str, stopped: usize) -> Option<Fault> {
    let here = line(text, stopped);
    let deep = |range: &Range<usize>| indent(&text[range.clone()]);
    let opens = |range: &Range<usize>| {
        text[range.clone()].split(" #").next().unwrap_or_default().trim_end().ends_with(':')
    };
    if let Some(below) =
        next(text, &here).filter(|below| deep(below) > deep(&here) && !opens(&here))
    {
        return Some(moved(text, (&below, "more"), &here));
    }
    let above = before(text, &here)?;
    let below = next(text, &here);
    // If the first line of a block is indented more than all others, it is the wrong one.
    let first_moved = before(text, &above).is_some_and(|head| opens(&head))
        && deep(&above) > deep(&here)
        && below.as_ref().is_some_and(|below| deep(below) == deep(&here));
    let (line, other) = if first_moved { (&above, &here) } else { (&here, &above) };
    match deep(line).cmp(&deep(other)) {
        Ordering::Equal => None,
        Ordering::Greater => Some(moved(text, (line, "more"), other)),
        Ordering::Less => Some(moved(text, (line, "less"), other)),
    }
}

fn moved(text: &str, (line, way): (&Range<usize>, &str), other: &Range<usize>) -> Fault {
    let whole =
        |range: &Range<usize>| range.start..range.start + text[range.clone()].trim_end().len();
    let mut fault =
        Fault::at(whole(line), format!("this line is indented {way} than its neighbours"));
    fault.also = Some((whole(other), "the neighbouring line"));
    fault.help = Some("start all keys of a block in the same column");
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported<'a>(text: &'a str, stopped: &str) -> &'a str {
        better(text, text.find(stopped).unwrap_or(text.len()))
            .map_or("", |fault| &text[fault.range])
    }

    #[test]
    fn unclosed_brackets_and_quotes_are_reported_where_they_open() {
        assert_eq!(reported("a: [b, c\nd: e\n", "d"), "[b, c");
        assert_eq!(reported("a:\n  - { b: [c }\n", "}"), "[c }");
        assert_eq!(reported("a: { b: [c]] }\n", "}"), "]");
        assert_eq!(reported("a: \"b\nc: d\n", "end"), "\"b");
        assert_eq!(reported("a: 'b\nc: 'd'\n", "d'"), "'b");
    }

    #[test]
    fn closed_brackets_and_apostrophes_are_not_reported() {
        for text in [
            "a: [\n  b,\n  c\n]\nd e: f\n g",
            "a: it's [so\nb: - c",
            "# \"\na: |\n  \"[\nb: - c",
            "a: \"b\n  c\"\nd: - e",
        ] {
            let fault = left_open(text, text.len());
            assert_eq!(fault.map(|f| text[f.range].to_owned()), None, "{text}");
        }
    }

    #[test]
    fn missing_colons_and_wrong_indentation_are_reported() {
        assert_eq!(reported("version 1\nphase: x\n", ": x"), "version 1");
        assert_eq!(reported("a:\n  b:c\n  d: e\n", ": e"), "b:c");
        assert_eq!(reported("a:\n  - b c\n    d: e\n", ": e"), "- b c");
        assert_eq!(reported("a:\n  b [c, d]\n  e: f\n", ": f"), "b [c, d]");
        assert_eq!(reported("a:\n   b: 1\n  c: 2\n  d: 3\n", "c:"), "   b: 1");
        assert_eq!(reported("a:\n  b: 1\n   c: 2\n", "c:"), "   c: 2");
    }
}
