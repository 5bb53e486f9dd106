//! Determines which section a heading names, and which sentences oblige. The words of each
//! language are in a file of their own.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod ja;
mod language;
pub(crate) mod lists;
mod nl;
mod pl;
mod plain;
mod pt;
mod ru;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use self::language::{Grammar, LANGUAGES, Language};
pub(crate) use self::plain::plain;
use super::SectionKind;
use super::SectionKind::{Constraints, Deliverables, Objectives, Requirements};

/// What a heading names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// One of the six sections.
    Section(SectionKind),
    /// A section that is common in such documents but not read: background, budget, contacts.
    Aside,
    /// A section of its own, or a subject inside one of the six: support, roles.
    Topic,
}

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
/// Maximum length of a sentence that is searched for words.
const MAX_SENTENCE_BYTES: usize = 4_000;

/// A phrase of a heading.
#[derive(Debug, Clone)]
struct Phrase {
    /// Its folded words, separated by spaces.
    words: String,
    name: Name,
    grammar: Grammar,
}

/// The words by which sections and obligations are recognised, in all languages, with those that
/// a workspace adds.
#[derive(Debug, Clone)]
pub struct Words {
    /// Phrases by their last word.
    ends: HashMap<String, Vec<Phrase>>,
    /// Whole headings that a workspace adds, folded. They come before everything else.
    whole: HashMap<String, SectionKind>,
    /// Phrases that end longer words, the longest first.
    suffixes: Vec<Phrase>,
    qualifiers: HashSet<String>,
    /// Words that may precede a phrase in languages without spaces.
    prefixes: Vec<String>,
    followers: HashSet<String>,
    trailers: HashSet<String>,
    obligations: Sayings,
    turning: Sayings,
}

/// The built-in words.
static BUILT_IN: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words {
        ends: HashMap::new(),
        whole: HashMap::new(),
        suffixes: Vec::new(),
        qualifiers: HashSet::new(),
        prefixes: Vec::new(),
        followers: HashSet::new(),
        trailers: HashSet::new(),
        obligations: Sayings::default(),
        turning: Sayings::default(),
    };
    for language in LANGUAGES {
        words.learn(language);
    }
    words.sort();
    words
});

impl Default for Words {
    fn default() -> Self {
        BUILT_IN.clone()
    }
}

