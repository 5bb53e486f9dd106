//! Finds the best place to report a MiniJinja syntax error. The parser stops where it cannot
//! continue, often far behind the unclosed tag or block. Half a delimiter is not an error to it,
//! but text that would be printed as is.

use std::ops::Range;

/// A place, and what is wrong there.
pub(super) struct Fault {
    pub range: Range<usize>,
    pub what: String,
    /// Another place that contributes to it.
    pub also: Option<(Range<usize>, &'static str)>,
    /// An unknown word, and the known ones.
    pub known: Option<(String, &'static [&'static str])>,
}

impl Fault {
    fn at(range: Range<usize>, what: impl Into<String>) -> Fault {
        Fault { range, what: what.into(), also: None, known: None }
    }
}

/// A `{% ... %}`, `{{ ... }}` or `{# ... #}`.
struct Tag<'a> {
    range: Range<usize>,
    /// Its content, without the dashes.
    inside: &'a str,
    statement: bool,
}

const PAIRS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
/// Statements that have a body and an end.
const BLOCKS: [&str; 5] = ["for", "if", "with", "filter", "autoescape"];
/// The statements that a `{% %}` may contain, the most likely first.
const STATEMENTS: &[&str] = &[
    "for",
    "if",
    "elif",
    "else",
    "endfor",
    "endif",
    "set",
    "endset",
    "with",
    "endwith",
    "filter",
    "endfilter",
    "raw",
    "endraw",
    "autoescape",
    "endautoescape",
    "do",
];

/// Half a delimiter, which the parser treats as text.
pub(super) fn half(text: &str) -> Option<Fault> {
    let tags = tags(text).ok()?;
    half_in(text, &tags)
}

/// A better place for the parser's error; `None` if the parser's own place is best.
pub(super) fn better(text: &str) -> Option<Fault> {
    let tags = match tags(text) {
        Ok(tags) => tags,
        Err(unclosed) => return Some(unclosed),
    };
    half_in(text, &tags)
        .or_else(|| tags.iter().find_map(|tag| misspelt(text, tag)))
        .or_else(|| blocks(text, &tags))
}

/// Finds successive occurrences of a word without reading any part of the text twice.
struct Onward<'a> {
    text: &'a str,
    word: &'a str,
    /// The next occurrence, or where to search from; `None` if there are no more.
    next: Option<usize>,
    found: bool,
}

impl Onward<'_> {
    /// The first occurrence at or after `at`. Successive calls must not go backwards.
    fn from(&mut self, at: usize) -> Option<usize> {
        let next = self.next?;
        if !self.found || next < at {
            self.next = self.text[at..].find(self.word).map(|i| at + i);
            self.found = true;
        }
        self.next
    }
}

/// All tags, or the first that is not closed before another starts.
fn tags(text: &str) -> Result<Vec<Tag<'_>>, Fault> {
    let (mut found, mut at): (Vec<Tag<'_>>, usize) = (Vec::new(), 0);
    let mut openings =
        PAIRS.map(|(opening, _)| Onward { text, word: opening, next: Some(0), found: false });
    while let Some((open, (opening, closing))) = openings
        .iter_mut()
        .zip(PAIRS)
        .filter_map(|(opening, pair)| Some((opening.from(at)?, pair)))
        .min()
    {
        let inside = open + 2;
        let close = close(text, inside, closing);
        let next = openings[..2].iter_mut().filter_map(|opening| opening.from(inside)).min();
        let line = text[open..].find('\n').map_or(text.len(), |i| open + i);
        match close {
            // A map may contain braces.
            Some(close)
                if opening == "{#"
                    || next.is_none_or(|next| {
                        close < next
                            || text[next..].starts_with("{{") && balanced(&text[inside..close])
                    }) =>
            {
                let inside = text[inside..close].trim_matches(['-', '+', ' ', '\n', '\r', '\t']);
                let tag = Tag { range: open..close + 2, inside, statement: opening == "{%" };
                at = tag.range.end;
                let raw = tag.statement && tag.inside == "raw";
                found.push(tag);
                if raw {
                    at = text[at..].find("endraw").map_or(text.len(), |i| at + i + "endraw".len());
                    at = text[at..].find("%}").map_or(text.len(), |i| at + i + 2);
                }
            }
            _ => {
                let end = next.unwrap_or(text.len()).min(line).max(inside);
                return Err(Fault::at(open..end, format!("this `{opening}` has no `{closing}`")));
            }
        }
    }
    Ok(found)
}

