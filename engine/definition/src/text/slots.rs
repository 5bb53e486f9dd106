//! A template's headings, and the slots below them that the owner must fill.

use std::ops::Range;

use crate::diagnostic::distance;

/// A Markdown heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// 1 to 6.
    pub level: usize,
    /// Its text.
    pub title: String,
    /// Its line number, from 0.
    pub line: usize,
}

/// A slot to fill: `<!-- fill(requirements, scope): what belongs here -->`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The byte range of the whole comment.
    pub range: Range<usize>,
    /// The sources of its content, each with its byte range.
    pub sources: Vec<(String, Range<usize>)>,
    /// Guidance on its content.
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

/// The slots of a text, in order. Malformed slots are skipped.
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
        // The end found belongs to a later comment.
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

/// Everything that looks like the start of a slot, well-formed or not: `<!-- fill`, `<!-- fil(`,
/// `<!-fill(`.
pub(super) fn like_slots(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices("<!-") {
        // Consecutive ones count as one start.
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
    fn slots_list_their_sources_with_positions() {
        let text = "# Plan\n<!-- fill(requirements, scope): One row each. -->\n";
        let slots = slots(text);
        assert_eq!(slots.len(), 1);
        assert_eq!(slots[0].guidance, "One row each.");
        let words: Vec<&str> = slots[0].sources.iter().map(|(_, r)| &text[r.clone()]).collect();
        assert_eq!(words, ["requirements", "scope"]);
    }

    #[test]
    fn malformed_slots_are_skipped() {
        for text in ["<!-- fill(", "<!-- fill(x -->", "<!-- fill(x) no colon -->", "<!-- fill(é"] {
            assert_eq!(slots(text), [], "{text}");
        }
    }

    #[test]
    fn an_unclosed_slot_does_not_hide_the_next_one() {
        let text = "<!-- fill(scope): one\n<!-- fill(facts): two -->";
        assert_eq!(slots(text).len(), 1);
        let text = "<!-- fil(a): x --> <!-fill(a): y --> <!-- bill of costs -->";
        let like: Vec<&str> = like_slots(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(like, ["<!-- fil", "<!-fill"]);
    }

    #[test]
    fn headings_inside_code_fences_are_ignored() {
        let titles: Vec<String> =
            headings("# A\n```\n# no\n```\n## B\n#no\n").into_iter().map(|h| h.title).collect();
        assert_eq!(titles, ["A", "B"]);
    }
}
