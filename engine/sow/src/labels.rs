//! Labels in front of statements, and words that stand for the statements below them.

use super::SectionKind::{self, Constraints};
use super::words::{Name, Words, lists, plain};

/// A label in front of words on the same line: `**Out of scope:** number plates`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label<'a> {
    /// The section that it names.
    pub(super) kind: SectionKind,
    /// The label itself.
    pub(super) name: &'a str,
    /// Whether the words mean something else without it.
    pub(super) turns: bool,
    /// The words after it.
    pub(super) words: &'a str,
}

/// The label in front of `text`, if it names a section and nothing else. Without bold marks, only
/// one that turns the meaning counts: "Timeline: six weeks" may be part of a requirement.
pub(super) fn label<'a>(known: &Words, text: &'a str) -> Option<Label<'a>> {
    const LONGEST: usize = 60;
    let at = text.find([':', '：'])?;
    if at > LONGEST {
        return None;
    }
    let (before, after) = text.split_at(at);
    let after = after.trim_start_matches([':', '：']);
    let bold = ["**", "__"].iter().find_map(|mark| {
        let name = before.strip_prefix(mark)?;
        // Both `**Label:** words` and `**Label**: words` are written.
        match name.strip_suffix(mark) {
            Some(name) => Some((name, after)),
            None => Some((name, after.strip_prefix(mark)?)),
        }
    });
    let (name, words) = bold.unwrap_or((before, after));
    let words = words.trim();
    let named = known.name(name).filter(|named| named.exact)?;
    let Name::Section(kind) = named.name else { return None };
    let meant = bold.is_some() || kind == Constraints && known.changes_meaning(name);
    (meant && !words.is_empty()).then(|| Label {
        kind,
        name: name.trim(),
        turns: known.changes_meaning(name),
        words,
    })
}

/// Whether `words` stand for the items below them and are no statement of their own: bold words,
/// words with a colon, or a short name such as `Phase 1`.
pub(super) fn is_group(known: &Words, words: &str) -> bool {
    if words.ends_with([':', '：']) {
        return true;
    }
    if words.starts_with("**") && words.ends_with("**") {
        return true;
    }
    let title = words.starts_with(char::is_uppercase) && !words.ends_with(['.', ';', ',', '!']);
    title && words.split_whitespace().count() <= 3 && !known.oblige(words)
}

/// Whether words that introduce a list oblige to something of their own: "Gates must open within
/// 2 seconds in all depots:", but not "The system must:".
pub(super) fn is_statement(known: &Words, words: &str) -> bool {
    if !known.oblige(words) {
        return false;
    }
    let plain = plain(words);
    plain
        .split([' ', '|'])
        .filter(|word| !word.is_empty() && !lists::GENERAL.contains(word))
        .count()
        >= 2
}

/// Whether a short line speaks of time, by a unit or a year: "Total: five weeks."
pub(super) fn is_time(text: &str) -> bool {
    const LONGEST: usize = 80;
    let year = || text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 4);
    let unit = || {
        text.contains(['週', '日', '月', '年'])
            || plain(text).split([' ', '|']).any(|word| lists::UNITS.contains(&word))
    };
    text.chars().count() <= LONGEST && (unit() || year())
}

/// Whether a paragraph only announces what comes: "The following chart sets forth the standards."
pub(super) fn announces(known: &Words, words: &str) -> bool {
    let plain = plain(words);
    plain.split([' ', '|']).any(|word| lists::FOLLOWING.contains(&word))
        && !is_statement(known, words)
}

/// Whether words that introduce a list say something of their own, such as a number or a place:
/// "Only for the north depot, contract 17:".
pub(super) fn is_specific(words: &str) -> bool {
    let plain = plain(words);
    let own =
        plain.split([' ', '|']).filter(|word| !word.is_empty() && !lists::GENERAL.contains(word));
    let (own, long) = (own.count(), words.split_whitespace().count() > 8);
    own >= 3 && (long || words.contains(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bold_label_names_the_section_of_its_words() {
        let known = Words::built_in();
        let label = |text| label(known, text).map(|label| (label.kind, label.words));
        for text in ["**Out of scope:** plates", "**Out of scope**: plates", "Out of scope: plates"]
        {
            assert_eq!(label(text), Some((Constraints, "plates")), "{text}");
        }
        assert_eq!(label("**Timeline:** 6 weeks"), Some((SectionKind::Timeline, "6 weeks")));
        for text in ["Timeline: 6 weeks", "**Security:** TLS", "a: b", "**Out of scope:**"] {
            assert_eq!(label(text), None, "{text}");
        }
    }

    #[test]
    fn an_introduction_with_an_obligation_of_its_own_is_a_statement() {
        let known = Words::built_in();
        assert!(is_statement(known, "Gates must open within 2 seconds in all depots:"));
        assert!(!is_statement(known, "The system must support the following features:"));
        assert!(!is_statement(known, "Das System muss folgende Anforderungen erfüllen:"));
        assert!(!is_statement(known, "Gates in all depots:"));
    }
}