/// Where a tag ends: not inside quotes, unless they are not closed.
fn close(text: &str, from: usize, closing: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text[from..].char_indices() {
        match (c, quote) {
            ('"' | '\'', None) if closing != "#}" => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            ('\n', Some(_)) => break,
            (_, None) if text[from + at..].starts_with(closing) => return Some(from + at),
            _ => {}
        }
    }
    text[from..].find(closing).map(|i| from + i)
}

fn balanced(text: &str) -> bool {
    text.matches('{').count() == text.matches('}').count()
}

fn half_in(text: &str, tags: &[Tag<'_>]) -> Option<Fault> {
    let mut from = 0;
    let mut raw = false;
    for tag in tags.iter().map(Some).chain([None]) {
        let end = tag.map_or(text.len(), |tag| tag.range.start);
        if let Some(fault) = (!raw).then(|| half_between(text, from..end)).flatten() {
            return Some(fault);
        }
        raw = tag.is_some_and(|tag| tag.statement && tag.inside == "raw");
        from = tag.map_or(end, |tag| tag.range.end);
    }
    None
}

/// `{ project }}` or `% if feedback %}` in text.
fn half_between(text: &str, words: Range<usize>) -> Option<Fault> {
    for (closing, opening, lone) in [("}}", "{{", ['{', '{']), ("%}", "{%", ['%', '{'])] {
        // The text before an earlier delimiter has already been checked.
        let mut floor = words.start;
        for (at, _) in text[words.clone()].match_indices(closing) {
            let close = words.start + at;
            let paragraph = text[floor..close].rfind("\n\n").map_or(floor, |i| floor + i + 2);
            floor = close;
            let Some(open) = text[paragraph..close].rfind(lone).map(|i| paragraph + i) else {
                continue;
            };
            let inside = text[open + 1..close].trim_matches(['-', ' ', '%', '\n']);
            let is_ours = if closing == "}}" {
                is_expression(inside)
            } else {
                STATEMENTS.contains(&first_word(inside))
            };
            if is_ours && !text[..open].ends_with('$') {
                return Some(Fault::at(
                    open..close + 2,
                    format!("this `{closing}` has no `{opening}`, so it would be printed as is"),
                ));
            }
        }
    }
    None
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// `phase.name`, with or without filters.
fn is_expression(text: &str) -> bool {
    let path = text.split('|').next().unwrap_or_default().trim();
    !path.is_empty()
        && path.starts_with(|c: char| c.is_ascii_lowercase())
        && path.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// An unknown statement.
fn misspelt(text: &str, tag: &Tag<'_>) -> Option<Fault> {
    let word = first_word(tag.inside);
    if !tag.statement || STATEMENTS.contains(&word) || word.is_empty() {
        return None;
    }
    let at = tag.range.start + text[tag.range.clone()].find(word)?;
    let mut fault = Fault::at(at..at + word.len(), format!("no statement named `{word}`"));
    fault.known = Some((word.to_owned(), STATEMENTS));
    Some(fault)
}

/// A block without its end, or an end without its block.
fn blocks(text: &str, tags: &[Tag<'_>]) -> Option<Fault> {
    let mut open: Vec<(&str, &Tag<'_>)> = Vec::new();
    let mut pairs: Vec<(&str, &Tag<'_>, &Tag<'_>)> = Vec::new();
    for (number, tag) in tags.iter().enumerate().filter(|(_, tag)| tag.statement) {
        let word = first_word(tag.inside);
        let begun = BLOCKS
            .iter()
            .find(|b| **b == word)
            .or_else(|| BLOCKS.iter().find(|b| word == format!("end{b}")));
        let Some(block) = begun.copied() else { continue };
        if word == block {
            open.push((block, tag));
            continue;
        }
        match open.iter().rposition(|(b, _)| *b == block) {
            Some(at) if at + 1 == open.len() => pairs.push((block, open.remove(at).1, tag)),
            // The inner block has its end later, so this end is the extra one.
            Some(at) if all_end(&open, open[at + 1].0, &tags[number + 1..]) => {
                return Some(unbegun(text, block, tag, &pairs));
            }
            Some(at) => return Some(unended(text, open[at + 1], &pairs, Some(tag))),
            None => return Some(unbegun(text, block, tag, &pairs)),
        }
    }
    open.last().map(|last| unended(text, *last, &pairs, None))
}

/// Whether all open blocks of a kind end within these tags.
fn all_end(open: &[(&str, &Tag<'_>)], block: &str, tags: &[Tag<'_>]) -> bool {
    let (mut depth, mut ends) = (0, 0);
    for word in tags.iter().filter(|tag| tag.statement).map(|tag| first_word(tag.inside)) {
        match word.strip_prefix("end") {
            Some(ended) if ended == block && depth == 0 => ends += 1,
            Some(ended) if ended == block => depth -= 1,
            None if word == block => depth += 1,
            _ => {}
        }
    }
    ends >= open.iter().filter(|(other, _)| *other == block).count()
}

/// If one of two blocks of a kind has no end, the one that started in the middle of a line and
/// ended on another line.
fn unended<'a>(
    text: &str,
    (block, begin): (&str, &'a Tag<'a>),
    pairs: &[(&str, &'a Tag<'a>, &'a Tag<'a>)],
    end: Option<&Tag<'_>>,
) -> Fault {
    let inner = pairs.iter().find(|(b, from, to)| {
        *b == block
            && from.range.start > begin.range.start
            && in_line(text, from)
            && !in_line(text, to)
    });
    let tag = inner.map_or(begin, |(_, from, _)| *from);
    let mut fault =
        Fault::at(tag.range.clone(), format!("this `{block}` has no matching `end{block}`"));
    fault.also = end.map(|end| (end.range.clone(), "the enclosing block ends here"));
    fault
}

fn unbegun<'a>(
    text: &str,
    block: &str,
    end: &'a Tag<'a>,
    pairs: &[(&str, &'a Tag<'a>, &'a Tag<'a>)],
) -> Fault {
    let inner = pairs.iter().rev().find(|(b, from, to)| {
        *b == block && in_line(text, to) && !in_line(text, from) && !same_line(text, from, to)
    });
    let tag = inner.map_or(end, |(_, _, to)| *to);
    Fault::at(tag.range.clone(), format!("this `end{block}` has no matching `{block}`"))
}

/// Whether there is text before it on its line.
fn in_line(text: &str, tag: &Tag<'_>) -> bool {
    let line = text[..tag.range.start].rfind('\n').map_or(0, |i| i + 1);
    !text[line..tag.range.start].trim().is_empty()
}

fn same_line(text: &str, from: &Tag<'_>, to: &Tag<'_>) -> bool {
    !text[from.range.start..to.range.start].contains('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(text: &str) -> &str {
        better(text).map_or("", |fault| &text[fault.range])
    }

    #[test]
    fn unclosed_tags_and_blocks_are_reported_where_they_open() {
        assert_eq!(reported("a {{ b c {{ d }} e"), "{{ b c ");
        assert_eq!(reported("{% if a %}\n{% for b in c %}x\n{% endif %}"), "{% for b in c %}");
        assert_eq!(reported("{% if a %}x"), "{% if a %}");
        assert_eq!(reported("x {% endif %}"), "{% endif %}");
    }

    #[test]
    fn the_block_in_the_middle_of_a_line_is_reported() {
        assert_eq!(reported("{% if a %}\nx {% if b %}c\n{% endif %}\n"), "{% if b %}");
        let stray = "{% if a %}\nx {% if b %}c{% endif %}{% endif %}\n{% endif %}\n";
        assert_eq!(better(stray).map(|fault| fault.range.start), stray.find("{% endif %}\n"));
        assert_eq!(
            reported("{% if a %}{% for b in c %}x{% endif %}{% endfor %}{% endif %}"),
            "{% endif %}"
        );
        assert_eq!(
            reported("{% if a %}{% for b in c %}{% if d %}x{% endfor %}{% endif %}"),
            "{% if d %}"
        );
        let first = "{% if b %}c{% endif %}\n{% endif %}\n";
        assert_eq!(better(first).map(|fault| fault.range.start), first.rfind("{% endif %}"));
    }

    #[test]
    fn half_delimiters_are_reported_but_other_braces_are_not() {
        let half = |text| half(text).map(|fault| fault.range);
        assert_eq!(half("In { phase.name }} now"), Some(3..18));
        assert_eq!(half("% if a -%} x"), Some(0..10));
        for fine in [
            "{\"a\": {\"b\": 1}}",
            "${var.name}}",
            "{% raw %}{ a }}{% endraw %}",
            "{{ a }} 5 %} off",
            "{{ {\"a\": {\"b\": 1}} }}",
        ] {
            assert_eq!(half(fine), None, "{fine}");
        }
    }
}
