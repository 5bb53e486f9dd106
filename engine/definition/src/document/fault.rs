//! Where a fault of YAML is best told. The parser stops where it can go no further: a quote or a
//! bracket that was left open it notices lines later, a missing colon at the next one.

use std::cmp::Ordering;
use std::ops::Range;

/// A place, what is wrong there, and what helps.
pub(super) struct Fault {
    pub range: Range<usize>,
    pub what: String,
    pub help: Option<&'static str>,
    /// The place that makes it wrong.
    pub also: Option<(Range<usize>, &'static str)>,
}

impl Fault {
    fn at(range: Range<usize>, what: impl Into<String>) -> Fault {
        Fault { range, what: what.into(), help: None, also: None }
    }
}

/// A better place for what the parser could not read at `stopped`; `None` where its own is best.
pub(super) fn better(text: &str, stopped: usize) -> Option<Fault> {
    tab(text, stopped)
        .or_else(|| comma(text, stopped))
        .or_else(|| left_open(text, stopped))
        .or_else(|| second_colon(text, stopped))
        .or_else(|| colon(text, stopped))
        .or_else(|| shifted(text, stopped))
}

/// A comma with nothing before it, in brackets that open in the line.
fn comma(text: &str, stopped: usize) -> Option<Fault> {
    let line = line(text, stopped);
    let (mut before, mut quote, mut deep) = (' ', None, 0);
    for (at, c) in text[line.clone()].char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => continue,
            // A quote inside a word is none.
            ('"' | '\'', None) if !before.is_alphanumeric() => quote = Some(c),
            ('[' | '{', None) => deep += 1,
            (',', None) if deep > 0 && matches!(before, '[' | '{' | ',') => {
                let at = line.start + at;
                let help = Some("remove it, or write what is missing before it");
                return Some(Fault {
                    help,
                    ..Fault::at(at..at + 1, "nothing stands before this comma")
                });
            }
            _ => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    None
}

/// `description: Findings: which risks`: what comes after the key is words with a colon.
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
        ..Fault::at(
            stopped..stopped + 1,
            "a second `: ` in the line, which begins a map where words stand",
        )
    })
}

/// The line around a byte, without its end.
fn line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    start..text[at..].find('\n').map_or(text.len(), |i| at + i)
}

/// The next line that says something, after one.
fn next(text: &str, of: &Range<usize>) -> Option<Range<usize>> {
    let mut at = of.end + 1;
    while at < text.len() {
        let found = line(text, at);
        if says(&text[found.clone()]) {
            return Some(found);
        }
        at = found.end + 1;
    }
    None
}

/// The line before one that says something.
fn before(text: &str, of: &Range<usize>) -> Option<Range<usize>> {
    let mut at = of.start;
    while at > 0 {
        let found = line(text, at - 1);
        if says(&text[found.clone()]) {
            return Some(found);
        }
        at = found.start;
    }
    None
}

/// Whether a line says something: more than a comment.
fn says(line: &str) -> bool {
    let said = line.trim();
    !said.is_empty() && !said.starts_with('#') && !said.starts_with('%') && said != "---"
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
        let mut fault = Fault::at(at..line.start + lead, "a tab at the beginning of a line");
        fault.help = Some("indent with spaces: YAML does not allow tabs");
        Some(fault)
    })
}