impl Words {
    /// The built-in words.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Adds headings of a section, as a workspace writes them.
    #[must_use]
    pub fn with<'h>(
        mut self,
        kind: SectionKind,
        headings: impl IntoIterator<Item = &'h str>,
    ) -> Self {
        for heading in headings {
            let unspaced = heading.chars().any(is_unspaced);
            let grammar = if unspaced { Grammar::Unspaced } else { Grammar::After };
            self.phrase(heading, Name::Section(kind), grammar);
            self.whole.insert(plain(heading), kind);
        }
        self.sort();
        self
    }

    fn learn(&mut self, language: &Language) {
        let grammar = language.grammar;
        for (kind, phrases) in SectionKind::ALL.iter().zip(language.sections) {
            for phrase in phrases {
                self.phrase(phrase, Name::Section(*kind), grammar);
            }
        }
        for (name, phrases) in [(Name::Aside, language.asides), (Name::Topic, language.topics)] {
            for phrase in phrases {
                self.phrase(phrase, name, grammar);
            }
        }
        let unspaced = grammar == Grammar::Unspaced;
        if unspaced {
            self.prefixes.extend(language.qualifiers.iter().map(|word| plain(word)));
        } else {
            self.qualifiers.extend(language.qualifiers.iter().map(|word| plain(word)));
        }
        if grammar == Grammar::After {
            // The words that precede a phrase in English follow it here.
            self.trailers.extend(language.qualifiers.iter().map(|word| plain(word)));
        }
        self.followers.extend(language.followers.iter().map(|word| plain(word)));
        self.trailers.extend(language.trailers.iter().map(|word| plain(word)));
        for saying in language.obligations {
            self.obligations.add(saying, unspaced);
        }
        for saying in language.turning {
            self.turning.add(saying, unspaced);
        }
    }

    fn phrase(&mut self, phrase: &str, name: Name, grammar: Grammar) {
        let words = plain(phrase).replace('|', " ");
        let Some(last) = words.rsplit(' ').next().filter(|last| !last.is_empty()) else { return };
        let last = last.to_owned();
        let phrase = Phrase { words, name, grammar };
        // A shorter one ends too many other words: "Dienstreisen" is not about Dutch "eisen".
        let long = phrase.words.chars().count() >= 6 && !phrase.words.contains(' ');
        if grammar == Grammar::Unspaced || (grammar == Grammar::Compounds && long) {
            self.suffixes.push(phrase.clone());
        }
        if grammar != Grammar::Unspaced {
            self.ends.entry(last).or_default().push(phrase);
        }
    }

    fn sort(&mut self) {
        self.suffixes.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        self.prefixes.sort_by_key(|word| std::cmp::Reverse(word.len()));
    }

    /// The section that `heading` names, if any. Leading numbers are ignored.
    pub(super) fn name(&self, heading: &str) -> Option<Named> {
        if heading.len() < 3 || heading.len() > MAX_HEADING_BYTES {
            return None;
        }
        let plain = plain(heading);
        if let Some(kind) = self.whole.get(&plain) {
            return Some(Named { name: Name::Section(*kind), leads: true, exact: true });
        }
        if plain.bytes().filter(|byte| matches!(byte, b' ' | b'|')).count() >= MAX_HEADING_WORDS {
            return None;
        }
        // "Deliverables (draft)" says nothing else.
        let trails = |part: &str| part.split(' ').all(|word| self.trailers.contains(word));
        let parts = plain.split('|').filter(|part| !part.is_empty()).enumerate();
        let mut parts = parts
            .filter(|(at, part)| *at == 0 || !trails(part))
            .map(|(_, part)| self.part_name(part));
        let first = parts.next()?;
        let mut exact = first.is_some_and(|named| named.exact);
        let mut found = first;
        let section = |named: Option<Named>| {
            named.is_some_and(|named| matches!(named.name, Name::Section(_)))
        };
        for part in parts {
            exact &= part.is_some_and(|named| named.exact);
            // A known section takes precedence over others: "Assumptions and constraints".
            if found.is_none() || (!section(found) && section(part)) {
                found = part;
            }
        }
        Some(Named { name: found?.name, leads: first.is_some_and(|named| named.leads), exact })
    }

    /// One side of an `and`: the first section that it names, or else the first other name. Of a
    /// phrase in a longer one, only the longer counts: a payment schedule is not a schedule.
    fn part_name(&self, part: &str) -> Option<Named> {
        let mut found: Vec<(std::ops::Range<usize>, Named)> = Vec::new();
        for (range, named) in self.names(part) {
            found.retain(|(inner, _)| inner.start < range.start || inner.end > range.end);
            if !found.iter().any(|(outer, _)| outer.start <= range.start && range.end <= outer.end)
            {
                found.push((range, named));
            }
        }
        let section = |named: &Named| matches!(named.name, Name::Section(_));
        let first = found.iter().find(|(_, named)| section(named)).or(found.first());
        first.map(|(_, named)| *named)
    }

    /// The phrases at the end of `part`, or before words that may follow them.
    fn names(&self, part: &str) -> Vec<(std::ops::Range<usize>, Named)> {
        let mut names = Vec::new();
        let ends = part.match_indices(' ').map(|(at, _)| at).chain([part.len()]);
        for end in ends {
            let (upto, after) = part.split_at(end);
            let Some((phrase, start)) = self.phrase_ending(upto) else { continue };
            let after = after.trim_start();
            let follows = after
                .split(' ')
                .next()
                .is_some_and(|word| word.is_empty() || self.followers.contains(word));
            let trails = after.split(' ').all(|word| self.trailers.contains(word));
            // "Exigences X" is about requirements; "Requirements gathering" is not.
            if !follows && !trails && phrase.grammar != Grammar::After {
                continue;
            }
            let mut before = upto[..start].trim_end();
            if phrase.grammar == Grammar::Compounds && before.len() == start {
                // The first part of the compound describes it, as a qualifier does.
                before = before.rsplit_once(' ').map_or("", |(words, _)| words);
            }
            // "When" and "why" name a section only at the beginning; later they join two halves of
            // a sentence.
            if matches!(&*phrase.words, "when" | "why") && !before.is_empty() {
                continue;
            }
            let leads = self.only_qualifies(before, phrase.grammar);
            let name = negated(phrase.name, part);
            let exact = leads && (after.is_empty() || trails);
            names.push((start..end, Named { name, leads, exact }));
        }
        names
    }

    /// The longest phrase at the end of `upto`, and where it starts.
    fn phrase_ending(&self, upto: &str) -> Option<(&Phrase, usize)> {
        let last = upto.rsplit(' ').next().unwrap_or(upto);
        let whole = self.ends.get(last).into_iter().flatten().filter_map(|phrase| {
            let before = upto.strip_suffix(&*phrase.words)?;
            (before.is_empty() || before.ends_with(' ')).then_some((phrase, before.len()))
        });
        if let Some(found) = whole.max_by_key(|(phrase, _)| phrase.words.len()) {
            return Some(found);
        }
        self.suffixes.iter().find_map(|phrase| {
            let before = last.strip_suffix(&*phrase.words)?;
            let unspaced = phrase.grammar == Grammar::Unspaced;
            // A compound's first part is a word: "Reiseziel" is, "Xziel" is not worth a thought.
            let meant = unspaced || before.chars().count() >= 3;
            meant.then_some((phrase, upto.len() - phrase.words.len()))
        })
    }

    fn only_qualifies(&self, before: &str, grammar: Grammar) -> bool {
        match grammar {
            Grammar::Unspaced => {
                let mut rest = before;
                while let Some(less) =
                    self.prefixes.iter().find_map(|word| rest.strip_suffix(&**word))
                {
                    rest = less.trim_end();
                }
                rest.is_empty()
            }
            Grammar::Before | Grammar::After | Grammar::Compounds => {
                before.split(' ').all(|word| word.is_empty() || self.qualifiers.contains(word))
            }
        }
    }

    /// Whether the words above a list change the meaning of its items, so that they must be
    /// repeated with each item: "The system must not:", "Out of scope", "Nice to have".
    pub(super) fn changes_meaning(&self, words: &str) -> bool {
        if !(2..=1_000).contains(&words.len()) {
            return false;
        }
        let plain = plain(words);
        let all: Vec<&str> = plain.split([' ', '|']).collect();
        let next = |at: usize| all.get(at + 1).copied().unwrap_or_default();
        let kept = |at: &usize| !is_functional(next(*at));
        let turning: Vec<&str> = (0..all.len()).filter(kept).map(|at| all[at]).collect();
        let excludes = turning.iter().any(|word| *word != "non" && lists::EXCLUDING.contains(word));
        excludes || self.turning.has(&turning) || self.turning.is_within(words)
    }

    /// Whether a sentence says that something is out of scope.
    pub(super) fn excludes(&self, words: &str) -> bool {
        if words.len() > MAX_SENTENCE_BYTES {
            return false;
        }
        let plain = plain(words).replace('|', " ");
        lists::OUT_OF_SCOPE.iter().any(|saying| plain.contains(saying)) || words.contains("対象外")
    }

    /// Whether a sentence obliges someone: "Gates must open within two seconds."
    pub(super) fn oblige(&self, words: &str) -> bool {
        let mut end = words.len().min(MAX_SENTENCE_BYTES);
        while !words.is_char_boundary(end) {
            end -= 1;
        }
        // Requirements in Japanese often end in a noun: "2秒以内に開くこと".
        self.obligations.are_in(&words[..end]) || words.ends_with("こと")
    }
}

