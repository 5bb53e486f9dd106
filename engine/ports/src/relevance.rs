//! Whether a record answers a question, and how well. All stores of records use the same rule, so
//! that a store which finds by meaning and one which finds by words agree on when nothing is known.

use std::collections::HashMap;

use super::memory::MemoryRecord;

/// Maximum number of terms of a question.
const MOST: usize = 64;
/// A question with more terms describes work; one with fewer asks for something.
const ASKS: usize = 12;
/// What part of a question a record must cover, by weight, in thousandths.
const COVERS: u64 = 520;
/// What part of a record a description of work must cover, in thousandths.
const TOUCHES: u64 = 340;
/// How much more a term of the subject counts than one of the text.
const SUBJECT: u64 = 3;
/// Words that say nothing about what is asked for.
const EMPTY: &str = " about agreed all also and any are been but can crew customer customers decide \
                     decided did does done engagement for from had has have her his how into its \
                     know known like made make may more must need needs not now our out own prefer \
                     preference preferences prefers project said say says shall should some such \
                     than that the their them then there these they this those use used uses using \
                     want wanted wants was way well were what when where which who whom whose why \
                     will with would you your aber als auch auf aus bei das dass dem den der des \
                     die ein eine einen einer für hat ist kann kunde kunden mit nicht oder sich \
                     sie sind soll und von war was welche welcher welches werden wie wir wird zum \
                     zur ";

/// A question, as the terms that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    terms: Vec<(String, u64)>,
}

/// The terms of a text: words and numbers in lower case, without those that say nothing, each once.
fn terms(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        let word: String = word.chars().take(64).flat_map(char::to_lowercase).collect();
        let long = word.chars().count();
        let says = long > 2 || (long == 2 && word.chars().any(|c| c.is_ascii_digit()));
        if says && !EMPTY.contains(&format!(" {word} ")) && !found.contains(&word) {
            found.push(word);
            if found.len() == 4 * MOST {
                break;
            }
        }
    }
    found
}

/// Whether two terms are forms of one word: equal, or equal but for a short ending.
fn same(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let common = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    common >= 4 && common + 1 >= short && long - common <= 3
}

impl Question {
    /// Reads a question. `count` says how many records of `all` have a term: a rare term says more.
    pub fn new(words: &str, all: usize, mut count: impl FnMut(&str) -> usize) -> Question {
        let mut found = terms(words);
        found.truncate(MOST);
        let weigh = |term: String| {
            let of = count(&term).min(all);
            let ratio = (all as f64 + 1.0) / (of as f64 + 0.5);
            let weight = (ratio.ln_1p() * 1000.0) as u64;
            (term, weight.max(1))
        };
        Question { terms: found.into_iter().map(weigh).collect() }
    }

    /// A question about records that are at hand.
    pub fn among<'a>(
        words: &str,
        records: impl Iterator<Item = &'a MemoryRecord> + Clone,
    ) -> Question {
        let texts: Vec<Vec<String>> = records.map(all_terms).collect();
        let mut counts: HashMap<String, usize> = HashMap::new();
        Question::new(words, texts.len(), |term| {
            let count = || texts.iter().filter(|text| text.iter().any(|t| same(t, term))).count();
            *counts.entry(term.to_owned()).or_insert_with(count)
        })
    }

    /// Its terms.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|(term, _)| term.as_str())
    }

    /// How well a record answers it, in thousandths; `None` when it does not.
    pub fn fit(&self, record: &MemoryRecord) -> Option<u64> {
        let (subject, text) = (terms(&record.about), terms(&record.text));
        let has = |terms: &[String], term: &str| terms.iter().any(|own| same(own, term));
        let asked: u64 = self.terms.iter().map(|(_, weight)| weight).sum();
        let met = |terms: &[String]| -> u64 {
            self.terms.iter().filter(|(t, _)| has(terms, t)).map(|(_, weight)| weight).sum()
        };
        if asked == 0 {
            return None;
        }
        let by_subject = met(&subject) * 1000 / asked;
        if self.terms.len() <= ASKS {
            let both: Vec<String> = subject.iter().chain(&text).cloned().collect();
            let covered = met(&both) * 1000 / asked;
            return (covered >= COVERS).then_some(covered + by_subject);
        }
        let asks = |own: &&String| self.terms.iter().any(|(term, _)| same(own, term));
        let of = |own: &[String]| own.iter().filter(asks).count() as u64;
        let all = SUBJECT * subject.len() as u64 + text.len() as u64;
        let touched = (SUBJECT * of(&subject) + of(&text)) * 1000 / all.max(1);
        (touched >= TOUCHES).then_some(touched)
    }
}

fn all_terms(record: &MemoryRecord) -> Vec<String> {
    terms(&format!("{} {}", record.about, record.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryKind;

    fn record(about: &str, text: &str) -> MemoryRecord {
        MemoryRecord {
            id: String::new(),
            kind: MemoryKind::Preference,
            about: about.to_owned(),
            text: text.to_owned(),
            sources: Vec::new(),
            project: "acme".to_owned(),
            phase: "discovery".to_owned(),
            by: "pm".to_owned(),
            step: String::new(),
            at: 0,
        }
    }

    #[test]
    fn a_question_is_answered_by_what_covers_it_and_by_nothing_else() {
        let records = [
            record("iac/provider", "The customer uses Terraform for all infrastructure."),
            record("backup/region", "Backups stay in eu-central-1."),
            record("payment/currency", "Invoices are in euros."),
        ];
        let best = |words: &str| {
            let question = Question::among(words, records.iter());
            let mut fits: Vec<(u64, &str)> =
                records.iter().filter_map(|r| Some((question.fit(r)?, r.about.as_str()))).collect();
            fits.sort();
            fits.last().map(|(_, about)| *about)
        };
        for (words, about) in [
            ("Which provider is used for infrastructure?", Some("iac/provider")),
            ("Where should backups be kept? Which region?", Some("backup/region")),
            ("Which currency do invoices have?", Some("payment/currency")),
            ("Which payment provider does the customer want?", None),
            ("Who signs the contract?", None),
            ("What does the customer prefer?", None),
            ("", None),
        ] {
            assert_eq!(best(words), about, "{words}");
        }
    }

    #[test]
    fn forms_of_a_word_are_the_same() {
        for (a, b, expected) in [
            ("backup", "backups", true),
            ("region", "regional", true),
            ("policy", "policies", true),
            ("terraform", "terrain", false),
            ("cat", "cats", false),
            ("rust", "rust", true),
        ] {
            assert_eq!(same(a, b), expected, "{a} {b}");
        }
    }
}
