//! `check` finds a mistake anywhere in the shipped workspace at its word, and accepts valid
//! changes.
//!
//! Every mutation is generated from a seed, which a failure prints. `CLOUDCREW_SEED` sets the seed,
//! `CLOUDCREW_MUTATIONS` the number of mutations; 0 means all.

mod right;
mod shipped;
mod slip;
mod verdict;
mod wrong;

use std::collections::BTreeMap;

use crate::support::chance::{Chance, number};
use cloudcrew_definition::diagnostic::Diagnostic;

use self::shipped::shipped;
use self::verdict::{Judge, Mutation};
use crate::support::edited;

const SEED: u64 = 20_260_105;

/// Selects mutations so that every kind occurs once per file before any occurs twice.
fn chosen(all: Vec<Mutation>, count: usize, seed: u64) -> Vec<Mutation> {
    let count = if count == 0 { all.len() } else { count };
    let mut chance = Chance::of(seed);
    let mut groups: BTreeMap<(String, &str), Vec<Mutation>> = BTreeMap::new();
    for mutation in all {
        groups.entry((mutation.file.clone(), mutation.kind)).or_default().push(mutation);
    }
    let mut groups: Vec<Vec<Mutation>> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| chance.shuffle(group));
    chance.shuffle(&mut groups);
    let mut chosen = Vec::new();
    while chosen.len() < count && groups.iter().any(|g| !g.is_empty()) {
        chosen.extend(groups.iter_mut().filter_map(Vec::pop));
    }
    chosen.truncate(count);
    chosen
}

fn faults(mutations: &[Mutation], judge: &mut Judge<'_>, seed: u64) {
    let wrong: Vec<(&str, String)> =
        mutations.iter().filter_map(|m| Some((m.kind, judge.fault(m)?))).collect();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    wrong.iter().for_each(|(kind, _)| *kinds.entry(kind).or_default() += 1);
    let shown: Vec<&str> = wrong
        .iter()
        .take(number("CLOUDCREW_SHOWN", 30) as usize)
        .map(|(_, text)| text.as_str())
        .collect();
    assert!(
        wrong.is_empty(),
        "seed {seed}: {} of {}: {kinds:#?}\n{}",
        wrong.len(),
        mutations.len(),
        shown.join("\n")
    );
}

#[test]
fn a_mistake_is_reported_at_its_word_with_the_right_suggestion() {
    let shipped = shipped();
    let seed = number("CLOUDCREW_SEED", SEED);
    let chosen =
        chosen(wrong::all(&shipped, seed), number("CLOUDCREW_MUTATIONS", 500) as usize, seed);
    faults(&chosen, &mut Judge::of(&shipped.sources), seed);
}

#[test]
fn valid_changes_cause_no_findings() {
    let shipped = shipped();
    let seed = number("CLOUDCREW_SEED", SEED);
    let mut judge = Judge::of(&shipped.sources);
    assert_eq!(judge.found(&shipped.sources), [], "the shipped workspace itself");
    let chosen =
        chosen(right::all(&shipped, seed), number("CLOUDCREW_MUTATIONS", 250) as usize, seed);
    faults(&chosen, &mut judge, seed);
}

#[test]
fn the_binary_prints_the_findings_of_the_engine() {
    let shipped = shipped();
    let mut judge = Judge::of(&shipped.sources);
    for mutation in chosen(wrong::all(&shipped, SEED), 12, SEED) {
        let crew = edited();
        for (file, path) in shipped.sources.iter() {
            let path = crew.workspace().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, shipped.sources.text(file)).expect("written");
        }
        let path = crew.workspace().join(&mutation.file);
        match &mutation.text {
            Some(text) => std::fs::write(path, text).expect("written"),
            None => std::fs::remove_file(path).expect("removed"),
        }
        let sources = judge.changed(&mutation);
        let place = |d: &Diagnostic| {
            let span = d.at.as_ref().expect("a place").span;
            let (line, column) = sources.position(span.file, span.start);
            (d.code.to_owned(), sources.path(span.file).to_owned(), line as u64, column as u64)
        };
        let found: Vec<_> = judge.found(&sources).iter().map(place).collect();
        let said = crew.run(&["check", "--format", "json"]).json();
        let said = said["diagnostics"].as_array().expect("a list").iter().map(|d| {
            let text = |key: &str| d[key].as_str().unwrap_or_default().to_owned();
            let number = |key: &str| d["start"][key].as_u64().unwrap_or(0);
            (text("code"), text("file"), number("line"), number("column"))
        });
        assert_eq!(said.collect::<Vec<_>>(), found, "{} in {}", mutation.kind, mutation.file);
    }
}