/// Words and groups of words to find in a sentence.
#[derive(Debug, Clone, Default)]
struct Sayings {
    /// The rest of each saying by its first word.
    spaced: HashMap<String, Vec<Vec<String>>>,
    /// Sayings of languages without spaces, found anywhere.
    unspaced: Vec<String>,
}

impl Sayings {
    fn add(&mut self, saying: &str, unspaced: bool) {
        if unspaced {
            self.unspaced.push(saying.to_owned());
            return;
        }
        let words = plain(saying);
        let mut words = words.split([' ', '|']).map(str::to_owned);
        if let Some(first) = words.next() {
            self.spaced.entry(first).or_default().push(words.collect());
        }
    }

    fn are_in(&self, text: &str) -> bool {
        let plain = plain(text);
        self.is_within(text) || self.has(&plain.split([' ', '|']).collect::<Vec<_>>())
    }

    /// Whether a saying of a language without spaces is in `text`.
    fn is_within(&self, text: &str) -> bool {
        text.chars().any(is_unspaced) && self.unspaced.iter().any(|word| text.contains(word))
    }

    /// Whether a saying is among folded words.
    fn has(&self, words: &[&str]) -> bool {
        words.iter().enumerate().any(|(at, word)| {
            self.spaced.get(*word).is_some_and(|rests| {
                rests.iter().any(|rest| {
                    let after = words.get(at + 1..at + 1 + rest.len());
                    after.is_some_and(|after| after.iter().zip(rest).all(|(a, b)| a == b))
                })
            })
        })
    }
}

/// Whether a letter belongs to a script that is written without spaces.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

/// Whether a word is "functional": with a negation in front, it names a kind of requirements.
fn is_functional(word: &str) -> bool {
    ["funk", "func", "fonc", "funz"].iter().any(|start| word.starts_with(start))
}

/// What is left out is a constraint, whatever section its heading names.
fn negated(name: Name, heading: &str) -> Name {
    if !matches!(name, Name::Section(Requirements | Deliverables | Objectives)) {
        return name;
    }
    let mut words = heading.split([' ', '|']).peekable();
    let excluded = std::iter::from_fn(|| {
        let word = words.next()?;
        let next = words.peek().copied().unwrap_or_default();
        // "Nicht-funktionale Anforderungen" are requirements.
        let kind = is_functional(next);
        Some(lists::EXCLUDING.contains(&word) && !kind)
    })
    .any(|excludes| excludes);
    let unspaced = ["対象外", "範囲外", "スコープ外", "しない", "不要", "除外"];
    match excluded || unspaced.iter().any(|word| heading.contains(word)) {
        true => Name::Section(Constraints),
        false => name,
    }
}

#[cfg(test)]
mod tests;