/// A quote or a bracket that has no end before the parser stopped.
fn left_open(text: &str, stopped: usize) -> Option<Fault> {
    let mut open: Vec<(usize, char)> = Vec::new();
    // Where the line began that holds the outermost bracket, and how deep: what stands in a bracket
    // stands deeper.
    let mut depth = 0;
    // Lines of a text that `|` or `>` begins, deeper than this, are words.
    let mut block: Option<usize> = None;
    let mut at = 0;
    while at <= stopped.min(text.len()) && at < text.len() {
        let here = line(text, at);
        let said = &text[here.clone()];
        at = here.end + 1;
        if !says(said) || block.is_some_and(|deep| indent(said) > deep) {
            continue;
        }
        block = None;
        if let Some((bracket, kind)) = open.last().copied()
            && indent(said) <= depth
            && !said.trim_start().starts_with([']', '}', ','])
        {
            return Some(not_closed(text, bracket, kind));
        }
        if open.is_empty() {
            depth = indent(said);
        }
        let mut token = true;
        let mut chars = said.char_indices().map(|(i, c)| (here.start + i, c)).peekable();
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
                        // A quoted text of several lines that is none of our business.
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
                            Fault::at(i..i + 1, format!("this `{c}` closes no `{wanted}`"))
                        };
                        let other = if fault.range.start == i { bracket } else { i };
                        fault.also = Some((
                            other..other + 1,
                            if other == i { "closed by another kind" } else { "still open" },
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
                '|' | '>' if token && open.is_empty() => block = Some(indent(said)),
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
    Fault::at(at..end, format!("this `{kind}` is not closed by a `{close}`"))
}

fn quote(text: &str, at: usize, kind: char) -> Fault {
    let end = line(text, at).end;
    Fault::at(at..end.max(at + 1), format!("this quote has no end in its line: no second `{kind}`"))
}

/// The last byte of a quoted text.
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

/// A line among keys that has no `: `.
fn colon(text: &str, stopped: usize) -> Option<Fault> {
    let here = line(text, stopped);
    let lines = [before(text, &here), Some(here.clone())];
    let lacks = |range: &Range<usize>| {
        let said = text[range.clone()].split(" #").next().unwrap_or_default().trim();
        let word = said.trim_start_matches("- ");
        let (first, rest) =
            word.split_at(word.find([' ', ':', '[', '{', ',']).unwrap_or(word.len()));
        // `key value`, `key [value]` and `key:value`, but not the middle of a text or of brackets
        // that go over several lines.
        let in_map = !said.starts_with('-')
            || next(text, range)
                .is_some_and(|next| indent(&text[next.clone()]) > indent(&text[range.clone()]));
        let no_colon = in_map && (rest.is_empty() || rest.starts_with(' '));
        let open = rest.trim_start().starts_with(['[', '{']) || !rest.ends_with([']', '}', ',']);
        let no_space = rest.len() > 1 && rest.starts_with(':') && !rest.starts_with(": ");
        is_word(first)
            && (no_colon && open && !said.contains(": ") && !said.ends_with(':') || no_space)
    };
    let found = lines.into_iter().flatten().find(lacks)?;
    let said = &text[found.clone()];
    let start = found.start + indent(said);
    let mut fault = Fault::at(
        start..found.start + said.trim_end().len(),
        "a line among keys that has no key: no `:` with a space after it",
    );
    fault.help = Some("write `key: value`");
    Some(fault)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A line that stands deeper or less deep than those around it that it belongs to.
fn shifted(text: &str, stopped: usize) -> Option<Fault> {
    let here = line(text, stopped);
    let deep = |range: &Range<usize>| indent(&text[range.clone()]);
    let opens = |range: &Range<usize>| {
        text[range.clone()].split(" #").next().unwrap_or_default().trim_end().ends_with(':')
    };
    if let Some(below) =
        next(text, &here).filter(|below| deep(below) > deep(&here) && !opens(&here))
    {
        return Some(moved(text, (&below, "deeper"), &here));
    }
    let above = before(text, &here)?;
    let below = next(text, &here);
    // The first line of a block stands deeper than all others: it is the one that moved.
    let first_moved = before(text, &above).is_some_and(|head| opens(&head))
        && deep(&above) > deep(&here)
        && below.as_ref().is_some_and(|below| deep(below) == deep(&here));
    let (line, other) = if first_moved { (&above, &here) } else { (&here, &above) };
    match deep(line).cmp(&deep(other)) {
        Ordering::Equal => None,
        Ordering::Greater => Some(moved(text, (line, "deeper"), other)),
        Ordering::Less => Some(moved(text, (line, "less deep"), other)),
    }
}

fn moved(text: &str, (line, way): (&Range<usize>, &str), other: &Range<usize>) -> Fault {
    let whole =
        |range: &Range<usize>| range.start..range.start + text[range.clone()].trim_end().len();
    let mut fault =
        Fault::at(whole(line), format!("this line stands {way} than what it belongs to"));
    fault.also = Some((whole(other), "the line next to it"));
    fault.help = Some("keys of one block begin in one column");
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<'a>(text: &'a str, stopped: &str) -> &'a str {
        better(text, text.find(stopped).unwrap_or(text.len()))
            .map_or("", |fault| &text[fault.range])
    }

    #[test]
    fn what_was_left_open_is_told_where_it_opens() {
        assert_eq!(told("a: [b, c\nd: e\n", "d"), "[b, c");
        assert_eq!(told("a:\n  - { b: [c }\n", "}"), "[c }");
        assert_eq!(told("a: { b: [c]] }\n", "}"), "]");
        assert_eq!(told("a: \"b\nc: d\n", "end"), "\"b");
        assert_eq!(told("a: 'b\nc: 'd'\n", "d'"), "'b");
    }

    #[test]
    fn brackets_and_quotes_that_are_closed_or_mere_words_are_left_alone() {
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
    fn a_line_without_a_colon_and_a_line_that_moved_are_told() {
        assert_eq!(told("version 1\nphase: x\n", ": x"), "version 1");
        assert_eq!(told("a:\n  b:c\n  d: e\n", ": e"), "b:c");
        assert_eq!(told("a:\n  - b c\n    d: e\n", ": e"), "- b c");
        assert_eq!(told("a:\n  b [c, d]\n  e: f\n", ": f"), "b [c, d]");
        assert_eq!(told("a:\n   b: 1\n  c: 2\n  d: 3\n", "c:"), "   b: 1");
        assert_eq!(told("a:\n  b: 1\n   c: 2\n", "c:"), "   c: 2");
    }
}
