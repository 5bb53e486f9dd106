//! Determines which section a heading names. The words are in [`super::phrases`].

use super::SectionKind::{Constraints, Deliverables, Objectives, Requirements};
pub(super) use super::phrases::Name;
use super::phrases::{FOLLOWERS, PHRASES, QUALIFIERS, TURNING};

/// A name, and how much of the heading it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: Name,
    /// Whether only qualifying words precede the phrase: `Functional requirements for the shop`.
    pub(super) leads: bool,
    /// Whether the heading contains nothing else: `Functional requirements`.
    pub(super) exact: bool,
}

/// Maximum length of a heading that can name a section.
pub(super) const MAX_HEADING_BYTES: usize = 120;
const MAX_HEADING_WORDS: usize = 12;

/// The section that `heading` names, if any. Leading numbers are ignored.
pub(super) fn name(heading: &str) -> Option<Named> {
    if heading.len() < 3 || heading.len() > MAX_HEADING_BYTES || !ENDINGS.may_hold_one(heading) {
        return None;
    }
    let plain = plain(heading);
    if plain.bytes().filter(|byte| matches!(byte, b' ' | b'|')).count() > MAX_HEADING_WORDS {
        return None;
    }
    let mut parts = plain.split('|').filter(|part| !part.is_empty()).map(part_name);
    let first = parts.next()?;
    let mut exact = first.is_some_and(|named| named.exact);
    let mut found = first;
    for part in parts {
        exact &= part.is_some_and(|named| named.exact);
        // A known section takes precedence over others: "Assumptions and constraints".
        if found.is_none_or(|found| {
            found.name == Name::Other && part.is_some_and(|part| part.name != Name::Other)
        }) {
            found = part;
        }
    }
    Some(Named { name: found?.name, leads: first.is_some_and(|named| named.leads), exact })
}

/// The last words of all phrases by first letter, last letter and length. Almost every line of a
/// document is tested and almost none is a heading, so this rejects most without allocating.
struct Endings([[u32; 26]; 26]);

const ENDINGS: &Endings = &Endings::of(PHRASES);

impl Endings {
    const fn of(phrases: &[(Name, &[&str])]) -> Self {
        let mut endings = [[0; 26]; 26];
        let mut group = 0;
        while group < phrases.len() {
            let mut at = 0;
            while at < phrases[group].1.len() {
                let phrase = phrases[group].1[at].as_bytes();
                let mut start = phrase.len();
                while start > 0 && phrase[start - 1] != b' ' {
                    start -= 1;
                }
                let (first, last) = (phrase[start] - b'a', phrase[phrase.len() - 1] - b'a');
                endings[first as usize][last as usize] |= 1 << (phrase.len() - start);
                at += 1;
            }
            group += 1;
        }
        Self(endings)
    }

    fn may_hold_one(&self, heading: &str) -> bool {
        let words = heading.as_bytes().split(|byte| !byte.is_ascii_alphabetic());
        words.filter(|word| (3..32).contains(&word.len())).any(|word| {
            let place = |byte: Option<&u8>| {
                byte.map_or(0, |byte| usize::from(byte.to_ascii_lowercase() - b'a'))
            };
            self.0[place(word.first())][place(word.last())] & (1 << word.len()) != 0
        })
    }
}

/// One side of an `and`: the first phrase at its end, or before a follower.
fn part_name(part: &str) -> Option<Named> {
    let ends = part.match_indices(' ').map(|(at, _)| at).chain([part.len()]);
    for end in ends {
        let (upto, after) = part.split_at(end);
        let follower = after.split_whitespace().next();
        if follower.is_some_and(|word| !FOLLOWERS.contains(&word)) {
            continue;
        }
        let Some((name, phrase)) = phrase_ending(upto) else { continue };
        let before = upto[..upto.len() - phrase.len()].trim_end();
        // "When" and "why" name a section only at the beginning; later they join two halves of a
        // sentence.
        if matches!(phrase, "when" | "why") && !before.is_empty() {
            continue;
        }
        let leads = before.split(' ').all(|word| word.is_empty() || QUALIFIERS.contains(&word));
        return Some(Named {
            name: negated(name, before),
            leads,
            exact: leads && follower.is_none(),
        });
    }
    None
}

/// The longest phrase at the end of `upto`.
fn phrase_ending(upto: &str) -> Option<(Name, &'static str)> {
    let last = upto.rsplit(' ').next().unwrap_or(upto);
    if last.len() < 3 {
        return None;
    }
    let final_byte = upto.as_bytes().last();
    let ends = |phrase: &&str| {
        phrase.as_bytes().last() == final_byte
            && upto
                .strip_suffix(phrase)
                .is_some_and(|before| before.is_empty() || before.ends_with(' '))
    };
    let all = PHRASES
        .iter()
        .flat_map(|(name, phrases)| phrases.iter().map(move |phrase| (*name, *phrase)));
    all.filter(|(_, phrase)| ends(phrase)).max_by_key(|(_, phrase)| phrase.len())
}

