//! A template's headings, and the slots below them that an author must fill.

use std::ops::Range;

use crate::diagnostic::distance;

/// A Markdown heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: usize,
    /// Its words.
    pub title: String,
    /// Number of its line, from 0.
    pub line: usize,
}

/// A place to be filled: `<!-- fill(requirements, scope): what belongs here -->`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The whole comment, in bytes of the text.
    pub range: Range<usize>,
    /// Where its content comes from, each with its place.
    pub sources: Vec<(String, Range<usize>)>,
    /// What belongs there.
    pub guidance: String,
}

/// The headings (`#` to `######`) outside code fences.
pub fn headings(text: &str) -> Vec<Heading> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (line, content) in text.lines().enumerate() {
        let content = content.trim_end();
        if content.trim_start().starts_with("```") || content.trim_start().starts_with("~~~") {
            fenced = !fenced;
        }
        let level = content.bytes().take_while(|b| *b == b'#').count();
        if !fenced && (1..=6).contains(&level) && content[level..].starts_with(' ') {
            found.push(Heading { level, title: content[level..].trim().to_owned(), line });
        }
    }
    found
}

const OPEN: &str = "<!-- fill(";

/// The slots of a text, in order. What begins like a slot and is none is left out.
pub fn slots(text: &str) -> Vec<Slot> {
    let mut found = Vec::new();
    let (mut from, mut end) = (0, 0);
    while let Some(at) = text[from..].find(OPEN).map(|i| i + from) {
        let inside = at + OPEN.len();
        from = inside;
        if end < inside {
            let Some(next) = text[inside..].find("-->").map(|i| i + inside) else { break };
            end = next;
        }
        // Its own end, not that of a comment after it.
        if text[inside..end].contains("<!-") {
            continue;
        }
        let Some(close) = text[inside..end].find(')').map(|i| i + inside) else { continue };
        let Some(guidance) = text[close + 1..end].strip_prefix(':') else { continue };
        found.push(Slot {
            range: at..end + 3,
            sources: sources(text, inside..close),
            guidance: guidance.trim().to_owned(),
        });
        from = end + 3;
    }
    found
}

/// What looks like the beginning of a slot, written right or not: `<!-- fill`, `<!-- fil(`,
/// `<!-fill(`.
pub(super) fn like_slots(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices("<!-") {
        // Several that follow each other are one beginning.
        if at < from {
            continue;
        }
        let rest = text[at..].trim_start_matches(['<', '!', '-']).trim_start_matches(' ');
        let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let start = at + (text.len() - at - rest.len());
        from = start;
        let listed = rest[word.len()..].trim_start().starts_with('(');
        if word == "fill" || (listed && distance(word, "fill") <= 2) {
            found.push(at..start + word.len());
        }
    }
    found
}

fn sources(text: &str, range: Range<usize>) -> Vec<(String, Range<usize>)> {
    let mut start = range.start;
    let mut found = Vec::new();
    for part in text[range].split(',') {
        let lead = part.len() - part.trim_start().len();
        let name = part.trim();
        found.push((name.to_owned(), start + lead..start + lead + name.len()));
        start += part.len() + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_names_its_sources_with_their_places() {
        let text = "# Plan\n<!-- fill(requirements, scope): One row each. -->\n";
        let slots = slots(text);
        assert_eq!(slots.len(), 1);
        assert_eq!(slots[0].guidance, "One row each.");
        let words: Vec<&str> = slots[0].sources.iter().map(|(_, r)| &text[r.clone()]).collect();
        assert_eq!(words, ["requirements", "scope"]);
    }

    #[test]
    fn broken_slots_are_no_slots() {
        for text in ["<!-- fill(", "<!-- fill(x -->", "<!-- fill(x) no colon -->", "<!-- fill(é"] {
            assert_eq!(slots(text), [], "{text}");
        }
    }

    #[test]
    fn a_slot_that_is_not_closed_takes_no_other_with_it() {
        let text = "<!-- fill(scope): one\n<!-- fill(facts): two -->";
        assert_eq!(slots(text).len(), 1);
        let text = "<!-- fil(a): x --> <!-fill(a): y --> <!-- bill of costs -->";
        let like: Vec<&str> = like_slots(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(like, ["<!-- fil", "<!-fill"]);
    }

    #[test]
    fn a_heading_inside_a_fence_is_none() {
        let titles: Vec<String> =
            headings("# A\n```\n# no\n```\n## B\n#no\n").into_iter().map(|h| h.title).collect();
        assert_eq!(titles, ["A", "B"]);
    }
}
