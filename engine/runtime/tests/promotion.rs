//! The rule by which patterns are promoted, against an oracle of its own: every sequence of events
//! up to a length. A faulty rule deviates from the oracle somewhere, which shows that the sequences
//! are enough.

use std::collections::BTreeSet;

use cloudcrew_ports::pattern::{PatternEvent, PatternUse, UseOutcome};
use cloudcrew_runtime::patterns::{Evidence, Tier, evidence, may_promote};

/// Length of the longest sequences.
const LENGTH: usize = 7;

/// What can happen to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letter {
    /// Used in a new engagement, and approved without changes.
    Approved,
    /// Used in a new engagement, and changes were asked for.
    Revised,
    /// Used in a rehearsal that was approved.
    Rehearsed,
    /// Used, and approved by `--approve all`.
    Auto,
    /// Used again in the last engagement, and approved.
    Again,
    /// Its files were edited: what follows happens to another pattern.
    Edited,
    /// Used by the engagement that contributed it, and approved.
    Own,
}

const ALL: [Letter; 7] = [
    Letter::Approved,
    Letter::Revised,
    Letter::Rehearsed,
    Letter::Auto,
    Letter::Again,
    Letter::Edited,
    Letter::Own,
];

/// The events of the pattern that is there at the end, and a request to promote it after each of
/// them, which is granted or not.
fn events(word: &[Letter]) -> Vec<PatternEvent> {
    let mut events = Vec::new();
    let mut engagement = 0;
    for (at, letter) in (0..).zip(word) {
        let (live, own, outcome) = match letter {
            Letter::Edited => {
                events.clear();
                continue;
            }
            Letter::Approved | Letter::Again => (true, false, UseOutcome::Success),
            Letter::Revised => (true, false, UseOutcome::Failure),
            Letter::Rehearsed => (false, false, UseOutcome::Success),
            Letter::Auto => (true, false, UseOutcome::Undecided),
            Letter::Own => (true, true, UseOutcome::Success),
        };
        if *letter != Letter::Again {
            engagement += 1;
        }
        events.push(PatternEvent::Used(PatternUse {
            step: format!("poc.1.v1.t{at}.c0"),
            project: format!("e{engagement}"),
            phase: "poc".to_owned(),
            by: "dev".to_owned(),
            paths: Vec::new(),
            live,
            own,
            outcome,
            at,
        }));
        if may_promote(&evidence(&events, None), None).is_ok() {
            events.push(PatternEvent::Promoted { by: "qa".to_owned(), at });
        }
    }
    events
}

/// What an oracle knows: it keeps sets of engagements, and computes shares as fractions.
#[derive(Debug, Default, Clone)]
struct Oracle {
    good: BTreeSet<u32>,
    bad: BTreeSet<u32>,
    proven: bool,
}

/// A way in which a rule can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slip {
    RehearsalsCount,
    AutoCounts,
    OwnCounts,
    AgainCounts,
    EditedKeeps,
    FailuresAreForgotten,
    TwoAreEnough,
    EightyPercentIsEnough,
    NeverDemoted,
    PromotedWithoutAsking,
}

const SLIPS: [Slip; 10] = [
    Slip::RehearsalsCount,
    Slip::AutoCounts,
    Slip::OwnCounts,
    Slip::AgainCounts,
    Slip::EditedKeeps,
    Slip::FailuresAreForgotten,
    Slip::TwoAreEnough,
    Slip::EightyPercentIsEnough,
    Slip::NeverDemoted,
    Slip::PromotedWithoutAsking,
];

