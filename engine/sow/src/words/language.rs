//! What a language calls the sections of a statement of work, and how it obliges.

use super::{de, en, es, fr, it, ja, nl, pl, pt, ru};

/// The words of one language. They are folded before they are compared (see [`super::plain`]), so
/// case and accents do not matter.
pub(super) struct Language {
    /// Headings of the six sections, in the order of [`crate::SectionKind::ALL`].
    pub(super) sections: [&'static [&'static str]; 6],
    /// Headings of sections that are common in such documents but not read, wherever they are:
    /// background, budget, contacts, instructions to bidders.
    pub(super) asides: &'static [&'static str],
    /// Headings that are sections of their own, or a subject inside one of the six: support.
    pub(super) topics: &'static [&'static str],
    /// Words that may precede a phrase without changing its subject.
    pub(super) qualifiers: &'static [&'static str],
    /// Words that may follow a phrase: the text after them describes the section further.
    pub(super) followers: &'static [&'static str],
    /// Words that may end a heading after a phrase: "Requirements summary".
    pub(super) trailers: &'static [&'static str],
    /// Words of a sentence that obliges someone.
    pub(super) obligations: &'static [&'static str],
    /// Words above a list that change the meaning of its items: "The system must not:".
    pub(super) turning: &'static [&'static str],
    /// How headings are built from the phrases.
    pub(super) grammar: Grammar,
}

/// How a heading is built from a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    /// Words in front of the phrase describe it: `Platform requirements`.
    Before,
    /// Words after the phrase describe it: `Exigences fonctionnelles`.
    After,
    /// The phrase may end a longer word: `Systemanforderungen`.
    Compounds,
    /// There are no spaces between words: `機能要件`.
    Unspaced,
}

/// All languages. The order does not matter.
pub(super) const LANGUAGES: &[&Language] = &[
    &en::WORDS,
    &de::WORDS,
    &es::WORDS,
    &fr::WORDS,
    &it::WORDS,
    &ja::WORDS,
    &nl::WORDS,
    &pl::WORDS,
    &pt::WORDS,
    &ru::WORDS,
];