/// "What we do not need" is a constraint, not a requirement.
fn negated(name: Name, before: &str) -> Name {
    let turned = matches!(name, Name::Section(Requirements | Deliverables | Objectives));
    if turned
        && before.split(' ').any(|word| matches!(word, "not" | "no" | "dont" | "wont" | "never"))
    {
        return Name::Section(Constraints);
    }
    name
}

/// Lower case, words separated by one space, parts by `|`: `R & D: goals` becomes `r|d|goals`.
/// Numbers are omitted: they are the heading's position, not its name.
fn plain(heading: &str) -> String {
    let mut plain = String::with_capacity(heading.len() + 1);
    let mut word = 0;
    let mut previous = ' ';
    for c in heading.chars() {
        match c {
            '\'' | '’' | '*' | '_' | '`' | '#' => {}
            ',' | ':' | ';' | '/' | '|' | '(' | ')' | '&' | '+' | '–' | '—' => {
                end_word(&mut plain, &mut word, '|')
            }
            // A hyphen joins words; after a space, it separates them.
            '-' if previous.is_whitespace() => end_word(&mut plain, &mut word, '|'),
            '-' | '\u{2010}' | '\u{2011}' => end_word(&mut plain, &mut word, ' '),
            c if c.is_whitespace() => end_word(&mut plain, &mut word, ' '),
            c if c.is_alphanumeric() => plain.push(c.to_ascii_lowercase()),
            _ => {}
        }
        previous = c;
    }
    end_word(&mut plain, &mut word, '|');
    plain
}

/// Ends the word that starts at `word` with a space or a bar; only one separates two words.
fn end_word(plain: &mut String, word: &mut usize, end: char) {
    let parts = plain[*word..] == *"and";
    if parts || plain[*word..].bytes().all(|byte| byte.is_ascii_digit()) {
        plain.truncate(*word);
    }
    let end = if parts { '|' } else { end };
    if end == '|' && plain.ends_with(' ') {
        plain.pop();
    }
    if !plain.is_empty() && !plain.ends_with([' ', '|']) {
        plain.push(end);
    }
    *word = plain.len();
}

/// Whether the words above a list change the meaning of its items, so that they must be repeated
/// with each item: "The system must not:", "Out of scope", "Nice to have".
pub(super) fn changes_meaning(words: &str) -> bool {
    if !(2..=1_000).contains(&words.len()) {
        return false;
    }
    let plain = plain(words);
    let mut all = plain.split([' ', '|']).peekable();
    plain.contains("out of scope")
        || std::iter::from_fn(|| all.next().map(|word| (word, all.peek().copied()))).any(
            |(word, next)| {
                TURNING.contains(&word) || (word == "non" && matches!(next, Some("goals" | "goal")))
            },
        )
}

#[cfg(test)]
mod tests {
    use super::super::SectionKind::{self, AcceptanceCriteria, Timeline};
    use super::*;

    fn section(heading: &str) -> Option<SectionKind> {
        match name(heading)?.name {
            Name::Section(kind) => Some(kind),
            Name::Other => None,
        }
    }

    #[test]
    fn headings_people_write_name_their_section() {
        for (heading, kind) in [
            ("Requirements", Requirements),
            ("3.1 Functional requirements", Requirements),
            ("Non-functional Requirements", Requirements),
            ("What we need from you", Requirements),
            ("MUST HAVE", Requirements),
            ("Scope of work", Requirements),
            ("Business goals & success criteria", Objectives),
            ("Why we are doing this", Objectives),
            ("Assumptions and constraints", Constraints),
            ("What the system must not do", Constraints),
            ("What we don’t need", Constraints),
            ("Out of scope", Constraints),
            ("Non-goals", Constraints),
            ("What you will deliver", Deliverables),
            ("Deliverable acceptance criteria", AcceptanceCriteria),
            ("Acceptance criteria for deliverables", AcceptanceCriteria),
            ("How we will accept the work", AcceptanceCriteria),
            ("Definition of done", AcceptanceCriteria),
            ("When we need it", Timeline),
            ("Delivery schedule (draft)", Timeline),
            ("🚀 Milestones", Timeline),
        ] {
            assert_eq!(section(heading), Some(kind), "{heading}");
        }
    }

    #[test]
    fn headings_about_something_else_name_none() {
        for heading in [
            "Background",
            "Requirements gathering",
            "Why us",
            "Payment schedule",
            "Where and how",
            "Ångström",
            "",
            "#",
            "Schedule risk",
            "One two three four five six seven eight nine ten eleven twelve requirements",
        ] {
            assert_eq!(section(heading), None, "{heading}");
        }
    }

    #[test]
    fn an_exact_name_says_nothing_else() {
        assert!(name("Key requirements").expect("named").exact);
        assert!(name("Requirements and constraints").expect("named").exact);
        assert!(!name("Requirements for the shop").expect("named").exact);
        assert!(name("Requirements for the shop").expect("named").leads);
        assert!(!name("Agree the schedule").expect("named").leads);
    }

    #[test]
    fn words_that_change_a_lists_meaning_are_recognised() {
        assert!(changes_meaning("The system must not:"));
        assert!(changes_meaning("Non-goals"));
        assert!(changes_meaning("Nice to have"));
        assert!(!changes_meaning("Non-functional requirements"));
        assert!(!changes_meaning("The system must:"));
    }
}