/// The tier at the end, with the counted uses and successes.
fn expected(word: &[Letter], slip: Option<Slip>) -> (Tier, u64, u64) {
    let is = |one: Slip| slip == Some(one);
    let mut oracle = Oracle::default();
    let mut engagement = 0_u32;
    let mut extra = 0_u32;
    for letter in word {
        if *letter != Letter::Again {
            engagement += u32::from(*letter != Letter::Edited);
        }
        let counts = match letter {
            Letter::Approved => Some(true),
            Letter::Revised if is(Slip::FailuresAreForgotten) => None,
            Letter::Revised => Some(false),
            Letter::Rehearsed if is(Slip::RehearsalsCount) => Some(true),
            Letter::Auto if is(Slip::AutoCounts) => Some(true),
            Letter::Own if is(Slip::OwnCounts) => Some(true),
            // The first use of an engagement that can count is the one that does.
            Letter::Again => Some(true),
            Letter::Edited => {
                if !is(Slip::EditedKeeps) {
                    oracle = Oracle::default();
                }
                None
            }
            Letter::Rehearsed | Letter::Auto | Letter::Own => None,
        };
        if let Some(good) = counts {
            let known = oracle.good.contains(&engagement) || oracle.bad.contains(&engagement);
            if !known {
                if good {
                    oracle.good.insert(engagement)
                } else {
                    oracle.bad.insert(engagement)
                };
            } else if is(Slip::AgainCounts) {
                extra += 1;
                oracle.good.insert(1_000_000 + extra);
            }
        }
        let (good, all) = (oracle.good.len(), oracle.good.len() + oracle.bad.len());
        let least = if is(Slip::TwoAreEnough) { 2 } else { 3 };
        let enough = all >= least
            && if is(Slip::EightyPercentIsEnough) {
                good * 100 >= all * 80
            } else {
                good * 100 > all * 80
            };
        if enough && *letter != Letter::Edited {
            oracle.proven = true;
        }
        if !enough && !is(Slip::NeverDemoted) {
            oracle.proven = false;
        }
        if is(Slip::PromotedWithoutAsking) && good >= 1 {
            oracle.proven = true;
        }
    }
    let (good, all) = (oracle.good.len() as u64, (oracle.good.len() + oracle.bad.len()) as u64);
    let tier = match (oracle.proven, good) {
        (true, _) => Tier::Proven,
        (false, 0) => Tier::Draft,
        (false, _) => Tier::Candidate,
    };
    (tier, all, good)
}

/// Calls `each` with every word up to the length.
fn every(word: &mut Vec<Letter>, each: &mut dyn FnMut(&[Letter])) {
    each(word);
    if word.len() == LENGTH {
        return;
    }
    for letter in ALL {
        word.push(letter);
        every(word, each);
        word.pop();
    }
}

#[test]
fn the_rule_is_that_of_the_oracle_for_every_sequence() {
    let mut words = 0_u64;
    let mut found = [0_u64; SLIPS.len()];
    every(&mut Vec::new(), &mut |word| {
        words += 1;
        let Evidence { tier, counted, succeeded, .. } = evidence(&events(word), None);
        assert_eq!((tier, counted, succeeded), expected(word, None), "{word:?}");
        for (slip, found) in SLIPS.into_iter().zip(&mut found) {
            *found += u64::from(expected(word, Some(slip)) != (tier, counted, succeeded));
        }
    });
    let all: u64 = (0..=LENGTH).map(|n| 7_u64.pow(n as u32)).sum();
    assert_eq!(words, all);
    for (slip, found) in SLIPS.into_iter().zip(found) {
        assert!(found > 0, "no sequence shows {slip:?}");
    }
}

#[test]
fn a_refusal_names_what_is_missing() {
    let of = |word: &[Letter], least| may_promote(&evidence(&events(word), least), least);
    use Letter::{Approved, Revised};
    for (word, least, words) in [
        (vec![], None, "0 of the 3 required uses in which a person decided"),
        (vec![Approved, Approved], None, "2 of the 3 required uses"),
        (vec![Approved, Approved, Revised], None, "2 of 3 uses were approved without changes"),
        (vec![Approved, Revised, Approved, Approved, Approved], None, "4 of 5"),
        (vec![Approved; 3], Some(0.7), "`min_lower_bound` requires 0.7"),
        (vec![Approved; 3], None, "it is already proven"),
    ] {
        let why = of(&word, least).expect_err("it is refused");
        assert!(why.contains(words), "{word:?}: {why}");
    }
    let mut withdrawn = events(&[Approved; 3]);
    let (actor, reason) = ("ada".to_owned(), "unsafe".to_owned());
    withdrawn.push(PatternEvent::Withdrawn { actor, reason, at: 9 });
    withdrawn.extend(events(&[Approved; 3]));
    let found = evidence(&withdrawn, None);
    assert_eq!(found.tier, Tier::Withdrawn, "a withdrawal is final");
    assert_eq!(may_promote(&found, None), Err("it has been withdrawn".to_owned()));
}

/// Whoever can write to the library cannot promote what the evidence does not bear.
#[test]
fn a_forged_promotion_changes_nothing() {
    let mut forged = events(&[Letter::Approved]);
    forged.push(PatternEvent::Promoted { by: "someone".to_owned(), at: 1 });
    assert_eq!(evidence(&forged, None).tier, Tier::Candidate);
}
